"""The home: the base drives and stops at walls, sensors agree with the truth, all repeats."""
from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from yan_brain.settings import SettingError
from yan_brain.signals import Velocity
from yan_brain.simulation.base import BaseConfig
from yan_brain.simulation.home import Home, HomeConfig, RoomOptions, draw_room
from yan_brain.simulation.judge import Judge
from yan_brain.simulation.room import Pose, Room

SMALL = HomeConfig(image_width=64, image_height=48, camera_noise=0.0)
TARGET = ('red', 'ball')


def beep(text: str) -> NDArray[np.int16]:
    """A voice for tests: a tone of 0.1 s a letter."""
    t = np.arange(1600 * len(text)) / 16000
    return np.round(8000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)


def facing(seed: int, distance_m: float) -> Room:
    """A room without furniture, its robot at the centre, facing a single ball."""
    room = draw_room(seed, RoomOptions(target=TARGET, things=(1, 1), side_m=(6.0, 6.5)))
    ball = dataclasses.replace(room.things[0], x_m=distance_m + room.things[0].radius_m, y_m=0.0)
    return dataclasses.replace(room, furniture=(), things=(ball,),
                               start=Pose(x_m=0.0, y_m=0.0, yaw_rad=0.0))


@pytest.fixture
def home() -> Iterator[Home]:
    made = Home(facing(1, 1.5), seed=2, config=SMALL, voice=beep)
    yield made
    made.close()


def test_it_drives_as_far_as_told(home: Home) -> None:
    home.advance(Velocity(linear_mps=0.3), 2.0)
    home.advance(Velocity(), 1.0)
    pose, body = home.base.pose, home.sense().body
    # 0.3 m/s for 2 s, less what gaining speed costs more than losing it gives back.
    assert pose.x_m == pytest.approx(0.588, abs=0.01) and abs(pose.y_m) < 0.005
    assert body.x_m == pytest.approx(pose.x_m, rel=0.08) and abs(body.speed_mps) < 0.01
    home.advance(Velocity(angular_radps=1.0), math.pi / 2)
    home.advance(Velocity(), 1.0)
    assert home.base.pose.yaw_rad == pytest.approx(math.pi / 2, abs=0.02)
    assert home.sense().body.yaw_rad == pytest.approx(math.pi / 2, rel=0.08)


def test_speed_and_acceleration_are_limited() -> None:
    config = dataclasses.replace(
        SMALL, base=BaseConfig(speed_mps=0.4, acceleration_mps2=0.5, odometry_noise=0.0))
    home = Home(facing(1, 2.5), config=config)
    home.advance(Velocity(linear_mps=9.0), 0.2)
    assert home.sense().body.speed_mps == pytest.approx(0.1, rel=0.1)
    home.advance(Velocity(linear_mps=9.0), 1.5)
    assert home.sense().body.speed_mps == pytest.approx(0.4, rel=0.1)
    home.close()


def test_it_stops_at_what_it_runs_into(home: Home) -> None:
    judge = Judge(home)
    assert not judge.hit
    pressed: set[str] = set()
    for _ in range(40):
        home.advance(Velocity(linear_mps=0.5), 0.2)
        pressed |= home.sense().touch.pressed
    assert judge.hits >= 1 and judge.hit
    assert pressed & {'front_left', 'front_right'} and 'rear' not in pressed
    assert judge.distance_m(0) > 0.145  # the robot's radius is 0.16: it does not go through


def test_walls_hold_it_and_the_rear_bumper_feels_them(home: Home) -> None:
    for _ in range(60):
        home.advance(Velocity(linear_mps=-0.5), 0.2)
    assert home.sense().touch.pressed == {'rear'}
    assert home.base.pose.x_m == pytest.approx(-home.room.width_m / 2 + 0.16, abs=0.01)


