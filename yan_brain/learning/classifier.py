"""The regression of the concept memory by itself: names by rows, without journal or chances.

For features that come from elsewhere, and for comparing the rule with others. Exact whatever the
order of lessons and forgets.

With several partitions each row wakes the few that answer most to it, as in the core: a fixed
random direction belongs to each. Only these learn it, each by a ridge regression of its own, and
they answer together, the more awake the more (a mixture of experts whose gate is fixed, so that
it stays exact). What each has to know is less, so together they know what one of their width
cannot, and a lesson costs what its awake partitions cost.

>>> learner = RidgeClassifier(width=2)
>>> learner.learn('left', np.array([[1.0, 0.0]]))
>>> learner.learn('right', np.array([[0.0, 1.0]]))
>>> learner.predict(np.array([[0.9, 0.1]])).round(1).tolist()
[[0.9, 0.1]]
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.expansion import Expansion
from yan_brain.learning.knowledge import Doubles, Floats, checked
from yan_brain.learning.ridge import RecursiveRidge

SOLVE_EVERY = 64         # times learned after which rounding is wiped out of the weights
SOFTNESS = 0.5           # of how answers are shared, in answers to a row of unit variance
WAITING = 64             # rows of a partition that may wait until it is asked


def principal_directions(rows: NDArray[np.floating], size: int) -> Doubles:
    """The directions in which rows vary most around zero, (n, F) -> (F, size).

    What is left of a row has as much variance as there are directions. A regression behind them
    costs the square of `size` instead of that of F.

    Raises:
        ValueError: more directions than these rows have.
    """
    if not 0 < size <= min(rows.shape):
        raise ValueError(f'size is {size}; allowed: 1 to {min(rows.shape)}, what rows of shape '
                         f'{rows.shape} span at most')
    _, lengths, found = np.linalg.svd(rows.astype(np.float64), full_matrices=False)
    variance = (lengths[:size] ** 2).sum() / len(rows)
    return np.ascontiguousarray(found[:size].T * np.sqrt(size / variance))


class RidgeClassifier:
    """Lessons are kept in memory, so that they can be forgotten.

    Args:
        width: F, floats of a row.
        directions: (F, D), features are projected on these first; None: all are kept.
        expansion: D random Fourier features put beside the features; 0: none.
        scale: width of their kernel, in lengths of a row of unit variance.
        ridge: resistance to the first lessons, in rows.
        partitions: how many regressions there are, and ...
        awake: ... how many of them a row wakes.
        keep: False: lessons are not kept and `forget` refuses.
    """

    _partitions: list[_Partition]
    _names: dict[str, None]
    _lessons: dict[str, list[Floats]]

    def __init__(self, *, width: int, directions: Doubles | None = None, expansion: int = 0,
                 scale: float = 1.0, ridge: float = 0.01, partitions: int = 1, awake: int = 1,
                 seed: int = 0, keep: bool = True) -> None:
        self.width = width
        self._ridge = ridge
        if directions is not None and directions.shape[:1] != (width,):
            raise ValueError(f'directions have shape {directions.shape}; expected ({width}, D)')
        if not 1 <= awake <= partitions:
            raise ValueError(f'awake is {awake} of {partitions} partitions; allowed: 1 to all')
        # As exact as the features are, and half the memory to read for each answer.
        self._directions = None if directions is None else directions.astype(np.float32)
        self._awake = awake
        kept = width if directions is None else directions.shape[1]
        self._expansion = Expansion.draw(kept, expansion, scale, seed) if expansion else None
        self._wide = kept + expansion + 1
        self._keys = np.random.default_rng(seed).standard_normal((kept, partitions)) \
            / np.sqrt(kept)
        self._keep = keep
        self._clear()

    @property
    def names(self) -> tuple[str, ...]:
        """In the order they were first taught in."""
        return tuple(self._names)

    def predict(self, features: NDArray[np.floating]) -> Floats:
        """About 1 for what fits, about 0 for all else; (n, F) -> (n, C)."""
        found, names = checked(features, self.width), self.names
        rows, scores = self._rows(found), np.zeros((len(found), len(names)))
        for partition, woken, shares in self._wake(rows):
            scores[woken] += shares[:, None] * partition.scores(rows[woken], names)
        return scores.astype(np.float32)

    def learn(self, name: str, features: NDArray[np.floating]) -> None:
        """These rows show `name`."""
        found = checked(features, self.width, least=1)
        rows = self._rows(found)
        for partition, woken, _ in self._wake(rows):
            partition.learn(name, rows[woken])
        self._names[name] = None
        if self._keep:
            self._lessons.setdefault(name, []).append(found.copy())

    def forget(self, name: str) -> bool:
        """Undo all lessons on a name, exactly.

        Raises:
            ValueError: lessons are not kept.
        """
        if not self._keep:
            raise ValueError('lessons are not kept (keep=False), so none can be taken away')
        if name not in self._names:
            return False
        for lesson in self._lessons.pop(name):
            rows = self._rows(lesson)
            for partition, woken, _ in self._wake(rows):
                partition.forget(name, rows[woken])
        del self._names[name]
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
        self._partitions = [_Partition(self._wide, self._ridge)
                            for _ in range(self._keys.shape[1])]
        self._names = {}
        self._lessons = {}

    def _wake(self, rows: Doubles) -> Iterator[tuple[_Partition, NDArray[np.intp], Doubles]]:
        """The partitions that any of the rows wake, each with the rows it is woken by, and its
        share of their answers."""
        if len(self._partitions) == 1:
            yield self._partitions[0], np.arange(len(rows)), np.ones(len(rows))
            return
        answers = rows[:, :len(self._keys)] @ self._keys
        woken = (-answers).argpartition(self._awake - 1, axis=1)[:, :self._awake]
        shares = np.exp((np.take_along_axis(answers, woken, 1) - answers.max(1, keepdims=True))
                        / SOFTNESS)
        shares /= shares.sum(1, keepdims=True)
        for number in sorted(set(woken.ravel().tolist())):
            mine = woken == number
            yield self._partitions[number], mine.any(1).nonzero()[0], shares[mine]

    def _rows(self, features: Floats) -> Doubles:
        """(n, F) -> (n, width of the regressions): what is kept, its expansion, and a one."""
        if self._directions is not None:
            features = features @ self._directions
        rows = np.ones((len(features), self._wide))
        rows[:, :features.shape[1]] = features
        if self._expansion is not None:
            rows[:, features.shape[1]:-1] = self._expansion.apply(rows[:, :features.shape[1]])
        return rows


class _Partition:
    """One ridge regression for all names that woke it. It takes no space before it first learns.

    What it is to learn waits until it is asked or there is much of it: many rows at once are
    taken in for less.

    Args:
        width: floats of a row.
        ridge: resistance to the first lessons, in rows.
    """

    _weights: Doubles | None

    def __init__(self, width: int, ridge: float) -> None:
        self._width, self._size = width, ridge
        self._ridge: RecursiveRidge | None = None
        self._pulls: dict[str, Doubles] = {}
        self._waiting: list[tuple[str, Doubles]] = []
        self._weights = None
        self._followed = 0

    def scores(self, rows: Doubles, names: Sequence[str]) -> Doubles:
        """(n, width) -> (n, C), in the order of `names`; 0 for those that it does not know."""
        self._take_in()
        scores = np.zeros((len(rows), len(names)))
        if self._ridge is None or not self._pulls:
            return scores
        if self._weights is None:
            pulls = np.array(list(self._pulls.values()))
            self._weights, self._followed = self._ridge.solve(pulls.T), 0
        scores[:, [names.index(name) for name in self._pulls]] = rows @ self._weights
        return scores

    def learn(self, name: str, rows: Doubles) -> None:
        self._waiting.append((name, rows))
        if sum(len(waiting) for _, waiting in self._waiting) >= WAITING:
            self._take_in()

    def forget(self, name: str, rows: Doubles) -> None:
        """Take away one lesson's rows; whatever else it knows of the name is to go too."""
        self._take_in()
        if self._ridge is not None:
            self._ridge.remove(rows, np.ones(len(rows)))
        self._pulls.pop(name, None)
        self._weights = None

    def _take_in(self) -> None:
        if not self._waiting:
            return
        if self._ridge is None:
            self._ridge = RecursiveRidge(width=self._width, ridge=self._size)
        rows = np.concatenate([waiting for _, waiting in self._waiting])
        gain = self._ridge.add(rows, np.ones(len(rows)))
        for name, waiting in self._waiting:
            self._pulls[name] = self._pulls.get(name, 0.0) + waiting.sum(0)
        self._follow(rows, gain)
        self._waiting.clear()

    def _follow(self, rows: Doubles, gain: Doubles | None) -> None:
        """Bring the weights up to date with what was taken in, without solving for them anew."""
        self._followed += 1
        if gain is None or self._weights is None or self._followed >= SOLVE_EVERY:
            self._weights = None
            return
        fresh = len(self._pulls) - self._weights.shape[1]
        if fresh:                                               # new names: nothing pulled yet
            self._weights = np.pad(self._weights, ((0, 0), (0, fresh)))
        left, columns, begin = -(rows @ self._weights), list(self._pulls), 0
        for name, waiting in self._waiting:
            left[begin:begin + len(waiting), columns.index(name)] += 1.0
            begin += len(waiting)
        self._weights += gain @ left
