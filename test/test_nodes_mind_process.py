"""The `mind` process with a real, untrained brain: starts, thinks, answers, stops promptly."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
rclpy = pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

import numpy as np  # noqa: E402
import torch  # noqa: E402
from fake_mind import image  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from sensor_msgs.msg import Image as ImageMsg  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from yan_brain_msgs.msg import Decision  # noqa: E402
from yan_brain_msgs.srv import Ask, Concepts, Teach  # noqa: E402

from yan_brain.mind import Mind  # noqa: E402
from yan_brain.mind.checkpoint import save_checkpoint  # noqa: E402
from yan_brain.mind.world import load_world, save_world, typical_rows  # noqa: E402
from yan_brain.nodes import convert  # noqa: E402
from yan_brain.perception.language import Words  # noqa: E402
from yan_brain.perception.sight import IDENTITY, Eye  # noqa: E402
from yan_brain.signals import Image, Moment, Skill  # noqa: E402
from yan_brain.training.train import new_brain  # noqa: E402

DOMAIN = 74
LIMIT_S = 120.0          # to import torch on a machine that has much else to do


@pytest.fixture(scope='module')
def brain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A brain that has learned nothing."""
    torch.manual_seed(0)
    place = tmp_path_factory.mktemp('brain')
    words = Words.train(['go to the red ball', '走到红色的球那里'] * 9, 300)
    save_checkpoint(place, new_brain(words.size).eval(), Eye().eval(), words, steps=0)
    return place


def test_understanding_changes_nothing(brain: Path) -> None:
    mind = Mind.load(brain)
    asked = mind.understand('go to the red ball')
    assert asked.instruction_id == 0 and asked.version == mind.version
    assert mind.understand('go to the red ball') == asked
    assert mind.tick(Moment(stamp_s=0.0)).decision.skill is Skill.IDLE


def test_the_world_belongs_to_its_weights(
    brain: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture,
) -> None:
    mind = Mind.load(brain)
    rng = np.random.default_rng(0)
    images = (Image(stamp_s=0, horizontal_fov_rad=1.2, rgb=rng.integers(
        0, 255, (120, 160, 3), dtype=np.uint8)) for _ in range(1000))
    rows = typical_rows(mind, images, most=200)
    assert rows.shape == (200, IDENTITY)
    save_world(tmp_path, rows, mind.weights_version)
    world = load_world(tmp_path, mind.weights_version)
    assert world is not None
    np.testing.assert_array_equal(world.rows, rows)
    caplog.clear()
    assert load_world(tmp_path, 'other') is None
    assert 'not other' in caplog.text and 'yan_brain.mind.world' in caplog.text


class Client:
    """Speaks with the process."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.node = rclpy.create_node('client', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.decisions: list[Decision] = []
        self.node.create_subscription(Decision, 'decision', self.decisions.append, 10)
        self.text = self.node.create_publisher(String, 'text', 10)
        self.camera = self.node.create_publisher(ImageMsg, 'camera/image_raw', 1)
        self.node.create_timer(0.1, lambda: self.camera.publish(
            convert.image_out(image(time.time()), 'camera')))

    def until(self, there: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + LIMIT_S
        while not there():
            assert time.monotonic() < end, f'{what}: not within {LIMIT_S} s'
            self.executor.spin_once(timeout_sec=0.05)

    def call(self, kind: Any, service: str, **fields: Any) -> Any:
        client = self.node.create_client(kind, service)
        self.until(client.service_is_ready, service)
        future = client.call_async(kind.Request(**fields))
        self.until(future.done, f'answer of {service}')
        return future.result()

    def close(self) -> None:
        self.executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.close()


def _start(*parameters: str) -> subprocess.Popen[str]:
    arguments = [word for parameter in parameters for word in ('-p', parameter)]
    return subprocess.Popen(
        [sys.executable, '-m', 'yan_brain.nodes.mind', '--ros-args', *arguments],
        env=os.environ | {'ROS_DOMAIN_ID': str(DOMAIN)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_the_process_thinks_learns_and_stops(brain: Path, client: Client, tmp_path: Path) -> None:
    store = tmp_path / 'lessons.db'
    process = _start(f'mind.weights:={brain}', f'mind.store:={store}', 'hear:=false',
                     'showing.showing_seconds:=0.5')
    try:
        client.until(lambda: any(d.has_image for d in client.decisions), 'sight')
        assert client.call(Teach, 'teach', name='blorp', seconds=0.0).success
        assert [c.name for c in client.call(Concepts, 'concepts').concepts] == ['blorp']
        assert client.call(Ask, 'ask', question='what do you see?').answer
        client.text.publish(String(data='停'))
        client.until(lambda: client.decisions[-1].skill == 'stop', 'stop')
    finally:
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, said
    assert time.monotonic() - began < 10.0
    assert 'Traceback' not in said, said
    assert store.exists()


def test_a_missing_brain_is_named_and_ends_the_process(tmp_path: Path) -> None:
    process = _start(f'mind.weights:={tmp_path}', 'mind.store:=none')
    said, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert 'yan-brain train' in said and 'Traceback' not in said
