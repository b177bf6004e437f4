"""Concept memory: a word is bound to what was shown, at once, exactly and revocably.

Two verbs, `predict` (pure) and `learn` (returns nothing), and `forget`. All concepts share one
ridge regression on the core's features: what is shown is 1 for its word and 0 for all others,
its surroundings are 0 for all. Lessons only ever add to (or are taken away from) sums, so their
order does not matter and a forgotten word leaves no trace (ACIL, arXiv 2205.14922).

>>> rng = np.random.default_rng(0)
>>> memory = ConceptMemory(width=16, core='doc')
>>> blorp, table = rng.normal(2, 1, (5, 16)), rng.normal(0, 1, (20, 16))
>>> memory.learn('blorp', blorp, table)
>>> bool((memory.predict(blorp) > 0.5).all())
True
"""
from __future__ import annotations

import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.calibration import Shown, fit
from yan_brain.learning.expansion import Expansion
from yan_brain.learning.knowledge import (
    NAME_LIMIT,
    Doubles,
    Floats,
    Knowledge,
    World,
    checked,
)
from yan_brain.learning.ridge import RecursiveRidge
from yan_brain.learning.store import KeptImage, Lesson, LessonStore, StoreError, sense_of
from yan_brain.settings import check, setting
from yan_brain.signals import Concept

REBUILD_AFTER = 1000     # lessons taken away one by one before all sums are made anew


@dataclass(frozen=True, kw_only=True)
class ConceptConfig:
    """How lessons weigh."""

    ridge: float = setting(
        8.0, 'resistance to the first lessons, in rows', minimum=1e-3, maximum=1e6)
    shown_weight: float = setting(
        2.0, 'weight of all rows of one showing together', minimum=1e-3, maximum=1e6)
    background_weight: float = setting(
        2.0, 'weight of all rows around it together', minimum=0.0, maximum=1e6)
    world_weight: float = setting(
        4.0, 'weight of the ordinary world', minimum=0.0, maximum=1e6)
    most_shown: int = setting(256, 'rows kept of one showing', minimum=1, maximum=100000)
    most_background: int = setting(128, 'rows kept of its surroundings', minimum=0,
                                   maximum=100000)
    most_lessons: int = setting(50000, 'lessons kept in all', minimum=1, maximum=1000000)
    near: float = setting(
        0.4, "share of a showing's cosine to itself below which it is rather something else",
        minimum=0.0, maximum=1.0)
    begins: float = setting(
        -0.1, 'where a concept begins: of the way from what the ordinary world scores to what its '
        'own showing does', minimum=-2.0, maximum=0.9)
    expansion: int = setting(0, 'random Fourier features beside the features; 0: none',
                             minimum=0, maximum=8192)
    expansion_scale: float = setting(
        1.0, 'width of their kernel, in lengths of a row', minimum=1e-2, maximum=1e2)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, eq=False)
class _Taught:
    """What is kept at hand of a lesson; its surroundings are in the sums and on disk only."""

    concept: str
    taught_s: float
    shown: Shown
    pull: Doubles        # (W,) what it adds to its concept's side of the equations


