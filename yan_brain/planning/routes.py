"""Ways through the grid: a wave front of travel cost, the path down it, and places to look from.

The wave front is Dijkstra's field computed by sweeping all cells at once until nothing changes
any more (Bellman-Ford on a grid), which numpy does faster than a queue in Python.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yan_brain.planning.config import BodyConfig
from yan_brain.planning.grid import Grid
from yan_brain.planning.pose import Pose

_STRIDE = 2                 # grid cells per route cell and direction
_UNKNOWN_COST = 2.0         # per metre, against 1 where the floor is known to be free
COMFORT_M = 0.18            # more clearance than needed is worth a detour up to this
_SQUEEZE = 3.0              # extra cost per metre with no comfort left
_SWEEPS = 600               # at most: a way has no more route cells than this
_RAYS = 48                  # to judge what a place would uncover
_RAY_M = 3.0

Field = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Terrain:
    """Cost per metre of each route cell (inf: no way through), and the places of the cells."""

    cost: Field                     # (rows, columns)
    column: int                     # grid cell of route cell [0, 0]
    row: int
    grid: Grid

    def index(self, x_m: float, y_m: float) -> tuple[int, int] | None:
        """(row, column) of the route cell of a place, None outside."""
        column, row = self.grid.index(np.array([[x_m, y_m]]))[0]
        inside = (int(row - self.row) // _STRIDE, int(column - self.column) // _STRIDE)
        rows, columns = self.cost.shape
        if 0 <= inside[0] < rows and 0 <= inside[1] < columns:
            return inside
        return None

    def places(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """(n, 2) places of route cells."""
        return self.grid.place(columns * _STRIDE + self.column, rows * _STRIDE + self.row)


def terrain(grid: Grid, pose: Pose, body: BodyConfig,
            reach: tuple[float, float] | None = None) -> Terrain:
    """Where the robot fits through, cropped to what is known and a little beyond.

    `reach` is a place to be within it, known or not; one outside the grid brings it to the edge.
    """
    known = ~grid.unknown
    if reach is not None:
        far = np.clip(grid.index(np.array([reach]))[0], 0, grid.cells - 1)
        known[far[1], far[0]] = True
    column, row = (int(value) for value in grid.index(np.array([[pose.x_m, pose.y_m]]))[0])
    known[row, column] = True
    rows, columns = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    top, left = max(0, int(rows[0]) - 2), max(0, int(columns[0]) - 2)
    window = (slice(top, int(rows[-1]) + 3, _STRIDE), slice(left, int(columns[-1]) + 3, _STRIDE))
    clearance = grid.clearance[window]
    needed = body.radius_m + body.margin_m
    squeeze = np.clip(1.0 - (clearance - needed) / COMFORT_M, 0.0, 1.0)
    cost = np.where(grid.unknown[window], _UNKNOWN_COST, 1.0) + _SQUEEZE * squeeze
    cost[clearance < needed] = np.inf
    ground = Terrain(cost.astype(np.float32), left, top, grid)
    _let_out(ground, clearance, pose, needed)
    return ground


def _let_out(ground: Terrain, clearance: Field, pose: Pose, needed_m: float) -> None:
    """Open, at a high cost, the cells right around a robot that stands too near to something."""
    cell_m = ground.grid.config.cell_m
    centre = ground.index(pose.x_m, pose.y_m)
    if centre is None or math.isfinite(float(ground.cost[centre])):
        return
    reach = max(1, math.ceil((needed_m + 0.1) / (cell_m * _STRIDE)))
    rows = slice(max(0, centre[0] - reach), centre[0] + reach + 1)
    columns = slice(max(0, centre[1] - reach), centre[1] + reach + 1)
    here = float(clearance[centre])
    near = ground.cost[rows, columns]
    tight = ~np.isfinite(near) & (clearance[rows, columns] >= here - 0.5 * cell_m)
    near[tight] = 10.0 + 50.0 * (needed_m - clearance[rows, columns][tight])


def wave(ground: Terrain, sources: NDArray[np.bool_]) -> Field:
    """(rows, columns) cost in metres of the cheapest way to the nearest source; inf: none."""
    step = ground.grid.config.cell_m * _STRIDE
    rows, columns = ground.cost.shape
    field = np.full((rows + 2, columns + 2), np.inf, np.float32)
    inner = field[1:-1, 1:-1]
    inner[sources & np.isfinite(ground.cost)] = 0.0
    straight = ground.cost * np.float32(step)
    slanted = straight * np.float32(math.sqrt(2.0))
    for sweep in range(_SWEEPS):
        beside = np.minimum(np.minimum(field[:-2, 1:-1], field[2:, 1:-1]),
                            np.minimum(field[1:-1, :-2], field[1:-1, 2:]))
        corner = np.minimum(np.minimum(field[:-2, :-2], field[2:, 2:]),
                            np.minimum(field[:-2, 2:], field[2:, :-2]))
        found = np.minimum(beside + straight, corner + slanted)
        if sweep % 8 == 7 and not (found < inner).any():
            break
        np.minimum(inner, found, out=inner)
    return inner


def descend(ground: Terrain, field: Field,
            start: tuple[float, float]) -> NDArray[np.float64] | None:
    """(n, 2) places along the cheapest way from `start` down to a source; None: there is none."""
    cell = ground.index(*start)
    if cell is None or not math.isfinite(float(field[cell])):
        return None
    rows, columns = field.shape
    cells = [cell]
    while field[cell] > 0.0 and len(cells) < _SWEEPS:
        top, left = max(0, cell[0] - 1), max(0, cell[1] - 1)
        near = field[top:min(rows, cell[0] + 2), left:min(columns, cell[1] + 2)]
        down = np.unravel_index(int(np.argmin(near)), near.shape)
        following = (top + int(down[0]), left + int(down[1]))
        if field[following] >= field[cell]:
            break
        cell = following
        cells.append(cell)
    array = np.array(cells, np.int64)
    return np.concatenate([[start], ground.places(array[1:, 0], array[1:, 1])])


def around(ground: Terrain, x_m: float, y_m: float, near_m: float,
           far_m: float) -> NDArray[np.bool_]:
    """(rows, columns) passable route cells between two distances from a place."""
    rows, columns = np.indices(ground.cost.shape)
    places = ground.places(rows.ravel(), columns.ravel())
    far = np.hypot(places[:, 0] - x_m, places[:, 1] - y_m).reshape(ground.cost.shape)
    return np.asarray((far >= near_m) & (far <= far_m) & np.isfinite(ground.cost))


def nearest(ground: Terrain, x_m: float, y_m: float, enough_m: float) -> NDArray[np.bool_]:
    """(rows, columns) passable route cells as near to a place as any; `enough_m` is near."""
    rows, columns = np.indices(ground.cost.shape)
    places = ground.places(rows.ravel(), columns.ravel())
    far = np.hypot(places[:, 0] - x_m, places[:, 1] - y_m).reshape(ground.cost.shape)
    far[~np.isfinite(ground.cost)] = np.inf
    enough = max(enough_m, float(far.min()) + _STRIDE * ground.grid.config.cell_m)
    return np.asarray((far <= enough) & np.isfinite(far))


def in_sight(grid: Grid, places: NDArray[np.float64], x_m: float, y_m: float,
             skip_m: float) -> NDArray[np.bool_]:
    """(n,) whether nothing occupied lies between each place and (x, y), but `skip_m` before it."""
    gaps = np.hypot(places[:, 0] - x_m, places[:, 1] - y_m)
    steps = max(2, int(float(gaps.max(initial=0.0)) / grid.config.cell_m) + 1)
    shares = np.linspace(0.0, 1.0, steps)[None, :, None]
    points = places[:, None, :] * (1 - shares) + np.array([x_m, y_m]) * shares
    left = gaps[:, None] * (1 - shares[..., 0])
    blocked = (grid.clearance_at(points.reshape(-1, 2)).reshape(len(places), steps) <= 0.0)
    return np.logical_not((blocked & (left > skip_m)).any(axis=1))


def uncovered_m2(grid: Grid, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) how much floor, not yet looked at by the camera, would be seen from each place."""
    cell = grid.config.cell_m
    steps = int(_RAY_M / (2 * cell))
    angles = np.arange(_RAYS) * (2 * math.pi / _RAYS)
    reach = (np.arange(steps) + 0.5) * 2 * cell
    ways = np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, None, :] * reach[None, :, None]
    points = places[:, None, None, :] + ways[None]
    columns, rows = np.moveaxis(grid.index(points.reshape(-1, 2)), 1, 0)
    inside = (columns >= 0) & (rows >= 0) & (columns < grid.cells) & (rows < grid.cells)
    columns, rows = np.where(inside, columns, 0), np.where(inside, rows, 0)
    shape = points.shape[:3]
    # Walls seen from afar have gaps between the beams: what is within a cell of them blocks too.
    open_ = (inside & (grid.clearance[rows, columns] > 1.5 * cell)).reshape(shape)
    new = (inside & ~grid.looked[rows, columns]).reshape(shape)
    lit = np.logical_and.accumulate(open_, axis=2)
    each = reach * (2 * math.pi / _RAYS) * 2 * cell
    return np.asarray((lit & new) @ each).sum(axis=1)
