"""Decisions in, motion out: the planner on its topics.

Takes decision, scan, odom and touch; gives cmd_vel and skill_status at a steady rate, and with
each decision. The watchdog and the reflexes are the planner's own, on a steady clock: when any
input ceases, a stop goes out with the next period. Deactivation, Ctrl-C and a failure stop the
robot too.
"""
from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import LaserScan
from yan_brain_msgs.msg import Decision as DecisionMsg
from yan_brain_msgs.msg import SkillStatus as SkillStatusMsg
from yan_brain_msgs.msg import Touch as TouchMsg

from yan_brain.nodes import convert
from yan_brain.nodes.common import COMMAND, NEWEST, RELIABLE, SENSOR, BrainNode, Health, spin
from yan_brain.planning.config import PlannerConfig
from yan_brain.planning.planner import Planner
from yan_brain.settings import check, setting
from yan_brain.signals import State, Velocity


@dataclass(frozen=True, kw_only=True)
class PlannerNodeConfig(PlannerConfig):
    """The planner's numbers, and how it talks to the base."""

    rate_hz: float = setting(20.0, 'commands a second', minimum=5.0, maximum=100.0)
    stamped: bool = setting(False, 'cmd_vel as TwistStamped (usual from Kilted on) or as Twist')
    base_frame: str = setting('base_link', 'frame of stamped commands')

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self)


class PlannerNode(BrainNode[PlannerNodeConfig]):
    """Runs one Planner."""

    def __init__(self, **node: Any) -> None:
        """Declare the parameters."""
        super().__init__('planner', PlannerNodeConfig, **node)
        self.planner: Planner | None = None
        self._said = ''

    def setup(self) -> None:
        """Make the planner and its topics."""
        config = self.config
        self.planner = Planner(config)
        self._command = self.publisher(
            TwistStamped if config.stamped else Twist, 'cmd_vel', COMMAND)
        self._status = self.publisher(SkillStatusMsg, 'skill_status', RELIABLE)
        # A mind takes a while to load; a stale decision stops the body long before this is said.
        self.listen(DecisionMsg, 'decision', self._on_decision, RELIABLE, silent_after_s=15.0)
        self.listen(LaserScan, 'scan', self._on_scan, NEWEST, silent_after_s=5.0)
        self.listen(Odometry, 'odom', self._on_odometry, SENSOR, silent_after_s=5.0)
        self.listen(TouchMsg, 'touch', self._on_touch, SENSOR)
        self.listen(Twist, 'lead', self._on_lead, SENSOR)
        self._beat = self.every(1.0 / config.rate_hz, self._control, steady=True)

    def stop(self) -> None:
        """Stand still."""
        if self.planner is not None:
            self.planner.cancel(time.monotonic())
        self._send(Velocity())

    def teardown(self) -> None:
        """Let go of the planner."""
        self.planner = None

    def health(self) -> Health:
        """Tell why a Decision was not taken."""
        rejected = self.planner.rejected if self.planner is not None else ''
        return Health(message=f'decision not taken: {rejected}' if rejected else 'ok')

    def _on_decision(self, message: DecisionMsg) -> None:
        assert self.planner is not None
        self.planner.decide(convert.decision_in(message), time.monotonic())
        rejected = self.planner.rejected
        if rejected and rejected != self._said:
            self.get_logger().warning(f'decision not taken: {rejected}')
        self._said = rejected
        # What was decided acts at once, not up to a period later; the next period begins here.
        self._control()
        self._beat.reset()

    def _on_scan(self, message: LaserScan) -> None:
        assert self.planner is not None
        self.planner.sense(scan=convert.scan_in(message))

    def _on_odometry(self, message: Odometry) -> None:
        assert self.planner is not None
        self.planner.sense(body=convert.body_in(message))

    def _on_touch(self, message: TouchMsg) -> None:
        assert self.planner is not None
        self.planner.sense(touch=convert.touch_in(message))

    def _on_lead(self, message: Twist) -> None:
        """Somebody leads the robot by hand, to show it something."""
        assert self.planner is not None
        self.planner.lead(Velocity(linear_mps=float(message.linear.x),
                                   angular_radps=float(message.angular.z)), time.monotonic())

    def _control(self) -> None:
        assert self.planner is not None
        velocity, status = self.planner.control(time.monotonic())
        self._send(velocity)
        if status.instruction_id or status.state is not State.SUCCEEDED:
            self._status.publish(convert.status_out(status))

    def _send(self, velocity: Velocity) -> None:
        self._command.publish(convert.velocity_out(
            velocity, stamped=self.config.stamped, stamp_s=self.now_s(),
            frame_id=self.config.base_frame))


def main() -> int:
    """Run the node."""
    return spin(PlannerNode)


if __name__ == '__main__':
    raise SystemExit(main())
