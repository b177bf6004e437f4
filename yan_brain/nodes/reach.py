"""Finds out that a node is deaf: that nothing arrives of a sender that is alive.

A process that was killed can leave the shared memory of Fast DDS in such a state that the one
that comes in its place is discovered and yet never reached (eProsima/Fast-DDS, issues 5053 and
5469). Nothing inside that process mends it; to be started once more does.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile

from yan_brain.nodes.watch import Watch, sender_name

PROOF_S = 10.0                          # a sender unheard for so long is not merely busy
OURS = frozenset({'home', 'camera', 'microphone', 'cognition', 'learning', 'planner'})


class Deaf(RuntimeError):
    """A sender that is alive does not reach this process: only a new process will hear it."""


class Reach:
    """Tells a sender that says nothing from one that cannot be heard.

    Every node of OURS publishes `diagnostics` each second, whatever it waits for. While a watched
    topic has never been heard since this process began, those of its senders are listened to
    there: one that is discovered on both and heard on neither for PROOF_S is out of reach.
    Whatever was heard once, and all other senders, are left to the Watch to warn of.
    """

    def __init__(self, node: Node, qos: QoSProfile,
                 steady_s: Callable[[], float] = time.monotonic) -> None:
        self._node = node
        self._qos = qos
        self._steady_s = steady_s
        self._topic = node.resolve_topic_name('diagnostics')
        self._ear: Any = None
        self._since_s: dict[str, float] = {}        # suspects, from when on
        self._heard: set[str] = set()

    def look(self, watches: Sequence[Watch]) -> None:
        """Call about once a second.

        Raises:
            Deaf: names who is out of reach.
        """
        silent = [watch for watch in watches if watch.silent and not watch.messages]
        speakers = self._publishers(self._topic) if silent else set()
        suspects = {name for watch in silent for name in self._publishers(watch.topic)} & speakers
        if not suspects:
            self.close()
            return
        if self._ear is None:
            self._ear = self._node.create_subscription(
                DiagnosticArray, 'diagnostics', self._on_diagnostics, self._qos)
        now_s = self._steady_s()
        self._since_s = {name: self._since_s.get(name, now_s) for name in suspects}
        for name, since_s in self._since_s.items():
            if name not in self._heard and now_s - since_s >= PROOF_S:
                raise Deaf(f'{name} is alive, but nothing of it arrives in this process: '
                           'it must be started again')

    def close(self) -> None:
        """Listen no more."""
        if self._ear is not None:
            self._node.destroy_subscription(self._ear)
            self._ear = None
        self._since_s.clear()
        self._heard.clear()

    def _publishers(self, topic: str) -> set[str]:
        return {sender_name(sender) for sender in self._node.get_publishers_info_by_topic(topic)
                if sender.node_name in OURS}

    def _on_diagnostics(self, message: Any) -> None:
        # Ours give their full name; the driver of another maker, "camera: frame rate".
        root = self._node.get_namespace().rstrip('/') + '/'
        self._heard.update(root + status.name.partition(':')[0].rpartition('/')[2]
                           for status in message.status)
