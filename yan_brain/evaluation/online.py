"""One pass over public pictures, class by class: our rule and its peers behind the same features.

A lesson is LESSON pictures of one class, classes come one after the other, and no picture comes
twice. Joint training sees everything at once, shuffled, many times: the ceiling. What is forgotten
is told by teaching the same lessons in random order: ours must not care.
"""
from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from yan_brain.evaluation.online_data import FEATURES, load_pictures
from yan_brain.evaluation.online_learners import Slda, Trained
from yan_brain.evaluation.online_peers import RIVER, Avalanche, River, missing
from yan_brain.evaluation.report import Result, percentile, wilson
from yan_brain.learning.classifier import RidgeClassifier, principal_directions
from yan_brain.learning.contract import Learns

LESSON = 20
FITTED_ON = 1000             # pictures of the first class that set mean, scale and directions
RIDGES = {'random': 10.0, 'mobilenet': 300.0}      # in rows, for the length of each kind's rows
SCALE = 2.0                  # of the kernel that random Fourier features stand for
# Ours: directions kept of the features, Fourier features beside them, partitions, how many wake.
# Chosen for each kind on training pictures held out; partitions need many pictures each.
SINGLE = (512, 256, 1, 1)
OURS = {'random': (384, 128, 32, 2), 'mobilenet': SINGLE}
TRIED = 60                   # lessons each that tell how many threads are best for the networks
EPOCHS = 15                  # of joint training
REPLAY_STEPS = 10            # of gradient descent with each lesson
REPLAY_ROWS = 5000           # rows remembered by replay: a twelfth of all
RIVER_ROWS = 100             # of each class, and ...
RIVER_ASKED = 500            # ... rows asked: its Python loops take milliseconds a row
RIVER_TRIED = 40             # rows of each class that choose its classifier; half as many asked

NAMES = ('ours', 'ours_single', 'slda', 'replay', 'avalanche', 'finetune', 'river', 'joint')

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


def learners(first: Rows, kind: str = 'random') -> dict[str, Callable[[], Learns]]:
    """Those that learn class by class, from `kind` of `FEATURES`.

    `first`: (n, F) features of the first class, before any lesson and without its name.
    """
    width = first.shape[1]

    def ours(directions: int, expansion: int, partitions: int, awake: int) -> Learns:
        return RidgeClassifier(
            width=width, directions=principal_directions(first, min(directions, *first.shape)),
            expansion=expansion, scale=SCALE, ridge=RIDGES[kind], partitions=partitions,
            awake=awake, keep=False)

    return {
        'ours': lambda: ours(*OURS[kind]),
        'ours_single': lambda: ours(*SINGLE),
        'slda': lambda: Slda(width=width),
        'replay': lambda: Trained(width=width, steps=REPLAY_STEPS, memory=REPLAY_ROWS),
        'finetune': lambda: Trained(width=width, steps=1),
    }


