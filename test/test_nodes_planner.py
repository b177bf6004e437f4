"""planner_node on its topics: acts at once, stops on what is wrong, late or gone."""
from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
rclpy = pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from geometry_msgs.msg import Twist  # noqa: E402
from nav_msgs.msg import Odometry  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from sensor_msgs.msg import LaserScan  # noqa: E402
from yan_brain_msgs.msg import Decision  # noqa: E402

from yan_brain.nodes.common import COMMAND, NEWEST, RELIABLE, SENSOR  # noqa: E402
from yan_brain.nodes.planner_node import PlannerNode  # noqa: E402

DOMAIN = 76
LIMIT_S = 30.0
SLOW_HZ = 5.0               # the node's own beat, so that what acts at once can be told


class Body:
    """A robot on free floor, and a mind that decides what `skill` says, ten times a second."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.node = rclpy.create_node('body', namespace='/robot', context=self.context)
        self.commands: list[tuple[float, float]] = []
        self.decided: list[float] = []
        self.decision: Decision | None = None
        self.senses = True
        self._odom = self.node.create_publisher(Odometry, 'odom', SENSOR)
        self._scan = self.node.create_publisher(LaserScan, 'scan', NEWEST)
        self._decision = self.node.create_publisher(Decision, 'decision', RELIABLE)
        self.node.create_subscription(Twist, 'cmd_vel', self._on_command, COMMAND)
        self.planner: Any = slow_planner(self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.executor.add_node(self.planner)
        self.node.create_timer(0.1, self._tick)
        self._going = True
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()
        self.until(lambda: self.planner.active and self._decision.get_subscription_count(), 'up')

    def turn(self, number: int, amount: float = 6.0) -> None:
        self.decision = Decision(skill='turn', has_amount=True, amount=amount, confidence=1.0,
                                 instruction_id=number)

    def until(self, there: Callable[[], Any], what: str) -> None:
        end = time.monotonic() + LIMIT_S
        while not there():
            assert time.monotonic() < end, f'{what}: not within {LIMIT_S} s'
            time.sleep(0.002)

    @property
    def turning(self) -> bool:
        return bool(self.commands) and abs(self.commands[-1][1]) > 1e-6

    def close(self) -> None:
        self._going = False
        self._thread.join(LIMIT_S)
        self.planner.finish()
        self.node.destroy_node()
        self.context.try_shutdown()

    def _spin(self) -> None:
        while self._going:
            self.executor.spin_once(timeout_sec=0.05)

    def _tick(self) -> None:
        stamp = self.node.get_clock().now().to_msg()
        if self.senses:
            odometry = Odometry()
            odometry.header.stamp = stamp
            odometry.pose.pose.orientation.w = 1.0
            self._odom.publish(odometry)
            scan = LaserScan(ranges=[7.0] * 90, angle_increment=math.tau / 90, range_max=8.0)
            scan.header.stamp = stamp
            self._scan.publish(scan)
        if self.decision is not None:
            self.decision.header.stamp = stamp
            self.decided.append(time.monotonic())
            self._decision.publish(self.decision)

    def _on_command(self, message: Twist) -> None:
        self.commands.append((time.monotonic(), message.angular.z))


def slow_planner(context: Context) -> PlannerNode:
    """The node in a context of its own, at a slow beat."""
    return PlannerNode(namespace='/robot', context=context,
                       parameter_overrides=[Parameter('rate_hz', value=SLOW_HZ)])


@pytest.fixture(scope='module')
def shared() -> Iterator[Body]:
    made = Body()
    yield made
    made.close()


@pytest.fixture
def body(shared: Body) -> Iterator[Body]:
    """Senses come, nothing is decided, the robot stands."""
    shared.senses, shared.decision = True, Decision(skill='idle')
    shared.until(lambda: shared.commands and not shared.turning, 'stands')
    time.sleep(0.3)
    yield shared


def test_a_decision_acts_before_the_next_beat(body: Body) -> None:
    body.turn(1)
    body.until(lambda: body.turning, 'turns')
    body.commands.clear()
    body.decided.clear()
    body.until(lambda: len(body.decided) > 12, 'decisions')
    waits = [min((at - decided for at, _ in body.commands if at >= decided), default=1.0)
             for decided in body.decided[1:-1]]
    assert sorted(waits)[len(waits) // 2] < 0.04        # half a beat would be 0.1


def test_decisions_that_cease_stop_it(body: Body) -> None:
    body.turn(2)
    body.until(lambda: body.turning, 'turns')
    body.decision = None
    body.until(lambda: not body.turning, 'stands')
    assert time.monotonic() - body.decided[-1] < 0.5 + 1.0 / SLOW_HZ


def test_senses_that_cease_stop_it(body: Body) -> None:
    body.turn(3)
    body.until(lambda: body.turning, 'turns')
    began_s = time.monotonic()
    body.senses = False
    body.until(lambda: not body.turning, 'stands')
    assert time.monotonic() - began_s < 0.7


@pytest.mark.parametrize('wrong', [
    {'amount': math.nan}, {'confidence': math.inf}, {'skill': 'fly'}])
def test_a_decision_that_is_none_stops_it_and_is_told(body: Body, wrong: dict[str, Any]) -> None:
    body.turn(4 + len(wrong))
    body.until(lambda: body.turning, 'turns')
    assert body.decision is not None
    for name, value in wrong.items():
        setattr(body.decision, name, value)
    body.until(lambda: not body.turning, 'stands')
    body.turn(40)
    body.until(lambda: body.turning, 'turns again')
