"""A whole brain of real processes on real ROS 2, for tests that look at it from outside."""
from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from std_msgs.msg import String
from yan_brain_msgs.msg import Decision, Percepts, SkillStatus

from yan_brain.cli.client import Brain
from yan_brain.cli.config import config_folder
from yan_brain.cli.programs import Program, free_domain, programs, surroundings
from yan_brain.cli.supervisor import Supervisor, tail
from yan_brain.nodes.common import COMMAND, RELIABLE, SENSOR
from yan_brain.settings import Value

READY_LIMIT_S = 180.0                   # with a machine that has much else to do
NODES = ('home', 'cognition', 'learning', 'planner')
DEVICE_TOPICS = {'microphone': ('audio',),
                 'camera': ('camera/image_raw', 'camera/image_raw/compressed',
                            'camera/camera_info')}
MOVING_MPS, MOVING_RADPS = 0.02, 0.05


class Running:
    """One brain: its processes, a client, and what it does to the base."""

    def __init__(self, supervisor: Supervisor, brain: Brain) -> None:
        self.supervisor, self.brain = supervisor, brain
        self.commands: list[tuple[float, bool]] = []    # when, and whether it moves the base
        self.moves: list[tuple[float, bool]] = []       # the same of odometry
        self.decisions: list[Any] = []
        self.statuses: list[Any] = []
        self.heard: list[str] = []
        self.percepts: list[Any] = []
        self.way: list[tuple[float, float]] = []        # places by odometry
        brain.listen(Twist, 'cmd_vel', self._on_command, COMMAND)
        brain.listen(Odometry, 'odom', self._on_odometry, SENSOR)
        brain.listen(Decision, 'decision', self.decisions.append, RELIABLE)
        brain.listen(String, 'heard', lambda m: self.heard.append(m.data), RELIABLE)
        brain.listen(Percepts, 'percepts', self.percepts.append, RELIABLE)
        brain.listen(SkillStatus, 'skill_status', self.statuses.append, RELIABLE)

    def until(self, there: Callable[[], object], limit_s: float, what: str) -> float:
        """Waits; how long it took."""
        began_s = time.monotonic()
        while not there():
            waited_s = time.monotonic() - began_s
            assert waited_s < limit_s, f'{what}: not within {limit_s} s\n{self.logs()}'
            time.sleep(0.01)
        return time.monotonic() - began_s

    def ready(self) -> None:
        """Waits until all nodes are active."""
        self.brain.wait_ready(NODES, READY_LIMIT_S)

    @property
    def moving(self) -> bool:
        """The base moves now, by odometry."""
        return bool(self.moves) and self.moves[-1][1]

    @property
    def commanded(self) -> bool:
        """The newest command moves the base."""
        return bool(self.commands) and self.commands[-1][1]

    def logs(self) -> str:
        """The ends of all logs."""
        return '\n'.join(f'--- {path.name}\n{tail(path)}'
                         for path in sorted(self.supervisor.log_folder.glob('*.log')))

    def _on_command(self, message: Any) -> None:
        moves = abs(message.linear.x) > 1e-6 or abs(message.angular.z) > 1e-6
        self.commands.append((time.monotonic(), moves))

    def _on_odometry(self, message: Any) -> None:
        twist = message.twist.twist
        moves = abs(twist.linear.x) > MOVING_MPS or abs(twist.angular.z) > MOVING_RADPS
        self.moves.append((time.monotonic(), moves))
        place = message.pose.pose.position
        self.way.append((place.x, place.y))


def deaf_to(home: Program, topics: tuple[str, ...]) -> Program:
    """The home with these of its sensors on other topics, where nobody listens."""
    words = [word for topic in topics for word in ('-r', f'{topic}:=unused/{topic}')]
    return replace(home, arguments=(*home.arguments, *words))


@contextmanager
def running(log: Path, *, namespaces: tuple[str, ...] = ('',), seed: int = 3,
            home: dict[str, Value] | None = None,
            devices: dict[str, dict[str, Value]] | None = None) -> Iterator[list[Running]]:
    """Brains in one ROS domain of their own, one in each namespace.

    `devices`: settings of camera_node or microphone_node, which then speak instead of the home's.
    """
    environment = surroundings('sim') | {'ROS_DOMAIN_ID': str(free_domain())}
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        with ExitStack() as stack:
            made = []
            for namespace in namespaces:
                todo = programs('sim', folder=config_folder(), namespace=namespace,
                                given={'home': {'seed': seed} | (home or {})})
                for name, settings in (devices or {}).items():
                    todo += [program for program in programs(
                        'ros', folder=config_folder(), namespace=namespace,
                        given={name: settings}) if program.name == name]
                    todo[0] = deaf_to(todo[0], DEVICE_TOPICS[name])
                supervisor = stack.enter_context(Supervisor(
                    todo, environment=environment, log_folder=log / (namespace or 'brain')))
                made.append(Running(supervisor, stack.enter_context(Brain(namespace))))
            for one in made:
                one.ready()
            yield made
    finally:
        os.environ.clear()
        os.environ.update(before)


def drive(one: Running, text: str = 'turn left 360 degrees') -> Any:
    """Tells it to move and waits until it does."""
    telling = one.brain.tell(text)
    one.until(lambda: one.moving and one.commanded, 30.0, 'the robot moves')
    time.sleep(0.3)
    return telling
