"""The runs of single skills that need no target: stop, move, turn."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from yan_brain.planning.memory import Hypothesis
from yan_brain.planning.motion import turn
from yan_brain.planning.surroundings import Surroundings
from yan_brain.signals import State, Velocity

HOLD = Velocity()
STILL_MPS = 0.02
STILL_RADPS = 0.05
_MOVE_END_M = 0.01
_TURN_END_RAD = math.radians(0.8)
_HELD_S = 4.0               # the way was not free for this long: blocked
_HEADING_GAIN = 1.5
_LAG_S = 0.1                # the base goes on like this before a command acts


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a run wants now, and how it stands."""

    velocity: Velocity = HOLD
    state: State = State.RUNNING
    reason: str = ''
    progress: float = 0.0
    target: Hypothesis | None = None
    range_m: float | None = None        # to the target's surface, where it is known


class Run(Protocol):
    """A skill that is being carried out. `step` is called at each control step."""

    def step(self, world: Surroundings) -> Step:
        """What to do now."""


def done(**values: object) -> Step:
    """Success."""
    return Step(state=State.SUCCEEDED, progress=1.0, **values)  # type: ignore[arg-type]


def failed(reason: str, **values: object) -> Step:
    """Failure, with the reasons of SkillStatus."""
    return Step(state=State.FAILED, reason=reason, **values)  # type: ignore[arg-type]


def still(world: Surroundings) -> bool:
    """Whether the base reports that it stands."""
    body = world.poses.body
    return body is None or (abs(body.speed_mps) < STILL_MPS
                            and abs(body.turn_rate_radps) < STILL_RADPS)


class Stop:
    """Stand still; works without any sense."""

    def step(self, world: Surroundings) -> Step:
        """Zero, until the base stands or no longer says how fast it goes."""
        stale = world.age_s('body') > world.config.limits.sense_stale_s
        return done() if stale or still(world) else Step()


class Rest:
    """A skill that asks no motion (describe, teach, ...): done at once, standing."""

    def step(self, world: Surroundings) -> Step:
        """Done."""
        return done()


class Refuse:
    """Fails at once, for a reason known beforehand."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def step(self, world: Surroundings) -> Step:
        """Failed."""
        return failed(self._reason)


class Move:
    """Drive straight for a signed distance, keeping the heading."""

    def __init__(self, distance_m: float) -> None:
        self._distance_m = distance_m
        self._start: tuple[float, float, float] | None = None
        self._held_s = 0.0

    def step(self, world: Surroundings) -> Step:
        """Drive on; 'blocked' when something stays in the way."""
        pose = world.pose
        if self._start is None:
            self._start = (pose.x_m, pose.y_m, pose.yaw_rad)
        x, y, yaw = self._start
        went = (pose.x_m - x) * math.cos(yaw) + (pose.y_m - y) * math.sin(yaw)
        left = self._distance_m - went
        progress = min(1.0, max(0.0, went / self._distance_m)) if self._distance_m else 1.0
        if abs(left) <= _MOVE_END_M or left * self._distance_m <= 0.0:
            return done() if still(world) else Step(progress=progress)
        speed = world.poses.body.speed_mps if world.poses.body else 0.0
        if abs(speed) > STILL_MPS:
            self._held_s = 0.0
        else:
            self._held_s += world.step_s
            if self._held_s > _HELD_S:
                return failed('blocked', progress=progress)
        limits = world.config.limits
        most = limits.speed_mps if left > 0 else limits.reverse_mps
        after = max(0.004, abs(left) - abs(speed) * _LAG_S)
        rate = min(most, max(0.04, math.sqrt(1.6 * limits.deceleration_mps2 * after) * 0.8))
        heading = max(-0.5, min(0.5, _HEADING_GAIN * (yaw - pose.yaw_rad)))
        return Step(velocity=Velocity(linear_mps=math.copysign(rate, left),
                                      angular_radps=heading), progress=progress)


class Turn:
    """Turn on the spot by a signed angle, full turns counted."""

    def __init__(self, angle_rad: float) -> None:
        self._angle_rad = angle_rad
        self._start_rad: float | None = None

    def step(self, world: Surroundings) -> Step:
        """Turn on."""
        yaw = world.pose.yaw_rad
        if self._start_rad is None:
            self._start_rad = yaw
        went = yaw - self._start_rad
        left = self._angle_rad - went
        progress = min(1.0, max(0.0, went / self._angle_rad)) if self._angle_rad else 1.0
        if abs(left) <= _TURN_END_RAD:
            return done() if still(world) else Step(progress=progress)
        rate = turn(left, world)
        if abs(rate) < 0.06:
            rate = math.copysign(0.06, rate)
        return Step(velocity=Velocity(angular_radps=rate), progress=progress)
