"""learning_node on real ROS 2 with a fake mind: what is shown, told, kept and shared."""
from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from yan_brain.simulation.sounds import draw, in_room, play

pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from action_msgs.msg import GoalStatus
from fake_mind import FakeMind
from mind_world import LIMIT_S, Camera, World
from yan_brain_msgs.srv import Teach

from yan_brain.nodes import convert
from yan_brain.nodes.minds import MindConfig, MindRoom, store_path
from yan_brain.settings import SettingError
from yan_brain.signals import Sound


@pytest.fixture(scope='module')
def shared() -> Iterator[World]:
    """Both nodes in one process; tests leave it idle."""
    with closing(World()) as made:
        yield made


@pytest.fixture
def world(shared: World) -> World:
    """The shared world, with nothing heard yet."""
    return shared.quiet()


def test_a_sound_is_taught_listed_noticed_and_forgotten(world: World) -> None:
    rng = np.random.default_rng(3)
    bell = draw('bell', rng)
    begin_s = time.time() + 100.0                    # after anything that it says itself
    world.ear.says.clear()

    def ring(at_s: float) -> None:
        heard = in_room(play(bell, rng)[:16000], 0.3, 25, rng, after_s=0.5)
        for begin in range(0, len(heard), 8000):
            world.out_audio.publish(convert.sound_out(Sound(
                stamp_s=at_s + begin / 16000, samples=heard[begin:begin + 8000], rate_hz=16000)))
            time.sleep(0.02)

    ring(begin_s)
    taught = world.call('teach', name='sound of the bell')
    assert taught.success and taught.lessons == 1, taught.message
    assert [c.name for c in world.call('concepts').concepts] == ['bell']
    ring(begin_s + 20.0)
    world.until(lambda: world.cognition.senses.sounds.holds('bell'), 'the bell')
    assert world.call('teach', name='this sound is the ringer').success    # another name for it
    refused = world.call('teach', name='this sound is the drum')
    assert not refused.success and 'heard nothing' in refused.message
    for name in ('bell', 'ringer'):
        assert world.call('forget', name=name).success


def test_teach_list_snapshot_forget_restore(world: World) -> None:
    with Camera(world):
        taught = world.call('teach', name='Blorp', seconds=0.2)
        assert taught.success and taught.lessons == 1, taught.message
        assert taught.version == world.mind.version
        code, result = world.result(world.goal('this is a zib')[1])
    assert code == GoalStatus.STATUS_SUCCEEDED and result.reply == 'learned zib'
    listed = world.call('concepts')
    assert [c.name for c in listed.concepts] == ['blorp', 'zib']
    assert listed.version == world.mind.version
    assert world.call('snapshot', name='two').name == 'two'
    assert world.call('feedback', value=1.0, instruction_id=3).success
    assert world.call('forget', name='zib').success
    missing = world.call('forget', name='zib')
    assert not missing.success and 'taught were: blorp' in missing.message
    assert world.result(world.goal('forget blorp')[1])[1].reply == 'forgot blorp'
    assert world.result(world.goal('what do you know')[1])[1].reply == 'know nothing'
    restored = world.call('restore', name='two')
    assert restored.success and restored.version == world.mind.version
    assert 'there are:' in world.call('restore', name='nope').message
    assert [c.name for c in world.call('concepts').concepts] == ['blorp', 'zib']
    world.until(lambda: world.got['learning_events'][-1].kind == 'restored', 'event')
    kinds = [e.kind for e in world.got['learning_events']]
    assert kinds[-6:] == ['taught', 'taught', 'feedback', 'forgotten', 'forgotten', 'restored']
    for name in ('blorp', 'zib'):
        world.call('forget', name=name)


@pytest.mark.parametrize(('request_', 'says'), [
    ({'name': '', 'seconds': 0.1}, '1 to 64 printable'),
    ({'name': 'x', 'seconds': -1.0}, 'allowed: 0'),
    ({'name': 'x', 'seconds': float('nan')}, 'allowed: 0'),
    ({'name': 'x', 'seconds': 0.1}, 'no image came')])
def test_a_lesson_that_cannot_be_learned_is_explained(
    world: World, request_: dict[str, Any], says: str,
) -> None:
    answer = world.call('teach', **request_)
    assert not answer.success and says in answer.message
    assert answer.version == world.mind.version


def test_ticks_keep_their_rate_while_learning(world: World) -> None:
    with Camera(world):
        calls = [world.services['teach'].call_async(Teach.Request(name='blorp', seconds=0.5))
                 for _ in range(3)]
        before, began = world.cognition.talk.thinker.pace.ticks, time.monotonic()
        world.until(lambda: all(call.done() for call in calls), 'lessons')
        ticks = world.cognition.talk.thinker.pace.ticks - before
    assert ticks / (time.monotonic() - began) > 5.0
    assert calls[-1].result().lessons == 3
    world.call('forget', name='blorp')


def test_two_processes_follow_each_other_through_one_store(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    thinking = World(members=('cognition',), mind=FakeMind(path), namespace='/pair')
    learning = World(members=('learning',), mind=FakeMind(path), namespace='/pair')
    try:
        thinking.until(lambda: thinking.cognition.count_publishers('learning_events') == 2,
                       'discovery')
        with Camera(thinking):
            assert learning.call('teach', name='blorp', seconds=0.2).success
            thinking.until(lambda: [c.name for c in thinking.mind.concepts()] == ['blorp'],
                           'a lesson from the other process')
            reply = thinking.result(thinking.goal('this is a zib')[1])[1]
        assert reply.success
        learning.until(lambda: len(learning.mind.concepts()) == 2, 'the way back')
        assert thinking.mind.version == learning.mind.version
    finally:
        thinking.close()
        learning.close()


def test_nodes_of_one_process_must_agree_on_the_mind() -> None:
    room = MindRoom('cognition', 'learning', load=lambda config, path: FakeMind())

    class Node:
        def __init__(self, name: str) -> None:
            self.get_name, self.get_namespace = (lambda: name), (lambda: '/')

    first, second = Node('cognition'), Node('learning')
    shared = room.enter(first, MindConfig(threads=1))  # type: ignore[arg-type]
    with pytest.raises(SettingError, match='give both nodes the same'):
        room.enter(second, MindConfig(threads=2))  # type: ignore[arg-type]
    assert room.enter(second, MindConfig(threads=1)) is shared  # type: ignore[arg-type]
    room.leave(first)  # type: ignore[arg-type]
    assert shared.learner.refresh().result(LIMIT_S) in (True, False)
    room.leave(second)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        shared.learner.refresh()


def test_brains_in_different_namespaces_keep_different_lessons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('XDG_DATA_HOME', '/data')
    assert store_path('', '/') == Path('/data/yan_brain/lessons.db')
    assert store_path('', '/one/two') == Path('/data/yan_brain/one/two/lessons.db')
    assert store_path('none', '/') is None
    assert store_path('/x/y.db', '/one') == Path('/x/y.db')
