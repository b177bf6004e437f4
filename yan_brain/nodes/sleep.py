"""Sleep in idle time, as part of learning_node; see `learning/sleeper.py`."""
from __future__ import annotations

import sys
from typing import Any

from yan_brain_msgs.msg import Decision

from yan_brain.learning.learner import Event, Learner
from yan_brain.learning.sleeper import IdleConfig, Sleeper
from yan_brain.learning.slow_files import slow_path
from yan_brain.learning.store import StoreError
from yan_brain.nodes.common import RELIABLE, BrainNode
from yan_brain.signals import Skill

TICK_S = 5.0
_QUIET = ('slept',)      # events that are no reason to stay awake


class SleepLink:
    """Ties a Sleeper to decisions and to the Learner, in whose thread it works."""

    def __init__(self, node: BrainNode[Any], learner: Learner, config: IdleConfig,
                 weights: str) -> None:
        self._learner = learner
        store = learner.mind.memory.store.path
        assert store is not None
        command = [sys.executable, '-m', 'yan_brain.cli.main', 'sleep', '--store', str(store)]
        self._node = node
        self._sleeper = Sleeper(
            config, command + (['--weights', weights] if weights else []), slow_path(store),
            learner.sayings, self._told, self._changed)
        node.listen(Decision, 'decision', self._decided, RELIABLE)
        node.every(TICK_S, self._later, steady=True)
        node.own(lambda end: end(), learner.subscribe(self._learned))
        node.own(lambda sleeper: sleeper.close(), self._sleeper)

    @classmethod
    def join(cls, node: BrainNode[Any], learner: Learner, config: IdleConfig,
             weights: str) -> SleepLink | None:
        """A link where lessons are kept in a file that can be written."""
        store = learner.mind.memory.store
        if store.path is None or store.read_only or learner.mind.memory.fault:
            return None
        return cls(node, learner, config, weights)

    def _decided(self, message: Decision) -> None:
        if message.skill != Skill.IDLE.value:
            self._sleeper.active()

    def _learned(self, event: Event) -> None:
        if event.kind not in _QUIET:
            self._sleeper.active()

    def _later(self) -> None:
        self._learner.run(self._tick)

    def _tick(self) -> None:
        try:
            self._sleeper.tick()
        except (StoreError, OSError) as error:
            self._node.get_logger().warning(f'sleep: {error}')

    def _told(self, message: str) -> None:
        self._node.get_logger().info(message)
        self._learner.catch_up()
        self._learner.announce('slept', '', message)

    def _changed(self) -> None:
        if self._learner.catch_up():
            self._learner.announce('slept', '', 'other weights from sleep count now')
