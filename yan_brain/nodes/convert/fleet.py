"""What robots of a fleet say to one another: messages to `learning.fleet_messages` and back."""
from __future__ import annotations

import array
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from yan_brain_msgs.msg import FleetHave, FleetLesson, FleetTrick, FleetWant

from yan_brain.learning.fleet_messages import (
    Have,
    Message,
    Parcel,
    Want,
    lesson_of,
    listed,
    sent_trick,
)
from yan_brain.learning.tricks import Trick
from yan_brain.nodes.common import BadMessage


def fleet_in(message: Any) -> Message:
    """Any of the four messages. Raises BadMessage for one that cannot be right."""
    try:
        said = {'sender': message.sender, 'robot': message.robot}
        if isinstance(message, FleetHave):
            return Have(**said, summary=bytes(message.summary), count=message.count,
                        checksums=listed(bytes(message.checksums)))
        if isinstance(message, FleetWant):
            return Want(**said, asked=message.asked, checksums=listed(bytes(message.checksums)))
        item: Any
        if isinstance(message, FleetTrick):
            item = sent_trick(name=message.name, content=message.content,
                              taught_s=message.taught_s)
        else:
            item = lesson_of(concept=message.concept, core=message.core, width=message.width,
                             taught_s=message.taught_s,
                             features=np.array(message.features, np.float32),
                             background=np.array(message.background, np.float32))
        return Parcel(**said, checksum=bytes(message.checksum), item=item)
    except ValueError as error:
        raise BadMessage(str(error)) from error


def fleet_out(message: Message) -> Any:
    """The ROS message of one of them."""
    said = {'sender': message.sender, 'robot': message.robot}
    if isinstance(message, Have):
        return FleetHave(**said, summary=_bytes(message.summary), count=message.count,
                         checksums=_list(message.checksums))
    if isinstance(message, Want):
        return FleetWant(**said, asked=message.asked, checksums=_list(message.checksums))
    item = message.item
    if isinstance(item, Trick):
        return FleetTrick(**said, checksum=_bytes(message.checksum), name=item.name,
                          content=item.content(), taught_s=item.taught_s)
    return FleetLesson(
        **said, checksum=_bytes(message.checksum), concept=item.concept, core=item.core,
        taught_s=item.taught_s, width=item.features.shape[1],
        features=_floats(item.features), background=_floats(item.background))


def _bytes(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


def _list(checksums: Iterable[bytes]) -> array.array[int]:
    return array.array('B', b''.join(checksums))


def _floats(rows: NDArray[np.float32]) -> array.array[float]:
    return array.array('f', rows.astype(np.float32).tobytes())
