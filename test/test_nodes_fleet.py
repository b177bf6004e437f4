"""Fleet messages to and from ROS."""
from __future__ import annotations

import array

import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message

from yan_brain.learning.fleet_messages import Have, Message, Parcel, Want
from yan_brain.learning.store import Lesson
from yan_brain.learning.tricks import Step, Trick
from yan_brain.nodes.common import BadMessage
from yan_brain.nodes.convert.fleet import fleet_in, fleet_out
from yan_brain.nodes.fleet import FleetConfig
from yan_brain.settings import SettingError
from yan_brain.signals import Skill

LESSON = Lesson(concept='木偶', core='abc', taught_s=1e9 + 0.1,
                features=np.random.default_rng(0).normal(0, 1, (3, 5)).astype(np.float32),
                background=np.zeros((0, 5), np.float32))
TRICK = Trick(name='dance', taught_s=7.25, percept=True, steps=(
    Step(words='turn left', skill=Skill.TURN, amount=0.1), Step(words='stop', skill=Skill.STOP)))


@pytest.mark.parametrize('message', [
    Have(sender=2**62, robot='left', summary=b'a' * 16, count=7, checksums=(b'b' * 16,) * 2),
    Have(sender=1, robot='left', summary=b'a' * 16, count=0),
    Want(sender=1, robot='left', asked=2**63 - 1, checksums=(b'\xff' * 16,)),
    Parcel(sender=1, robot='left', checksum=LESSON.checksum(), item=LESSON),
    Parcel(sender=1, robot='left', checksum=TRICK.checksum(), item=TRICK)])
def test_what_is_sent_arrives(message: Message) -> None:
    made = fleet_out(message)
    back = fleet_in(deserialize_message(serialize_message(made), type(made)))
    if isinstance(message, Parcel):
        assert isinstance(back, Parcel) and back.checksum == message.checksum
        assert back.item.checksum() == message.item.checksum()
        assert (back.sender, back.robot) == (message.sender, message.robot)
    else:
        assert back == message


def test_what_was_damaged_on_the_way_is_refused() -> None:
    made = fleet_out(Parcel(sender=1, robot='left', checksum=LESSON.checksum(), item=LESSON))
    for field, value in (('features', array.array('f', LESSON.features.ravel() + 1)),
                         ('features', array.array('f', [float('nan')] * 5)),
                         ('width', 7), ('concept', 'puppet'), ('core', 'other'),
                         ('taught_s', 3.0), ('robot', '')):
        before = getattr(made, field)
        setattr(made, field, value)
        with pytest.raises(BadMessage):
            fleet_in(made)
        setattr(made, field, before)
    assert isinstance(fleet_in(made), Parcel)


@pytest.mark.parametrize('topic', ['fleet', '/', '', '/a b', '/fleet/', '/1'])
def test_a_topic_that_robots_cannot_meet_on_is_refused(topic: str) -> None:
    with pytest.raises(SettingError, match='absolute name'):
        FleetConfig(topic=topic)
