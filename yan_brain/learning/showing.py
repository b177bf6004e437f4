"""A way that was shown, as a trick: what the odometry told is cut into turns and straight moves.

Only ordinary turns and moves come out, which the planner checks like any other. The way is
simplified (Douglas and Peucker 1973) until it is nowhere farther than TOLERANCE_M from what was
shown; turns on the spot are counted in full, so that a pirouette stays one.
"""
from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.tricks import MOST_STEPS, Step
from yan_brain.signals import Body, Skill

Doubles = NDArray[np.float64]

TOLERANCE_M = 0.03
LONGEST_S = 60.0
LEAST_M = 0.03           # a way or a turn below this is trembling
LEAST_RAD = math.radians(3)
APART_M = 0.01           # between two places that are kept
APART_RAD = math.radians(1)
LONGEST_MOVE_M = 9.0     # planners refuse longer single moves
LONGEST_TURN_RAD = 3.9 * math.pi
JUMP_M = 1.0             # between two readings: the odometry started over


class Showing:
    """Takes odometry while somebody leads the robot."""

    def __init__(self) -> None:
        self._poses: list[tuple[float, float, float]] = []
        self._began_s = 0.0
        self.too_long = False

    def feel(self, body: Body) -> None:
        """One reading; what comes after LONGEST_S is left out and `too_long` set.

        Raises:
            ValueError: the odometry jumped, so that nothing of it can be used.
        """
        pose = (body.x_m, body.y_m, body.yaw_rad)
        if not all(math.isfinite(value) for value in pose):
            return
        if not self._poses:
            self._began_s = body.stamp_s
            self._poses.append(pose)
            return
        if body.stamp_s - self._began_s > LONGEST_S:
            self.too_long = True
            return
        last = self._poses[-1]
        if math.dist(pose[:2], last[:2]) > JUMP_M:
            self._poses.clear()
            raise ValueError('the odometry jumped while I was shown something: show it again')
        yaw = last[2] + math.remainder(pose[2] - last[2], 2 * math.pi)
        if math.dist(pose[:2], last[:2]) >= APART_M or abs(yaw - last[2]) >= APART_RAD:
            self._poses.append((pose[0], pose[1], yaw))

    @property
    def path(self) -> Doubles:
        """(n, 3) places kept: x, y in metres, yaw in radians counted on through full turns."""
        return np.array(self._poses, np.float64).reshape(-1, 3)

    def steps(self, language: str = 'en') -> tuple[Step, ...]:
        """The way as turns and moves.

        Raises:
            ValueError: the robot was not led anywhere, or by a way too winding.
        """
        steps = [named(skill, amount, language) for skill, amount in motions(self.path)]
        if not steps:
            raise ValueError('I was not moved: lead me while I watch')
        if len(steps) > MOST_STEPS:
            raise ValueError(f'the way has {len(steps)} turns and moves; at most {MOST_STEPS} '
                             'can be remembered: show something simpler')
        return tuple(steps)


@dataclass(frozen=True, slots=True)
class _Leg:
    """Places first to last of the path, driven in one go: straight, or turned on the spot."""

    first: int
    last: int
    forward: bool


def motions(path: Doubles) -> list[tuple[Skill, float]]:
    """Turns (radians) and moves (metres) that lead along a path (n, 3), from its first pose."""
    if len(path) < 2:
        return []
    made: list[tuple[Skill, float]] = []
    yaw = at = float(path[0, 2])
    here: Doubles = path[0, :2]
    for leg in _legs(path):
        end = path[leg.last, :2]
        gap = end - here
        length = float(np.hypot(*gap))
        if length < LEAST_M:
            continue
        heading = math.atan2(gap[1], gap[0]) + (0.0 if leg.forward else math.pi)
        # The same heading, on the turn that was shown there.
        shown = float(path[leg.first:leg.last + 1, 2].mean())
        at = shown + math.remainder(heading - shown, 2 * math.pi)
        made += _turns(at - yaw)
        made += _moves(length if leg.forward else -length)
        here, yaw = end, at if abs(at - yaw) >= LEAST_RAD else yaw
    return made + _turns(float(path[-1, 2]) - yaw)