class ConceptMemory:
    """The lessons of one brain and what follows from them.

    Args:
        width: F, floats of a row of features.
        core: version of the features; lessons of another core are kept but not used. It also
            tells the sense (`store.PREFIXES`): lessons of others are no business of this.
        store: where lessons are kept. None: in memory only.
        world: what features usually look like; None: taken as white, no more known.

    `knowledge` may be read from any thread without waiting; changes wait for one another.
    """

    def __init__(self, *, width: int, core: str, store: LessonStore | None = None,
                 world: World | None = None, config: ConceptConfig | None = None,
                 clock: Callable[[], float] = time.time) -> None:
        self.width, self.core = width, core
        self._sense = sense_of(core)
        self.config = config or ConceptConfig()
        self.fault = ''
        self._store = store or LessonStore(None)
        self.world = world = world or World.plain(width)
        if world.rows.shape[1] != width:
            raise ValueError(f'the world has rows of {world.rows.shape[1]} floats; expected '
                             f'{width}: it belongs to another core')
        self._spread = world.spread
        if self.config.expansion:
            self._spread = replace(world.spread, expansion=Expansion.draw(
                width, self.config.expansion, self.config.expansion_scale, seed=0))
        self._world = self._spread.apply(world.rows)
        self._clock = clock
        self._lock = threading.RLock()
        self._ridge = self._fresh_ridge()
        self._taught: dict[int, _Taught] = {}
        self._foreign: dict[int, str] = {}
        self._damaged: tuple[str, ...] = ()
        self._removed = 0
        self.knowledge = self._summarise(0)
        self.refresh()

    @classmethod
    def open(cls, path: Path | None, *, width: int, core: str, world: World | None = None,
             config: ConceptConfig | None = None) -> ConceptMemory:
        """Like the constructor, but a store that cannot be opened does not stop the robot.

        It then knows nothing, `problems` says why, and teaching raises StoreError.
        """
        try:
            return cls(width=width, core=core, store=LessonStore(path), world=world,
                       config=config)
        except StoreError as error:
            memory = cls(width=width, core=core, world=world, config=config)
            memory.fault = str(error)
            return memory

    @property
    def version(self) -> int:
        """Rises with everything learned, forgotten or restored."""
        return self.knowledge.version

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person should know about the store, one sentence each."""
        found = [self.fault] if self.fault else []
        if self._store.read_only:
            found.append(f'lessons can be used but not added: {self._store.read_only}')
        damaged = dict.fromkeys(self._damaged + self._store.damaged)    # found by others too
        if damaged:
            found.append('damaged lessons were left out, teach them again: '
                         + ', '.join(damaged))
        if self._foreign:
            found.append('lessons of another core were left out, teach them again: '
                         + ', '.join(sorted(set(self._foreign.values()))))
        return tuple(found)

    def predict(self, features: NDArray[np.floating]) -> Floats:
        """Scores (n, concepts), see `Knowledge.predict`."""
        return self.knowledge.predict(features)

    def probability(self, features: NDArray[np.floating]) -> Floats:
        """Calibrated chances (n, concepts), see `Knowledge.probability`."""
        return self.knowledge.probability(features)

    @property
    def names(self) -> tuple[str, ...]:
        """What there is a word for."""
        return self.knowledge.names

    @property
    def store(self) -> LessonStore:
        """Where the lessons are."""
        return self._store

    def concepts(self) -> tuple[Concept, ...]:
        """What can be recognised, by name."""
        return self.knowledge.concepts

    def learn(self, name: str, features: NDArray[np.floating],
              background: NDArray[np.floating] | None = None,
              images: Sequence[KeptImage] = ()) -> None:
        """What is shown in `features` (n, F), before `background` (m, F), is called `name`.

        Returns when the lesson is safe on disk. `images` are kept with it, so that it can be
        learned anew when a core with other features comes.

        Raises:
            ValueError: a name or features that cannot be used.
            StoreError: the lesson could not be kept; then it was not learned either.
        """
        around = np.empty((0, self.width), np.float32) if background is None else background
        lesson = Lesson(
            concept=clean_name(name), core=self.core, taught_s=self._clock(),
            features=_thin(checked(features, self.width, 'features', 1), self.config.most_shown),
            background=_thin(checked(around, self.width, 'background'),
                             self.config.most_background))
        with self._changing():
            if len(self._taught) >= self.config.most_lessons:
                raise StoreError(f'{len(self._taught)} lessons are kept, which is the most '
                                 'allowed (most_lessons): forget something first')
            self._store.append(lesson, images)
            self.refresh()

    def forget(self, name: str) -> bool:
        """Undo all lessons on `name`, as if never taught. False: it was not known."""
        with self._changing():
            leaving = self._at_hand(self._store.ids(clean_name(name)))
            known = self._store.forget(clean_name(name)) > 0
            self.refresh(leaving)
            return known

    def take_back(self, number: int) -> str:
        """Undo one lesson by its id; the name it was on, '' when it was undone before."""
        with self._changing():
            leaving = self._at_hand({number})
            name = self._store.take_back(number)
            self.refresh(leaving)
            return name

    def take_over(self, lessons: Sequence[Lesson], source: str) -> int:
        """Learn what another brain was taught; how many of its lessons were new here."""
        with self._changing():
            fresh = self._store.take_over(lessons, source)
            self.refresh()
            return fresh

    def snapshot(self, name: str = '') -> str:
        """Remember what is known now; the name, made up from the version when not given."""
        with self._changing():
            self.refresh()
            name = clean_name(name) if name.strip() else self._free_name()
            self._store.snapshot(name)
            return name

    def restore(self, name: str) -> None:
        """Know again what was known at a snapshot. The version rises."""
        with self._changing():
            self._store.restore(clean_name(name))
            self.refresh()

    def snapshots(self) -> tuple[str, ...]:
        """Names to restore, oldest first."""
        return self._store.snapshots()

    def feedback(self, value: float, instruction_id: int = 0, about: str = '') -> None:
        """Keep praise (positive) or blame of what was done, for later learning."""
        if not np.isfinite(value):
            raise ValueError(f'feedback is {value}; give a number, above 0 for praise')
        with self._changing():
            self._store.note_feedback(float(value), instruction_id, about)

    def refresh(self, leaving: Mapping[int, Lesson] | None = None) -> bool:
        """Take over what is in the store; True when that was something new.

        Lessons that are gone are subtracted when they are among `leaving`; else all sums are
        made anew, which takes seconds with thousands of lessons.
        """
        with self._lock:
            version, ids = self._store.state(self._sense)
            if version == self.knowledge.version and version:
                return False
            self._drop([number for number in self._taught if number not in ids], leaving or {})
            self._foreign = {n: name for n, name in self._foreign.items() if n in ids}
            for lesson in self._store.each(ids - self._taught.keys() - self._foreign.keys()):
                if lesson.core != self.core or lesson.features.shape[1] != self.width:
                    self._foreign[lesson.id] = lesson.concept
                else:
                    self._take_in(lesson)
            self._damaged = self._store.damaged     # of this sense
            self.knowledge = self._summarise(version)
            return True

    def foreign(self) -> tuple[int, ...]:
        """Ids of lessons that belong to another core and are not used."""
        return tuple(self._foreign)

    def forget_foreign(self) -> None:
        """Look again, at the next refresh, whether lessons of another core can be used now."""
        with self._lock:
            self._foreign.clear()

    def save(self, path: Path) -> None:
        """Export the lessons to a new file."""
        self._store.database.export(path)

    def load(self, path: Path) -> None:
        """Know the lessons of an exported file and no others.

        Raises:
            StoreError: the file cannot be read, or this store cannot be written.
        """
        with closing(LessonStore(path, read_only=True)) as other:
            lessons = other.lessons()
            if other.damaged:
                raise StoreError(f'{path} is damaged at {", ".join(other.damaged)}; nothing '
                                 'was loaded')
        with self._changing():
            self._store.exchange(lessons, path.name)
            self.refresh()

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _changing(self) -> threading.RLock:
        if self.fault:
            raise StoreError(f'nothing can be learned: {self.fault}')
        return self._lock

    def _at_hand(self, ids: Iterable[int]) -> dict[int, Lesson]:
        mine = [number for number in ids if number in self._taught]
        return {lesson.id: lesson for lesson in self._store.lessons(mine)} if mine else {}

    def _drop(self, gone: Sequence[int], leaving: Mapping[int, Lesson]) -> None:
        self._removed += len(gone)
        if any(number not in leaving for number in gone) or self._removed > REBUILD_AFTER \
                or len(gone) * 2 > len(self._taught):
            self._ridge, self._taught, self._removed = self._fresh_ridge(), {}, 0
            return
        for number in gone:
            del self._taught[number]
            self._ridge.remove(*self._weighted(leaving[number]))

    def _free_name(self) -> str:
        taken, name, number = self._store.snapshots(), f'version {self.version}', 1
        while name in taken:
            number += 1
            name = f'version {self.version} ({number})'
        return name

    def _fresh_ridge(self) -> RecursiveRidge:
        ridge = RecursiveRidge(width=self._spread.rows_width, ridge=self.config.ridge)
        rows = len(self._world)
        ridge.add(self._world, np.full(rows, self.config.world_weight / max(rows, 1)))
        return ridge

    def _weighted(self, lesson: Lesson) -> tuple[Doubles, Doubles]:
        """A lesson as the regression sees it: rows (n + m, W) and their weights."""
        rows = self._spread.apply(np.concatenate([lesson.features, lesson.background]))
        shown, around = len(lesson.features), len(lesson.background)
        return rows, np.concatenate([
            np.full(shown, self.config.shown_weight / shown),
            np.full(around, self.config.background_weight / max(around, 1))])

    def _take_in(self, lesson: Lesson) -> None:
        rows, weights = self._weighted(lesson)
        count = len(lesson.features)
        shown = Shown.of(rows[:count].copy(), float(weights[0]))
        self._taught[lesson.id] = _Taught(
            lesson.concept, lesson.taught_s, shown, shown.rows.sum(0) * shown.share)
        self._ridge.add(rows, weights)

    def _summarise(self, version: int) -> Knowledge:
        # By name, then by content: whatever the order they came in, the sums are the same.
        taught = sorted(self._taught.values(), key=lambda one: (one.concept, one.taught_s))
        names, starts, counts = np.unique(
            np.array([one.concept for one in taught], str), return_index=True, return_counts=True)
        first, showings = starts.astype(np.intp), [one.shown for one in taught]
        wide = self._spread.rows_width
        pulls = np.array([one.pull for one in taught], np.float64).reshape(-1, wide)
        sums = np.add.reduceat(pulls, first, axis=0) if len(first) else pulls
        weights = self._ridge.solve(sums.T)
        fits = fit(self._ridge, showings, first, weights, self._world, self.config.near,
                   self.config.begins)
        return Knowledge(
            version=version, spread=self._spread, weights=weights, concepts=tuple(
                Concept(name=str(name), lessons=int(count), certainty=float(certainty),
                        sense=self._sense,
                        taught_s=max(one.taught_s for one in taught[start:start + count]))
                for name, start, count, certainty in zip(names, starts, counts, fits.certainty,
                                                         strict=True)),
            centre=fits.centre, slope=fits.slope, first=first, reach=fits.reach,
            shown=np.array([one.direction for one in showings], np.float64
                           ).reshape(-1, wide).T)


def clean_name(name: str) -> str:
    """A word as it is kept: lower case, single blanks.

    Raises:
        ValueError: empty, too long, or with characters that cannot be said.
    """
    clean = ' '.join(unicodedata.normalize('NFKC', name).casefold().split())
    if not clean or len(clean) > NAME_LIMIT or not clean.isprintable():
        raise ValueError(f'the name {name[:NAME_LIMIT]!r} cannot be used; give 1 to {NAME_LIMIT} '
                         'printable characters')
    return clean


def _thin(rows: Floats, most: int) -> Floats:
    """At most `most` rows, evenly from first to last."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(int)] if most else rows[:0]
