"""How soon a lesson is usable, what it costs the tick, and what ten thousand concepts cost."""
from __future__ import annotations

import resource
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from yan_brain.evaluation.report import Result, percentile
from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.gallery import Gallery
from yan_brain.learning.knowledge import Floats, World
from yan_brain.learning.learner import Learner, ShowingConfig
from yan_brain.learning.store import Lesson
from yan_brain.signals import Image, Moment, Velocity
from yan_brain.simulation.home import Home
from yan_brain.simulation.room import draw_room

if TYPE_CHECKING:
    from yan_brain.mind.mind import Mind

KNOWN = 1000                 # concepts known while lessons are timed
PAIRS = 3                    # of a stretch of idle ticks and one of ticks with lessons
RATE_HZ = 10.0
SHOWING_S = 1.0
SIZES = (100, 1000, 10_000)
ASKED = 10                   # things in view at a look-up
WIDTH = 64
TOGETHER = 500               # lessons taken over in one go


def synthetic(count: int, width: int, core: str, seed: int = 0) -> list[Lesson]:
    """Lessons on made-up things: each a direction of its own, seen a dozen times."""
    rng = np.random.default_rng([seed + 1, count])
    made = []
    for number in range(count):
        own = rng.normal(size=width)
        shown = own + 0.3 * rng.normal(size=(12, width))
        around = rng.normal(size=(96, width))
        made.append(Lesson(
            concept=f'thing {seed}-{number}', core=core, taught_s=float(number),
            features=(shown / np.linalg.norm(shown, axis=1, keepdims=True)).astype(np.float32),
            background=(around / np.linalg.norm(around, axis=1, keepdims=True)
                        ).astype(np.float32)))
    return made


def pictures(count: int = 20) -> list[Image]:
    """What a robot that turns slowly sees in a room never trained on."""
    home, found = Home(draw_room(77)), []
    try:
        for _ in range(count):
            home.advance(Velocity(angular_radps=0.3), 0.1)
            found.append(home.sense().image)
    finally:
        home.close()
    return found


def concepts() -> Iterator[Result]:
    """Look-up, lesson and memory with more and more concepts; features are made up."""
    rng = np.random.default_rng(1)
    world = rng.normal(size=(1000, WIDTH)).astype(np.float32)
    asked = rng.normal(size=(ASKED, WIDTH)).astype(np.float32)
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            yield from _concepts(size, World.of(world), asked, Path(folder) / 'lessons.db')


def _concepts(size: int, world: World, asked: Floats, path: Path) -> Iterator[Result]:
    before = _resident_mib()
    memory = ConceptMemory.open(path, width=WIDTH, core='bench', world=world)
    for begin in range(0, size, TOGETHER):
        memory.take_over(synthetic(min(TOGETHER, size - begin), WIDTH, 'bench', begin), 'bench')
    grown = _resident_mib() - before
    looks, taught, forgets = list[float](), list[float](), list[float]()
    for _ in range(50):
        with _timed(looks):
            memory.probability(asked)
    for one in synthetic(5, WIDTH, 'bench', seed=-1):
        with _timed(taught):
            memory.learn(f'new {one.concept}', one.features, one.background)
    for number in range(3):
        with _timed(forgets):
            memory.forget(f'thing 0-{number}')
    memory.close()
    on_disk = path.stat().st_size / 2**20
    name = f'concepts.{size}'
    yield Result(name=f'{name}.lookup_ms', value=percentile(looks, 0.5), unit='ms',
                 high=percentile(looks, 0.99), n=len(looks),
                 note=f'{ASKED} things in view, {WIDTH} floats; high: 99%')
    yield Result(name=f'{name}.lesson_ms', value=percentile(taught, 0.5), unit='ms',
                 n=len(taught), note='one more lesson, until it is usable')
    yield Result(name=f'{name}.forget_ms', value=percentile(forgets, 0.5), unit='ms',
                 n=len(forgets))
    yield Result(name=f'{name}.memory_mib', value=grown, unit='MiB',
                 note=f'growth of the process; the file has {on_disk:.0f} MiB')


