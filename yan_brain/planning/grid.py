"""What is free and what is not around the robot, from range scans, in the odom frame.

Each cell holds evidence (log odds, quantised): a return adds, a beam that passed takes away
(Elfes 1989). The window rolls along with the robot, so an endless walk costs no more memory.
"""
from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from yan_brain.planning.config import GridConfig
from yan_brain.planning.pose import Pose
from yan_brain.signals import Scan

_SHIFT = 4                      # binary digits of a cell that OpenCV draws with
_ROLL_MARGIN = 0.2              # of the window; nearer to its edge than this it is rolled


class Grid:
    """A rolling window of cells. Arrays are indexed [row (y), column (x)]."""

    def __init__(self, config: GridConfig) -> None:
        self.config = config
        self.cells = round(config.size_m / config.cell_m)
        self._origin: tuple[int, int] | None = None     # (column, row) of the lower left cell
        self._evidence = np.zeros((self.cells, self.cells), np.int16)
        self.looked = np.zeros((self.cells, self.cells), np.bool_)  # what the camera has seen
        self._clearance: NDArray[np.float32] | None = None

    def clear(self) -> None:
        """Forget everything (after a jump of the odometry)."""
        self._origin = None
        self._evidence[:] = 0
        self.looked[:] = False
        self._clearance = None

    def forget_looks(self) -> None:
        """Start to count anew what the camera has seen."""
        self.looked[:] = False

    def add(self, scan: Scan, pose: Pose) -> None:
        """Take a scan that was made at `pose`. NaN beams tell nothing."""
        self._roll(pose)
        ranges, angles = beams(scan)
        if len(ranges) < 3:
            return
        reach = min(self.config.reach_m, scan.range_max_m)
        returned = np.isfinite(ranges) & (ranges <= scan.range_max_m) & (ranges > 0.0)
        passed = np.where(returned, ranges - self.config.cell_m / 2, reach)
        passed[np.isnan(ranges)] = 0.0
        free = self._fan(pose, angles, np.minimum(passed, reach))
        hit = np.zeros_like(free)
        columns, rows = self.index(pose.points(angles[returned], ranges[returned])).T
        inside = (columns >= 0) & (rows >= 0) & (columns < self.cells) & (rows < self.cells)
        hit[rows[inside], columns[inside]] = 1
        evidence = self._evidence
        evidence -= (self.config.miss * (free > hit)).astype(np.int16)
        evidence += (self.config.hit * hit).astype(np.int16)
        np.clip(evidence, -self.config.most, self.config.most, out=evidence)
        self._clearance = None

    def look(self, scan: Scan, pose: Pose, view_rad: float, reach_m: float) -> None:
        """Count as looked at what an eye with this field of view saw from `pose`."""
        self._roll(pose)
        ranges, angles = beams(scan)
        wrapped = (angles + math.pi) % (2 * math.pi) - math.pi
        seen = np.abs(wrapped) <= view_rad / 2
        if seen.sum() < 2:
            return
        order = np.argsort(wrapped[seen])
        reach = np.minimum(np.nan_to_num(ranges[seen][order], posinf=reach_m), reach_m)
        self.looked |= self._fan(pose, wrapped[seen][order], reach, wedge=True) > 0

    def bump(self, x_m: float, y_m: float) -> None:
        """Hold a place occupied that touch has found (a scan may not see it)."""
        column, row = self.index(np.array([[x_m, y_m]]))[0]
        if 0 <= column < self.cells and 0 <= row < self.cells:
            self._evidence[row, column] = self.config.most
            self._clearance = None

    @property
    def occupied(self) -> NDArray[np.bool_]:
        """(cells, cells): something is there."""
        return np.asarray(self._evidence >= self.config.occupied)

    @property
    def free(self) -> NDArray[np.bool_]:
        """(cells, cells): known to be free."""
        return np.asarray(self._evidence < 0)

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """(cells, cells): neither seen free nor occupied."""
        return np.asarray((self._evidence >= 0) & (self._evidence < self.config.occupied))

    @property
    def clearance(self) -> NDArray[np.float32]:
        """(cells, cells) metres to the nearest occupied cell's centre."""
        if self._clearance is None:
            open_ = (self._evidence < self.config.occupied).astype(np.uint8)
            if open_.all():
                far = np.full(open_.shape, self.config.size_m, np.float32)
            else:
                far = np.asarray(cv2.distanceTransform(open_, cv2.DIST_L2, 5), np.float32)
                far *= self.config.cell_m
            self._clearance = far
        return self._clearance

    def clearance_at(self, points: NDArray[np.float64]) -> NDArray[np.float32]:
        """(n,) metres of clearance at (n, 2) places; places outside the window count as 0."""
        columns, rows = self.index(points).T
        inside = (columns >= 0) & (rows >= 0) & (columns < self.cells) & (rows < self.cells)
        result = np.zeros(len(points), np.float32)
        result[inside] = self.clearance[rows[inside], columns[inside]]
        return result

    def straight(self, start: tuple[float, float], end: tuple[float, float],
                 clearance_m: float) -> bool:
        """Whether the straight way keeps this clearance all along."""
        steps = max(2, int(math.dist(start, end) / self.config.cell_m) + 1)
        points = np.linspace(start, end, steps)
        return bool((self.clearance_at(points) >= clearance_m).all())

    def index(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """(n, 2) [column, row] in the window of (n, 2) places; may lie outside."""
        column, row = self._origin or (0, 0)
        cells = np.floor(points / self.config.cell_m).astype(np.int64)
        return cells - np.array([column, row])

    def place(self, columns: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """(n, 2) places of the centres of cells."""
        column, row = self._origin or (0, 0)
        cells = np.stack([columns + column, rows + row], axis=1)
        return np.asarray((cells + 0.5) * self.config.cell_m, np.float64)

    def _fan(self, pose: Pose, angles: NDArray[np.float64], reach: NDArray[np.float64], *,
             wedge: bool = False) -> NDArray[np.uint8]:
        """(cells, cells) 1 where beams of these angles and reaches have passed."""
        points = pose.points(angles, reach)
        if wedge:
            points = np.concatenate([[[pose.x_m, pose.y_m]], points])
        column, row = self._origin or (0, 0)
        corners = points / self.config.cell_m - np.array([column, row]) - 0.5
        mask = np.zeros((self.cells, self.cells), np.uint8)
        fixed = np.round(corners * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(mask, [fixed], 1, lineType=cv2.LINE_8, shift=_SHIFT)
        return mask

    def _roll(self, pose: Pose) -> None:
        """Keep the robot in the middle part of the window."""
        here = np.floor(np.array([pose.x_m, pose.y_m]) / self.config.cell_m).astype(int)
        if self._origin is None:
            self._origin = (int(here[0]) - self.cells // 2, int(here[1]) - self.cells // 2)
            return
        inside = here - np.array(self._origin)
        margin = int(self.cells * _ROLL_MARGIN)
        if (inside >= margin).all() and (inside < self.cells - margin).all():
            return
        shift = inside - self.cells // 2
        self._origin = (self._origin[0] + int(shift[0]), self._origin[1] + int(shift[1]))
        self._evidence = _shifted(self._evidence, shift)
        self.looked = _shifted(self.looked, shift)
        self._clearance = None


def beams(scan: Scan) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) ranges in metres and (n,) angles of a scan."""
    ranges = np.asarray(scan.ranges_m, np.float64)
    angles = scan.angle_min_rad + scan.angle_increment_rad * np.arange(len(ranges))
    return ranges, np.asarray(angles, np.float64)


def _shifted(array: NDArray, shift: NDArray[np.int64]) -> NDArray:
    """Copy of a square array whose origin moved by [columns, rows]; new cells are 0."""
    size = len(array)
    result = np.zeros_like(array)
    column, row = int(shift[0]), int(shift[1])
    if abs(column) >= size or abs(row) >= size:
        return result
    result[max(0, -row):size - max(0, row), max(0, -column):size - max(0, column)] = \
        array[max(0, row):size - max(0, -row), max(0, column):size - max(0, -column)]
    return result
