"""Exchange of lessons and tricks with other robots, as part of learning_node.

All of it happens in the learner's thread, in order with lessons that are shown here: the tick
never waits for it. See `learning/fleet.py` for what is said and `docs/learning.md` for the rules.
"""
from __future__ import annotations

import re
import socket
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from yan_brain_msgs.msg import FleetHave, FleetLesson, FleetTrick, FleetWant

from yan_brain.learning.fleet import Member
from yan_brain.learning.fleet_messages import Have, Message, Want
from yan_brain.learning.fleet_shelf import News, Shelf
from yan_brain.learning.learner import Event, Learner
from yan_brain.learning.store import StoreError
from yan_brain.nodes.common import FLEET, BrainNode, Health
from yan_brain.nodes.convert.fleet import fleet_in, fleet_out
from yan_brain.settings import SettingError, check, setting

MOST_WAITING = 200       # messages; more are dropped, and asked for again
TOPICS = {'have': FleetHave, 'want': FleetWant, 'lesson': FleetLesson, 'trick': FleetTrick}


@dataclass(frozen=True, kw_only=True)
class FleetConfig:
    """How lessons are exchanged."""

    exchange: bool = setting(False, 'exchange lessons and tricks with other robots')
    topic: str = setting('/yan_brain/fleet', 'where the robots of a fleet meet: absolute, and '
                         'the same for all; its topics are below it')
    robot: str = setting('', 'name of this robot for people; empty: host and namespace')
    period_s: float = setting(2.0, 'how often it says what it knows', minimum=0.1, maximum=600.0)

    def __post_init__(self) -> None:
        check(self)
        if not re.fullmatch(r'(/[A-Za-z_][A-Za-z0-9_]*)+', self.topic):
            raise SettingError(f'FleetConfig.topic is {self.topic!r}; allowed: an absolute name '
                               "such as '/yan_brain/fleet'")


class FleetLink:
    """Ties one robot's `Member` to topics and to its Learner."""

    def __init__(self, node: BrainNode[Any], learner: Learner, config: FleetConfig) -> None:
        name = config.robot or socket.gethostname() + node.get_namespace().rstrip('/')
        self._node, self._learner, self._config = node, learner, config
        shelf = Shelf(learner.mind.memory, learner.tricks, learner.catch_up)
        self.member = Member(shelf, name, self._send, self._tell)
        learner.elsewhere = shelf.taken
        self._lock = threading.Lock()
        self._waiting = 0
        self._open = True
        self._ticking: Future[None] | None = None
        self._out = {kind: node.publisher(kind, f'{config.topic}/{topic}', FLEET)
                     for topic, kind in TOPICS.items()}
        for topic, kind in TOPICS.items():
            node.listen(kind, f'{config.topic}/{topic}', self._heard, FLEET)
        node.every(config.period_s, self._tick, steady=True)
        node.own(lambda end: end(), learner.subscribe(self._learned))
        node.own(lambda link: link.leave(), self)

    @classmethod
    def join(cls, node: BrainNode[Any], learner: Learner, config: FleetConfig) -> FleetLink | None:
        """A link when lessons are to be exchanged."""
        return cls(node, learner, config) if config.exchange else None

    def leave(self) -> None:
        """Say nothing more: the publishers go."""
        with self._lock:
            self._open = False

    def health(self) -> Health:
        """Who is there, and what went wrong."""
        member = self.member
        problems = [f'conflict: {told}' for told in member.shelf.conflicts]
        if member.trouble:
            problems.append(f'nothing is taken over from other robots: {member.trouble}')
        if member.refusal:
            problems.append(f'refused: {member.refusal}')
        return Health(
            level=DiagnosticStatus.WARN if problems else DiagnosticStatus.OK,
            message='; '.join(problems) or 'ok', values={
                'fleet robot': member.robot, 'fleet others': ', '.join(member.robots),
                'fleet shared': str(len(member.shelf.have)),
                'fleet refused': str(member.refused)})

    def _heard(self, message: Any) -> None:
        said = fleet_in(message)
        if said.sender == self.member.sender or self._waiting >= MOST_WAITING:
            return
        if isinstance(said, Want) and said.asked != self.member.sender:
            return
        came_s = time.monotonic()

        def hear() -> None:
            late = time.monotonic() - came_s > 2 * self._config.period_s
            if not (late and isinstance(said, Have | Want)):    # by then it is said again
                self.member.hear(said)

        self._work(hear)

    def _tick(self) -> None:
        if self._ticking is None or self._ticking.done():
            self._ticking = self._work(self.member.tick)

    def _work(self, work: Callable[[], None]) -> Future[None]:
        def guarded() -> None:
            try:
                work()
            except ValueError as error:
                self.member.refuse(str(error))
                self._node.get_logger().warning(f'fleet: {error}')
            except StoreError as error:
                self.member.trouble = str(error)
            except BaseException:
                self._node.get_logger().error(f'fleet: {traceback.format_exc()}')
                raise
            finally:
                with self._lock:
                    self._waiting -= 1

        with self._lock:
            self._waiting += 1
        return self._learner.run(guarded)

    def _learned(self, _event: Event) -> None:
        try:
            self.member.look()
        except (StoreError, ValueError) as error:   # whoever taught has no part in it
            self.member.trouble = str(error)

    def _tell(self, news: News) -> None:
        self._learner.announce(*news)

    def _send(self, message: Message) -> None:
        made = fleet_out(message)
        with self._lock:
            if self._open:
                self._out[type(made)].publish(made)
