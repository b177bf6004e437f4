"""Lessons and tricks as robots of a fleet send them, for tests."""
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.fleet_messages import Parcel
from yan_brain.learning.store import Lesson
from yan_brain.learning.tricks import Step, Trick
from yan_brain.signals import Skill

F = 10


def make_rows(what: str, seed: int, width: int = F) -> NDArray[np.float32]:
    own = np.random.default_rng(sum(map(ord, what))).normal(0, 2, width)
    return (own + np.random.default_rng(seed).normal(0, 0.4, (6, width))).astype(np.float32)


def make_lesson(what: str, seed: int, *, name: str = '', core: str = 'test',
                width: int = F) -> Lesson:
    return Lesson(concept=name or what, core=core, taught_s=1e9 + seed + 0.1,
                  features=make_rows(what, seed, width),
                  background=make_rows('floor', seed, width))


def make_trick(name: str, amount: float, taught_s: float) -> Trick:
    return Trick(name=name, taught_s=taught_s, steps=(
        Step(words='go', skill=Skill.MOVE, amount=amount),))


def make_parcel(item: Lesson | Trick, checksum: bytes = b'') -> Parcel:
    return Parcel(sender=1, robot='hostile', checksum=checksum or item.checksum(), item=item)