def test_scan_and_judge_agree(home: Home) -> None:
    judge, room = Judge(home), home.room
    assert judge.distance_m(0) == pytest.approx(1.5, abs=0.002)
    assert judge.bearing_rad(0) == pytest.approx(0.0, abs=1e-6)
    scan = home.sense().scan
    radius, high = room.things[0].radius_m, 0.12
    # The scan's plane cuts the ball below its widest.
    cut = math.sqrt(radius ** 2 - (radius - high) ** 2)
    assert scan.ranges_m[0] == pytest.approx(1.5 + radius - cut, abs=0.05)
    assert scan.ranges_m[180] == pytest.approx(room.width_m / 2, abs=0.05)
    assert scan.ranges_m[90] == pytest.approx(room.depth_m / 2, abs=0.05)
    assert scan.angle_increment_rad * len(scan.ranges_m) == pytest.approx(2 * math.pi)
    assert scan.ranges_m.dtype == np.float32


def test_far_is_infinite() -> None:
    config = dataclasses.replace(SMALL, scan_far_m=1.0, scan_noise_m=0.0)
    home = Home(facing(1, 1.5), config=config)
    assert np.isinf(home.sense().scan.ranges_m).all()
    home.close()


def test_the_camera_sees_the_ball_ahead(home: Home) -> None:
    judge = Judge(home)
    image = home.sense().image
    assert image.rgb.shape == (48, 64, 3) and image.rgb.dtype == np.uint8
    r, g, b = image.rgb[28:32, 30:34].reshape(-1, 3).mean(0)
    assert r > 1.6 * max(g, b)
    ahead = judge.verdict(0)
    assert ahead.in_view and ahead.pixels > 50
    home.advance(Velocity(angular_radps=1.0), math.pi / 2)
    left = judge.verdict(0)
    assert not left.in_view and left.pixels == 0
    assert left.bearing_rad == pytest.approx(-math.pi / 2, abs=0.15)


def test_images_come_at_their_rate(home: Home) -> None:
    stamps = []
    for _ in range(40):
        home.advance(Velocity(), 0.03)
        stamps.append(home.sense().image.stamp_s)
    assert np.allclose(np.unique(stamps), np.arange(13) * 0.1 + 0.0)
    home.advance(Velocity(), 1.0)
    assert home.sense().image.stamp_s == pytest.approx(2.2)


def test_the_same_seed_repeats_exactly() -> None:
    def run(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float32], float]:
        home = Home(draw_room(9), seed=seed, config=dataclasses.replace(SMALL, camera_noise=2.0))
        home.walk(0)
        for _ in range(10):
            home.advance(Velocity(linear_mps=0.2, angular_radps=0.5), 0.1)
        senses = home.sense()
        home.close()
        return senses.image.rgb, senses.scan.ranges_m, senses.body.x_m

    one, two, other = run(1), run(1), run(2)
    assert np.array_equal(one[0], two[0]) and np.array_equal(one[1], two[1])
    assert one[2] == two[2]
    assert not np.array_equal(one[1], other[1]) and one[2] != other[2]


def _level(sound: NDArray[np.int16]) -> float:
    return float(np.sqrt(np.mean(sound.astype(float) ** 2)))


def test_speech_is_heard_above_noise_and_fades(home: Home) -> None:
    home.advance(Velocity(), 1.0)
    noise = home.sense().sound
    assert noise.rate_hz == 16000 and noise.stamp_s == 0.0 and len(noise.samples) == 16000
    assert home.say('hello', distance_m=1.0) == pytest.approx(0.5)
    assert home.speaking
    home.advance(Velocity(), 0.5)
    near = home.sense().sound
    assert near.stamp_s == pytest.approx(1.0) and not home.speaking
    assert 20 * math.log10(_level(near.samples) / _level(noise.samples)) == pytest.approx(
        20.0, abs=1.0)
    home.say('hello', distance_m=4.0)
    home.advance(Velocity(), 0.5)
    assert _level(home.sense().sound.samples) < _level(near.samples) / 3


