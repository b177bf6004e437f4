"""Messages to signals and back, and messages that no honest sender sends."""
from __future__ import annotations

import array
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import CompressedImage, LaserScan
from sensor_msgs.msg import Image as ImageMsg

from yan_brain.nodes import convert
from yan_brain.nodes.common import BadMessage
from yan_brain.nodes.convert.senses import ENCODINGS, MAX_PIXELS
from yan_brain.signals import (
    Body,
    BrainState,
    Concept,
    Decision,
    Image,
    Percept,
    Scan,
    Sighting,
    Skill,
    SkillStatus,
    Sound,
    State,
    Touch,
    Velocity,
)

NOW_S = 1.76e9 + 0.123456
RNG = np.random.default_rng(0)


def picture(height: int = 6, width: int = 8) -> Image:
    return Image(stamp_s=NOW_S, horizontal_fov_rad=1.2,
                 rgb=RNG.integers(0, 256, (height, width, 3), dtype=np.uint8))


def raw(encoding: str, width: int, height: int, step: int, size: int) -> ImageMsg:
    return ImageMsg(encoding=encoding, width=width, height=height, step=step,
                    data=array.array('B', bytes(size)))


@pytest.mark.parametrize('encoding', ['rgb8', 'bgr8'])
def test_image_survives_both_ways(encoding: str) -> None:
    sent = picture()
    got = convert.image_in(convert.image_out(sent, 'eye', encoding), 1.2)
    np.testing.assert_array_equal(got.rgb, sent.rgb)
    assert got.stamp_s == pytest.approx(sent.stamp_s, abs=1e-6)
    assert got.horizontal_fov_rad == 1.2


def test_mono_image_is_grey() -> None:
    got = convert.image_in(convert.image_out(picture(), 'eye', 'mono8'), 1.2).rgb
    assert got.shape == (6, 8, 3)
    assert (got[..., 0] == got[..., 1]).all() and (got[..., 1] == got[..., 2]).all()


def test_padded_rows_and_other_encodings() -> None:
    rgb = picture(4, 6).rgb
    for encoding, (depth, _) in ENCODINGS.items():
        message = raw(encoding, 6, 4, 6 * depth + 5, 4 * (6 * depth + 5))
        assert convert.image_in(message, 1.0).rgb.shape == (4, 6, 3)
    rows = np.zeros((4, 30), dtype=np.uint8)
    rows[:, :24] = np.concatenate([rgb[..., ::-1], rgb[..., :1]], axis=2).reshape(4, 24)
    message = ImageMsg(encoding='bgra8', width=6, height=4, step=30,
                       data=array.array('B', rows.tobytes()[:-6]))  # no padding after the last
    np.testing.assert_array_equal(convert.image_in(message, 1.0).rgb, rgb)


@pytest.mark.parametrize(('message', 'told'), [
    (raw('16UC1', 4, 4, 8, 32), "encoding is '16UC1'; allowed: rgb8"),
    (raw('', 4, 4, 12, 48), "encoding is ''"),
    (raw('rgb8', 0, 0, 0, 0), 'image is 0 x 0'),
    (raw('rgb8', 2**16, 2**16, 3 * 2**16, 0), f'1 to {MAX_PIXELS} pixels'),
    (raw('rgb8', 4, 4, 11, 48), 'step is 11; 4 pixels of rgb8 need at least 12'),
    (raw('rgb8', 4, 4, 12, 47), 'data has 47 bytes'),
    (raw('yuv422', 3, 4, 6, 24), 'odd width 3'),
])
def test_images_that_cannot_be(message: ImageMsg, told: str) -> None:
    with pytest.raises(BadMessage) as error:
        convert.image_in(message, 1.0)
    assert told in str(error.value)


def test_jpeg_is_nearly_the_same_and_rubbish_is_told() -> None:
    smooth = Image(stamp_s=1.0, horizontal_fov_rad=1.0, rgb=np.full((16, 16, 3), (200, 40, 10),
                                                                  dtype=np.uint8))
    got = convert.compressed_in(convert.compressed_out(smooth, 'eye'), 1.0).rgb
    assert np.abs(got.astype(int) - smooth.rgb).max() < 12
    for data in (b'', b'not a picture', convert.compressed_out(smooth, 'eye').data[:20].tobytes()):
        with pytest.raises(BadMessage, match='compressed image'):
            convert.compressed_in(CompressedImage(format='jpeg', data=array.array('B', data)), 1.0)


