"""How to get somewhere: turning on the spot, and driving along a planned way."""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yan_brain.planning.pose import wrap
from yan_brain.planning.routes import COMFORT_M, Terrain, descend, terrain, wave
from yan_brain.planning.surroundings import Surroundings
from yan_brain.signals import Velocity

Goal = Callable[[Terrain], NDArray[np.bool_]]   # marks the route cells that will do

_TURN_GAIN = 2.5            # per second: turn rate for an error of heading
_LOOKAHEAD_M = 0.8
_SWING_RAD = 0.9            # heading errors beyond this are turned away on the spot
_REPLAN_S = 0.5
_NO_WAY_S = 2.5             # no way for this long means blocked: the grid clears in the meantime
_STUCK_S = 6.0              # no progress for this long


def turn(error_rad: float, world: Surroundings, most_radps: float | None = None) -> float:
    """Turn rate that takes away an error of heading without overshooting."""
    limits = world.config.limits
    most = limits.turn_radps if most_radps is None else min(most_radps, limits.turn_radps)
    rate = min(most, _TURN_GAIN * abs(error_rad),
               math.sqrt(limits.turn_acceleration_radps2 * abs(error_rad)))
    return math.copysign(rate, error_rad)


def towards(error_rad: float, far_m: float, world: Surroundings,
            most_mps: float | None = None) -> Velocity:
    """Drive at something `far_m` away whose bearing is `error_rad`; slower the more it is off."""
    limits = world.config.limits
    most = limits.speed_mps if most_mps is None else min(most_mps, limits.speed_mps)
    share = max(0.0, 1.0 - abs(error_rad) / _SWING_RAD)
    speed = min(most * share, math.sqrt(limits.deceleration_mps2 * max(0.0, far_m)))
    return Velocity(linear_mps=speed, angular_radps=turn(error_rad, world))


@dataclass(frozen=True, slots=True)
class Guidance:
    """What to do now to get to a goal."""

    velocity: Velocity
    arrived: bool = False
    blocked: bool = False
    left_m: float = math.inf    # cost of the way left


class Navigator:
    """Drives to the cheapest of many goals, planning anew twice a second.

    `reach` is a place that ways are planned to although nothing is known of the ground there.
    """

    def __init__(self, reach: tuple[float, float] | None = None) -> None:
        self._reach = reach
        self._path: NDArray[np.float64] | None = None
        self._planned_s = -math.inf
        self._way_s = math.inf          # when there was a way last
        self._left_m = math.inf
        self._best_m = math.inf
        self._best_s = math.inf
        self._at_goal = self._had_way = False

    def restart(self) -> None:
        """Forget the way: the goal is another one."""
        self.__init__(self._reach)  # type: ignore[misc]

    def step(self, world: Surroundings, goal: Goal, most_mps: float | None = None) -> Guidance:
        """Guidance for this control step. `goal` is asked at each planning."""
        now = world.now_s
        if now - self._planned_s >= _REPLAN_S:
            self._plan(world, goal)
        if self._path is None:
            patience = _NO_WAY_S if self._had_way else _REPLAN_S
            return Guidance(Velocity(), blocked=now - self._way_s > patience)
        if self._at_goal:
            return Guidance(Velocity(), arrived=True, left_m=0.0)
        if self._left_m < self._best_m - 0.05:
            self._best_m, self._best_s = self._left_m, now
        if now - self._best_s > _STUCK_S:
            return Guidance(Velocity(), blocked=True, left_m=self._left_m)
        return Guidance(self._pursue(world, self._path, most_mps), left_m=self._left_m)

    def _plan(self, world: Surroundings, goal: Goal) -> None:
        now = world.now_s
        if math.isinf(self._way_s):
            self._way_s, self._best_s = now, now
        ground = terrain(world.grid, world.pose, world.config.body, self._reach)
        field = wave(ground, goal(ground))
        pose = world.pose
        self._planned_s = now
        self._path = descend(ground, field, (pose.x_m, pose.y_m))
        if self._path is None:
            return
        self._way_s, self._had_way = now, True
        cell = ground.index(pose.x_m, pose.y_m)
        self._left_m = float(field[cell]) if cell is not None else math.inf
        self._at_goal = self._left_m <= 0.0

    def _pursue(self, world: Surroundings, path: NDArray[np.float64],
                most_mps: float | None) -> Velocity:
        """Pure pursuit of the farthest point that can be driven to straight, as clear as the way.

        The way keeps off what it can (`routes.COMFORT_M`); so must its short cuts, for things may
        be wider at their feet than where the scan meets them.
        """
        pose, body, grid = world.pose, world.config.body, world.grid
        here = (pose.x_m, pose.y_m)
        gaps = np.hypot(path[:, 0] - here[0], path[:, 1] - here[1])
        first = int(np.argmin(gaps))
        needed = body.radius_m + body.margin_m - 0.5 * grid.config.cell_m
        clear = grid.clearance_at(np.concatenate([[here], path[first + 1:]]))
        kept = np.minimum.accumulate(clear) - grid.config.cell_m
        least = np.clip(kept, needed, needed + COMFORT_M)
        aim = path[min(first + 1, len(path) - 1)]
        for index in range(first + 2, len(path)):
            if gaps[index] > _LOOKAHEAD_M \
                    or not grid.straight(here, tuple(path[index]), float(least[index - first])):
                break
            aim = path[index]
        error = wrap(math.atan2(aim[1] - here[1], aim[0] - here[0]) - pose.yaw_rad)
        left = float(np.hypot(*np.diff(path[first:], axis=0).T).sum()) + float(gaps[first])
        return towards(error, left + 0.05, world, most_mps)
