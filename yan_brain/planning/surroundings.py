"""What the skills know: pose with its history, scans, touch, the grid, and how old each is."""
from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from yan_brain.planning.config import PlannerConfig
from yan_brain.planning.grid import Grid, beams
from yan_brain.planning.pose import Pose, PoseHistory, wrap
from yan_brain.signals import Body, Scan, Touch

_SCANS = 15                 # kept, to put late images beside the scan of their time
_LOOK_REACH_M = 4.0         # farther things are too small to be sure of
_JUMP_M = 1.0               # odometry that jumps this far between two readings is a new frame


class Surroundings:
    """Senses put together. Times of arrival are of the caller's steady clock."""

    def __init__(self, config: PlannerConfig) -> None:
        self.config = config
        self.poses = PoseHistory()
        self.grid = Grid(config.grid)
        self.touch = Touch(stamp_s=0.0)
        self.scan: Scan | None = None
        self.now_s = 0.0
        self.step_s = 0.05
        self.jumped = False             # the odom frame is another one now
        self._scans: deque[Scan] = deque(maxlen=_SCANS)
        self._unplaced: Scan | None = None
        self._fresh: set[str] = set()
        self._arrived_s: dict[str, float] = {}

    def sense(self, scan: Scan | None, body: Body | None, touch: Touch | None) -> None:
        """Take readings; what is not usable (not finite, out of order) is left out."""
        if body is not None:
            self._feel(body)
        if touch is not None and math.isfinite(touch.stamp_s):
            self.touch = touch
        if scan is not None and _usable(scan):
            if self.scan is not None and self.scan.stamp_s - 5.0 < scan.stamp_s \
                    <= self.scan.stamp_s:
                return
            self.scan, self._unplaced = scan, scan
            self._scans.append(scan)
            self._fresh.add('scan')
        self._place_scan()

    def tick(self, now_s: float) -> None:
        """Tell the time of the control step."""
        self.step_s = min(0.2, max(0.0, now_s - self.now_s)) if self.now_s else 0.05
        self.now_s = now_s
        for name in self._fresh:
            self._arrived_s[name] = now_s
        self._fresh.clear()

    def age_s(self, sense: str) -> float:
        """Seconds since a usable 'scan' or 'body' came; inf before the first."""
        return self.now_s - self._arrived_s.get(sense, -math.inf)

    @property
    def pose(self) -> Pose:
        """Where the robot is. RuntimeError before the first odometry: check its age first."""
        pose = self.poses.newest
        if pose is None:
            raise RuntimeError('no odometry yet: check age_s("body") before asking for a pose')
        return pose

    def scan_from(self, pose: Pose, stamp_s: float) -> Scan | None:
        """The scan made nearest to a time, its angles turned as if made from `pose`."""
        if not self._scans:
            return None
        nearest = min(self._scans, key=lambda one: abs(one.stamp_s - stamp_s))
        where = self.poses.at(nearest.stamp_s)
        if where is None or abs(nearest.stamp_s - stamp_s) > 0.5:
            return None
        turned = wrap(where.yaw_rad - pose.yaw_rad)
        return replace(nearest, angle_min_rad=nearest.angle_min_rad + turned)

    def scan_now(self) -> Scan | None:
        """The newest scan as if made from where the robot is now (turned only)."""
        return None if self.scan is None else self.scan_from(self.pose, self.scan.stamp_s)

    def points(self) -> NDArray[np.float64]:
        """(n, 2) returns of the newest scan in the robot's present frame."""
        if self.scan is None:
            return np.zeros((0, 2))
        ranges, angles = beams(self.scan)
        good = np.isfinite(ranges) & (ranges > 0.0) & (ranges <= self.scan.range_max_m)
        then = self.poses.at(self.scan.stamp_s)
        now = self.poses.newest
        if then is None or now is None:
            return np.stack([ranges * np.cos(angles), ranges * np.sin(angles)], axis=1)[good]
        places = then.points(angles[good], ranges[good]) - np.array([now.x_m, now.y_m])
        c, s = math.cos(now.yaw_rad), math.sin(now.yaw_rad)
        return np.asarray(places @ np.array([[c, -s], [s, c]]))

    def look(self, pose: Pose, stamp_s: float) -> None:
        """An image was taken at `pose`: what it showed counts as looked at."""
        scan = self.scan_from(pose, stamp_s)
        if scan is not None:
            self.grid.look(scan, pose, self.config.body.field_of_view_rad, _LOOK_REACH_M)

    def _feel(self, body: Body) -> None:
        before = self.poses.newest
        if not self.poses.add(body):
            return
        self._fresh.add('body')
        now = self.pose
        if before is not None and before.distance(now.x_m, now.y_m) > _JUMP_M:
            self.jumped = True
            self.grid.clear()
            self._scans.clear()

    def _place_scan(self) -> None:
        """Put the newest scan into the grid once odometry reaches its time."""
        if self._unplaced is None:
            return
        pose = self.poses.at(self._unplaced.stamp_s)
        if pose is not None:
            self.grid.add(self._unplaced, pose)
            self._unplaced = None


def _usable(scan: Scan) -> bool:
    """A scan with finite geometry and at least one beam that is a number."""
    numbers = (scan.stamp_s, scan.angle_min_rad, scan.angle_increment_rad, scan.range_max_m)
    return (all(math.isfinite(number) for number in numbers) and scan.range_max_m > 0.0
            and scan.ranges_m.ndim == 1 and 3 <= len(scan.ranges_m) <= 100_000
            and not np.isnan(scan.ranges_m).all())
