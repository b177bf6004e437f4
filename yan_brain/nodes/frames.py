"""Which odometry frame it is: a name that changes when whoever publishes it starts over."""
from __future__ import annotations

import time
from typing import Any

from yan_brain.mind.places import MAP
from yan_brain.nodes.common import BrainNode

LOOK_S = 1.0             # between looks at who publishes


class Frames:
    """Tells the frames of one topic apart by the identifiers of its publishers."""

    def __init__(self, node: BrainNode[Any], topic: str) -> None:
        self._node, self._topic = node, topic
        self._looked_s = -LOOK_S
        self._source = ''

    def of(self, frame_id: str) -> str:
        """The name of a frame now; '' while it is not known who publishes it."""
        name = frame_id.strip('/')
        if name.rsplit('/', maxsplit=1)[-1] == MAP:
            return MAP
        now_s = time.monotonic()
        if now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            self._source = '-'.join(sorted(
                bytes(one.endpoint_gid).hex()
                for one in self._node.get_publishers_info_by_topic(self._topic)))
        return f'{name} {self._source}' if self._source else ''