def test_field_of_view_of_a_pinhole() -> None:
    info = convert.camera_info(160, 120, 1.2217, NOW_S, 'eye')
    assert convert.fov_of(info) == pytest.approx(1.2217)
    info.k[0] = 0.0
    with pytest.raises(BadMessage, match='calibrate'):
        convert.fov_of(info)


def test_sound_and_its_faults() -> None:
    sound = Sound(stamp_s=NOW_S, samples=np.arange(-5, 5, dtype=np.int16), rate_hz=16000,
                  voice=0.25)
    got = convert.sound_in(convert.sound_out(sound))
    np.testing.assert_array_equal(got.samples, sound.samples)
    assert got.rate_hz == 16000 and got.voice == 0.25
    message = convert.sound_out(sound)
    message.channels, message.voice = 2, -1.0
    got = convert.sound_in(message)
    assert got.samples.size == 5 and got.voice is None
    for field, value, told in (('channels', 3, '3 channels'), ('channels', 0, '0 channels'),
                               ('rate', 0, 'rate is 0')):
        message = convert.sound_out(sound)
        setattr(message, field, value)
        with pytest.raises(BadMessage, match=told):
            convert.sound_in(message)
    message.rate, message.channels = 1000, 1
    message.samples = array.array('h', bytes(2 * 61_000))
    with pytest.raises(BadMessage, match='61 s of sound'):
        convert.sound_in(message)


def test_scan_after_rep_117() -> None:
    message = LaserScan(angle_min=-1.0, angle_increment=0.5, range_min=0.1, range_max=8.0,
                        ranges=[1.0, 0.05, 9.0, math.inf, -math.inf, math.nan])
    got = convert.scan_in(message).ranges_m
    np.testing.assert_array_equal(got, np.float32([1.0, math.nan, math.inf, math.inf, 0.0,
                                                   math.nan]))


@pytest.mark.parametrize('changes', [
    {'ranges': []}, {'angle_increment': 0.0}, {'angle_increment': math.nan},
    {'angle_min': math.inf}, {'range_max': math.nan}, {'range_max': 0.0}, {'range_min': math.nan},
    {'ranges': [1.0] * 100_001}])
def test_scans_that_cannot_be(changes: dict[str, object]) -> None:
    fields = {'angle_increment': 0.5, 'range_min': 0.1, 'range_max': 8.0,
              'ranges': [1.0, 2.0]} | changes
    with pytest.raises(BadMessage):
        convert.scan_in(LaserScan(**fields))


def test_scan_round_trip() -> None:
    scan = Scan(stamp_s=NOW_S, ranges_m=np.float32([1.0, np.inf, 2.5]), angle_min_rad=-1.5,
                angle_increment_rad=0.25, range_max_m=6.0)
    got = convert.scan_in(convert.scan_out(scan, 'lidar'))
    np.testing.assert_array_equal(got.ranges_m, scan.ranges_m)
    assert (got.angle_min_rad, got.angle_increment_rad, got.range_max_m) == (-1.5, 0.25, 6.0)


@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(-3.14, 3.14), st.floats(-2, 2),
       st.floats(-3, 3))
def test_odometry_round_trip(x: float, y: float, yaw: float, speed: float, turn: float) -> None:
    body = Body(stamp_s=5.0, x_m=x, y_m=y, yaw_rad=yaw, speed_mps=speed, turn_rate_radps=turn)
    got = convert.body_in(convert.body_out(body))
    for name in Body.__slots__:
        assert getattr(got, name) == pytest.approx(getattr(body, name), abs=1e-6)


def test_odometry_that_cannot_be() -> None:
    message = Odometry()                # orientation (0, 0, 0, 1) in ROS: fine
    convert.body_in(message)
    message.pose.pose.orientation.w = 0.0
    with pytest.raises(BadMessage, match='length 0'):
        convert.body_in(message)
    message.pose.pose.position.x = math.nan
    with pytest.raises(BadMessage, match='not finite'):
        convert.body_in(message)


