"""One pass over public pictures, class by class: our rule and its peers behind the same features.

A lesson is LESSON pictures of one class, classes come one after the other, and no picture comes
twice. Joint training sees everything at once, shuffled, many times: the ceiling.
"""
from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from yan_brain.evaluation.online_data import RandomFeatures, load_pictures
from yan_brain.evaluation.online_learners import River, Slda, Trained
from yan_brain.evaluation.report import Result, percentile, wilson
from yan_brain.learning.classifier import RidgeClassifier
from yan_brain.learning.contract import Learns

LESSON = 20
FITTED_ON = 1000             # pictures of the first class that set the features' mean and scale
SKETCH = 512                 # floats that ours keeps of the features
TRIED = 20                   # lessons that tell how many threads are best for the networks
EPOCHS = 15                  # of joint training
REPLAY_STEPS = 10            # of gradient descent with each lesson
REPLAY_ROWS = 5000           # rows remembered by replay: a twelfth of all
RIVER_ROWS = 100             # of each class, and ...
RIVER_ASKED = 500            # ... rows asked: its Python loops take milliseconds a row

Rows = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Curve:
    """How a learner did: accuracy on the classes seen so far, after each class."""

    name: str
    after: tuple[float, ...]
    accuracy: float
    asked: int
    lesson_s: float          # mean: what one lesson leaves for another to do counts as well


def learners(width: int) -> dict[str, Callable[[], Learns]]:
    """Those that learn class by class."""
    return {
        'ours': lambda: RidgeClassifier(width=width, sketch=min(SKETCH, width), ridge=10.0,
                                        keep=False),
        'slda': lambda: Slda(width=width),
        'replay': lambda: Trained(width=width, steps=REPLAY_STEPS, memory=REPLAY_ROWS),
        'finetune': lambda: Trained(width=width, steps=1),
    }


class Benchmark:
    """One data set as features, in memory."""

    def __init__(self, dataset: str, folder: Path | None, most: int = 0) -> None:
        pictures, features = load_pictures(dataset, folder), RandomFeatures()
        self.name = dataset
        order = np.argsort(pictures.train_labels, kind='stable')
        features.fit(pictures.train[order[:FITTED_ON]])
        if most:
            order = np.concatenate([np.flatnonzero(pictures.train_labels == label)[:most]
                                    for label in range(10)])
        self.rows: Rows = features.apply(pictures.train[order])
        self.labels: Labels = pictures.train_labels[order].astype(np.int64)
        self.asked: Rows = features.apply(pictures.test)
        self.truth: Labels = pictures.test_labels.astype(np.int64)
        self.width = features.width

    def one_pass(self, name: str, make: Callable[[], Learns], rows: int = 0,
                 asked: int = 0) -> Curve:
        """Class by class; `rows` of each class and `asked` of the test, 0 for all."""
        learner, times, after = make(), [], []
        some = slice(None, asked or None)
        questions, truth = self.asked[some], self.truth[some]
        for label in range(10):
            mine = self.rows[self.labels == label][:rows or None]
            for begin in range(0, len(mine), LESSON):
                started = time.perf_counter()
                learner.learn(str(label), mine[begin:begin + LESSON])
                learner.predict(mine[begin:begin + 1])       # usable now
                times.append(time.perf_counter() - started)
            seen = truth <= label
            after.append(_accuracy(learner, questions[seen], truth[seen]))
        return Curve(name, tuple(after), after[-1], len(truth), float(np.mean(times)))

    def joint(self) -> Curve:
        """The same network as replay's, trained on everything at once."""
        learner = Trained(width=self.width)
        learner.train([str(label) for label in self.labels], self.rows, EPOCHS)
        right = _accuracy(learner, self.asked, self.truth)
        return Curve('joint', (right,) * 10, right, len(self.truth), 0.0)

    def fit_threads(self, make: Callable[[], Learns]) -> int:
        """Give PyTorch the threads with which lessons take the least time; how many."""
        found = {}
        for threads in sorted({1, os.cpu_count() or 1}):
            torch.set_num_threads(threads)
            learner, times = make(), []
            for begin in range(0, TRIED * LESSON, LESSON):
                started = time.perf_counter()
                learner.learn('a', self.rows[begin:begin + LESSON])
                times.append(time.perf_counter() - started)
            found[threads] = percentile(times, 0.5)
        best = min(found, key=found.__getitem__)
        torch.set_num_threads(best)
        return best

    def curves(self) -> Iterator[Curve]:
        """All of them."""
        self.fit_threads(learners(self.width)['replay'])
        yield self.joint()
        for name, make in learners(self.width).items():
            yield self.one_pass(name, make)
        if importlib.util.find_spec('river'):
            yield self.one_pass('river', lambda: River(width=self.width), RIVER_ROWS,
                                RIVER_ASKED)


