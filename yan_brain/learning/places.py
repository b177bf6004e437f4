"""Places: where the robot stood when it was told a name.

A place is kept as a lesson of one row (x, y, yaw) whose core names the odometry frame that it is
in. So all that holds of lessons holds of places: safe on disk, checked, undone exactly, merged.
A lesson of another frame is like one of another core: the name is known, where it is is not.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.concepts import clean_name
from yan_brain.learning.knowledge import checked, named_in
from yan_brain.learning.store import PREFIXES, Lesson, LessonStore, StoreError
from yan_brain.signals import Concept, Sense

WIDTH = 3                # metres, metres, radians
APART_M = 1.0            # from which two places of one name are not the same


@dataclass(frozen=True, slots=True)
class Place:
    """A pose in an odometry frame."""

    frame: str
    x_m: float
    y_m: float
    yaw_rad: float

    @property
    def pose(self) -> tuple[float, float, float]:
        """Metres, metres, radians."""
        return self.x_m, self.y_m, self.yaw_rad


class PlaceMemory:
    """The places of one brain. Of several lessons on one, the newest of a frame counts.

    `frame` is the one that the robot is in now. Verbs and errors are as of ConceptMemory.
    """

    def __init__(self, store: LessonStore, clock: Callable[[], float] = time.time) -> None:
        self.fault = self.frame = ''
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._version, self._ids = -1, frozenset[int]()
        self._known: dict[str, tuple[Lesson, ...]] = {}
        self._damaged: tuple[str, ...] = ()
        self.refresh()

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person should know about these lessons, one sentence each."""
        return (('damaged places were left out, teach them again: ' + ', '.join(self._damaged),)
                if self._damaged else ())

    @property
    def names(self) -> tuple[str, ...]:
        """What there is a word for."""
        return tuple(self._known)

    def concepts(self) -> tuple[Concept, ...]:
        """What was taught, by name."""
        return tuple(Concept(name=name, lessons=len(taught), taught_s=taught[-1].taught_s,
                             certainty=1.0, sense=Sense.PLACE)
                     for name, taught in self._known.items())

    def named_in(self, words: str) -> str:
        """The longest name of a place among words; '' when there is none."""
        return named_in(words, self._known)

    def at(self, name: str) -> Place | None:
        """Where a place is; None when that is not known in this frame."""
        frame = self.frame
        core = PREFIXES[Sense.PLACE] + frame
        found = [le for le in self._known.get(name, ()) if le.core == core]
        return Place(frame, *map(float, found[-1].features[0])) if found else None

    def learn(self, name: str, rows: NDArray[np.floating]) -> None:
        """`rows` (1, 3), x, y and yaw in the frame of now, are called `name` from now on.

        Raises:
            ValueError: a name or a pose that cannot be used.
        """
        if self.fault:
            raise StoreError(f'nothing can be learned: {self.fault}')
        self._store.append(Lesson(
            concept=clean_name(name), core=PREFIXES[Sense.PLACE] + self.frame,
            taught_s=self._clock(),
            features=checked(rows, WIDTH, 'a pose', 1)[:1],
            background=np.empty((0, WIDTH), np.float32)))
        self.refresh()

    def forget(self, name: str) -> bool:
        """Undo all lessons on a name; False: it was not known."""
        if self.fault:
            raise StoreError(f'nothing can be learned: {self.fault}')
        known = self._store.forget(clean_name(name)) > 0
        self.refresh()
        return known

    def refresh(self) -> bool:
        """Take over what is in the store; True when that was something new."""
        with self._lock:
            version, ids = self._store.state(Sense.PLACE)
            fresh, self._version = version != self._version, version
            if ids != self._ids:
                before = self._store.damaged
                lessons = sorted(self._store.lessons(ids),
                                 key=lambda le: (le.concept, le.taught_s, le.id))
                self._known = {name: tuple(taught)
                               for name, taught in groupby(lessons, lambda le: le.concept)}
                self._ids, self._damaged = ids, self._store.damaged
                self._store.damaged = before
            return fresh


def apart(mine: Sequence[Lesson], theirs: Iterable[Lesson]) -> float:
    """Metres between the newest of two lists of lessons on one place that share a frame; 0: none.
    """
    newest = {le.core: le for le in sorted(mine, key=lambda le: le.taught_s)}
    others = {le.core: le for le in sorted(theirs, key=lambda le: le.taught_s)}
    return max((float(np.hypot(*(newest[core].features[0, :2] - others[core].features[0, :2])))
                for core in newest.keys() & others.keys()), default=0.0)
