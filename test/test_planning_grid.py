"""The map, and ways through it."""
import heapq
import math

import numpy as np
import pytest
from flat_world import Disc, FlatWorld

from yan_brain.planning.config import BodyConfig, GridConfig
from yan_brain.planning.grid import Grid
from yan_brain.planning.pose import Pose
from yan_brain.planning.routes import around, descend, terrain, uncovered_m2, wave
from yan_brain.signals import Scan


def mapped(world: FlatWorld, times: int = 4) -> Grid:
    grid = Grid(GridConfig())
    for _ in range(times):
        world._scan = None
        grid.add(world.scan(), Pose(world.x, world.y, world.yaw))
    return grid


def at(grid: Grid, x: float, y: float) -> tuple[bool, bool]:
    column, row = grid.index(np.array([[x, y]]))[0]
    return bool(grid.occupied[row, column]), bool(grid.free[row, column])


def test_returns_are_occupied_and_what_beams_passed_is_free() -> None:
    grid = mapped(FlatWorld(discs=[Disc(1.0, 0.0, 0.1)]))
    assert at(grid, 0.91, 0.0) == (True, False)
    assert at(grid, 0.5, 0.0) == (False, True)
    assert at(grid, 2.0, 0.0) == (False, False), 'hidden behind the disc'


def test_what_went_away_is_forgotten() -> None:
    world = FlatWorld(discs=[Disc(1.0, 0.0, 0.1)])
    grid = mapped(world)
    world.discs.clear()
    for _ in range(10):
        world._scan = None
        grid.add(world.scan(), Pose(0.0, 0.0, 0.0))
    assert at(grid, 0.91, 0.0) == (False, True)


def test_scans_of_nothing_and_of_nan_do_no_harm() -> None:
    grid = Grid(GridConfig())
    for value in (math.inf, math.nan, -1.0, 0.0):
        grid.add(Scan(stamp_s=0.0, ranges_m=np.full(360, value, np.float32), angle_min_rad=0.0,
                      angle_increment_rad=math.radians(1), range_max_m=8.0), Pose(0, 0, 0))
    assert not grid.occupied.any()


def test_the_window_rolls_along_and_keeps_what_it_knows() -> None:
    world = FlatWorld(width=30.0, discs=[Disc(4.0, 0.0, 0.175)])
    grid = mapped(world)
    before = at(grid, 3.825, 0.0)
    world.x = 6.0
    world._scan = None
    grid.add(world.scan(), Pose(6.0, 0.0, 0.0))
    assert before == (True, False)
    assert at(grid, 3.825, 0.0)[0], 'the same place in the odom frame'
    assert len(grid.occupied) == grid.cells


def test_clearance_is_the_distance_to_what_is_occupied() -> None:
    grid = mapped(FlatWorld(discs=[Disc(1.5, 0.0, 0.1)]))
    assert grid.clearance_at(np.array([[0.9, 0.0]]))[0] == pytest.approx(0.5, abs=0.08)
    assert grid.clearance_at(np.array([[99.0, 0.0]]))[0] == 0.0


def reference(cost: np.ndarray, sources: np.ndarray, step: float) -> np.ndarray:
    """Dijkstra with a queue."""
    field = np.full(cost.shape, np.inf)
    queue = []
    for row, column in zip(*np.nonzero(sources & np.isfinite(cost)), strict=True):
        field[row, column] = 0.0
        queue.append((0.0, int(row), int(column)))
    heapq.heapify(queue)
    while queue:
        far, row, column = heapq.heappop(queue)
        if far > field[row, column]:
            continue
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                r, c = row + down, column + right
                if not (down or right) or not (0 <= r < cost.shape[0] and 0 <= c < cost.shape[1]):
                    continue
                new = far + step * math.hypot(down, right) * cost[r, c]
                if new < field[r, c]:
                    field[r, c] = new
                    heapq.heappush(queue, (new, r, c))
    return field


def test_the_wave_front_equals_dijkstra() -> None:
    world = FlatWorld(discs=[Disc(1.0, 0.3, 0.2), Disc(-0.8, -0.6, 0.3)],
                      boxes=[(0.0, 1.2, 0.8, 0.1, 0.4)])
    ground = terrain(mapped(world), Pose(0, 0, 0), BodyConfig())
    sources = around(ground, 1.9, 1.9, 0.0, 0.3)
    assert sources.any()
    slow = reference(ground.cost, sources, 2 * ground.grid.config.cell_m)
    np.testing.assert_allclose(wave(ground, sources), slow, rtol=1e-4)


def test_a_way_leads_around_a_wall_and_keeps_clear() -> None:
    world = FlatWorld(boxes=[(1.0, 0.0, 0.05, 1.2, 0.0)])
    grid = mapped(world)
    body = BodyConfig()
    ground = terrain(grid, Pose(0, 0, 0), body)
    path = descend(ground, wave(ground, around(ground, 2.0, 0.0, 0.0, 0.15)), (0.0, 0.0))
    assert path is not None
    assert np.abs(path[:, 1]).max() > 1.2, 'around the end'
    assert grid.clearance_at(path).min() >= body.radius_m + body.margin_m


def test_there_is_no_way_through_a_closed_wall() -> None:
    world = FlatWorld(boxes=[(1.0, 0.0, 0.05, 2.5, 0.0)])
    ground = terrain(mapped(world), Pose(0, 0, 0), BodyConfig())
    assert descend(ground, wave(ground, around(ground, 2.0, 0.0, 0.0, 0.15)), (0.0, 0.0)) is None


def test_a_robot_that_stands_too_near_finds_out() -> None:
    world = FlatWorld(boxes=[(0.28, 0.0, 0.1, 0.5, 0.0)])     # 0.18 m ahead
    ground = terrain(mapped(world), Pose(0, 0, 0), BodyConfig())
    path = descend(ground, wave(ground, around(ground, -1.0, 0.0, 0.0, 0.15)), (0.0, 0.0))
    assert path is not None and path[-1][0] < -0.8


def test_a_place_behind_furniture_uncovers_more() -> None:
    world = FlatWorld(boxes=[(1.0, 0.0, 0.1, 0.8, 0.0)])
    grid = mapped(world)
    scan = world.scan()
    for heading in range(0, 360, 60):
        pose = Pose(0.0, 0.0, math.radians(heading))
        turned = Scan(stamp_s=0.0, ranges_m=scan.ranges_m,
                      angle_min_rad=-math.radians(heading), range_max_m=8.0,
                      angle_increment_rad=scan.angle_increment_rad)
        grid.look(turned, pose, math.radians(70), 4.0)
    here, there = uncovered_m2(grid, np.array([[0.0, 0.0], [1.0, 1.2]]))
    assert here < 0.4 < there
