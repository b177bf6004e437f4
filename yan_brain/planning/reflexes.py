"""What wins over every skill: acceleration limits, obstacles in the scan, bumpers."""
from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from yan_brain.planning.config import LimitsConfig
from yan_brain.planning.surroundings import Surroundings
from yan_brain.signals import Velocity

_ESCAPE_M = 0.10            # driven away from what was bumped into
_ESCAPE_S = 1.5             # at most
_ESCAPE_MPS = 0.12
_ASIDE_M = 0.04             # what lies less far ahead than this is beside, not ahead
_ENOUGH_BUMPS = 5           # in one skill: there is no way on


class Ramp:
    """Commands that change no faster than the base should."""

    def __init__(self, limits: LimitsConfig) -> None:
        self._limits = limits
        self.velocity = Velocity()

    def step(self, wanted: Velocity, step_s: float) -> Velocity:
        """The command nearest to `wanted` that may follow the last one `step_s` later."""
        limits, last = self._limits, self.velocity
        goal = min(limits.speed_mps, max(-limits.reverse_mps, wanted.linear_mps))
        speed = last.linear_mps
        braking = abs(goal) < abs(speed) or goal * speed < 0.0
        most = (limits.deceleration_mps2 if braking else limits.acceleration_mps2) * step_s
        speed += min(most, max(-most, goal - speed))
        spin = min(limits.turn_radps, max(-limits.turn_radps, wanted.angular_radps))
        most = limits.turn_acceleration_radps2 * step_s
        turn = last.angular_radps + min(most, max(-most, spin - last.angular_radps))
        self.velocity = Velocity(linear_mps=speed, angular_radps=turn)
        return self.velocity

    def limit(self, ahead_mps: float, back_mps: float) -> Velocity:
        """Cut the last command to what the way ahead and behind allows, at once."""
        speed = max(-back_mps, min(ahead_mps, self.velocity.linear_mps))
        self.velocity = Velocity(linear_mps=speed, angular_radps=self.velocity.angular_radps)
        return self.velocity

    def cap(self, share: float) -> Velocity:
        """Cut the last command to a share (0 to 1) of the fastest driving and turning, at once."""
        limits, last = self._limits, self.velocity
        share = min(1.0, max(0.0, share))
        speed, turn = share * limits.speed_mps, share * limits.turn_radps
        self.velocity = Velocity(linear_mps=min(speed, max(-speed, last.linear_mps)),
                                 angular_radps=min(turn, max(-turn, last.angular_radps)))
        return self.velocity

    def halt(self) -> Velocity:
        """Zero, at once."""
        self.velocity = Velocity()
        return self.velocity


def gap_m(points: NDArray[np.float64], radius_m: float, direction: int) -> float:
    """How far a disc may drive straight before it touches a point of (n, 2); inf if none.

    `direction` is 1 ahead, -1 back. What the disc covers already counts only where it lies
    ahead, so that it can always drive away.
    """
    ahead, aside = direction * points[:, 0], np.abs(points[:, 1])
    inside = (aside < radius_m) & (ahead > _ASIDE_M)
    if not inside.any():
        return math.inf
    reach = np.sqrt(radius_m ** 2 - aside[inside] ** 2)
    return max(0.0, float((ahead[inside] - reach).min()))


class Reflexes:
    """Bumpers and the speeds that the scan allows."""

    def __init__(self) -> None:
        self.bumps = 0
        self.held = False               # the scan holds the robot back just now
        self._direction = 0             # of the escape; 0: none
        self._from: tuple[float, float] = (0.0, 0.0)
        self._until_s = 0.0
        self._pressed: frozenset[str] = frozenset()

    def reset(self) -> None:
        """A new skill begins."""
        self.bumps = 0
        self._direction = 0

    @property
    def exhausted(self) -> bool:
        """Whether it bumped into things too often to go on."""
        return self.bumps >= _ENOUGH_BUMPS

    def allowed_mps(self, world: Surroundings) -> tuple[float, float]:
        """Fastest speeds ahead and back that still stop before what the scan shows."""
        body, limits = world.config.body, world.config.limits
        if not body.has_scan:
            return body.blind_mps, body.blind_mps
        if world.age_s('scan') > limits.sense_stale_s:
            return 0.0, 0.0
        points = world.points()
        around = body.radius_m + body.reflex_margin_m
        ahead, back = gap_m(points, around, 1), gap_m(points, around, -1)
        # A tick passes before the command acts, another before the next one.
        return tuple(_speed(gap, body.brake_mps2) for gap in (ahead, back))  # type: ignore[return-value]

    def touch(self, world: Surroundings, active: bool) -> Velocity | None:
        """What a pressed bumper makes the robot do; None: nothing is pressed.

        Only a robot that runs a skill drives away: one that stands is left where it is.
        """
        pressed = world.touch.pressed
        new, self._pressed = pressed - self._pressed, pressed
        if new and active:
            self.bumps += 1
            self._mark(world, new)
        front = any('front' in zone for zone in pressed)
        rear = any('rear' in zone or 'back' in zone for zone in pressed)
        if not active or (pressed and front == rear):
            self._direction = 0
            return Velocity() if pressed else None
        if front or rear:
            if not self._direction:
                pose = world.pose
                self._from, self._until_s = (pose.x_m, pose.y_m), world.now_s + _ESCAPE_S
            self._direction = -1 if front else 1
        if not self._direction:
            return None
        away = world.pose.distance(*self._from)
        if world.now_s > self._until_s or (not pressed and away > _ESCAPE_M):
            self._direction = 0
            return Velocity() if pressed else None
        return Velocity(linear_mps=self._direction * _ESCAPE_MPS)

    def _mark(self, world: Surroundings, zones: frozenset[str]) -> None:
        """Put into the grid what the bumpers found."""
        if world.poses.newest is None:
            return
        for zone in zones:
            angle = math.pi if 'rear' in zone or 'back' in zone else 0.0
            side = 1 if 'left' in zone else -1 if 'right' in zone else 0
            bearing = angle + side * math.radians(35) * (1 if angle == 0.0 else -1)
            world.grid.bump(*world.pose.point(bearing, world.config.body.radius_m + 0.04))


def _speed(gap: float, brake_mps2: float) -> float:
    """Speed that can be braked from within a gap, with two ticks of reaction."""
    if math.isinf(gap):
        return math.inf
    reaction = 0.1 * brake_mps2
    return max(0.0, math.sqrt(reaction ** 2 + 2.0 * brake_mps2 * gap) - reaction)
