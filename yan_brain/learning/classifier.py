"""The regression of the concept memory by itself: names by rows, without journal or chances.

For features that come from elsewhere, and for comparing the rule with others. One ridge
regression for all names, exact whatever the order of lessons and forgets.

>>> learner = RidgeClassifier(width=2)
>>> learner.learn('left', np.array([[1.0, 0.0]]))
>>> learner.learn('right', np.array([[0.0, 1.0]]))
>>> learner.predict(np.array([[0.9, 0.1]])).round(1).tolist()
[[0.9, 0.1]]
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.expansion import Expansion
from yan_brain.learning.knowledge import Doubles, Floats, checked
from yan_brain.learning.ridge import RecursiveRidge

SOLVE_EVERY = 64         # lessons after which rounding is wiped out of the weights


@dataclass(frozen=True, eq=False)
class _Sketch:
    """`order` (F,) brings what is summed together; `signs` (F,); `starts` (D,) of each sum."""

    order: NDArray[np.intp]
    signs: Doubles
    starts: NDArray[np.intp]

    @classmethod
    def draw(cls, width: int, size: int, seed: int) -> _Sketch:
        rng = np.random.default_rng(seed)
        starts = np.arange(size) * width // size            # as many in each sum as in any other
        signs = rng.choice([-1.0, 1.0], width) * np.sqrt(size / width)
        return cls(rng.permutation(width), signs, starts)

    def apply(self, rows: Doubles) -> Doubles:
        """(n, F) -> (n, D); unit variance stays unit variance."""
        found: Doubles = np.add.reduceat(rows[:, self.order] * self.signs, self.starts, axis=1)
        return found


class RidgeClassifier:
    """Lessons are kept in memory, so that they can be forgotten.

    Args:
        width: F, floats of a row.
        sketch: F floats are summed into so many, each with a random sign (feature hashing, arXiv
            0902.2206): a lesson costs the square of what is left. 0: all are kept.
        expansion: D random Fourier features put beside the features; 0: none.
        scale: width of their kernel, in lengths of a row of unit variance.
        ridge: resistance to the first lessons, in rows.
        keep: False: lessons are not kept and `forget` refuses.
    """

    _weights: Doubles | None
    _pulls: dict[str, Doubles]
    _lessons: dict[str, list[Floats]]

    def __init__(self, *, width: int, sketch: int = 0, expansion: int = 0, scale: float = 1.0,
                 ridge: float = 0.01, seed: int = 0, keep: bool = True) -> None:
        self.width = width
        self._ridge_size = ridge
        if not 0 <= sketch <= width:
            raise ValueError(f'sketch is {sketch}; allowed: 0 to {width}, the width')
        self._sketch = _Sketch.draw(width, sketch, seed) if sketch else None
        self._kept = sketch or width
        self._expansion = (Expansion.draw(self._kept, expansion, scale, seed) if expansion
                           else None)
        self._keep = keep
        self._clear()

    @property
    def names(self) -> tuple[str, ...]:
        """In the order they were first taught in."""
        return tuple(self._pulls)

    def predict(self, features: NDArray[np.floating]) -> Floats:
        """About 1 for what fits, about 0 for all else; (n, F) -> (n, C)."""
        rows = self._rows(checked(features, self.width))
        if self._weights is None:
            pulls = np.array(list(self._pulls.values())).reshape(-1, self._ridge.width)
            self._weights, self._followed = self._ridge.solve(pulls.T), 0
        return (rows @ self._weights).astype(np.float32)

    def learn(self, name: str, features: NDArray[np.floating]) -> None:
        """These rows show `name`."""
        found = checked(features, self.width, least=1)
        rows = self._rows(found)
        gain = self._ridge.add(rows, np.ones(len(rows)))
        self._pulls[name] = self._pulls.get(name, 0.0) + rows.sum(0)
        self._follow(name, rows, gain)
        if self._keep:
            self._lessons.setdefault(name, []).append(found.copy())

    def forget(self, name: str) -> bool:
        """Undo all lessons on a name, exactly.

        Raises:
            ValueError: lessons are not kept.
        """
        if not self._keep:
            raise ValueError('lessons are not kept (keep=False), so none can be taken away')
        if name not in self._pulls:
            return False
        for lesson in self._lessons.pop(name):
            rows = self._rows(lesson)
            self._ridge.remove(rows, np.ones(len(rows)))
        del self._pulls[name]
        self._weights = None
        return True

    def save(self, path: Path) -> None:
        """Write all lessons."""
        if not self._keep:
            raise ValueError('lessons are not kept (keep=False), so there is nothing to save')
        arrays: dict[str, Any] = {
            f'rows{number}': np.concatenate(self._lessons[name])
            for number, name in enumerate(self.names)}
        with path.open('xb') as file:
            np.savez(file, names=np.array(self.names, str), **arrays)

    def load(self, path: Path) -> None:
        """Know what was saved, and nothing else."""
        with np.load(path) as found:
            lessons = {str(name): found[f'rows{number}']
                       for number, name in enumerate(found['names'])}
        self._clear()
        for name, rows in lessons.items():
            self.learn(name, rows)

    def _clear(self) -> None:
        wide = self._kept + 1 + (self._expansion.size if self._expansion else 0)
        self._ridge = RecursiveRidge(width=wide, ridge=self._ridge_size)
        self._pulls = {}
        self._lessons = {}
        self._weights = None
        self._followed = 0

    def _follow(self, name: str, rows: Doubles, gain: Doubles | None) -> None:
        """Bring the weights up to date with a lesson, without solving for them anew."""
        self._followed += 1
        if gain is None or self._weights is None or self._followed >= SOLVE_EVERY:
            self._weights = None
            return
        fresh = len(self._pulls) - self._weights.shape[1]       # a new name: nothing pulled yet
        weights = np.pad(self._weights, ((0, 0), (0, fresh)))
        left = -(rows @ weights)
        left[:, list(self._pulls).index(name)] += 1.0
        weights += gain @ left
        self._weights = weights

    def _rows(self, features: Floats) -> Doubles:
        rows = features.astype(np.float64)
        if self._sketch is not None:
            rows = self._sketch.apply(rows)
        parts = [rows, np.ones((len(features), 1))]
        if self._expansion is not None:
            parts.insert(1, self._expansion.apply(parts[0]))
        return np.concatenate(parts, 1)
