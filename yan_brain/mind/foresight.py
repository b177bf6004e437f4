"""What the next image should show, and how wrong that was: surprise.

The eye's coarse features move as the world does: what changed goes on changing, a turn slides the
image sideways, driving spreads it from the middle. So the next image is this one plus a weighted
sum of a few such motions, and the weights, one number each, are learned on the robot by least
squares that fade slowly (no gradient, no training data). The core's thoughts as a further input
made the forecast no better on drives through rooms (docs/core.md), and are left out.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

TERMS = 8
FADE = 0.999            # of what was learned, an image
SLOW = 0.3              # share of a new image in the running mean
USUAL = 0.02            # share of a new error in the usual one ...
CLIP = 4.0              # ... of which no more counts: one surprise does not hide the next
GAP_S = 0.5             # after a longer one nothing is expected


@dataclass(frozen=True, slots=True)
class Met:
    """An image beside what was expected."""

    surprise: float     # error of the worst token over the usual one: about 1 when all is as usual
    error: float        # squared, of all tokens
    still: float        # the same, had the image before been expected again


class Foresight:
    """Expects the next image's coarse features. Belongs to one thread.

    Args:
        rows, columns: tokens of an image.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self._grid = rows, columns
        self._down = (np.arange(rows) - (rows - 1) / 2).astype(np.float32)[:, None, None]
        self._across = (np.arange(columns) - (columns - 1) / 2).astype(np.float32)[None, :, None]
        self._gram = np.eye(TERMS) * 1e-3
        self._moment = np.zeros(TERMS)
        self._usual = 0.0
        self._stamp_s = -np.inf
        self._seen: Floats | None = None        # the last image, its change, its running mean
        self._change: Floats = np.zeros(0, np.float32)
        self._mean: Floats = self._change
        self._motions: Floats | None = None     # (TERMS, rows, columns, F) that may come next

    def meet(self, features: Floats, speed_mps: float, turn_radps: float,
             stamp_s: float) -> Met | None:
        """Compare an image with what was expected, learn, and expect the next one.

        Args:
            features: (rows * columns, F) of the eye, row by row.
            speed_mps, turn_radps: how the robot moves now.
            stamp_s: of the image.

        Returns:
            None for the first images, and after a gap.
        """
        now = features.reshape(*self._grid, -1)
        if self._seen is None or not 0 < stamp_s - self._stamp_s <= GAP_S:
            self._change, self._mean = np.zeros_like(now), now
            before, met = self._change, None
        else:
            before, self._change = self._change, now - self._seen
            self._mean = self._mean + SLOW * (now - self._mean)
            met = self._learn()
        self._seen, self._stamp_s = now, stamp_s
        self._motions = self._expect(now, before, speed_mps, turn_radps)
        return met

    def _learn(self) -> Met | None:
        assert self._motions is not None
        happened, motions = self._change, self._motions.reshape(TERMS, -1)
        weights = np.linalg.solve(self._gram, self._moment)
        error = happened.ravel() - weights.astype(np.float32) @ motions
        self._gram = FADE * self._gram + motions @ motions.T
        self._gram[np.diag_indices(TERMS)] += 1e-6
        self._moment = FADE * self._moment + motions @ happened.ravel()
        each = np.square(error).reshape(-1, happened.shape[-1]).sum(1)
        worst = float(each.max())
        if not self._usual:
            self._usual = worst
            return None
        surprise = worst / self._usual if worst else 0.0
        self._usual += USUAL * (min(worst, CLIP * self._usual) - self._usual)
        return Met(surprise, float(each.sum()), float(np.square(happened).sum()))

    def _expect(self, now: Floats, before: Floats, speed: float, turn: float) -> Floats:
        """Motions that may come next: changes that go on, a return to the mean, own motion."""
        down, across = (np.gradient(now, axis=axis) for axis in (0, 1))
        padded = np.pad(now, ((1, 1), (1, 1), (0, 0)), mode='edge')
        blur = (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
                ) / 4 - now
        return np.stack([
            self._change, before, self._mean - now, turn * across, abs(turn) * blur,
            speed * self._across * across, speed * self._down * down, speed * blur,
        ]).astype(np.float32)
