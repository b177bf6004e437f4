"""Libraries that ours is compared with, where they are installed (requirements/peers.txt).

- River: its classifiers for streams, `RIVER`, row by row.
- Avalanche: its replay, with the network and the memory of our own replay, as a check on that.
"""
from __future__ import annotations

import importlib
import importlib.util
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from yan_brain.evaluation.online_learners import Trained
from yan_brain.learning.knowledge import Floats, checked


def missing(library: str) -> str:
    """Why a library cannot be compared here; empty: it can."""
    if importlib.util.find_spec(library):
        return ''
    return f'{library} is not installed here (see requirements/peers.txt)'


def _scaled(model: Any) -> Any:
    return importlib.import_module('river.preprocessing').StandardScaler() | model


def _bayes() -> Any:
    return importlib.import_module('river.naive_bayes').GaussianNB()


def _neighbours() -> Any:
    """Everything is kept, so nothing is forgotten; and every answer looks at all of it."""
    module = importlib.import_module('river.neighbors')
    return module.KNNClassifier(n_neighbors=5, engine=module.LazySearch(window_size=10 ** 6))


def _logistic() -> Any:
    linear = importlib.import_module('river.linear_model')
    one_of_many = importlib.import_module('river.multiclass').OneVsRestClassifier
    return _scaled(one_of_many(linear.LogisticRegression()))


def _softmax() -> Any:
    return _scaled(importlib.import_module('river.linear_model').SoftmaxRegression())


# Hoeffding trees split on nothing in so few rows (then they are naive Bayes, at 20 times its
# price), and forests of them know a fifth of what it knows.
RIVER: dict[str, Callable[[], Any]] = {
    'Gaussian naive Bayes': _bayes, 'nearest neighbours': _neighbours,
    'logistic regression': _logistic, 'softmax regression': _softmax}


class River:
    """One classifier of River, fed row by row.

    Raises:
        ImportError: river is not installed.
    """

    def __init__(self, *, width: int, kind: str = 'Gaussian naive Bayes') -> None:
        self.width = width
        self._model: Any = RIVER[kind]()
        self._names: dict[str, None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._names)

    def predict(self, features: NDArray[np.floating]) -> Floats:
        rows = checked(features, self.width)
        found = np.zeros((len(rows), len(self._names)), np.float32)
        for index, row in enumerate(rows) if self._names else ():
            chances = self._model.predict_proba_one(dict(enumerate(row.tolist())))
            found[index] = [chances.get(name, 0.0) for name in self._names]
        return found

    def learn(self, name: str, features: NDArray[np.floating]) -> None:
        for row in checked(features, self.width, least=1):
            self._model.learn_one(dict(enumerate(row.tolist())), name)
        self._names[name] = None

    def save(self, path: Path) -> None:
        with path.open('xb') as file:
            pickle.dump((self._model, list(self._names)), file)

    def load(self, path: Path) -> None:
        self._model, names = pickle.loads(path.read_bytes())
        self._names = dict.fromkeys(names)


class _Lesson(Dataset[tuple[torch.Tensor, int]]):
    """What Avalanche takes for a data set: rows, and `targets`."""

    def __init__(self, rows: Floats, label: int) -> None:
        self.rows, self.targets = torch.tensor(rows), [label] * len(rows)

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.rows[index], self.targets[index]


class Avalanche(Trained):
    """Our network, taught by Avalanche's strategy `Naive` with its `ReplayPlugin`.

    A lesson is one of its experiences, `steps` its epochs, each a mini-batch of the lesson and
    one of the memory (a reservoir), as it is with our own replay. Nothing can be saved.

    Raises:
        ImportError: avalanche-lib is not installed.
    """

    def __init__(self, *, width: int, steps: int = 1, memory: int = 100, replayed: int = 64,
                 seed: int = 0) -> None:
        super().__init__(width=width, seed=seed)
        _import_torchvision()
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            training = importlib.import_module('avalanche.training')
            plugins = importlib.import_module('avalanche.training.plugins')
            storage = importlib.import_module('avalanche.training.storage_policy')
            torch.manual_seed(seed)
            self._strategy: Any = training.Naive(
                model=self._net, optimizer=self._optimiser, train_epochs=steps,
                evaluator=plugins.EvaluationPlugin(), plugins=[plugins.ReplayPlugin(
                    mem_size=memory, batch_size_mem=replayed,
                    storage_policy=storage.ReservoirSamplingBuffer(memory))])

    def learn(self, name: str, features: NDArray[np.floating]) -> None:
        rows = checked(features, self.width, least=1)
        label = self._names.setdefault(name, len(self._names))
        benchmarks = importlib.import_module('avalanche.benchmarks')
        utils = importlib.import_module('avalanche.benchmarks.utils')
        lesson = utils.as_taskaware_classification_dataset(_Lesson(rows, label))
        self._strategy.train_mb_size = len(rows)
        with warnings.catch_warnings(record=True):      # its parts set filters of their own
            self._strategy.train(benchmarks.benchmark_from_datasets(train=[lesson]).train_stream)

    def save(self, path: Path) -> None:
        """Not offered.

        Raises:
            ValueError: always.
        """
        raise ValueError('what Avalanche learned is not saved')


def _import_torchvision() -> None:
    """Avalanche wants it. Beside another build of PyTorch it lacks operators on boxes, which
    nobody needs here; it is content when they are declared."""
    try:
        importlib.import_module('torchvision')
    except RuntimeError:
        for name in ('nms', 'qnms'):
            torch.library.define(f'torchvision::{name}', '(Tensor dets, Tensor scores, '
                                 'float iou_threshold) -> Tensor')
        importlib.import_module('torchvision')
