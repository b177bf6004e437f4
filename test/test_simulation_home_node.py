"""The home's node as a process: its topics, its base command, its voice, its clock."""
from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
rclpy = pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from geometry_msgs.msg import Twist  # noqa: E402
from nav_msgs.msg import Odometry  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.qos import qos_profile_sensor_data  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, LaserScan  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from yan_brain_msgs.msg import Audio, Touch  # noqa: E402

DOMAIN = 61
PATIENCE_S = 60.0           # with a machine that has much else to do
TOPICS = {
    'camera/image_raw': Image, 'camera/image_raw/compressed': CompressedImage,
    'camera/camera_info': CameraInfo, 'audio': Audio, 'touch': Touch, 'scan': LaserScan,
    'odom': Odometry, 'judge': String, '/clock': Clock}
NODE = [sys.executable, '-m', 'yan_brain.nodes.home_node', '--ros-args', '-r', '__ns:=/robot']


def start(*parameters: str) -> subprocess.Popen[str]:
    arguments = [word for parameter in parameters for word in ('-p', parameter)]
    return subprocess.Popen(
        [*NODE, *arguments], env=os.environ | {'ROS_DOMAIN_ID': str(DOMAIN)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Ears:
    """Hears all topics of the home."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.node = rclpy.create_node('ears', namespace='/robot', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.heard: dict[str, list[Any]] = defaultdict(list)
        for topic, kind in TOPICS.items():
            self.node.create_subscription(
                kind, topic, self.heard[topic].append, qos_profile_sensor_data)
        self.speech = self.node.create_publisher(String, 'speech', 10)
        self.command = self.node.create_publisher(Twist, 'cmd_vel', 1)
        self.say = self.node.create_publisher(String, 'person/say', 10)

    def until(self, there: Callable[[], bool], limit_s: float, what: str) -> None:
        end = time.monotonic() + limit_s
        while not there():
            assert time.monotonic() < end, f'{what}: not within {limit_s} s'
            self.executor.spin_once(timeout_sec=0.05)

    def listen(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.02)

    def close(self) -> None:
        self.executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        self.context.try_shutdown()


def stop(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGINT)
    try:
        said, _ = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate(timeout=5)
        pytest.fail(f'the node did not stop within a minute of SIGINT; it said:\n{said}')
    assert process.returncode == 0, said
    return said


@pytest.fixture
def ears() -> Iterator[Ears]:
    made = Ears()
    yield made
    made.close()


def stamp(message: Any) -> float:
    return float(message.header.stamp.sec + message.header.stamp.nanosec * 1e-9)


def now_s(ears: Ears) -> float:
    clock = ears.heard['/clock'][-1].clock
    return float(clock.sec + clock.nanosec * 1e-9)


def every(ears: Ears, topic: str) -> float:
    """The time between messages of a topic; those that got lost do not count."""
    return float(np.diff([stamp(m) for m in ears.heard[topic]]).min())


def turning(ears: Ears) -> float:
    return float(ears.heard['odom'][-1].twist.twist.angular.z)


# Under /clock, so that a machine with much else to do gives the same figures.
CLOCK = 'publish_clock:=true'


def test_it_has_the_topics_of_a_robot(ears: Ears) -> None:
    process = start(CLOCK, 'seed:=7', 'target_colour:=red', 'target_kind:=ball', 'judge:=true')
    try:
        ears.until(lambda: all(len(ears.heard[t]) > 8 for t in TOPICS), PATIENCE_S, 'topics')
        for topic, period in (('camera/image_raw', 0.1), ('scan', 0.1), ('audio', 0.1),
                              ('odom', 0.02), ('touch', 0.1)):
            assert every(ears, topic) == pytest.approx(period, abs=1e-3), topic
        image, info = ears.heard['camera/image_raw'][-1], ears.heard['camera/camera_info'][-1]
        assert (image.width, image.height, image.encoding) == (320, 240, 'rgb8')
        assert image.header.frame_id == 'camera_link_optical' == info.header.frame_id
        assert 2 * math.atan(160 / info.k[0]) == pytest.approx(math.radians(70))
        assert np.array(image.data).std() > 3
        scan, sound = ears.heard['scan'][-1], ears.heard['audio'][-1]
        assert len(scan.ranges) == 360 and scan.header.frame_id == 'lidar_link'
        assert (sound.rate, sound.channels, len(sound.samples)) == (16000, 1, 1600)
        odom = ears.heard['odom'][-1]
        assert (odom.header.frame_id, odom.child_frame_id) == ('odom', 'base_link')
        truth = json.loads(ears.heard['judge'][-1].data)
        assert (truth['things'][0]['colour'], truth['things'][0]['kind']) == ('red', 'ball')
        assert truth['hits'] == 0
    finally:
        stop(process)


def test_the_base_obeys_and_stops_itself(ears: Ears) -> None:
    process = start(CLOCK, 'seed:=7')
    try:
        ears.until(lambda: bool(ears.heard['odom'] and ears.heard['/clock']), PATIENCE_S, 'odom')

        def push() -> bool:
            ears.command.publish(Twist(angular=_z(1.0)))
            return turning(ears) == pytest.approx(1.0, rel=0.1)

        ears.until(push, PATIENCE_S, 'it turns')
        last_s = now_s(ears)
        ears.until(lambda: abs(turning(ears)) < 0.02, PATIENCE_S, 'it stops itself')
        assert 0.3 < stamp(ears.heard['odom'][-1]) - last_s < 1.2
        ears.until(push, PATIENCE_S, 'it turns again')
        sent_s = now_s(ears)
        ears.command.publish(Twist(angular=_z(math.nan)))
        ears.until(lambda: abs(turning(ears)) < 0.02, PATIENCE_S, 'nonsense stops it')
        # At once, and not when the command before it has grown old.
        assert stamp(ears.heard['odom'][-1]) - sent_s < 0.45
    finally:
        said = stop(process)
    assert 'must be finite' in said


def test_it_tells_that_nobody_commands_it(ears: Ears) -> None:
    told: list[str] = []
    ears.node.create_subscription(
        DiagnosticArray, 'diagnostics',
        lambda message: told.extend(status.message for status in message.status), 10)
    process = start('seed:=7', 'home.image_width:=64', 'home.image_height:=48')
    try:
        ears.until(lambda: '/robot/cmd_vel is silent' in told, PATIENCE_S, 'silence')

        def heard() -> bool:
            ears.command.publish(Twist())
            return told[-1] == 'ok'

        ears.until(heard, PATIENCE_S, 'it hears a command')
    finally:
        said = stop(process)
    assert '/robot/cmd_vel: nothing heard' in said and 'messages arrive again' in said


def test_it_runs_in_real_time(ears: Ears) -> None:
    process = start('seed:=7', 'home.image_width:=64', 'home.image_height:=48')
    try:
        ears.until(lambda: len(ears.heard['odom']) > 20, PATIENCE_S, 'odom')
        assert not ears.heard['/clock']
        assert stamp(ears.heard['odom'][-1]) == pytest.approx(time.time(), abs=2.0)
        began, stamped = time.monotonic(), stamp(ears.heard['odom'][-1])
        ears.listen(3.0)
        assert stamp(ears.heard['odom'][-1]) - stamped == pytest.approx(
            time.monotonic() - began, abs=1.0)
    finally:
        stop(process)


def _z(value: float) -> Any:
    from geometry_msgs.msg import Vector3
    return Vector3(z=value)


def test_the_person_is_heard(ears: Ears) -> None:
    process = start('seed:=7')
    try:
        ears.until(lambda: bool(ears.heard['audio']), PATIENCE_S, 'audio')
        ears.listen(0.5)
        quiet = max(_level(m) for m in ears.heard['audio'])
        ears.say.publish(String(data=''))
        ears.say.publish(String(data='go to the red ball'))
        ears.until(lambda: _level(ears.heard['audio'][-1]) > 3 * quiet, PATIENCE_S, 'speech')
        ears.until(lambda: _level(ears.heard['audio'][-1]) < 2 * quiet, PATIENCE_S, 'silence')
        ears.speech.publish(String(data='好了。'))             # it has no voice for that
        ears.speech.publish(String(data='I am at the ball.'))
        ears.until(lambda: _level(ears.heard['audio'][-1]) > 3 * quiet, PATIENCE_S, 'the robot')
    finally:
        said = stop(process)
    assert 'empty text' in said and "the robot says 'I am at the ball.'" in said


def _level(message: Any) -> float:
    return float(np.sqrt(np.mean(np.array(message.samples, float) ** 2)))


def test_it_can_be_the_clock(ears: Ears) -> None:
    process = start('seed:=7', 'publish_clock:=true', 'speed:=4.0', 'home.image_width:=64',
                    'home.image_height:=48')
    try:
        ears.until(lambda: bool(ears.heard['/clock']), PATIENCE_S, '/clock')
        began = time.monotonic()
        first_s = now_s(ears)
        ears.until(lambda: now_s(ears) > first_s + 8.0, PATIENCE_S, 'eight simulated seconds')
        took = time.monotonic() - began
        times = [m.clock.sec + m.clock.nanosec * 1e-9 for m in ears.heard['/clock']]
        assert np.all(np.diff(times) > 0) and times[0] >= 1.0
        assert times[-1] - times[0] < 4.0 * took + 1.0  # never faster than asked
        assert ears.heard['odom'][-1].header.stamp.sec < 1000
    finally:
        stop(process)


@pytest.mark.parametrize(('parameter', 'named'), [
    ('target_kind:=ball', 'target_colour'),
    ('home.scan_beams:=3', 'scan_beams'),
])
def test_wrong_parameters_are_named(parameter: str, named: str) -> None:
    process = start(parameter)
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert named in said and 'Traceback' not in said
