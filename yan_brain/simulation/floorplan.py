"""Which floor is free: a grid over the room, seen from above, for placing and for walking."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

CELL_M = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Disc:
    """A round footprint."""

    x_m: float
    y_m: float
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rect:
    """A turned rectangular footprint."""

    x_m: float
    y_m: float
    half_x_m: float
    half_y_m: float
    yaw_rad: float = 0.0

    @property
    def corners(self) -> NDArray[np.float64]:
        """Return the (4, 2) corners."""
        c, s = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        local = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * (self.half_x_m, self.half_y_m)
        turned: NDArray[np.float64] = local @ np.array([[c, s], [-s, c]]) + (self.x_m, self.y_m)
        return turned


class FloorPlan:
    """Occupied cells of a room centred on the origin; walls are the border of the grid."""

    def __init__(self, width_m: float, depth_m: float) -> None:
        """Start with an empty room of `width_m` along x and `depth_m` along y."""
        self.half = np.array([width_m / 2, depth_m / 2])
        rows, columns = round(depth_m / CELL_M), round(width_m / CELL_M)
        self._occupied = np.zeros((rows + 2, columns + 2), np.uint8)  # one cell of wall around
        self._occupied[[0, -1], :] = 1
        self._occupied[:, [0, -1]] = 1
        self._clearance: NDArray[np.float32] | None = None

    def copy(self) -> FloorPlan:
        """Return an independent copy."""
        twin = FloorPlan(*(2 * self.half))
        twin._occupied = self._occupied.copy()
        return twin

    def block(self, footprints: Sequence[Disc | Rect]) -> None:
        """Mark footprints as occupied."""
        for print_ in footprints:
            if isinstance(print_, Rect):
                points = self._subcells(print_.corners)
                cv2.fillPoly(self._occupied, [points], 1, shift=4)
            else:
                centre = self._subcells(np.array([[print_.x_m, print_.y_m]]))[0]
                radius = round(print_.radius_m / CELL_M * 16)
                cv2.circle(self._occupied, (int(centre[0]), int(centre[1])), radius, 1, -1,
                           shift=4)
        self._clearance = None

    @property
    def clearance(self) -> NDArray[np.float32]:
        """Return per cell the distance in metres to the nearest occupied cell."""
        if self._clearance is None:
            free = (self._occupied == 0).astype(np.uint8)
            far = cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            self._clearance = np.asarray(far, np.float32) * CELL_M
        return self._clearance

    def clearance_at(self, x_m: float, y_m: float) -> float:
        """Return the distance from a point to the nearest occupied cell, 0 outside."""
        row, column = self.cell(x_m, y_m)
        return float(self.clearance[row, column])

    def reachable(self, x_m: float, y_m: float, margin_m: float) -> NDArray[np.bool_]:
        """Return the cells a disc of radius `margin_m` can get to from a point."""
        free = (self.clearance > margin_m).astype(np.uint8)
        row, column = self.cell(x_m, y_m)
        if not free[row, column]:
            return np.zeros(free.shape, bool)
        _, labels = cv2.connectedComponents(free, connectivity=4)
        connected: NDArray[np.bool_] = labels == labels[row, column]
        return connected

    def ring(self, disc: Disc, inner_m: float, outer_m: float) -> NDArray[np.bool_]:
        """Return the cells whose distance from the disc's edge lies between two bounds."""
        y, x = np.indices(self._occupied.shape)
        centre = self._subcells(np.array([[disc.x_m, disc.y_m]]))[0] / 16
        far = np.hypot(x - centre[0], y - centre[1]) * CELL_M - disc.radius_m
        between: NDArray[np.bool_] = (far >= inner_m) & (far <= outer_m)
        return between

    def cell(self, x_m: float, y_m: float) -> tuple[int, int]:
        """Return (row, column) of a point; points outside give the nearest border cell."""
        column, row = np.floor((np.array([x_m, y_m]) + self.half) / CELL_M).astype(int) + 1
        rows, columns = self._occupied.shape
        return int(np.clip(row, 0, rows - 1)), int(np.clip(column, 0, columns - 1))

    def point(self, row: int, column: int) -> tuple[float, float]:
        """Return the centre of a cell in metres."""
        x, y = (np.array([column, row]) - 0.5) * CELL_M - self.half
        return float(x), float(y)

    def draw_point(
        self, rng: np.random.Generator, margin_m: float,
        within: NDArray[np.bool_] | None = None,
    ) -> tuple[float, float] | None:
        """Draw a point with at least `margin_m` of clearance; None where there is none."""
        free = self.clearance > margin_m
        if within is not None:
            free &= within
        cells = np.flatnonzero(free)
        if not len(cells):
            return None
        row, column = divmod(int(rng.choice(cells)), free.shape[1])
        return self.point(row, column)

    def _subcells(self, points: NDArray[np.float64]) -> NDArray[np.int32]:
        # Cell (r, c) of the array covers a square centred on pixel (c, r) for OpenCV.
        cells: NDArray[np.int32] = np.round(
            ((points + self.half) / CELL_M + 0.5) * 16).astype(np.int32)
        return cells