@pytest.mark.parametrize('distance_m', [0.5, 3.0])
def test_the_ratio_at_the_ear_holds_from_any_distance(distance_m: float) -> None:
    rng = np.random.default_rng(0)
    speech = (rng.standard_normal(8000) * 3000).astype(np.int16)
    home = Home(facing(1, 1.5), config=dataclasses.replace(
        SMALL, snr_db=20.0, snr_at_ear=True))
    home.say('noise', distance_m=distance_m, speech=speech)
    home.advance(Velocity(), 0.5)
    heard = home.sense().sound.samples
    home.advance(Velocity(), 0.5)
    noise = home.sense().sound.samples
    home.close()
    assert 20 * math.log10(_level(heard) / _level(noise)) == pytest.approx(20.0, abs=1.0)
    assert _level(heard) == pytest.approx(3000 / distance_m, rel=0.05)


def test_the_robot_speaks_over_the_person(home: Home) -> None:
    home.say('hello', distance_m=4.0)
    home.speak('yes')
    home.advance(Velocity(), 0.5)
    both = _level(home.sense().sound.samples)
    home.say('hello', distance_m=4.0)
    home.advance(Velocity(), 0.5)
    assert both > 3 * _level(home.sense().sound.samples)


def test_what_is_said_twice_is_heard_one_after_the_other(home: Home) -> None:
    home.say('one', distance_m=1.0)
    home.say('two', distance_m=1.0)
    home.advance(Velocity(), 0.3)
    assert home.speaking
    home.advance(Velocity(), 0.9)
    assert not home.speaking


def test_a_voice_that_is_none_is_named() -> None:
    home = Home(facing(1, 1.5), config=SMALL, voice=lambda text: np.zeros(100, np.int16))
    with pytest.raises(ValueError, match='silence'):
        home.say('hello')
    home.close()


def test_a_thing_walks_without_running_into_anything() -> None:
    room = draw_room(4, RoomOptions(target=TARGET))
    home = Home(room, config=SMALL)
    judge, plan, radius = Judge(home), room.plan(without=0), room.things[0].radius_m
    home.walk(0, speed_mps=0.25)
    places = []
    for _ in range(60):
        home.advance(Velocity(), 0.25)
        places.append(judge.place(0))
        assert plan.clearance_at(*places[-1]) > radius
        assert judge.distance_m(0) > 0.16
    strides = np.hypot(*np.diff(places, axis=0).T)
    assert strides.max() <= 0.25 * 0.25 + 1e-6 and strides.sum() > 2.0
    home.stand(0)
    home.advance(Velocity(), 1.0)
    assert judge.place(0) == places[-1]
    home.walk(0)
    home.advance(Velocity(), 0.1)
    assert math.dist(judge.place(0), places[-1]) < 0.03
    assert judge.hits == 0
    home.close()


def test_wrong_calls_are_named(home: Home) -> None:
    with pytest.raises(ValueError, match='nan'):
        home.advance(Velocity(linear_mps=math.nan), 0.1)
    with pytest.raises(ValueError, match='-1'):
        home.advance(Velocity(), -1.0)
    with pytest.raises(ValueError, match='thing 9'):
        home.walk(9)
    with pytest.raises(ValueError, match='speed_mps'):
        home.walk(0, speed_mps=5.0)
    with pytest.raises(ValueError, match='thing 3'):
        Judge(home).distance_m(3)
    with pytest.raises(SettingError, match='scan_beams'):
        HomeConfig(scan_beams=1)
    home.close()
    home.close()
    with pytest.raises(RuntimeError, match='closed'):
        home.sense()


def test_two_homes_do_not_disturb_each_other() -> None:
    one, two = (Home(draw_room(seed), config=SMALL) for seed in (1, 2))
    before = one.sense().image.rgb
    two.advance(Velocity(), 0.1)
    one.advance(Velocity(), 0.1)
    assert np.array_equal(one.sense().image.rgb, before)
    two.close()
    one.advance(Velocity(), 0.1)
    assert np.array_equal(one.sense().image.rgb, before)
    one.close()


def test_a_window_needs_a_screen(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from yan_brain.simulation.window import Window
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    with pytest.raises(RuntimeError, match='no screen'):
        Window(home)
