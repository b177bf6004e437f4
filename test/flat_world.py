"""A flat stand-in for the home, for tests of planning: discs and rectangles seen from above.

No physics and no images: ranges by ray casting, motion by integrating commands with the lag of
a real base, sightings from what is in view. It is fast enough for hundreds of episodes.
"""
from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from yan_brain.signals import Body, Decision, Scan, Sighting, Skill, Touch, Velocity

RADIUS_M = 0.16
EYE_M = 0.08
VIEW_RAD = math.radians(70)
TICK_S = 0.05


@dataclass
class Disc:
    """Something round that stands about."""

    x: float
    y: float
    radius: float = 0.12
    name: str = ''


@dataclass
class FlatWorld:
    """A room of `width` by `depth` metres; `boxes`: x, y, half x, half y, yaw."""

    width: float = 5.0
    depth: float = 5.0
    discs: list[Disc] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float, float]] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0
    seed: int = 0
    time_s: float = 0.0
    hits: int = 0
    odometry_scale: float = 1.0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self._noise = np.random.default_rng(self.seed)
        self.speed = self.rate = 0.0
        self._odom = [0.0, 0.0, 0.0]
        self._touching = False
        self._scan: Scan | None = None
        walls = [(-self.width / 2, -self.depth / 2), (self.width / 2, -self.depth / 2),
                 (self.width / 2, self.depth / 2), (-self.width / 2, self.depth / 2)]
        self._segments = np.array(
            [(*a, *b) for a, b in zip(walls, walls[1:] + walls[:1], strict=True)]
            + [edge for box in self.boxes for edge in _edges(box)])

    def body(self) -> Body:
        """Odometry, starting at 0."""
        return Body(stamp_s=self.time_s, x_m=self._odom[0], y_m=self._odom[1],
                    yaw_rad=math.remainder(self._odom[2], 2 * math.pi), speed_mps=self.speed,
                    turn_rate_radps=self.rate)

    def scan(self) -> Scan:
        """The newest scan; 10 a second."""
        if self._scan is None or self.time_s - self._scan.stamp_s > 0.099:
            angles = np.arange(360) * math.radians(1)
            far = self.cast(self.x, self.y, angles + self.yaw)
            far = far + self._noise.normal(0.0, 0.01, far.shape)
            far[far > 8.0] = math.inf
            self._scan = Scan(
                stamp_s=self.time_s, ranges_m=far.astype(np.float32), angle_min_rad=0.0,
                angle_increment_rad=math.radians(1), range_max_m=8.0)
        return self._scan

    def touch(self) -> Touch:
        """The front bumper, when something is touched."""
        zones = frozenset({'front_left', 'front_right'}) if self._touching else frozenset()
        return Touch(stamp_s=self.time_s, pressed=zones)

    def cast(self, x: float, y: float, angles: NDArray[np.float64],
             skip: Disc | None = None) -> NDArray[np.float64]:
        """(n,) distances to the first thing along absolute angles."""
        ways = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        best = np.full(len(angles), math.inf)
        s = self._segments
        along, to = s[:, 2:] - s[:, :2], s[:, :2] - np.array([x, y])
        cross = ways[:, None, 0] * along[None, :, 1] - ways[:, None, 1] * along[None, :, 0]
        with np.errstate(divide='ignore', invalid='ignore'):
            t = (to[:, 0] * along[:, 1] - to[:, 1] * along[:, 0])[None] / cross
            u = (to[None, :, 0] * ways[:, None, 1] - to[None, :, 1] * ways[:, None, 0]) / cross
        t[~((t > 0) & (u >= 0) & (u <= 1))] = math.inf
        best = np.minimum(best, t.min(axis=1))
        for disc in self.discs:
            if disc is skip:
                continue
            gap = np.array([disc.x - x, disc.y - y])
            middle = ways @ gap
            inside = disc.radius ** 2 - (gap @ gap - middle ** 2)
            far = middle - np.sqrt(np.maximum(inside, 0.0))
            best = np.where((inside > 0) & (far > 0), np.minimum(best, far), best)
        return best

    def advance(self, command: Velocity) -> None:
        """One tick of motion."""
        self.speed += min(0.075, max(-0.075, command.linear_mps - self.speed))
        self.rate += min(0.4, max(-0.4, command.angular_radps - self.rate))
        middle = self.yaw + self.rate * TICK_S / 2
        x = self.x + self.speed * TICK_S * math.cos(middle)
        y = self.y + self.speed * TICK_S * math.sin(middle)
        nearest = float(self.cast(x, y, np.arange(72) * (math.pi / 36)).min())
        touching = nearest < RADIUS_M
        self.hits += touching and not self._touching
        self._touching = touching
        if touching:
            self.speed = 0.0
        else:
            self.x, self.y = x, y
        way = self.speed * TICK_S * self.odometry_scale
        heading = self._odom[2] + self.rate * TICK_S / 2
        self._odom[0] += way * math.cos(heading)
        self._odom[1] += way * math.sin(heading)
        self._odom[2] += self.rate * TICK_S
        self.yaw += self.rate * TICK_S
        self.time_s = round(self.time_s + TICK_S, 6)

    def bearing(self, disc: Disc) -> float:
        """From the robot's centre and heading."""
        return math.remainder(math.atan2(disc.y - self.y, disc.x - self.x) - self.yaw,
                              2 * math.pi)

    def surface(self, disc: Disc) -> float:
        """From the robot's centre to the surface."""
        return math.hypot(disc.x - self.x, disc.y - self.y) - disc.radius

    def in_view(self, disc: Disc) -> float:
        """The share of a disc's width that the camera sees."""
        ex, ey = self.x + EYE_M * math.cos(self.yaw), self.y + EYE_M * math.sin(self.yaw)
        far = math.hypot(disc.x - ex, disc.y - ey)
        middle = math.atan2(disc.y - ey, disc.x - ex)
        half = math.asin(min(1.0, disc.radius / max(far, disc.radius + 1e-3)))
        angles = middle + np.linspace(-0.9, 0.9, 7) * half
        off = (angles - self.yaw + math.pi) % (2 * math.pi) - math.pi
        clear = self.cast(ex, ey, angles, skip=disc) > far - disc.radius
        return float((clear & (np.abs(off) < VIEW_RAD / 2)).mean())

    def sightings(self, target: str, *, bearing: float = math.radians(2), range_: float = 0.15,
                  missed: float = 0.1, junk: float = 0.1, own: float = 0.9,
                  rival: float = 0.1) -> tuple[Sighting, ...]:
        """What a poor eye reports: the target's sightings, rivals' weaker ones, and junk.

        `own` and `rival` are what it makes of the target and of all else.
        """
        found = []
        for disc in self.discs:
            share = self.in_view(disc)
            if share < 0.3 or not disc.name:
                continue
            mine = disc.name == target
            if self.rng.random() < missed:
                continue
            chance = (own if mine else rival) + self.rng.gauss(0.0, 0.08)
            ex, ey = self.x + EYE_M * math.cos(self.yaw), self.y + EYE_M * math.sin(self.yaw)
            angle = math.atan2(disc.y - ey, disc.x - ex) - self.yaw
            found.append(Sighting(
                probability=min(1.0, max(0.0, chance)),
                bearing_rad=math.remainder(angle, 2 * math.pi) + self.rng.gauss(0.0, bearing),
                range_m=math.hypot(disc.x - self.x, disc.y - self.y)
                * math.exp(self.rng.gauss(0.0, range_))))
        if self.rng.random() < junk:
            found.append(Sighting(probability=self.rng.random() ** 2 * 0.9,
                                  bearing_rad=self.rng.uniform(-0.6, 0.6),
                                  range_m=self.rng.uniform(0.5, 5.0)))
        return tuple(sorted(found, key=lambda one: -one.probability)[:3])

    def decision(self, skill: Skill, target: str = '', *, number: int = 1,
                 amount: float | None = None, **eye: float) -> Decision:
        """A Decision as the mind would make it now."""
        return Decision(
            stamp_s=self.time_s, version='flat', instruction_id=number, skill=skill,
            argument=target, amount=amount, confidence=1.0, image_stamp_s=self.time_s,
            sightings=self.sightings(target, **eye) if target else ())


def _edges(box: tuple[float, float, float, float, float]) -> list[tuple[float, ...]]:
    x, y, half_x, half_y, yaw = box
    c, s = math.cos(yaw), math.sin(yaw)
    corners = [(x + c * a * half_x - s * b * half_y, y + s * a * half_x + c * b * half_y)
               for a, b in ((1, 1), (-1, 1), (-1, -1), (1, -1))]
    return [(*p, *q) for p, q in zip(corners, corners[1:] + corners[:1], strict=True)]