def lessons(weights: Path | None, seconds: float, folder: Path) -> Iterator[Result]:
    """Lessons on the real mind, with a thousand concepts known and a store on disk.

    As on the robot: each image of the camera goes to the gallery and starts a tick. Showings
    follow one another without a pause. Stretches without and with lessons take turns, since
    nothing else on the machine is as steady as that.
    """
    from yan_brain.mind import Mind
    mind = Mind.load(weights, store=folder / 'lessons.db')
    memory = mind.memory
    memory.take_over(synthetic(KNOWN, memory.width, memory.core), 'bench')
    camera = _Camera(pictures())
    learner = Learner(mind, camera)
    idle, busy, usable = list[list[float]](), list[list[float]](), list[float]()
    try:
        mind.tick(Moment(stamp_s=0.0, text='go to the red ball'))
        _ticks(mind, camera, 1.0)
        for _ in range(PAIRS):
            idle.append(_ticks(mind, camera, seconds))
            stream = _Stream(learner, camera)
            busy.append(_ticks(mind, camera, seconds))
            stream.over.set()
            _ticks(mind, camera, SHOWING_S + 1.0)
            usable += stream.end()
    finally:
        learner.close()
    yield Result(name='lesson.usable_ms', value=percentile(usable, 0.95), unit='ms',
                 n=len(usable), note=f'95%; median {percentile(usable, 0.5):.0f} ms; from the '
                 f'last image of a showing, {KNOWN} concepts known, with ticks at {RATE_HZ:g} Hz')
    slow = [[percentile(ticks, 0.99) for ticks in kind] for kind in (busy, idle)]
    ratios = [with_lessons / without for with_lessons, without in zip(*slow, strict=True)]
    taught, alone = (percentile(kind, 0.5) for kind in slow)
    yield Result(name='lesson.tick_p99_ratio', value=percentile(ratios, 0.5), low=min(ratios),
                 high=max(ratios), n=sum(map(len, busy)), baseline=alone,
                 note=f'99% of a tick: {alone:.1f} ms idle, {taught:.1f} ms while {len(usable)} '
                 f'lessons stream in; medians of {PAIRS} stretches of {seconds:g} s each')


class _Camera(Gallery):
    """A gallery that images come to at RATE_HZ, and that knows when the last one of a showing did.
    """

    def __init__(self, seen: Sequence[Image]) -> None:
        super().__init__()
        self._seen, self._taken = seen, 0
        self._came_s: dict[float, float] = {}       # on the steady clock, by the image's stamp
        self.last_s = 0.0

    def take(self) -> Image:
        """The next image, now."""
        image, self._taken = self._seen[self._taken % len(self._seen)], self._taken + 1
        fresh = replace(image, stamp_s=self._taken / RATE_HZ)
        self._came_s[fresh.stamp_s] = time.perf_counter()
        self.put(fresh)
        return fresh

    def _next(self, ends_s: float) -> Image | None:
        image = super()._next(ends_s)
        if image is not None:
            self.last_s = self._came_s[image.stamp_s]
        return image


class _Stream:
    """Showings without a pause, in a thread of their own, until `over`."""

    def __init__(self, learner: Learner, camera: _Camera) -> None:
        self._learner, self._camera = learner, camera
        self.over = threading.Event()
        self._usable: list[float] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> list[float]:
        """Milliseconds from the end of each showing until the lesson was usable."""
        self.over.set()
        self._thread.join()
        return self._usable

    def _run(self) -> None:
        showing = ShowingConfig(showing_seconds=SHOWING_S, showing_images=8)
        while not self.over.is_set():
            name = f'lesson {time.monotonic_ns()}'
            self._learner.teach(name, showing).result()
            self._usable.append((time.perf_counter() - self._camera.last_s) * 1e3)


def _ticks(mind: Mind, camera: _Camera, seconds: float) -> list[float]:
    """Milliseconds of each tick, each started by an image."""
    found, begin = [], time.perf_counter()
    for number in range(round(seconds * RATE_HZ)):
        image = camera.take()
        moment = Moment(stamp_s=image.stamp_s, image=image)
        started = time.perf_counter()
        mind.tick(moment)
        found.append((time.perf_counter() - started) * 1e3)
        time.sleep(max(0.0, begin + (number + 1) / RATE_HZ - time.perf_counter()))
    return found


@contextmanager
def _timed(into: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    into.append((time.perf_counter() - began) * 1e3)


def _resident_mib() -> float:
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * resource.getpagesize() / 2**20
