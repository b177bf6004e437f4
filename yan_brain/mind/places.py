"""Where the robot is, among the places it was told of.

Places are kept in the frame of the odometry (`yan_brain.learning.places`). That frame lasts as
long as whoever publishes it: when it starts over, or jumps, the names are known but not where
they are, until they are shown again. A frame called `map` lasts for ever, and may jump.
"""
from __future__ import annotations

import contextlib
import json
import math
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.places import Place, PlaceMemory
from yan_brain.learning.store import LessonStore, StoreError
from yan_brain.mind.clauses import plain
from yan_brain.mind.voice import bare
from yan_brain.signals import Body, Decision, Sighting, Skill

MAP = 'map'              # the frame of REP-105
JUMP_M = 1.0             # between two readings ...
FASTEST_MPS = 3.0        # ... that are so near in time that nothing drives so far
BACK_S = 5.0             # a stamp so far back is of another clock, and of another run
OLD_S = 1.0              # without odometry for so long it does not know where it is
LED_TO = frozenset({Skill.GO_TO, Skill.FIND, Skill.TURN_TO})     # what can be done with a place


class Places:
    """Follows the odometry and knows places in it. `feel` belongs to one thread.

    Args:
        store: of the lessons, shared with those of what is seen.
        fault: why nothing can be kept, as of that memory.
    """

    def __init__(self, store: LessonStore | None = None, *, fault: str = '',
                 steady_s: Callable[[], float] = time.monotonic) -> None:
        store = store or LessonStore(None)
        self.memory = PlaceMemory(store)
        self.memory.fault = fault
        self._database, self._steady_s = store.database, steady_s
        self._own = f'run {uuid.uuid4().hex}'    # of odometry that does not tell its frame
        self.memory.frame = self._own
        self._told: str | None = None            # the frame as the odometry tells it
        self._body: Body | None = None
        self._felt_s = -math.inf
        self._here: Place | None = None

    def feel(self, body: Body) -> None:
        """Odometry."""
        if not all(math.isfinite(value) for value in (body.x_m, body.y_m, body.yaw_rad)):
            return
        before, self._body, self._felt_s = self._body, body, self._steady_s()
        if body.frame != self._told:
            self._told = body.frame
            self.memory.frame = self._after_jumps(body.frame or self._own)
        elif before is not None and body.frame != MAP and _jumped(before, body):
            self.memory.frame = self._jump(body)
        self._here = Place(self.memory.frame, body.x_m, body.y_m, body.yaw_rad)

    @property
    def here(self) -> Place | None:
        """Where the robot is; None while the odometry is silent."""
        return self._here if self._steady_s() - self._felt_s <= OLD_S else None

    def named_in(self, words: str) -> str:
        """The longest name of a place among words; '' when there is none."""
        return self.memory.named_in(words)

    def listen(self, seconds: float) -> NDArray[np.float32] | None:
        """The pose (1, 3) that is to be taught; None while the odometry is silent."""
        here = self.here
        return None if here is None else np.array([here.pose], np.float32)

    def close(self) -> None:
        """Nothing waits here."""

    def sighting(self, place: Place) -> Sighting | None:
        """A place as a Decision holds it; None when it is in another frame than the robot."""
        known = self._here is not None and place.frame == self._here.frame
        return Sighting.remembered(place.x_m, place.y_m) if known else None

    def meant(self, decision: Decision) -> str:
        """The place that a decision has for its target; '' when it is none.

        A thing that is known goes before a place, unless the words are the name of the place.
        """
        if decision.skill not in LED_TO or not decision.argument:
            return ''
        name = plain(bare(decision.argument))
        if name in self.memory.names:
            return name
        return '' if decision.known else self.named_in(name)

    def lost(self, name: str) -> bool:
        """Whether it knows a place but not where that is."""
        return name in self.memory.names and self._where(name) is None

    def led(self, decision: Decision) -> Decision:
        """The decision with the place that it leads to, where its target is one."""
        name = self.meant(decision)
        place = self._where(name) if name else None
        if place is None:
            return replace(decision, known=False, sightings=(), grounding=None) if name \
                else decision
        return replace(decision, known=True, sightings=(place,), image_stamp_s=None,
                       grounding=None)

    def nearest(self) -> tuple[str, float] | None:
        """The name of the nearest place and how far it is; None when it knows of none here."""
        here = self.here
        if here is None:
            return None
        known = [(name, place) for name in self.memory.names
                 if (place := self.memory.at(name)) is not None]
        return min(((name, math.hypot(place.x_m - here.x_m, place.y_m - here.y_m))
                    for name, place in known), key=lambda one: one[1], default=None)

    def _where(self, name: str) -> Sighting | None:
        place = self.memory.at(name)
        return None if place is None else self.sighting(place)

    def _after_jumps(self, told: str) -> str:
        """A frame's name now: it has jumped perhaps, before this process was started."""
        with self._database.reading():
            row = self._database.run(
                "SELECT detail FROM journal WHERE kind = 'jumped' AND concept = ? "
                'ORDER BY entry DESC LIMIT 1', (told,)).fetchone()
        return told if row is None else json.loads(row[0])['now']

    def _jump(self, body: Body) -> str:
        """The name of the frame that begins here, the same in all processes that feel it."""
        told = body.frame or self._own
        now = f'{told} {body.stamp_s:.0f}'
        if self.memory.names and body.frame:
            # Or places of before would be looked for in the new frame, after a restart.
            with contextlib.suppress(StoreError), \
                    self._database.writing('the jump of the odometry'):
                self._database.note('jumped', told, {'now': now})
        return now


def _jumped(before: Body, body: Body) -> bool:
    seconds = body.stamp_s - before.stamp_s
    if seconds < -BACK_S:
        return True
    moved = math.dist((before.x_m, before.y_m), (body.x_m, body.y_m))
    return moved > max(JUMP_M, FASTEST_MPS * seconds)
