"""A robot maker's own words: read with care, and called on real ROS 2."""
from __future__ import annotations

import os
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest

os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
rclpy = pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from rclpy.callback_groups import ReentrantCallbackGroup  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import SetBool  # noqa: E402

from yan_brain.nodes.common import RELIABLE, BrainNode  # noqa: E402
from yan_brain.nodes.device import DeviceError, device_words, read_skills  # noqa: E402
from yan_brain.settings import SettingError  # noqa: E402

GOOD = """
skills:
  lamp on:
    say: [Turn on the lamp, '开灯']
    service: lamp
    type: std_srvs/srv/SetBool
    values: {data: true}
  lamp off:
    say: turn off the lamp
    service: lamp
    type: std_srvs/srv/SetBool
  horn:
    say: [honk]
    topic: horn
    type: std_msgs/msg/String
    values: {data: beep}
"""


@dataclass(frozen=True, kw_only=True)
class _Config:
    """No settings."""


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / 'words.yaml'
    path.write_text(GOOD, encoding='utf-8')
    skills = {skill.name: skill for skill in read_skills(path)}
    assert skills['lamp on'].say == ('turn on the lamp', '开灯') and skills['lamp on'].is_service
    assert skills['horn'].target == 'horn' and not skills['horn'].is_service


@pytest.mark.parametrize(('text', 'says'), [
    ('', 'no `skills:`'), ('skills: [1]', 'no `skills:`'), ('a: [', 'cannot be read'),
    ('skills: {x: 3}', 'must hold `say`'),
    ('skills: {x: {say: [hi], topic: a, typ: b}}', "has 'typ'; allowed are"),
    ('skills: {x: {say: [], topic: a, type: std_msgs/msg/String}}', 'one or more texts'),
    ('skills: {x: {say: [true], topic: a, type: std_msgs/msg/String}}', 'one or more texts'),
    ('skills: {x: {say: [stop], topic: a, type: std_msgs/msg/String}}', 'words for stopping'),
    ('skills: {x: {say: [hi], type: std_msgs/msg/String}}', 'either a `topic` or a `service`'),
    ('skills: {x: {say: [hi], topic: a, type: std_srvs/srv/Trigger}}', 'one such as std_msgs'),
    ('skills: {x: {say: [hi], topic: a, type: std_msgs/msg/String, values: 3}}', 'by name'),
    ('skills: {x: {say: hi, topic: a, type: std_msgs/msg/String}, '
     'y: {say: HI, topic: b, type: std_msgs/msg/String}}', "said for 'x' and for 'y'"),
])
def test_faults_in_a_file_are_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / 'words.yaml'
    path.write_text(text)
    with pytest.raises(SettingError, match=says):
        read_skills(path)
    with pytest.raises(SettingError, match='cannot be read'):
        read_skills(tmp_path / 'missing.yaml')


def test_words_call_and_publish(tmp_path: Path) -> None:
    path = tmp_path / 'words.yaml'
    path.write_text(GOOD, encoding='utf-8')
    context = Context()
    rclpy.init(context=context, domain_id=73)
    try:
        node = BrainNode('cognition', _Config, context=context)
        other = rclpy.create_node('device', context=context)
        heard: list[str] = []
        set_to: list[bool] = []

        def on_lamp(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
            set_to.append(request.data)
            response.success, response.message = request.data, 'the lamp is stuck'
            return response

        other.create_subscription(String, 'horn', lambda m: heard.append(m.data), RELIABLE)
        words = device_words(node, ReentrantCallbackGroup(), str(path))
        assert words is not None and device_words(node, ReentrantCallbackGroup(), '') is None
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        executor.add_node(other)
        with pytest.raises(DeviceError, match='nobody offers'):
            words.call('lamp on').result(0)
        other.create_service(SetBool, 'lamp', on_lamp)

        def wait(future: Future[None]) -> None:
            end = time.monotonic() + 20
            while not future.done() and time.monotonic() < end:
                executor.spin_once(timeout_sec=0.05)
            future.result(0)

        end = time.monotonic() + 20
        while not all(way.service_is_ready() for way, _ in words._ways.values()
                      if hasattr(way, 'service_is_ready')) and time.monotonic() < end:
            executor.spin_once(timeout_sec=0.05)
        wait(words.call(words.find('开灯')))
        with pytest.raises(DeviceError, match='the lamp is stuck'):
            wait(words.call(words.find('turn off the lamp')))
        assert set_to == [True, False] and words.find('turn on') == ''
        node.trigger_configure()
        node.trigger_activate()
        end = time.monotonic() + 20
        while not heard and time.monotonic() < end:
            wait(words.call('horn'))
            executor.spin_once(timeout_sec=0.1)
        assert heard and set(heard) == {'beep'}
        executor.shutdown()
    finally:
        rclpy.shutdown(context=context)
