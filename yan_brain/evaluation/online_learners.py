"""What our learner is compared with; all of them by the contract of `yan_brain.learning`.

- Slda: streaming linear discriminant analysis (Deep SLDA, arXiv 1909.01520): class means and one
  running covariance, shrunk.
- Trained: a small network behind the fixed features, trained by back-propagation. With replay
  (reservoir sampling over all that was shown), naively without, or jointly on everything.
"""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from yan_brain.learning.knowledge import Doubles, Floats, checked

SHRINK = 1e-2
HIDDEN = 256


class Slda:
    """Sums are kept in float64: a mean and a count for each name, one scatter matrix for all."""

    _means: dict[str, Doubles]
    _counts: dict[str, int]
    _scatter: Doubles
    _rule: tuple[Doubles, Doubles] | None

    def __init__(self, *, width: int, shrink: float = SHRINK) -> None:
        self.width, self._shrink = width, shrink
        self._clear()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._means)

    def predict(self, features: NDArray[np.floating]) -> Floats:
        rows = checked(features, self.width).astype(np.float64)
        if self._rule is None:
            mixed = (1 - self._shrink) * self._scatter / max(self._seen, 1) \
                + self._shrink * np.eye(self.width)
            means = np.array(list(self._means.values())).reshape(-1, self.width)
            weights = np.linalg.solve(mixed, means.T)
            self._rule = weights, -0.5 * (means.T * weights).sum(0)
        return (rows @ self._rule[0] + self._rule[1]).astype(np.float32)

    def learn(self, name: str, features: NDArray[np.floating]) -> None:
        rows = checked(features, self.width, least=1).astype(np.float64)
        count, mean = self._counts.get(name, 0), self._means.get(name, np.zeros(self.width))
        fresh = rows.mean(0)
        centred, apart, n = rows - fresh, fresh - mean, len(rows)
        self._scatter += centred.T @ centred
        if count:
            self._scatter += np.outer(apart, apart) * (count * n / (count + n))
        self._means[name] = mean + apart * n / (count + n)
        self._counts[name] = count + n
        self._seen += n
        self._rule = None

    def save(self, path: Path) -> None:
        with path.open('xb') as file:
            np.savez(file, names=np.array(self.names, str), scatter=self._scatter,
                     means=np.array(list(self._means.values())).reshape(-1, self.width),
                     counts=np.array(list(self._counts.values()), np.int64))

    def load(self, path: Path) -> None:
        with np.load(path) as found:
            names = [str(name) for name in found['names']]
            means, counts, scatter = found['means'], found['counts'], found['scatter']
        self._clear()
        self._means = dict(zip(names, means, strict=True))
        self._counts = dict(zip(names, counts.tolist(), strict=True))
        self._scatter, self._seen = scatter, int(counts.sum())

    def _clear(self) -> None:
        self._means = {}
        self._counts = {}
        self._scatter = np.zeros((self.width, self.width))
        self._seen = 0
        self._rule = None


class Trained:
    """A network of one hidden layer, trained with each lesson by Adam.

    Args:
        steps: of gradient descent with each lesson.
        memory: rows kept for replay (reservoir sampling); 0: naive fine-tuning.
        replayed: rows of the memory beside the lesson's own in each step.
        most_names: outputs of the network.
    """

    _names: dict[str, int]
    _rows: Floats

    def __init__(self, *, width: int, steps: int = 1, memory: int = 0, replayed: int = 64,
                 rate: float = 1e-3, most_names: int = 100, seed: int = 0) -> None:
        self.width, self._steps, self._most_names = width, steps, most_names
        self._replayed, self._rate, self._size, self._seed = replayed, rate, memory, seed
        self._clear()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._names)

    def predict(self, features: NDArray[np.floating]) -> Floats:
        rows = torch.from_numpy(checked(features, self.width))
        with torch.inference_mode():
            found: Floats = self._net(rows)[:, :len(self._names)].numpy()
        return found

    def learn(self, name: str, features: NDArray[np.floating]) -> None:
        rows = checked(features, self.width, least=1)
        if name not in self._names and len(self._names) == self._most_names:
            raise ValueError(f'{self._most_names} names are known, which is the most allowed')
        label = self._names.setdefault(name, len(self._names))
        labels = np.full(len(rows), label)
        for _ in range(self._steps):
            self._step(rows, labels)
        self._remember(rows, labels)

    def train(self, names: list[str], features: NDArray[np.floating], epochs: int,
              batch: int = 128) -> None:
        """Joint training: everything at once, shuffled, several times."""
        rows = checked(features, self.width, least=1)
        labels = np.array([self._names.setdefault(name, len(self._names)) for name in names])
        for _ in range(epochs):
            order = self._rng.permutation(len(rows))
            for begin in range(0, len(rows), batch):
                some = order[begin:begin + batch]
                self._descend(rows[some], labels[some])

    def save(self, path: Path) -> None:
        if path.exists():
            raise FileExistsError(f'{path} exists already; choose another name')
        torch.save({'net': self._net.state_dict(), 'optimiser': self._optimiser.state_dict(),
                    'names': list(self._names), 'rows': torch.from_numpy(self._rows),
                    'labels': torch.from_numpy(self._labels), 'seen': self._seen}, path)

    def load(self, path: Path) -> None:
        found = torch.load(path, weights_only=True)
        self._clear()
        self._net.load_state_dict(found['net'])
        self._optimiser.load_state_dict(found['optimiser'])
        self._names = {name: index for index, name in enumerate(found['names'])}
        self._rows, self._labels = found['rows'].numpy(), found['labels'].numpy()
        self._seen = found['seen']

    def _clear(self) -> None:
        generator = torch.Generator().manual_seed(self._seed)
        self._net = nn.Sequential(nn.Linear(self.width, HIDDEN), nn.ReLU(),
                                  nn.Linear(HIDDEN, self._most_names))
        with torch.no_grad():
            for part in self._net.parameters():
                bound = part.shape[-1] ** -0.5
                part.uniform_(-bound, bound, generator=generator)
        self._optimiser = torch.optim.Adam(self._net.parameters(), self._rate)
        self._rng = np.random.default_rng(self._seed)
        self._names = {}
        self._rows = np.zeros((self._size, self.width), np.float32)
        self._labels = np.zeros(self._size, np.int64)
        self._seen = 0

    def _step(self, rows: Floats, labels: NDArray[np.int64]) -> None:
        kept = min(self._seen, self._size)
        if kept:
            some = self._rng.integers(0, kept, min(kept, self._replayed))
            rows = np.concatenate([rows, self._rows[some]])
            labels = np.concatenate([labels, self._labels[some]])
        self._descend(rows, labels)

    def _descend(self, rows: Floats, labels: NDArray[np.int64]) -> None:
        found = self._net(torch.from_numpy(rows))[:, :len(self._names)]
        loss = nn.functional.cross_entropy(found, torch.from_numpy(labels))
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()

    def _remember(self, rows: Floats, labels: NDArray[np.int64]) -> None:
        for row, label in zip(rows, labels, strict=True) if self._size else ():
            place = self._seen if self._seen < self._size else int(
                self._rng.integers(0, self._seen + 1))
            if place < self._size:
                self._rows[place], self._labels[place] = row, label
            self._seen += 1