def _accuracy(learner: Learns, rows: Rows, truth: Labels) -> float:
    names = np.array([int(name) for name in learner.names])
    found = np.concatenate([names[learner.predict(rows[begin:begin + 1000]).argmax(1)]
                            for begin in range(0, len(rows), 1000)])
    return float((found == truth).mean())


def measure(dataset: str, folder: Path | None, reports: Path, most: int = 0) -> Iterator[Result]:
    """All figures of a data set; the picture goes into `reports`."""
    try:
        benchmark = Benchmark(dataset, folder, most)
    except (FileNotFoundError, ValueError) as error:
        for name in ('ours', 'slda', 'replay', 'finetune', 'river', 'joint', 'seconds_per_lesson'):
            yield Result(name=f'online.{dataset}.{name}', value=None, note=str(error))
        return
    curves = {curve.name: curve for curve in benchmark.curves()}
    ceiling = curves['joint'].accuracy
    for name, curve in curves.items():
        low, high = wilson(round(curve.accuracy * curve.asked), curve.asked)
        notes = {'river': f'Gaussian naive Bayes, {RIVER_ROWS} pictures of each class and '
                          f'{RIVER_ASKED} asked: its Python loops are slow',
                 'replay': f'{REPLAY_STEPS} steps a lesson, {REPLAY_ROWS} rows remembered',
                 'joint': f'{EPOCHS} epochs, everything at once'}
        yield Result(name=f'online.{dataset}.{name}', value=curve.accuracy, unit='fraction',
                     baseline=None if name == 'joint' else ceiling, low=low, high=high,
                     n=curve.asked, note=notes.get(name, ''))
    if 'river' not in curves:
        yield Result(name=f'online.{dataset}.river', value=None,
                     note='river is not installed here (pip install river)')
    ours, replay = curves['ours'].lesson_s, curves['replay'].lesson_s
    yield Result(name=f'online.{dataset}.seconds_per_lesson', value=ours, unit='s',
                 baseline=replay, ratio=ours / replay, note=', '.join(
                     f'{name} {curve.lesson_s * 1e3:.1f} ms' for name, curve in curves.items()
                     if curve.lesson_s) + f'; mean, {LESSON} pictures a lesson, '
                     'features given, to learn and to answer once')
    draw(dataset, list(curves.values()), reports)


def draw(dataset: str, curves: list[Curve], folder: Path) -> None:
    """Accuracy on the classes seen so far."""
    try:
        import matplotlib
        matplotlib.use('Agg')
        from matplotlib import pyplot
    except ImportError:
        return
    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    place: Any = axes
    for curve in curves:
        place.plot(range(1, 11), curve.after, label=f'{curve.name} {curve.accuracy:.3f}',
                   linestyle='--' if curve.name == 'joint' else '-')
    place.set(xlabel='classes learned, one after the other', ylabel='accuracy on these',
              title=f'{dataset}: one pass, class by class', ylim=(0, 1.02))
    place.legend()
    place.grid(alpha=0.3)
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f'online_{dataset}.png', dpi=120, bbox_inches='tight')
    pyplot.close(figure)
