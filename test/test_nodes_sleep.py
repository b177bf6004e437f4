"""The learning node's sleep: when somebody speaks, and when other weights appear."""
from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from fake_mind import FakeMind
from yan_brain_msgs.msg import Decision

from yan_brain.learning.gallery import Gallery
from yan_brain.learning.learner import Event, Learner
from yan_brain.learning.sleeper import IdleConfig
from yan_brain.learning.slow_files import slow_path
from yan_brain.nodes.sleep import SleepLink


class _Waking(FakeMind):
    """Wakes when it is told to."""

    fresh = False

    def wake(self) -> bool:
        return self.fresh


class _Node:
    def __init__(self) -> None:
        self.heard: dict[str, Callable[[Any], None]] = {}
        self.due: list[Callable[[], None]] = []
        self.owned: list[tuple[Callable[[Any], Any], Any]] = []

    def listen(self, _kind: type, topic: str, callback: Callable[[Any], None],
               _qos: object) -> None:
        self.heard[topic] = callback

    def every(self, _period_s: float, callback: Callable[[], None], *, steady: bool) -> None:
        assert steady
        self.due.append(callback)

    def own(self, destroy: Callable[[Any], Any], entity: Any) -> None:
        self.owned.append((destroy, entity))

    @staticmethod
    def get_logger() -> logging.Logger:
        return logging.getLogger('test')


def test_weights_published_by_anyone_are_taken_over_and_announced(tmp_path: Path) -> None:
    mind, node = _Waking(tmp_path / 'lessons.db'), _Node()
    learner = Learner(mind, Gallery())
    link: Any = SleepLink.join(node, learner, IdleConfig(), '')  # type: ignore[arg-type]
    told: list[Event] = []
    learner.subscribe(told.append)

    def tick() -> list[str]:
        node.due[0]()
        learner.run(lambda: None).result(20)
        return [event.kind for event in told]

    assert tick() == []
    mind.fresh = True
    slow_path(tmp_path / 'lessons.db').write_bytes(b'x')
    assert tick() == ['slept']
    assert tick() == ['slept']
    before = link._sleeper._active_s
    node.heard['decision'](Decision(skill='idle'))
    assert link._sleeper._active_s == before
    node.heard['decision'](Decision(skill='turn'))
    assert link._sleeper._active_s > before
    for destroy, entity in node.owned:
        destroy(entity)
    learner.close()


def test_without_a_file_there_is_no_sleep() -> None:
    learner = Learner(FakeMind(), Gallery())
    assert SleepLink.join(_Node(), learner, IdleConfig(), '') is None  # type: ignore[arg-type]
    learner.close()
