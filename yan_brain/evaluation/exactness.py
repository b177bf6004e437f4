"""How exact lessons are: thousands of random sequences against batch ridge regression."""
from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yan_brain.evaluation.report import Result
from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.merge import merge

F = 16
NAMES = ('blorp', 'zib', 'wug', 'dax', 'fep')
MERGES_OF = 40               # one merge for so many sequences: it takes files

Rows = NDArray[np.float32]
Lesson = tuple[str, Rows, Rows]


def draw_lesson(rng: np.random.Generator) -> Lesson:
    """A showing of one of a few things, of any scale."""
    name = NAMES[rng.integers(len(NAMES))]
    own = np.random.default_rng(sum(map(ord, name))).normal(0, 1, F)
    scale = 10.0 ** rng.uniform(-2, 2)
    rows = (own + rng.normal(0, 0.4, (int(rng.integers(1, 13)), F))) * scale
    around = rng.normal(0, scale, (int(rng.integers(0, 20)), F))
    return name, rows.astype(np.float32), around.astype(np.float32)


def batch(memory: ConceptMemory, lessons: Sequence[Lesson], asked: Rows) -> NDArray[np.float64]:
    """Scores (n, C) of ridge regression solved at once, by names in order."""
    config, spread = memory.config, memory.knowledge.spread
    names = sorted({name for name, _, _ in lessons})
    gram = config.ridge * np.eye(spread.rows_width)
    pull = np.zeros((spread.rows_width, len(names)))
    for name, shown, around in lessons:
        rows = spread.apply(shown)
        gram += rows.T @ rows * config.shown_weight / len(shown)
        pull[:, names.index(name)] += rows.sum(0) * config.shown_weight / len(shown)
        if len(around):
            rows = spread.apply(around)
            gram += rows.T @ rows * config.background_weight / len(around)
    return np.asarray(spread.apply(asked) @ np.linalg.solve(gram, pull))


def _taught(lessons: Sequence[Lesson], path: Path | None = None) -> ConceptMemory:
    memory = ConceptMemory.open(path, width=F, core='exact')
    for lesson in lessons:
        memory.learn(*lesson)
    return memory


def _apart(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    return float(np.abs(one - other).max(initial=0.0))


def measure(sequences: int, seed: int) -> Iterator[Result]:
    """Largest difference of any prediction over so many random sequences."""
    rng = np.random.default_rng(seed)
    order = forget = 0.0
    for _ in range(sequences):
        lessons = [draw_lesson(rng) for _ in range(int(rng.integers(1, 9)))]
        asked = np.concatenate([draw_lesson(rng)[1] for _ in range(3)])
        shuffled = [lessons[i] for i in rng.permutation(len(lessons))]
        with closing(_taught(lessons)) as one, closing(_taught(shuffled)) as other:
            order = max(order, _apart(one.predict(asked), other.predict(asked)),
                        _apart(one.predict(asked), batch(one, lessons, asked)))
            gone = NAMES[rng.integers(len(NAMES))]
            one.forget(gone)
            left = [lesson for lesson in lessons if lesson[0] != gone]
            for lesson in (draw_lesson(rng), draw_lesson(rng)):
                left.append(lesson)
                one.learn(*lesson)
            forget = max(forget, _apart(one.predict(asked), batch(one, left, asked)))
    note = 'largest difference of a score to batch training; scores are about 0 to 1'
    yield Result(name='exact.order', value=order, n=sequences, note=note)
    yield Result(name='exact.forget', value=forget, n=sequences, note=note)
    merges, apart = max(1, sequences // MERGES_OF), 0.0
    for _ in range(merges):
        apart = max(apart, _merged(rng))
    yield Result(name='exact.merge', value=apart, n=merges,
                 note='largest difference of a score to one brain taught both sets')


def _merged(rng: np.random.Generator) -> float:
    lessons = [draw_lesson(rng) for _ in range(int(rng.integers(2, 12)))]
    cut = int(rng.integers(1, len(lessons)))
    asked = np.concatenate([draw_lesson(rng)[1] for _ in range(3)])
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f'{name}.db' for name in 'abc']
        _taught(lessons[:cut], paths[0]).close()
        _taught(lessons[cut:], paths[1]).close()
        merge(*paths)
        with closing(ConceptMemory.open(paths[2], width=F, core='exact')) as both:
            return _apart(both.predict(asked), batch(both, lessons, asked))