def test_velocity_in_both_kinds() -> None:
    velocity = Velocity(linear_mps=0.3, angular_radps=-1.0)
    for stamped, kind in ((False, Twist), (True, TwistStamped)):
        message = convert.velocity_out(velocity, stamped=stamped, stamp_s=2.0)
        assert isinstance(message, kind)
        assert convert.velocity_in(message) == velocity
    with pytest.raises(BadMessage, match='finite'):
        convert.velocity_in(convert.velocity_out(Velocity(linear_mps=math.nan), stamped=False))


def test_decision_round_trip() -> None:
    full = Decision(
        stamp_s=NOW_S, version='v1', instruction_id=7, skill=Skill.GO_TO, argument='红球',
        amount=-1.5, confidence=0.5, known=False, language='zh', reply='好', image_stamp_s=NOW_S,
        sightings=(Sighting(probability=0.5, bearing_rad=0.25, range_m=2.0),),
        grounding=np.arange(12, dtype=np.float32).reshape(3, 4))
    for sent in (full, Decision(stamp_s=0.0, version='')):
        got = convert.decision_in(convert.decision_out(sent))
        for name in Decision.__slots__:
            before, after = getattr(sent, name), getattr(got, name)
            if isinstance(before, np.ndarray):
                np.testing.assert_array_equal(before, after)
            elif isinstance(before, float):
                assert after == pytest.approx(before, abs=1e-6)
            else:
                assert after == before, name


def test_decisions_with_odd_numbers_pass_and_broken_ones_do_not() -> None:
    message = convert.decision_out(Decision(stamp_s=1.0, version='', skill=Skill.MOVE,
                                            amount=math.nan, confidence=math.inf))
    assert math.isnan(convert.decision_in(message).amount or 0.0)   # the planner's to judge
    message.skill = 'fly'
    with pytest.raises(BadMessage, match="skill is 'fly'; allowed: idle"):
        convert.decision_in(message)
    message.skill, message.grounding_rows = 'stop', 3
    message.grounding_columns = 4
    with pytest.raises(BadMessage, match='0 numbers for 3 rows of 4'):
        convert.decision_in(message)


def test_status_state_touch_percepts_concept_text() -> None:
    status = SkillStatus(stamp_s=2.0, instruction_id=3, skill=Skill.FIND, state=State.FAILED,
                         reason='not_found', bearing_rad=None, range_m=1.5)
    assert convert.status_in(convert.status_out(status)) == status
    message = convert.status_out(status)
    message.state = 'perhaps'
    with pytest.raises(BadMessage, match='state is'):
        convert.status_in(message)
    percepts = (Percept(label='red ball', probability=0.5, bearing_rad=0.5, range_m=1.0),)
    assert convert.percepts_in(convert.percepts_out(4.0, percepts)) == (4.0, percepts)
    state = BrainState(stamp_s=1.0, version='v', percepts=percepts, stage_ms={'see': 2.0},
                       awake=np.eye(2, 3, dtype=np.bool_), surprise=1.5)
    got = convert.brain_state_in(convert.brain_state_out(state))
    np.testing.assert_array_equal(got.awake, state.awake)
    assert got.stage_ms == state.stage_ms and got.surprise == 1.5
    blind = BrainState(stamp_s=1.0, version='v')
    assert convert.brain_state_in(convert.brain_state_out(blind)).surprise is None
    touch = Touch(stamp_s=1.0, pressed=frozenset({'front_left', 'back'}))
    assert convert.touch_in(convert.touch_out(touch)) == touch
    concept = Concept(name='blorp', lessons=2, taught_s=8.5, certainty=0.5)
    assert convert.concept_in(convert.concept_out(concept)) == concept
    assert convert.text_in('  stop ') == 'stop'
    for text in ('', '   ', 'x' * 2001):
        with pytest.raises(BadMessage):
            convert.text_in(text)


@given(st.floats(0, 4e9))
def test_time_round_trip(seconds: float) -> None:
    assert convert.to_seconds(convert.to_time(min(seconds, 2**31 - 1.0))) == pytest.approx(
        min(seconds, 2**31 - 1.0), abs=1e-6)


@pytest.mark.parametrize('seconds', [-1.0, math.nan, math.inf])
def test_times_that_cannot_be(seconds: float) -> None:
    with pytest.raises(ValueError, match='time'):
        convert.to_time(seconds)
