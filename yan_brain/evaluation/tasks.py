"""Instructions to be judged by: drawn from a seed, each with the room it is given in."""
from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from yan_brain.signals import Skill
from yan_brain.simulation.room import FIRST_TRAINING_SEED, Pose, Room, RoomOptions, draw_room
from yan_brain.simulation.things import COLOURS, KINDS
from yan_brain.training.language import Utterance, draw_utterance, evaluation_phrase

TARGETS = (Skill.GO_TO, Skill.FIND, Skill.TURN_TO, Skill.FOLLOW)
MOTIONS = (Skill.MOVE, Skill.TURN, Skill.STOP)
ABSENT_EVERY = 10           # one task in so many names what is not there
_DISTRACTED = (True, False, True, True, False)      # task by task: 60% of the rooms
_WALK_MPS = (0.15, 0.30)
_LONGEST_MOVE_CM = 350      # rooms are 4 to 7 m wide
_SHORTEST_MOVE_CM = 20
_LANE_M = 0.26              # half the width that a straight move needs free
_LANES = 400                # places tried for it
_UTTERANCES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One instruction in one room, and what it truly means."""

    seed: int
    text: str
    language: str
    skill: Skill
    room: Room
    colour: str = ''
    kind: str = ''
    absent: bool = False
    distracted: bool = False
    unread: bool = False                # worded as training never worded it
    amount: float = 0.0                 # metres or radians, signed
    walk_mps: float = 0.0               # of the target of `follow`

    @property
    def name(self) -> str:
        """Short, for tables."""
        return f'{self.skill.value} {self.colour} {self.kind}'.strip()


def draw_tasks(kind: str, rooms: int, seed: int, language: str = 'en') -> Iterator[Task]:
    """Draw `rooms` tasks. `kind`: 'target' or 'motion'. The same arguments give the same tasks.

    Raises ValueError for a seed whose rooms belong to training, or an unknown kind.
    """
    if kind not in ('target', 'motion'):
        raise ValueError(f"kind of tasks is {kind!r}; it must be 'target' or 'motion'")
    first = seed * rooms
    if rooms < 1 or seed < 0 or first + rooms > FIRST_TRAINING_SEED:
        raise ValueError(
            f'{rooms} rooms of seed {seed} would be rooms {first} to {first + rooms - 1}; '
            f'rooms to be judged in are 0 to {FIRST_TRAINING_SEED - 1}: choose a smaller seed')
    draw = _target_task if kind == 'target' else _motion_task
    for index in range(rooms):
        yield draw(first + index, index, language)


def _target_task(room_seed: int, index: int, language: str) -> Task:
    rng = random.Random(f'target {room_seed}')
    skill = TARGETS[(index + index // len(TARGETS)) % len(TARGETS)]
    colour, kind = rng.choice(COLOURS), rng.choice(KINDS)
    # One in each block of ten, at a place that changes, so that each skill meets it.
    absent = index % ABSENT_EVERY == (index // ABSENT_EVERY * 3 + 2) % ABSENT_EVERY
    distracted = _DISTRACTED[(index + index // len(_DISTRACTED)) % len(_DISTRACTED)]
    pair = (colour, kind)
    room = draw_room(room_seed, RoomOptions(
        target=None if absent else pair, distract=pair if distracted else None,
        absent=frozenset({pair}) if absent else frozenset()))
    walk, unread = rng.uniform(*_WALK_MPS), _unread(index, len(TARGETS))
    words = random.Random(f'words {language} {room_seed}')
    return Task(
        seed=room_seed, language=language, skill=skill, colour=colour, kind=kind, room=room,
        text=evaluation_phrase(words, skill, colour, kind, language, held_out=unread),
        absent=absent, distracted=distracted, unread=unread,
        walk_mps=walk if skill is Skill.FOLLOW else 0.0)


def _motion_task(room_seed: int, index: int, language: str) -> Task:
    rng = random.Random(f'motion {language} {room_seed}')
    skill, unread = MOTIONS[index % len(MOTIONS)], _unread(index, len(MOTIONS))
    room = draw_room(room_seed)
    for _ in range(_UTTERANCES):
        said = draw_utterance(rng, language, skill=skill, held_out=unread, noise=False)
        amount = _amount(said)
        if skill is Skill.STOP:
            lane = _with_lane(room, 1.5, rng)
        elif skill is Skill.TURN:
            lane = room
        elif _SHORTEST_MOVE_CM <= (said.amount or 0) <= _LONGEST_MOVE_CM:
            lane = _with_lane(room, amount, rng)
        else:
            continue
        if lane is not None:
            return Task(seed=room_seed, text=said.text, language=language, skill=skill,
                        room=lane, amount=amount, unread=unread)
    raise ValueError(f'room {room_seed} has no lane free for any of {_UTTERANCES} moves drawn; '
                     'choose another seed')


def _unread(index: int, skills: int) -> bool:
    """Whether a task is worded as never before: half of them, in each skill and language."""
    return index // (2 * skills) % 2 == 1


def _amount(said: Utterance) -> float:
    """Signed metres or radians of an utterance."""
    size = float(said.amount or 0)
    size = size / 100 if said.skill is Skill.MOVE else math.radians(size)
    return -size if said.direction < 0 else size


def _with_lane(room: Room, distance_m: float, rng: random.Random) -> Room | None:
    """The room with the robot at a place from which a straight way is free, or None."""
    plan = room.plan()
    spots = np.random.default_rng(rng.getrandbits(32))
    shares = np.linspace(0.0, 1.0, max(3, int(abs(distance_m) / 0.04)))
    for _ in range(_LANES):
        spot = plan.draw_point(spots, _LANE_M)
        if spot is None:
            return None
        yaw = float(spots.uniform(-math.pi, math.pi))
        reach = distance_m + math.copysign(0.15, distance_m)
        ends = spot[0] + reach * math.cos(yaw), spot[1] + reach * math.sin(yaw)
        if all(plan.clearance_at(spot[0] + share * (ends[0] - spot[0]),
                                 spot[1] + share * (ends[1] - spot[1])) > _LANE_M
               for share in shares):
            return replace(room, start=Pose(x_m=spot[0], y_m=spot[1], yaw_rad=yaw))
    return None
