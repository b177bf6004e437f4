"""Touches that were taught: found in what is felt, named, and kept at hand to be taught."""
from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.concepts import ConceptConfig, ConceptMemory
from yan_brain.learning.knowledge import World
from yan_brain.learning.store import LessonStore
from yan_brain.perception.touching import (
    CORE,
    PAUSE_S,
    WIDTH,
    WINDOW_S,
    Contact,
    Pattern,
    Patterns,
    row,
    versions,
)
from yan_brain.signals import Touch

CONCEPTS = ConceptConfig(near=0.95)     # touches are told by few numbers, and are alike
KNOWN = 0.5              # chance from which a touch is taken for what was taught
HOLDS_S = 1.0            # how long what was felt counts as felt now
RECENT_S = 8.0           # a touch may be named so long after it, the words themselves included
SILENT_S = 1.0           # without a reading after which no touch is waited for
_ORDINARY = 800


class Touches:
    """What is felt. `feel` belongs to one thread, `listen` may wait in another.

    Args:
        store: of the lessons, shared with those of what is seen.
        fault: why nothing can be kept, as of that memory.
    """

    def __init__(self, store: LessonStore | None = None, *, fault: str = '',
                 steady_s: Callable[[], float] = time.monotonic) -> None:
        self.memory = ConceptMemory(width=WIDTH, core=CORE, store=store, world=ordinary(),
                                    config=CONCEPTS)
        self.memory.fault = fault
        self._steady_s = steady_s
        self._patterns = Patterns()
        self._named: dict[str, float] = {}       # when each was last felt
        self._newest: tuple[Pattern, float] | None = None
        self._changed = threading.Condition()
        self._closed = False

    def feel(self, touch: Touch) -> None:
        """What is pressed now."""
        found = self._patterns.feed(touch)
        now_s = self._steady_s()
        knowledge = self.memory.knowledge        # one state of it: lessons come beside this
        if found is not None and knowledge.names:
            chances = knowledge.probability(row(found.contacts)[None])[0]
            if chances.max() >= KNOWN:
                self._named[knowledge.names[int(chances.argmax())]] = now_s
        with self._changed:
            if found is not None:
                self._newest = (found, now_s)
            self._changed.notify_all()

    def named_in(self, words: str) -> str:
        """The longest name of a taught touch among words; '' when there is none."""
        return self.memory.knowledge.named_in(words)

    def holds(self, name: str) -> bool:
        """Whether this taught touch is felt now."""
        return self._steady_s() - self._named.get(name, -math.inf) <= HOLDS_S

    def listen(self, seconds: float) -> NDArray[np.float32] | None:
        """Rows of the newest touch, to be taught; None when there was none.

        One of the last RECENT_S counts, once; else it waits `seconds` for one to begin.
        """
        until_s = self._steady_s() + seconds + WINDOW_S + PAUSE_S
        with self._changed:
            while self._newest is None or self._steady_s() - self._newest[1] > RECENT_S:
                if self._closed or self._steady_s() > until_s \
                        or not self._changed.wait(SILENT_S):
                    return None
            pattern, self._newest = self._newest[0], None
        return versions(pattern.contacts)

    def close(self) -> None:
        """End all waiting at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


@cache
def ordinary() -> World:
    """What touches are like of which nothing is known: any number of contacts, long or short."""
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(_ORDINARY):
        zones, at, contacts = rng.permutation(6), 0.0, []
        several = int(rng.integers(1, 3))
        for number in range(int(rng.integers(1, 8))):
            length = math.exp(rng.uniform(math.log(0.04), math.log(1.5)))
            contacts += [Contact(f'zone {zone}', at, at + length)
                         for zone in zones[number % 3:number % 3 + several]]
            at += length + math.exp(rng.uniform(math.log(0.05), math.log(0.6)))
            if at >= WINDOW_S:
                break
        rows.append(row(tuple(contacts)))
    return World.of(np.array(rows))
