"""Random Fourier features: a linear learner behind them is a kernel machine.

cos(x w + b) with w from a normal distribution approximates a Gaussian kernel (Rahimi and Recht
2007). The same seed gives the same features on every machine, so nothing of it needs keeping.

>>> one = Expansion.draw(width=3, size=4, scale=1.0, seed=0)
>>> bool((one.apply(np.ones((2, 3))) == Expansion.draw(3, 4, 1.0, 0).apply(np.ones((2, 3)))).all())
True
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Expansion:
    """`frequency` (F, D) and `phase` (D,)."""

    frequency: Doubles
    phase: Doubles

    @property
    def size(self) -> int:
        """D, floats that are added to a row."""
        return len(self.phase)

    @classmethod
    def draw(cls, width: int, size: int, scale: float, seed: int) -> Expansion:
        """For rows of `width` floats of unit variance; `scale` is the width of the kernel.

        Raises:
            ValueError: sizes below 1, or a scale that is not above 0.
        """
        if width < 1 or size < 1 or not (np.isfinite(scale) and scale > 0):
            raise ValueError(f'width is {width}, size {size}, scale {scale}; sizes must be at '
                             'least 1 and the scale a number above 0')
        rng = np.random.default_rng(seed)
        frequency = rng.standard_normal((width, size)) / (scale * np.sqrt(width))
        return cls(frequency, rng.uniform(0, 2 * np.pi, size))

    def apply(self, rows: Doubles) -> Doubles:
        """(n, F) -> (n, D), of unit variance."""
        made = rows @ self.frequency
        made += self.phase
        np.cos(made, out=made)
        made *= np.sqrt(2.0)
        return made
