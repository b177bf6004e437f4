"""A way that was shown becomes turns and moves that lead along it."""
from __future__ import annotations

import math

import numpy as np
import pytest

from yan_brain.learning.showing import LONGEST_S, Showing, poses_after
from yan_brain.signals import Body, Skill

Pose = tuple[float, float, float]


def _drive(parts: list[tuple[float, float, float]], start: Pose = (2.0, -1.0, 0.7),
           noise: float = 0.0) -> list[Body]:
    """Odometry at 20 Hz of parts (speed, turn rate, seconds); yaw wrapped as robots give it."""
    rng, found = np.random.default_rng(0), []
    (x, y, yaw), t = start, 0.0
    for speed, rate, seconds in parts:
        for _ in range(round(seconds * 20)):
            found.append(Body(
                stamp_s=t, x_m=x + rng.normal(0, noise), y_m=y + rng.normal(0, noise),
                yaw_rad=math.remainder(yaw + rng.normal(0, noise), 2 * math.pi),
                speed_mps=speed, turn_rate_radps=rate))
            t += 0.05
            yaw += rate * 0.05
            x, y = x + speed * 0.05 * math.cos(yaw), y + speed * 0.05 * math.sin(yaw)
    return found


def _watched(bodies: list[Body]) -> Showing:
    showing = Showing()
    for body in bodies:
        showing.feel(body)
    return showing


@pytest.mark.parametrize('parts', [
    [(0.4, 0.0, 3.0)],
    [(-0.3, 0.0, 3.0)],
    [(0.0, 1.0, 3.0)],
    [(0.0, 1.0, 13.0)],                                    # two turns on the spot
    [(0.4, 0.0, 2.0), (0.0, 0.8, 2.0), (0.4, 0.0, 2.0)],
    [(0.4, 0.0, 2.0), (-0.4, 0.0, 4.0), (0.0, -1.0, 7.0)],
    [(0.3, 0.5, 10.0)],                                    # a circle
    [(0.3, 0.4, 4.0), (0.3, -0.4, 8.0), (-0.2, 0.3, 4.0)],
])
def test_the_steps_lead_along_the_way(parts: list[tuple[float, float, float]]) -> None:
    showing = _watched(_drive(parts, noise=0.002))
    path, steps = showing.path, showing.steps()
    assert {step.skill for step in steps} <= {Skill.MOVE, Skill.TURN} and len(steps) < 40
    poses = np.array([path[0], *poses_after(steps, tuple(path[0]))])
    length = max(0.5, float(np.hypot(*np.diff(path[:, :2], axis=0).T).sum()))
    assert math.dist(poses[-1, :2], path[-1, :2]) < 0.1 * length
    assert abs(poses[-1, 2] - path[-1, 2]) < 0.1           # full turns counted
    for pose in poses:
        assert np.hypot(*(path[:, :2] - pose[:2]).T).min() < 0.06


def test_the_words_say_what_is_done() -> None:
    steps = _watched(_drive([(0.4, 0.0, 2.5), (0.0, -1.0, 1.57)])).steps()
    assert [step.words for step in steps] == ['go forward 1.00 metres', 'turn right 86 degrees']
    assert _watched(_drive([(-0.4, 0.0, 2.5)])).steps('zh')[0].words == '向后走0.98米'


def test_what_cannot_be_done_again_is_refused() -> None:
    with pytest.raises(ValueError, match='I was not moved'):
        _watched([]).steps()
    with pytest.raises(ValueError, match='I was not moved'):
        _watched(_drive([(0.0, 0.0, 3.0)])).steps()
    showing = _watched(_drive([(0.4, 0.0, 1.0)]))
    with pytest.raises(ValueError, match='jumped'):
        showing.feel(Body(stamp_s=2.0, x_m=50.0, y_m=0.0, yaw_rad=0.0, speed_mps=0.0,
                          turn_rate_radps=0.0))
    showing.feel(Body(stamp_s=2.0, x_m=float('nan'), y_m=0.0, yaw_rad=0.0, speed_mps=0.0,
                      turn_rate_radps=0.0))
    assert len(showing.path) == 0
    long = _watched(_drive([(0.1, 0.0, LONGEST_S + 5)]))
    assert long.too_long and np.ptp(long.path[:, :2], axis=0).max() < 0.1 * (LONGEST_S + 1)
