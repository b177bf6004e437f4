"""camera_node and microphone_node as processes: a real video, a real capture device, Ctrl-C."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
rclpy = pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.qos import qos_profile_sensor_data  # noqa: E402
from sensor_msgs.msg import CameraInfo, CompressedImage, Image  # noqa: E402
from sound_server import NoServer, SoundServer  # noqa: E402
from test_perception_camera import GOOD, real_video  # noqa: E402
from yan_brain_msgs.msg import Audio  # noqa: E402

from yan_brain.nodes import convert  # noqa: E402
from yan_brain.perception.hearing import Ear  # noqa: E402

pytestmark = pytest.mark.system
DOMAIN = 67
PATIENCE_S = 60.0
RECORDING = Path(__file__).parent / 'recordings' / 'go_forward_ten_meters.wav'
TOPICS = {'camera/image_raw': Image, 'camera/image_raw/compressed': CompressedImage,
          'camera/camera_info': CameraInfo, 'audio': Audio, 'diagnostics': DiagnosticArray}


class Watcher:
    """Starts a node and hears its topics."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.node = rclpy.create_node('watcher', namespace='/robot', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.heard: dict[str, list[Any]] = defaultdict(list)
        self.process: subprocess.Popen[str] | None = None

    def listen(self, *topics: str) -> None:
        for topic in topics:
            self.node.create_subscription(TOPICS[topic], topic, self.heard[topic].append,
                                          qos_profile_sensor_data)

    def start(self, name: str, extra: dict[str, str] | None = None, **settings: object) -> None:
        arguments = [word for key, value in settings.items() for word in ('-p', f'{key}:={value}')]
        self.process = subprocess.Popen(
            [sys.executable, '-m', f'yan_brain.nodes.{name}_node', '--ros-args', '-r',
             '__ns:=/robot', *arguments], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {'ROS_DOMAIN_ID': str(DOMAIN)} | (extra or {}))

    def until(self, there: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not there():
            assert self.process is None or self.process.poll() is None, self.output()
            assert time.monotonic() < end, f'{what}: not within {PATIENCE_S} s'
            self.executor.spin_once(timeout_sec=0.05)

    def interrupt(self) -> float:
        """Ctrl-C: how many seconds it took to end."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20.0) == 0, self.output()
        return time.monotonic() - began

    def output(self) -> str:
        assert self.process is not None and self.process.stdout is not None
        return self.process.stdout.read() if self.process.poll() is not None else ''

    def said(self) -> list[str]:
        return [status.message for array in self.heard['diagnostics'] for status in array.status]

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(5.0)
        self.executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    made = Watcher()
    yield made
    made.close()


def stamp(message: Any) -> float:
    return float(message.header.stamp.sec) + message.header.stamp.nanosec * 1e-9


def test_camera_node_plays_a_real_video_at_its_rate(watcher: Watcher) -> None:
    watcher.listen('camera/image_raw', 'camera/camera_info')
    watcher.start('camera', source=real_video(), width=320, height=136)
    images = watcher.heard['camera/image_raw']
    watcher.until(lambda: len(images) >= 60, 'sixty images')
    first = images[0]
    assert (first.width, first.height, first.encoding) == (320, 136, 'rgb8')
    assert first.header.frame_id == 'camera_optical_frame'
    gaps = np.diff([stamp(image) for image in images])
    assert 0.03 < np.median(gaps) < 0.06        # 25 Hz
    info = watcher.heard['camera/camera_info'][-1]
    assert convert.fov_of(info) == pytest.approx(np.radians(70.0), abs=1e-3)
    assert convert.image_in(first, 1.0).rgb.std() > 20
    assert watcher.interrupt() < 5.0


def test_camera_node_compresses_and_uses_a_calibration(watcher: Watcher, tmp_path: Path) -> None:
    calibration = tmp_path / 'camera.yaml'
    calibration.write_text(GOOD)
    watcher.listen('camera/image_raw/compressed', 'camera/camera_info', 'diagnostics')
    watcher.start('camera', source=real_video(), width=64, height=48, rate_hz=10.0,
                  calibration=calibration)
    pictures = watcher.heard['camera/image_raw/compressed']
    watcher.until(lambda: len(pictures) >= 3, 'pictures')
    assert convert.compressed_in(pictures[0], 1.0).rgb.shape == (48, 64, 3)
    assert list(watcher.heard['camera/camera_info'][0].d) == [0.1, -0.2, 0.0, 0.0, 0.0]
    watcher.until(lambda: 'ok' in watcher.said(), 'diagnostics')


def test_camera_node_waits_for_its_camera_and_says_so(watcher: Watcher, tmp_path: Path) -> None:
    folder = tmp_path / 'pictures'
    watcher.listen('camera/image_raw', 'diagnostics')
    watcher.start('camera', source=folder, retry_s=0.2)
    watcher.until(lambda: any('neither a file' in text for text in watcher.said()), 'the fault')
    assert not watcher.heard['camera/image_raw']
    assert watcher.interrupt() < 5.0


def test_microphone_node_hears_a_real_person_through_a_real_device(
        watcher: Watcher, tmp_path: Path) -> None:
    try:
        server = SoundServer(tmp_path)
        server.start()
    except NoServer as why:
        pytest.skip(f'no capture device: {why}')
    try:
        watcher.listen('audio', 'diagnostics')
        watcher.start('microphone', server.environment, device='pulse', retry_s=0.2)
        audio = watcher.heard['audio']
        watcher.until(lambda: len(audio) > 5, 'sound')
        assert (audio[0].rate, audio[0].channels, len(audio[0].samples)) == (16_000, 1, 1600)
        assert max(message.voice for message in audio) < 0.3
        player = server.play(RECORDING)
        watcher.until(lambda: player.poll() is not None, 'end of the recording')
        played = len(audio)
        watcher.until(lambda: len(audio) > played + 15, 'silence after the words')
        assert max(message.voice for message in audio) > 0.9
        ear = Ear()
        said = [words for m in audio if (words := ear.hear(convert.sound_in(m)))]
        assert ' '.join(said).lower().startswith('go forward'), said
        server.stop()
        watcher.until(lambda: any('microphone' in text for text in watcher.said()), 'the fault')
        assert watcher.interrupt() < 5.0        # prompt in silence too
    finally:
        server.stop()


def test_microphone_node_hears_a_file(watcher: Watcher) -> None:
    watcher.listen('audio')
    watcher.start('microphone', file=RECORDING, loop='true')
    audio = watcher.heard['audio']
    watcher.until(lambda: len(audio) >= 30, 'thirty pieces')
    assert max(message.voice for message in audio) > 0.9
    assert watcher.interrupt() < 5.0
