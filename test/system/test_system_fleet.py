"""Two robots in one ROS domain: what one is taught the other knows; one dies and comes back."""
from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import Image as ImageMsg
from yan_brain_msgs.msg import FleetLesson, LearningEvent
from yan_brain_msgs.srv import Concepts, Forget, Teach

from yan_brain.cli.client import Brain
from yan_brain.cli.config import config_folder
from yan_brain.cli.programs import free_domain, programs, surroundings
from yan_brain.cli.supervisor import Supervisor, tail
from yan_brain.learning.fleet_messages import Parcel
from yan_brain.learning.store import Lesson
from yan_brain.nodes import convert
from yan_brain.nodes.common import FLEET, LATCHED, NEWEST, RELIABLE
from yan_brain.nodes.convert.fleet import fleet_out
from yan_brain.settings import Value
from yan_brain.signals import Image

pytestmark = pytest.mark.system
LIMIT_S = 120.0                         # with a machine that has much else to do


class Robot:
    """The `mind` process in a namespace of its own, and somebody who talks to it."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str],
                 stack: ExitStack) -> None:
        store: dict[str, Value] = {'mind.store': str(folder / f'{name}.db')}
        todo = programs('ros', folder=config_folder(), namespace=name,
                        without=('camera', 'microphone', 'planner'), given={
                            'cognition': store | {'hear': False},
                            'learning': store | {'fleet.exchange': True, 'fleet.robot': name}})
        self.supervisor = stack.enter_context(Supervisor(
            todo, environment=environment, log_folder=folder / name))
        self.brain = stack.enter_context(Brain(name))
        self.events: list[Any] = []
        self.brain.listen(LearningEvent, 'learning_events', self.events.append, LATCHED)
        self._clients = {kind: self.brain.node.create_client(kind, kind.__name__.lower())
                         for kind in (Teach, Forget, Concepts)}
        self._camera = self.brain.publisher(ImageMsg, 'camera/image_raw', NEWEST)

    def call(self, kind: Any, **fields: Any) -> Any:
        client = self._clients[kind]
        assert client.wait_for_service(LIMIT_S), self.logs()
        answered = threading.Event()
        future = client.call_async(kind.Request(**fields))
        future.add_done_callback(lambda _: answered.set())
        assert answered.wait(LIMIT_S), self.logs()
        return future.result()

    def teach(self, name: str, seed: int) -> None:
        """Show it something new."""
        rgb = np.random.default_rng(seed).integers(0, 255, (120, 160, 3), dtype=np.uint8)
        shown = threading.Event()

        def show() -> None:
            while not shown.wait(0.05):
                self._camera.publish(convert.image_out(
                    Image(stamp_s=time.time(), rgb=rgb, horizontal_fov_rad=1.2), 'camera'))

        thread = threading.Thread(target=show)
        thread.start()
        try:
            answer = self.call(Teach, name=name, seconds=0.5)
        finally:
            shown.set()
            thread.join()
        assert answer.success, answer.message + self.logs()

    def knows(self) -> dict[str, int]:
        """Number of lessons on each name."""
        return {c.name: c.lessons for c in self.call(Concepts).concepts}

    def until(self, there: Callable[[], bool], what: str) -> None:
        end_s = time.monotonic() + LIMIT_S
        while not there():
            assert time.monotonic() < end_s, f'{what}\n{self.logs()}'
            time.sleep(0.05)

    def logs(self) -> str:
        return '\n'.join(tail(path) for path in self.supervisor.log_folder.glob('*.log'))


def hostile(robot: Robot) -> None:
    """Send what no honest robot sends; it is named in the diagnostics and nothing comes of it."""
    said: dict[str, str] = {}

    def look(message: Any) -> None:
        for status in message.status:
            if status.name.endswith('/learning'):
                said.update({value.key: value.value for value in status.values})
                said['message'] = status.message

    out = robot.brain.publisher(FleetLesson, '/yan_brain/fleet/lesson', FLEET)
    robot.brain.listen(DiagnosticArray, 'diagnostics', look, RELIABLE)
    robot.until(lambda: out.get_subscription_count() == 2, 'both listen')
    out.publish(FleetLesson(sender=1, robot='hostile', concept='blorp', width=2**31))
    out.publish(as_sent(Lesson(
        concept='blorp', core='x', taught_s=4e12, features=np.ones((1, 3), np.float32),
        background=np.ones((1, 3), np.float32))))
    robot.until(lambda: said.get('/yan_brain/fleet/lesson bad') == '1', 'a damaged lesson')
    robot.until(lambda: 'in the future' in said['message'], 'a lesson of the future')
    assert said['fleet refused'] == '1' and robot.knows() == {}


def as_sent(lesson: Lesson) -> Any:
    """As another robot would send it."""
    return fleet_out(Parcel(sender=1, robot='hostile', checksum=lesson.checksum(), item=lesson))


@pytest.fixture
def robots(tmp_path: Path) -> Iterator[tuple[Robot, Robot]]:
    environment = surroundings('sim') | {'ROS_DOMAIN_ID': str(free_domain())}
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        with ExitStack() as stack:
            made = [Robot(name, tmp_path, environment, stack) for name in ('left', 'right')]
            for robot in made:
                robot.brain.wait_ready(('cognition', 'learning'), LIMIT_S)
            yield made[0], made[1]
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_what_one_is_taught_the_other_knows_also_after_it_was_killed(
    robots: tuple[Robot, Robot],
) -> None:
    left, right = robots
    hostile(right)
    left.teach('blorp', 1)
    right.until(lambda: right.knows() == {'blorp': 1}, 'right learns from left')
    right.until(lambda: bool(right.events), 'right tells of it')
    event = right.events[-1]
    assert (event.kind, event.concept) == ('taught', 'blorp') and "'left'" in event.message
    starts = right.supervisor.starts()['mind']
    os.kill(right.supervisor.pids()['mind'], signal.SIGKILL)
    left.teach('zib', 2)                # while right is away
    assert left.call(Forget, name='blorp').success
    right.until(lambda: right.supervisor.starts()['mind'] > starts, 'right starts again')
    right.brain.wait_ready(('cognition', 'learning'), LIMIT_S)
    right.until(lambda: right.knows() == {'blorp': 1, 'zib': 1}, 'right catches up')
    right.teach('wug', 3)               # and the way back; what left forgot stays forgotten
    left.until(lambda: left.knows() == {'zib': 1, 'wug': 1}, 'left learns from right')