def poses_after(steps: Sequence[Step], start: tuple[float, float, float] = (0.0, 0.0, 0.0),
                ) -> list[tuple[float, float, float]]:
    """Where turns and moves lead from a pose: one pose after each; yaw counted on."""
    x, y, yaw = start
    found = []
    for step in steps:
        amount = step.amount or 0.0
        if step.skill is Skill.TURN:
            yaw += amount
        elif step.skill is Skill.MOVE:
            x, y = x + amount * math.cos(yaw), y + amount * math.sin(yaw)
        found.append((x, y, yaw))
    return found


def _legs(path: Doubles) -> list[_Leg]:
    """Cut where the direction of travel changes, and where the way bends."""
    gaps = np.diff(path[:, :2], axis=0)
    yaws = (path[1:, 2] + path[:-1, 2]) / 2
    ahead = gaps[:, 0] * np.cos(yaws) + gaps[:, 1] * np.sin(yaws)
    still = np.hypot(gaps[:, 0], gaps[:, 1]) < 1e-3
    signs = np.where(still, 0, np.where(ahead >= 0, 1, -1))
    legs, begin = [], 0
    while begin < len(signs):
        end = begin + 1
        while end < len(signs) and signs[end] == signs[begin]:
            end += 1
        if signs[begin]:
            corners = _corners(path[begin:end + 1, :2])
            legs += [_Leg(begin + a, begin + b, bool(signs[begin] > 0))
                     for a, b in itertools.pairwise(corners)]
        begin = end
    return legs


def _corners(points: Doubles) -> list[int]:
    """Indices that simplify a line of points (n, 2) within TOLERANCE_M."""
    kept, open_ = {0, len(points) - 1}, [(0, len(points) - 1)]
    while open_:
        first, last = open_.pop()
        if last - first < 2:
            continue
        chord = points[last] - points[first]
        length = float(np.hypot(*chord))
        apart = points[first + 1:last] - points[first]
        if length < 1e-9:
            off = np.hypot(apart[:, 0], apart[:, 1])
        else:
            off = np.abs(apart[:, 0] * chord[1] - apart[:, 1] * chord[0]) / length
        worst = int(off.argmax())
        if off[worst] > TOLERANCE_M:
            middle = first + 1 + worst
            kept.add(middle)
            open_ += [(first, middle), (middle, last)]
    return sorted(kept)


def _turns(amount: float) -> list[tuple[Skill, float]]:
    return _parts(Skill.TURN, amount, LEAST_RAD, LONGEST_TURN_RAD)


def _moves(amount: float) -> list[tuple[Skill, float]]:
    return _parts(Skill.MOVE, amount, LEAST_M, LONGEST_MOVE_M)


def _parts(skill: Skill, amount: float, least: float, most: float) -> list[tuple[Skill, float]]:
    if abs(amount) < least:
        return []
    count = math.ceil(abs(amount) / most)
    return [(skill, amount / count)] * count


def named(skill: Skill, amount: float, language: str = 'en') -> Step:
    """A turn or move with its words."""
    size = abs(math.degrees(amount)) if skill is Skill.TURN else abs(amount)
    if language == 'zh':
        words = (f'向{"左" if amount > 0 else "右"}转{size:.0f}度' if skill is Skill.TURN
                 else f'向{"前" if amount > 0 else "后"}走{size:.2f}米')
    else:
        words = (f'turn {"left" if amount > 0 else "right"} {size:.0f} degrees'
                 if skill is Skill.TURN
                 else f'go {"forward" if amount > 0 else "back"} {size:.2f} metres')
    return Step(words=words, skill=skill, amount=amount)
