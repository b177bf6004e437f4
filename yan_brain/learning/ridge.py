"""Recursive least squares: ridge regression that learns and unlearns rows, exactly.

With rows x_i of weight w_i, A = ridge I + sum w_i x_i x_i'. A row added is A + w x x', a row
taken away A - w x x', so the inverse P follows by the Woodbury identity and neither order nor
history leaves a trace but rounding (analytic continual learning, arXiv 2205.14922). A itself is
kept beside its inverse: their disagreement is the drift, and cures it.

What a lesson changes has the rank of its rows. These changes wait as thin factors, P = P0 - H'SH
with S the signs, and are put into the large matrices FOLD rows at a time: that way a large matrix
is read once for a lesson and hardly ever written. Whoever needs P itself has them put in first.

>>> ridge = RecursiveRidge(width=2, ridge=1.0)
>>> gain = ridge.add(np.array([[1.0, 0.0]]), np.array([3.0]))
>>> ridge.solve(np.array([[3.0], [0.0]])).round(2).tolist()
[[0.75], [0.0]]
>>> gain.round(2).tolist()
[[0.75], [0.0]]
"""
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

DRIFT_LIMIT = 1e-10     # relative; predictions must agree to 1e-6 whatever came before
BLOCK = 256             # rows of a large matrix that are changed together
FOLD = 160              # rows from which what waits is put in; a quarter of a small width


class RecursiveRidge:
    """A and its inverse, in fp64.

    Args:
        width: floats of a row.
        ridge: added to A's diagonal; > 0.
    """

    def __init__(self, *, width: int, ridge: float) -> None:
        if width < 1:
            raise ValueError(f'width is {width}; it must be at least 1')
        if not (np.isfinite(ridge) and ridge > 0):
            raise ValueError(f'ridge is {ridge}; it must be a number above 0')
        self.width, self.ridge = width, ridge
        self.refactored = 0
        self._fold = min(FOLD, width // 4)
        self._rows: list[tuple[Doubles, float]] = []        # what A is still without; sign
        self._waiting = 0                                   # rows of H, of which there is room
        self._halves = np.empty((self._fold + width // 2, width))   # for the largest lesson too
        self._signs = np.empty(len(self._halves))
        self._gram: Doubles = np.eye(width) * ridge
        self._inverse: Doubles = np.eye(width) / ridge
        # A fixed direction in which drift is looked for: dense, so that no axis hides.
        probe = np.random.default_rng(0).standard_normal(width)
        self._probe: Doubles = probe / np.linalg.norm(probe)

    def add(self, rows: Doubles, weights: Doubles) -> Doubles | None:
        """Take in rows (n, width) with weights (n,) >= 0.

        Returns:
            The gain (width, n) of recursive least squares: a solution W of before becomes
            W + gain @ (targets - rows @ W). None: solve anew.
        """
        return self._change(rows, weights, 1.0)

    def remove(self, rows: Doubles, weights: Doubles) -> None:
        """Take away rows that were added before with the same weights; solve anew."""
        self._change(rows, weights, -1.0)

    def solve(self, targets: Doubles) -> Doubles:
        """inverse(A) @ targets, (width, k) -> (width, k)."""
        self._settle()
        return self._inverse @ targets

    def left_out(self, rows: Doubles, weight: Doubles, residuals: Doubles) -> Doubles:
        """Residuals of rows that are in, had their block of rows not been: exact.

        Args:
            rows: (B, n, width), B blocks of rows that were added.
            weight: (B,) that each row of a block was added with.
            residuals: (B, n) target less prediction with all rows in.
        """
        self._settle()
        own = np.matmul(rows @ self._inverse, rows.transpose(0, 2, 1)) * weight[:, None, None]
        left = np.linalg.solve(np.eye(rows.shape[1]) - own, residuals[:, :, None])
        return np.asarray(left[:, :, 0], np.float64)

    @property
    def drift(self) -> float:
        """Relative error of the inverse in the probe's direction."""
        self._put_in()
        return self._apart()

    def _apart(self) -> float:
        return float(np.linalg.norm(self._gram @ (self._inverse @ self._probe) - self._probe))

    def _change(self, rows: Doubles, weights: Doubles, sign: float) -> Doubles | None:
        if rows.ndim != 2 or rows.shape[1] != self.width or weights.shape != rows.shape[:1]:
            raise ValueError(f'rows have shape {rows.shape} and weights {weights.shape}; '
                             f'expected (n, {self.width}) and (n,)')
        if not len(rows):
            return np.empty((self.width, 0))
        roots = np.sqrt(weights)[:, None]
        scaled = rows * roots
        if self._waiting + len(rows) > self._fold:
            self._settle()
        if len(rows) * 2 >= self.width:      # then a fresh inverse is cheaper than Woodbury
            self._rows.append((scaled, sign))
            self._refactor()
            return None
        waiting = self._halves[:self._waiting]
        reached = scaled @ self._inverse                             # (n, width)
        reached -= (scaled @ waiting.T * self._signs[:self._waiting]) @ waiting
        inner = np.eye(len(rows)) + sign * (reached @ scaled.T)
        self._rows.append((scaled, sign))
        try:
            root = np.linalg.inv(np.linalg.cholesky(inner))
        except np.linalg.LinAlgError:        # the drift got so large that A seems indefinite
            self._refactor()
            return None
        half = root @ reached
        end = self._waiting + len(rows)
        self._halves[self._waiting:end], self._signs[self._waiting:end] = half, sign
        self._waiting = end
        return half.T @ (root * roots.T)

    def _settle(self) -> None:
        """Put in what waits, and make the inverse anew where it drifted."""
        if self._waiting:
            self._put_in()
            if not self._apart() < DRIFT_LIMIT:          # catches NaN too
                self._refactor()

    def _put_in(self) -> None:
        halves, signs = self._halves[:self._waiting], self._signs[:self._waiting]
        for sign in (1.0, -1.0):
            rows = [scaled for scaled, side in self._rows if side == sign]
            if rows:
                _add_square(self._gram, np.concatenate(rows), sign)
            if (signs == sign).any():
                _add_square(self._inverse, halves[signs == sign], -sign)
        self._rows.clear()
        self._waiting = 0

    def _refactor(self) -> None:
        self._put_in()
        self.refactored += 1
        half = np.linalg.inv(np.linalg.cholesky(self._gram))
        self._inverse = half.T @ half


def _add_square(total: Doubles, rows: Doubles, sign: float) -> None:
    """total += sign rows' rows, in place and in blocks that stay in the processor's cache."""
    if len(total) <= BLOCK:
        total += sign * (rows.T @ rows)
        return
    signed = rows if sign > 0 else -rows
    for begin in range(0, len(total), BLOCK):
        part = slice(begin, begin + BLOCK)
        # Only one triangle is worked out; the other is its mirror, so that both stay equal.
        total[part, begin:] += signed[:, part].T @ rows[:, begin:]
        total[begin + BLOCK:, part] = total[part, begin + BLOCK:].T
