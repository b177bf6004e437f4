"""Says once, with the cause, when a topic a node lives on stays silent or cannot be heard."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSCompatibility, QoSProfile, qos_check_compatible

MOST_CAUSES = 20                        # told of one topic; more would fill the log
RATE_SMOOTHING = 0.2                    # share of the newest interval in the mean interval


class Watch:
    """Counts what arrives on one subscription and speaks up when nothing does.

    `heard()` on each message, `look()` about once a second. A warning is given once per
    silence; when messages come again that is said once too. Times are on the steady clock, so
    that a paused simulation does not look alive. Raises nothing.
    """

    def __init__(self, node: Node, topic: str, qos: QoSProfile, silent_after_s: float,
                 steady_s: Callable[[], float] = time.monotonic) -> None:
        self._node = node
        self.topic = node.resolve_topic_name(topic)
        self._qos = qos
        self.silent_after_s = silent_after_s
        self._steady_s = steady_s
        self._since_s = steady_s()
        self._interval_s: float | None = None
        self._warned = False
        self.messages = 0
        self.bad = 0
        self._told: set[str] = set()

    @property
    def silent(self) -> bool:
        """True when nothing came for `silent_after_s` (0: never silent)."""
        return 0.0 < self.silent_after_s <= self._steady_s() - self._since_s

    @property
    def rate_hz(self) -> float:
        """Messages per second of late; 0.0 when silent or before the second message."""
        return 0.0 if self.silent or not self._interval_s else 1.0 / self._interval_s

    @property
    def age_s(self) -> float:
        """Seconds since the last message, or since the watch began."""
        return self._steady_s() - self._since_s

    def heard(self) -> None:
        """A message came."""
        now_s = self._steady_s()
        if self.messages:
            gap_s = max(now_s - self._since_s, 1e-6)
            old_s = gap_s if self._interval_s is None else self._interval_s
            self._interval_s = old_s + RATE_SMOOTHING * (gap_s - old_s)
        if self._warned:
            self._node.get_logger().info(f'{self.topic}: messages arrive again')
            self._warned = False
        self.messages += 1
        self._since_s = now_s

    def fault(self, why: str) -> None:
        """A message came that cannot be used. The same cause is said once, then counted."""
        self.bad += 1
        if why not in self._told and len(self._told) < MOST_CAUSES:
            self._node.get_logger().warning(f'{self.topic}: message dropped: {why}')
            self._told.add(why)

    def look(self) -> None:
        """Warns once when the topic has been silent for too long."""
        if self.silent and not self._warned:
            self._warned = True
            self._node.get_logger().warning(
                f'{self.topic}: nothing heard for {self.age_s:.1f} s: {self.cause()}')

    def cause(self) -> str:
        """Why nothing is heard, as far as the graph tells."""
        publishers = self._node.get_publishers_info_by_topic(self.topic)
        if not publishers:
            return ('no node publishes it; check that the sender runs, its namespace, '
                    'ROS_DOMAIN_ID and remappings')
        for sender in publishers:
            theirs = sender.qos_profile
            theirs.history = HistoryPolicy.KEEP_LAST  # not discovered, and of no weight here
            compatible, reason = qos_check_compatible(theirs, self._qos)
            if compatible == QoSCompatibility.ERROR:
                return (f'{sender_name(sender)} offers a QoS that does not fit '
                        f'({reason.strip()}); '
                        'set the same reliability and durability on both sides')
        return ('published by ' + ', '.join(sorted(sender_name(s) for s in publishers))
                + ', which sends nothing or cannot be reached')


def sender_name(sender: Any) -> str:
    """Of what the graph tells of a publisher: the full name of its node."""
    return f'{sender.node_namespace.rstrip("/")}/{sender.node_name}'
