"""What is evaluated: the mind, and policies that bracket it.

A policy makes Decisions from what is sensed; the same Planner carries them out. Only the oracle
looks at the truth, through the judge, and it does so here and nowhere else.
"""
from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from yan_brain.evaluation.tasks import TARGETS, Task
from yan_brain.signals import Decision, Moment, Sighting, Skill
from yan_brain.simulation.home import Senses
from yan_brain.simulation.judge import Judge

if TYPE_CHECKING:
    from yan_brain.mind.mind import Mind  # imports torch, which only the mind needs

_LEAST_PIXELS = 12              # of 160x120: what shows less is not reported by the oracle
_PAUSE_S = 2.0                  # of the random policy, between two motions
_CLAIM_S = (5.0, 40.0)          # when the random policy claims to be done
_ANSWERS_ABSENT = 0.1           # how often it says that the thing is not here


class Policy(Protocol):
    """Decides at each tick (10 Hz)."""

    def tick(self, senses: Senses, text: str | None) -> Decision:
        """The Decision for now. `text`: words that arrived in this tick."""

    def claim(self, now_s: float) -> str | None:
        """What it says of the task by itself: 'done', 'absent', or None to ask the planner."""


class Minded:
    """The mind, as it runs on the robot."""

    def __init__(self, mind: Mind, *, colour_only: bool = False) -> None:
        self._mind = mind
        mind.ignore_kind = colour_only

    def tick(self, senses: Senses, text: str | None) -> Decision:
        """Think once."""
        moment = Moment(stamp_s=senses.stamp_s, image=senses.image, sound=senses.sound,
                        touch=senses.touch, body=senses.body, text=text)
        return self._mind.tick(moment).decision

    def claim(self, now_s: float) -> str | None:
        """The planner's status is the claim."""
        return None


@dataclass(frozen=True, kw_only=True)
class Blur:
    """Errors put into the oracle's sightings, to try a planner against a poor eye."""

    bearing_rad: float = 0.0    # standard deviations
    range_share: float = 0.0
    missed: float = 0.0         # chance that a visible target is not sighted
    junk: float = 0.0           # chance of a false sighting per image
    seed: int = 0


POOR_EYE = Blur(bearing_rad=math.radians(2), range_share=0.15, missed=0.1, junk=0.1)


class Oracle:
    """Told the task and, as long as it is visible, where the target truly stands."""

    def __init__(self, task: Task, judge: Judge, blur: Blur | None = None) -> None:
        self._task, self._judge = task, judge
        self._blur = blur or Blur()
        self._rng = random.Random(f'oracle {self._blur.seed} {task.seed}')
        self._thing = judge.find(task.colour, task.kind) if task.colour else None
        self._told = False
        self._image_s = -math.inf
        self._sightings: tuple[Sighting, ...] = ()

    def tick(self, senses: Senses, text: str | None) -> Decision:
        """The true meaning, and the true place if it is in view."""
        self._told = self._told or text is not None
        if not self._told:
            return Decision(stamp_s=senses.stamp_s, version='oracle')
        task = self._task
        # The judge knows of now only: images are taken when the judge is asked, at each tick.
        if task.skill in TARGETS and senses.image.stamp_s > self._image_s:
            self._image_s, self._sightings = senses.image.stamp_s, self._look()
        return Decision(
            stamp_s=senses.stamp_s, version='oracle', instruction_id=1, skill=task.skill,
            argument=f'{task.colour} {task.kind}'.strip(), amount=task.amount or None,
            confidence=1.0, language=task.language, sightings=self._sightings,
            image_stamp_s=senses.image.stamp_s)

    def claim(self, now_s: float) -> str | None:
        """The planner's status is the claim."""
        return None

    def _look(self) -> tuple[Sighting, ...]:
        rng, blur, found = self._rng, self._blur, []
        if self._thing is not None and self._judge.pixels()[self._thing] >= _LEAST_PIXELS \
                and rng.random() >= blur.missed:
            found.append(Sighting(
                probability=min(1.0, max(0.0, 0.95 - blur.range_share * rng.random())),
                bearing_rad=self._judge.bearing_rad(self._thing) + rng.gauss(0, blur.bearing_rad),
                range_m=self._judge.range_m(self._thing)
                * math.exp(rng.gauss(0, blur.range_share))))
        if rng.random() < blur.junk:
            found.append(Sighting(probability=rng.random() ** 2 * 0.9,
                                  bearing_rad=rng.uniform(-0.6, 0.6),
                                  range_m=rng.uniform(0.5, 5.0)))
        return tuple(sorted(found, key=lambda one: -one.probability))


class Random:
    """Moves and turns at random, and after a random time claims something."""

    def __init__(self, task: Task) -> None:
        self._rng = random.Random(f'random {task.seed}')
        self._claim_s = self._rng.uniform(*_CLAIM_S)
        self._what = 'absent' if self._rng.random() < _ANSWERS_ABSENT else 'done'
        self._number = 0
        self._next_s = 0.0
        self._now = Decision(stamp_s=0.0, version='random')
        self._follows = task.skill is Skill.FOLLOW

    def tick(self, senses: Senses, text: str | None) -> Decision:
        """A new random motion every two seconds."""
        if senses.stamp_s >= self._next_s:
            self._next_s = senses.stamp_s + _PAUSE_S
            self._number += 1
            skill = self._rng.choice((Skill.MOVE, Skill.TURN))
            amount = (self._rng.uniform(-0.3, 1.0) if skill is Skill.MOVE
                      else self._rng.uniform(-math.pi, math.pi))
            self._now = Decision(stamp_s=senses.stamp_s, version='random', skill=skill,
                                 instruction_id=self._number, amount=amount)
        return Decision(
            stamp_s=senses.stamp_s, version='random', skill=self._now.skill,
            instruction_id=self._number, amount=self._now.amount)

    def claim(self, now_s: float) -> str | None:
        """Its claim, once it has made up its mind."""
        if self._follows and self._what == 'done':
            return None
        return self._what if now_s >= self._claim_s else None
