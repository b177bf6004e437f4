"""A thing that walks about a room, for the robot to follow."""
from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from yan_brain.simulation.floorplan import CELL_M, FloorPlan
from yan_brain.simulation.room import ROBOT_RADIUS_M, Room

_ROBOT_GAP_M = 0.3          # it waits rather than come nearer to the robot
_PATIENCE_S = 1.5           # and then goes elsewhere
_LEAST_WAY_M = 1.2


class Walker:
    """Walks thing `index` along collision-free paths, one after the other."""

    def __init__(self, room: Room, index: int, speed_mps: float, rng: np.random.Generator,
                 at: NDArray[np.float64] | None = None) -> None:
        """Start from `at`, by default the thing's place in the room's description.

        ValueError for a thing that is not there or a speed out of range.
        """
        if not 0 <= index < len(room.things):
            raise ValueError(f'walk: thing {index} does not exist; the room has '
                             f'{len(room.things)} things, counted from 0')
        if not 0.01 <= speed_mps <= 1.0:
            raise ValueError(f'walk: speed_mps is {speed_mps}; it must be within 0.01..1')
        self.index, self.speed_mps, self._rng = index, speed_mps, rng
        thing = room.things[index]
        self._radius = thing.radius_m
        self._plan = room.plan(without=index)
        self.at = np.array([thing.x_m, thing.y_m]) if at is None else at.copy()
        # Wide enough for the robot behind it, or as wide as where it stands now allows.
        room_here = self._plan.clearance_at(float(self.at[0]), float(self.at[1])) - CELL_M
        self._margin = min(max(self._radius + 0.1, ROBOT_RADIUS_M + 0.12), max(room_here, 0.05))
        self._path: list[NDArray[np.float64]] = []
        self._waited_s = 0.0

    def step(self, seconds: float, robot: NDArray[np.float64]) -> NDArray[np.float64]:
        """Walk for `seconds`, keeping off the robot at (2,) metres; return the new place."""
        if not self._path:
            self._path = self._new_path(robot)
        left = self.speed_mps * seconds
        while self._path and left > 0:
            gap = self._path[0] - self.at
            far = float(np.hypot(*gap))
            stride = min(far, left)
            goal = self.at + (gap / far * stride if far > 1e-9 else 0.0)
            if self._too_close(goal, robot):
                self._waited_s += seconds
                if self._waited_s > _PATIENCE_S:
                    self._path, self._waited_s = self._new_path(robot), 0.0
                return self.at
            self.at, left = goal, left - stride
            if stride >= far - 1e-9:
                self._path.pop(0)
        self._waited_s = 0.0
        return self.at

    def _too_close(self, goal: NDArray[np.float64], robot: NDArray[np.float64]) -> bool:
        near = float(np.hypot(*(goal - robot)))
        limit = self._radius + ROBOT_RADIUS_M + _ROBOT_GAP_M
        return near < limit and near < float(np.hypot(*(self.at - robot)))

    def _new_path(self, robot: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Draw a place to go to, at best one whose way does not lead past the robot."""
        reach = self._plan.reachable(float(self.at[0]), float(self.at[1]),
                                     self._margin - CELL_M / 2)
        best: list[NDArray[np.float64]] = []
        for _ in range(8):
            goal = self._plan.draw_point(self._rng, self._margin, reach)
            if goal is None or np.hypot(*(np.array(goal) - self.at)) < _LEAST_WAY_M:
                continue
            path = shortest_path(self._plan, (self.at[0], self.at[1]), goal,
                                 self._margin - CELL_M / 2)
            if not path:
                continue
            best = best or path
            if not any(self._too_close(point, robot) for point in path):
                return path
        return best


def shortest_path(plan: FloorPlan, start: tuple[float, float], goal: tuple[float, float],
                  margin_m: float) -> list[NDArray[np.float64]]:
    """Return way points from start to goal for a disc of radius `margin_m`; [] if none.

    A* over the eight neighbours of a cell (Hart, Nilsson, Raphael 1968), then corners are cut
    where the straight way is free too.
    """
    free = plan.clearance > margin_m
    first, last = plan.cell(*start), plan.cell(*goal)
    steps = [(r, c, float(np.hypot(r, c))) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c]
    cost, came = {first: 0.0}, {first: first}
    queue = [(0.0, first)]
    while queue:
        _, cell = heapq.heappop(queue)
        if cell == last:
            break
        for row, column, far in steps:
            beside = cell[0] + row, cell[1] + column
            so_far = cost[cell] + far
            if free[beside] and so_far < cost.get(beside, np.inf):
                cost[beside], came[beside] = so_far, cell
                guess = float(np.hypot(beside[0] - last[0], beside[1] - last[1]))
                heapq.heappush(queue, (so_far + guess, beside))
    if last not in came:
        return []
    cells = [last]
    while cells[-1] != first:
        cells.append(came[cells[-1]])
    points = [np.array(plan.point(*cell)) for cell in reversed(cells)]
    return _cut_corners(plan, [np.array(start), *points[1:-1], np.array(goal)], margin_m)


def _cut_corners(plan: FloorPlan, points: list[NDArray[np.float64]],
                 margin_m: float) -> list[NDArray[np.float64]]:
    kept, at = [], 0
    while at < len(points) - 1:
        ahead = len(points) - 1
        while ahead > at + 1 and not _straight(plan, points[at], points[ahead], margin_m):
            ahead -= 1
        kept.append(points[ahead])
        at = ahead
    return kept


def _straight(plan: FloorPlan, one: NDArray[np.float64], two: NDArray[np.float64],
              margin_m: float) -> bool:
    count = int(np.hypot(*(two - one)) / (CELL_M / 2)) + 2
    return all(plan.clearance_at(*point) > margin_m
               for point in one + np.linspace(0, 1, count)[:, None] * (two - one))
