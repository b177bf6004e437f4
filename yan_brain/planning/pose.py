"""Where the robot is and was: odometry with its history."""
from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yan_brain.signals import Body


def wrap(angle_rad: float) -> float:
    """Bring an angle into (-pi, pi]."""
    return math.pi - (math.pi - angle_rad) % (2 * math.pi)


@dataclass(frozen=True, slots=True)
class Pose:
    """A place in the odom frame. `yaw_rad` is not wrapped: turns are counted."""

    x_m: float
    y_m: float
    yaw_rad: float

    def point(self, bearing_rad: float, range_m: float) -> tuple[float, float]:
        """Place in the odom frame of what is seen at a bearing and range from here."""
        angle = self.yaw_rad + bearing_rad
        return self.x_m + range_m * math.cos(angle), self.y_m + range_m * math.sin(angle)

    def bearing(self, x_m: float, y_m: float) -> float:
        """Bearing from here of a place in the odom frame, left positive."""
        return wrap(math.atan2(y_m - self.y_m, x_m - self.x_m) - self.yaw_rad)

    def distance(self, x_m: float, y_m: float) -> float:
        """Distance in metres to a place in the odom frame."""
        return math.hypot(x_m - self.x_m, y_m - self.y_m)

    def points(self, bearings_rad: NDArray[np.float64],
               ranges_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Like `point`, for (n,) bearings and ranges at once: (n, 2)."""
        angles = self.yaw_rad + bearings_rad
        return np.stack([self.x_m + ranges_m * np.cos(angles),
                         self.y_m + ranges_m * np.sin(angles)], axis=1)


class PoseHistory:
    """The last few seconds of odometry, so that late images are placed where they were taken."""

    def __init__(self, *, keep_s: float = 5.0, ahead_s: float = 0.3) -> None:
        self._keep_s = keep_s
        self._ahead_s = ahead_s
        self._stamps: list[float] = []
        self._poses: list[Pose] = []
        self._last: Body | None = None

    def add(self, body: Body) -> bool:
        """Take a reading; False if it is not finite or older than the newest, and left out.

        A stamp that lies far back (a clock that was set, a simulation started again) starts
        the history anew.
        """
        values = (body.stamp_s, body.x_m, body.y_m, body.yaw_rad, body.speed_mps,
                  body.turn_rate_radps)
        if not all(math.isfinite(value) for value in values):
            return False
        if self._stamps and body.stamp_s <= self._stamps[-1]:
            if body.stamp_s > self._stamps[-1] - self._keep_s:
                return False
            self._stamps.clear()
            self._poses.clear()
        yaw = body.yaw_rad
        if self._poses:
            before = self._poses[-1].yaw_rad
            yaw = before + wrap(body.yaw_rad - before)
        self._stamps.append(body.stamp_s)
        self._poses.append(Pose(body.x_m, body.y_m, yaw))
        self._last = body
        oldest = bisect.bisect_left(self._stamps, body.stamp_s - self._keep_s)
        if oldest > 16:
            del self._stamps[:oldest], self._poses[:oldest]
        return True

    @property
    def body(self) -> Body | None:
        """The newest reading, None before the first."""
        return self._last

    @property
    def newest(self) -> Pose | None:
        """The newest pose, None before the first reading."""
        return self._poses[-1] if self._poses else None

    def at(self, stamp_s: float) -> Pose | None:
        """Pose at a time, interpolated; None where the history does not reach."""
        if not self._stamps or not math.isfinite(stamp_s):
            return None
        if stamp_s >= self._stamps[-1]:
            return self._ahead(stamp_s - self._stamps[-1])
        index = bisect.bisect_right(self._stamps, stamp_s)
        if index == 0:
            return None
        early, late = self._poses[index - 1], self._poses[index]
        share = (stamp_s - self._stamps[index - 1]) \
            / (self._stamps[index] - self._stamps[index - 1])
        return Pose(early.x_m + share * (late.x_m - early.x_m),
                    early.y_m + share * (late.y_m - early.y_m),
                    early.yaw_rad + share * (late.yaw_rad - early.yaw_rad))

    def _ahead(self, seconds: float) -> Pose | None:
        """Dead reckoning from the newest reading."""
        if seconds > self._ahead_s or self._last is None:
            return None
        pose = self._poses[-1]
        yaw = pose.yaw_rad + self._last.turn_rate_radps * seconds
        middle = 0.5 * (yaw + pose.yaw_rad)
        return Pose(pose.x_m + self._last.speed_mps * seconds * math.cos(middle),
                    pose.y_m + self._last.speed_mps * seconds * math.sin(middle), yaw)
