"""Odometry with its history."""
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yan_brain.planning.pose import Pose, PoseHistory, wrap
from yan_brain.signals import Body


def body(stamp: float, x: float = 0.0, yaw: float = 0.0, speed: float = 0.0,
         rate: float = 0.0) -> Body:
    return Body(stamp_s=stamp, x_m=x, y_m=0.0, yaw_rad=yaw, speed_mps=speed, turn_rate_radps=rate)


@given(st.floats(-100, 100))
def test_wrapped_angles_are_the_same_angle(angle: float) -> None:
    assert -math.pi < wrap(angle) <= math.pi
    assert math.cos(wrap(angle)) == pytest.approx(math.cos(angle), abs=1e-9)


def test_what_is_seen_at_a_bearing_lies_there() -> None:
    pose = Pose(1.0, 2.0, math.pi / 2)
    assert pose.point(0.0, 3.0) == pytest.approx((1.0, 5.0))
    assert pose.bearing(0.0, 2.0) == pytest.approx(math.pi / 2)
    assert pose.distance(1.0, 5.0) == pytest.approx(3.0)


def test_a_late_image_is_placed_where_it_was_taken() -> None:
    history = PoseHistory()
    for step in range(20):
        history.add(body(10.0 + step * 0.1, x=step * 0.05))
    assert history.at(10.55).x_m == pytest.approx(0.275)
    assert history.at(9.9) is None, 'before the history'


def test_a_little_ahead_is_dead_reckoned_and_far_ahead_is_unknown() -> None:
    history = PoseHistory()
    history.add(body(1.0, speed=0.5))
    assert history.at(1.2).x_m == pytest.approx(0.1)
    assert history.at(2.0) is None
    assert history.at(math.nan) is None


def test_full_turns_are_counted() -> None:
    history = PoseHistory()
    for step in range(101):
        history.add(body(step * 0.1, yaw=wrap(step * 4 * math.pi / 100)))
    assert history.newest.yaw_rad == pytest.approx(4 * math.pi)


def test_readings_that_are_not_finite_or_out_of_order_are_left_out() -> None:
    history = PoseHistory()
    assert history.add(body(1.0))
    assert not history.add(body(2.0, x=math.nan))
    assert not history.add(body(0.5, x=9.0))
    assert history.newest.x_m == 0.0


def test_a_clock_set_back_starts_anew() -> None:
    history = PoseHistory()
    history.add(body(1000.0, x=5.0))
    assert history.add(body(1.0, x=1.0))
    assert history.newest.x_m == 1.0
    assert history.at(1000.0) is None


def test_old_readings_are_let_go() -> None:
    history = PoseHistory(keep_s=1.0)
    for step in range(10_000):
        history.add(body(step * 0.02))
    assert len(history._poses) < 100
