"""Limits, obstacles and bumpers win over every skill."""
import math

import numpy as np
import pytest
from flat_world import Disc, FlatWorld

from yan_brain.planning.config import LimitsConfig, PlannerConfig
from yan_brain.planning.reflexes import Ramp, Reflexes, gap_m
from yan_brain.planning.surroundings import Surroundings
from yan_brain.signals import Touch, Velocity


def test_commands_change_no_faster_than_allowed() -> None:
    limits, ramp = LimitsConfig(), Ramp(LimitsConfig())
    before = Velocity()
    rng = np.random.default_rng(0)
    for _ in range(500):
        wanted = Velocity(linear_mps=float(rng.uniform(-9, 9)),
                          angular_radps=float(rng.uniform(-9, 9)))
        now = ramp.step(wanted, 0.05)
        assert -limits.reverse_mps <= now.linear_mps <= limits.speed_mps
        assert abs(now.angular_radps) <= limits.turn_radps
        fastest = max(limits.acceleration_mps2, limits.deceleration_mps2)
        assert abs(now.linear_mps - before.linear_mps) <= fastest * 0.05 + 1e-9
        assert abs(now.angular_radps - before.angular_radps) \
            <= limits.turn_acceleration_radps2 * 0.05 + 1e-9
        before = now


@pytest.mark.parametrize(('point', 'gap'), [
    ((1.0, 0.0), 0.8), ((1.0, 0.3), math.inf), ((-1.0, 0.0), math.inf), ((0.2, 0.0), 0.0),
    ((0.0, 0.19), math.inf)])
def test_the_gap_ahead_is_what_a_disc_can_drive(point: tuple[float, float], gap: float) -> None:
    assert gap_m(np.array([point]), 0.2, 1) == pytest.approx(gap)


def world_of(flat: FlatWorld, now: float = 1.0) -> Surroundings:
    world = Surroundings(PlannerConfig())
    world.sense(flat.scan(), flat.body(), flat.touch())
    world.tick(now)
    return world


def test_the_scan_slows_and_then_stops() -> None:
    speeds = []
    for far in (3.0, 0.6, 0.4, 0.30):
        flat = FlatWorld(width=9.0, discs=[Disc(far, 0.0, 0.1)])
        speeds.append(Reflexes().allowed_mps(world_of(flat))[0])
    assert speeds[0] > speeds[1] > speeds[2] > speeds[3]
    assert speeds[0] > 1.0
    assert speeds[3] < 0.05


def test_without_a_fresh_scan_nothing_may_be_driven() -> None:
    world = world_of(FlatWorld())
    world.tick(1.6)
    assert Reflexes().allowed_mps(world) == (0.0, 0.0)


def test_a_front_bumper_backs_off_until_free_and_is_remembered() -> None:
    flat = FlatWorld()
    world, reflexes = world_of(flat), Reflexes()
    world.sense(None, None, Touch(stamp_s=0.1, pressed=frozenset({'front_left'})))
    assert reflexes.touch(world, active=True).linear_mps < 0.0
    assert reflexes.bumps == 1
    assert world.grid.occupied.any()
    column, row = world.grid.index(np.array([[0.16, 0.11]]))[0]
    assert world.grid.occupied[row - 1:row + 2, column - 1:column + 2].any(), 'front left'
    world.sense(None, None, Touch(stamp_s=0.2))
    assert reflexes.touch(world, active=True).linear_mps < 0.0, 'a little farther'
    world.tick(4.0)
    assert reflexes.touch(world, active=True) is None


def test_both_bumpers_stop() -> None:
    world, reflexes = world_of(FlatWorld()), Reflexes()
    world.sense(None, None, Touch(stamp_s=0.1, pressed=frozenset({'front_left', 'rear'})))
    assert reflexes.touch(world, active=True) == Velocity()


def test_a_robot_that_rests_is_not_moved_by_a_touch() -> None:
    world, reflexes = world_of(FlatWorld()), Reflexes()
    world.sense(None, None, Touch(stamp_s=0.1, pressed=frozenset({'front_left'})))
    assert reflexes.touch(world, active=False) == Velocity()


def test_an_unknown_touch_zone_stops() -> None:
    world, reflexes = world_of(FlatWorld()), Reflexes()
    world.sense(None, None, Touch(stamp_s=0.1, pressed=frozenset({'left_hand'})))
    assert reflexes.touch(world, active=True) == Velocity()