class Benchmark:
    """One data set as features, in memory.

    Args:
        dataset: of `PLACES`.
        folder: where it is, if not there.
        most: pictures of each class to learn from, and ...
        asked: ... pictures asked; 0: all.
        kind: of `FEATURES`.
    """

    def __init__(self, dataset: str, folder: Path | None, most: int = 0, asked: int = 0,
                 kind: str = 'random') -> None:
        pictures = load_pictures(dataset, folder)
        features = FEATURES[kind](pictures.train.shape[3] if pictures.train.ndim == 4 else 1)
        self.name, self.kind, self.width = dataset, kind, features.width
        self.classes = int(pictures.train_labels.max()) + 1
        order = np.concatenate([np.flatnonzero(pictures.train_labels == label)[:most or None]
                                for label in range(self.classes)])
        self.labels: Labels = pictures.train_labels[order].astype(np.int64)
        rows = features.raw(pictures.train[order])
        first = rows[self.labels == 0][:FITTED_ON]
        mean, scale = first.mean(0), first.std(0) + 1e-3
        self.rows: Rows = (rows - mean) / scale
        self.first = self.rows[self.labels == 0][:FITTED_ON]
        some = np.random.default_rng(0).permutation(len(pictures.test))[:asked or None]
        self.asked: Rows = (features.raw(pictures.test[some]) - mean) / scale
        self.truth: Labels = pictures.test_labels[some].astype(np.int64)

    def one_pass(self, name: str, make: Callable[[], Learns], rows: int = 0,
                 asked: int = 0) -> Curve:
        """Class by class; `rows` of each class and `asked` of the test, 0 for all."""
        learner, times, after = make(), [], []
        some = slice(None, asked or None)
        questions, truth = self.asked[some], self.truth[some]
        for label in range(self.classes):
            mine = self.rows[self.labels == label][:rows or None]
            for begin in range(0, len(mine), LESSON):
                started = time.perf_counter()
                learner.learn(str(label), mine[begin:begin + LESSON])
                learner.predict(mine[begin:begin + 1])       # usable now
                times.append(time.perf_counter() - started)
            seen = truth <= label
            after.append(_accuracy(learner, questions[seen], truth[seen]))
        return Curve(name, tuple(after), after[-1], len(truth), float(np.mean(times)))

    def in_any_order(self, make: Callable[[], Learns], seed: int = 0) -> float:
        """Accuracy after the same lessons in random order, when nothing can be forgotten."""
        lessons = [mine[begin:begin + LESSON] for label in range(self.classes)
                   for mine in [np.flatnonzero(self.labels == label)]
                   for begin in range(0, len(mine), LESSON)]
        learner = make()
        for index in np.random.default_rng(seed).permutation(len(lessons)):
            rows = lessons[index]
            learner.learn(str(self.labels[rows[0]]), self.rows[rows])
        return _accuracy(learner, self.asked, self.truth)

    def choose_river(self) -> tuple[str, str]:
        """The best of `RIVER`, on pictures of the training part that it did not learn."""
        found = {}
        for name in RIVER:
            learner, right, all_asked = River(width=self.width, kind=name), 0, 0
            parts = [self.rows[self.labels == label][:RIVER_TRIED + RIVER_TRIED // 2]
                     for label in range(self.classes)]
            for label, mine in enumerate(parts):
                learner.learn(str(label), mine[:len(mine) * 2 // 3])
            for label, mine in enumerate(parts):
                left = mine[len(mine) * 2 // 3:]
                right += round(_accuracy(learner, left, np.full(len(left), label)) * len(left))
                all_asked += len(left)
            found[name] = right / all_asked
        tried = ', '.join(f'{name} {share:.2f}' for name, share in found.items())
        return max(found, key=found.__getitem__), tried

    def joint(self) -> Curve:
        """The same network as replay's, trained on everything at once."""
        learner = Trained(width=self.width)
        learner.train([str(label) for label in self.labels], self.rows, EPOCHS)
        right = _accuracy(learner, self.asked, self.truth)
        return Curve('joint', (right,) * self.classes, right, len(self.truth), 0.0)

    def fit_threads(self, make: Callable[[], Learns]) -> int:
        """Give PyTorch the threads with which lessons take the least time; how many."""
        learner = make()
        choices = sorted({1, os.cpu_count() or 1})
        times: dict[int, list[float]] = {threads: [] for threads in choices}
        order = np.random.default_rng(0).permutation(len(self.rows))
        for number in range(TRIED * len(choices)):           # by turns, as the memory fills
            threads = choices[number % len(choices)]
            torch.set_num_threads(threads)
            begin = number * LESSON % len(order)
            some = order[begin:begin + LESSON]
            started = time.perf_counter()
            learner.learn(str(self.labels[some[0]]), self.rows[some])
            times[threads].append(time.perf_counter() - started)
        best = min(times, key=lambda threads: percentile(times[threads], 0.5))
        torch.set_num_threads(best)
        return best

    def curves(self) -> Iterator[tuple[Curve, str]]:
        """All that can be measured here, with a note on each."""
        made = learners(self.first, self.kind)
        threads = self.fit_threads(made['replay'])
        yield self.joint(), f'{EPOCHS} epochs, everything at once'
        notes = {'replay': f'{REPLAY_STEPS} steps a lesson, {REPLAY_ROWS} rows remembered, '
                           f'{threads} threads, which is best',
                 'ours': '{} directions, {} Fourier features, {} partitions, {} awake'.format(
                     *OURS[self.kind]),
                 'ours_single': 'one partition of {} directions and {} Fourier features'.format(
                     *SINGLE[:2])}
        for name, make in made.items():
            yield self.one_pass(name, make), notes.get(name, '')
        if not missing('avalanche'):
            yield self.one_pass('avalanche', lambda: Avalanche(
                width=self.width, steps=REPLAY_STEPS, memory=REPLAY_ROWS)), (
                    'replay by Avalanche: network, steps and memory as of replay')
        if not missing('river'):
            kind, tried = self.choose_river()
            yield self.one_pass('river', lambda: River(width=self.width, kind=kind), RIVER_ROWS,
                                RIVER_ASKED), (
                f'{kind}, {RIVER_ROWS} pictures of each class and {RIVER_ASKED} asked, since its '
                f'Python loops are slow; chosen on training pictures held out: {tried}')


def _accuracy(learner: Learns, rows: Rows, truth: Labels) -> float:
    names = np.array([int(name) for name in learner.names])
    found = np.concatenate([names[learner.predict(rows[begin:begin + 1000]).argmax(1)]
                            for begin in range(0, len(rows), 1000)])
    return float((found == truth).mean())


def measure(dataset: str, folder: Path | None, reports: Path, most: int = 0, asked: int = 0,
            kind: str = 'random') -> Iterator[Result]:
    """All figures of a data set; the picture goes into `reports`."""
    try:
        benchmark = Benchmark(dataset, folder, most, asked, kind)
    except (FileNotFoundError, ValueError) as error:
        for name in (*NAMES, 'forgotten', 'seconds_per_lesson'):
            yield Result(name=f'online.{dataset}.{name}', value=None, note=str(error))
        return
    found = {curve.name: (curve, note) for curve, note in benchmark.curves()}
    curves = {name: curve for name, (curve, _) in found.items()}
    ceiling = curves['joint'].accuracy
    for name, (curve, note) in found.items():
        low, high = wilson(round(curve.accuracy * curve.asked), curve.asked)
        yield Result(name=f'online.{dataset}.{name}', value=curve.accuracy, unit='fraction',
                     baseline=None if name == 'joint' else ceiling, low=low, high=high,
                     n=curve.asked, note='; '.join(filter(None, (f'{kind} features', note))))
    for name in ('avalanche', 'river'):
        if name not in curves:
            yield Result(name=f'online.{dataset}.{name}', value=None, note=missing(name))
    shuffled = benchmark.in_any_order(learners(benchmark.first, kind)['ours'])
    yield Result(name=f'online.{dataset}.forgotten', value=shuffled - curves['ours'].accuracy,
                 unit='fraction', baseline=shuffled, n=curves['ours'].asked,
                 note='what ours knows less than after the same lessons in random order')
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
        place.plot(range(1, len(curve.after) + 1), curve.after,
                   label=f'{curve.name} {curve.accuracy:.3f}',
                   linestyle='--' if curve.name == 'joint' else '-')
    place.set(xlabel='classes learned, one after the other', ylabel='accuracy on these',
              title=f'{dataset}: one pass, class by class', ylim=(0, 1.02))
    place.legend()
    place.grid(alpha=0.3)
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f'online_{dataset}.png', dpi=120, bbox_inches='tight')
    pyplot.close(figure)
