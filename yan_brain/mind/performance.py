"""Doing a trick: its steps are given to the body one after the other, each when the last is done.

Every step is an ordinary instruction with a number of its own; the planner checks it like any
other, and any word of a person ends the whole. Belongs to the thread of the Conversation.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from yan_brain.learning.showing import LEAST_M, LEAST_RAD, named, poses_after
from yan_brain.learning.tricks import Step, Trick
from yan_brain.mind.tasks import Task
from yan_brain.signals import Body, Decision, Sighting, Skill

Pose = tuple[float, float, float]


@dataclass
class _Running:
    trick: Trick
    task: Task                       # the words that asked for it; ends with the last step
    start: Pose | None               # where it began, for tricks that were shown
    number: int = 0                  # of the next step
    step: Task | None = None
    failed: str = ''
    goals: list[Pose] = field(default_factory=list)


class Performer:
    """Runs one trick at a time.

    Args:
        begin: gives a step to the mind; its task comes back to `ended` when it is over.
        finish: ends the task of the whole with a reason ('' when it succeeded).
    """

    def __init__(self, begin: Callable[[Step, str], Task],
                 finish: Callable[[Task, str], None]) -> None:
        self._begin, self._finish = begin, finish
        self._running: _Running | None = None
        self._pose: Pose | None = None

    @property
    def trick(self) -> Trick | None:
        """What is being done."""
        return self._running.trick if self._running else None

    @property
    def running_step(self) -> Task | None:
        """The step that the body is at."""
        return self._running.step if self._running else None

    def feel(self, body: Body) -> None:
        """Where the robot is by its odometry."""
        if all(math.isfinite(value) for value in (body.x_m, body.y_m, body.yaw_rad)):
            yaw = body.yaw_rad
            if self._pose is not None:
                yaw = self._pose[2] + math.remainder(yaw - self._pose[2], 2 * math.pi)
            self._pose = (body.x_m, body.y_m, yaw)

    def perform(self, trick: Trick, task: Task) -> None:
        """Begin; what is being done already ends as preempted."""
        self.drop('preempted')
        start = self._pose if trick.shown else None
        self._running = _Running(trick, task, start)
        if start is not None:
            self._running.goals = poses_after(trick.steps, start)
        self._next()

    def owner(self, step: Task) -> Task | None:
        """The task of the whole that a step belongs to."""
        running = self._running
        return running.task if running is not None and running.step is step else None

    def ended(self, step: Task) -> None:
        """A step is over."""
        running = self._running
        if running is None or running.step is not step:
            return
        if running.task.ended:
            self._running = None
        elif step.reason:
            self.drop(step.reason)
        else:
            self._next()

    def drop(self, reason: str) -> None:
        """End what is being done."""
        running, self._running = self._running, None
        if running is not None and not running.task.ended:
            self._finish(running.task, reason)

    def _next(self) -> None:
        running = self._running
        while running is not None and running.number < len(running.trick.steps):
            step: Step | None = running.trick.steps[running.number]
            if running.goals and step is not None:
                step = self._corrected(step, running.goals[running.number])
            running.number += 1
            if step is not None:
                try:
                    running.step = self._begin(step, running.trick.language)
                except ValueError as error:
                    self.drop(str(error))
                return
        self.drop('')

    def _corrected(self, step: Step, goal: Pose) -> Step | None:
        """A turn or move that leads to where it should lead, so that errors do not add up.

        None: it is there already.
        """
        if self._pose is None or step.amount is None:
            return step
        x, y, yaw = self._pose
        if step.skill is Skill.TURN:
            amount, least = goal[2] - yaw, LEAST_RAD / 2
        elif step.skill is Skill.MOVE:
            amount = (goal[0] - x) * math.cos(yaw) + (goal[1] - y) * math.sin(yaw)
            least = LEAST_M / 2
            if amount * step.amount < 0:
                return None
        else:
            return step
        return named(step.skill, amount) if abs(amount) >= least else None


def order(step: Step, language: str, place: Sighting | None = None) -> Decision:
    """What a step means, for the mind; `place` is where it leads, when that has no name."""
    return Decision(stamp_s=0.0, version='', skill=step.skill, argument=step.argument,
                    amount=step.amount, confidence=1.0, language=language,
                    sightings=(place,) if place is not None else ())


def step_of(words: str, meant: Decision) -> Step:
    """A clause as it was understood.

    Raises:
        ValueError: not something that a trick can be made of.
    """
    return Step(words=words, skill=meant.skill, argument=meant.argument, amount=meant.amount)

