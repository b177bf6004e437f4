"""cognition_node on real ROS 2 with a fake mind and a fake planner: words, senses, goals."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from action_msgs.msg import GoalStatus
from fake_mind import FakeMind, image
from mind_world import World
from std_msgs.msg import String
from yan_brain_msgs.action import Instruct
from yan_brain_msgs.msg import Audio

from yan_brain.nodes import convert
from yan_brain.signals import Skill, State


@pytest.fixture(scope='module')
def shared() -> Iterator[World]:
    """Both nodes in one process; tests leave it idle."""
    with closing(World()) as made:
        yield made


@pytest.fixture
def world(shared: World) -> World:
    """The shared world, with nothing heard yet."""
    return shared.quiet()


def test_a_goal_succeeds_with_reply_and_feedback(world: World) -> None:
    told: list[Any] = []
    _, future = world.goal('go to the red ball', told.append)
    decision = world.decision(Skill.GO_TO, 'red ball')
    world.plan(decision, State.RUNNING)
    world.until(lambda: told, 'feedback')
    world.plan(decision, State.SUCCEEDED)
    code, result = world.result(future)
    assert (told[-1].feedback.skill, told[-1].feedback.argument) == ('go_to', 'red ball')
    assert code == GoalStatus.STATUS_SUCCEEDED and result.success
    assert (result.skill, result.argument, result.reason) == ('go_to', 'red ball', '')
    assert result.instruction_id == decision.instruction_id
    assert result.range == pytest.approx(0.4) and result.seconds > 0
    assert result.reply == 'done go to the red ball'
    world.said(result.reply)
    assert world.decision(Skill.IDLE).instruction_id == decision.instruction_id


def test_a_trick_told_is_done_step_by_step_and_forgotten(world: World) -> None:
    code, result = world.result(world.goal('When I say dance, turn, then go to the red ball')[1])
    assert code == GoalStatus.STATUS_SUCCEEDED and result.reply == 'can dance in 2'
    world.until(lambda: [m.kind for m in world.got['learning_events'] if m.concept == 'dance'],
                'an event')
    _, future = world.goal('dance, please')
    first = world.decision(Skill.TURN)
    world.plan(first, State.SUCCEEDED)
    second = world.decision(Skill.GO_TO, 'red ball')
    assert second.instruction_id > first.instruction_id
    world.plan(second, State.SUCCEEDED)
    code, result = world.result(future)
    assert code == GoalStatus.STATUS_SUCCEEDED and result.reply == 'did dance'
    assert world.call('forget', name='dance').success
    code, result = world.result(world.goal('dance')[1])
    assert result.reason == 'unclear'


def test_a_goal_fails_with_the_planners_reason(world: World) -> None:
    _, future = world.goal('go to the green cone')
    decision = world.decision(Skill.GO_TO, 'green cone')
    world.plan(decision, State.FAILED, 'not_found')
    code, result = world.result(future)
    assert code == GoalStatus.STATUS_ABORTED and not result.success
    assert result.reason == 'not_found'
    assert result.reply == 'failed go to the green cone: not_found'


@pytest.mark.parametrize(('text', 'reason'), [
    ('go to the wug', 'unknown_word'), ('colourless green ideas', 'unclear'),
    ('  ', 'text is empty; say what the robot should do'),
    ('x' * 3000, 'text has 3000 characters; allowed: 2000')])
def test_a_goal_that_makes_no_sense_is_answered(world: World, text: str, reason: str) -> None:
    code, result = world.result(world.goal(text)[1])
    assert code == GoalStatus.STATUS_ABORTED and result.reason == reason


def test_a_new_goal_preempts_the_old(world: World) -> None:
    _, first = world.goal('go to the red ball')
    world.plan(world.decision(Skill.GO_TO, 'red ball'), State.RUNNING)
    _, second = world.goal('go to the box')
    code, result = world.result(first)
    assert (code, result.reason) == (GoalStatus.STATUS_ABORTED, 'preempted')
    world.plan(world.decision(Skill.GO_TO, 'box'), State.SUCCEEDED)
    assert world.result(second)[1].success


def test_cancel_stops_the_robot(world: World) -> None:
    handle, future = world.goal('follow me')
    world.plan(world.decision(Skill.FOLLOW, 'me'), State.RUNNING)
    cancelled = handle.cancel_goal_async()
    code, result = world.result(future)
    assert (code, result.reason) == (GoalStatus.STATUS_CANCELED, 'cancelled')
    stop = world.decision(Skill.STOP)
    world.plan(stop, State.SUCCEEDED)
    world.decision(Skill.IDLE)
    world.until(cancelled.done, 'cancel answer')
    assert cancelled.result().goals_canceling


def test_typed_stop_stops_at_once_and_ends_the_goal(world: World) -> None:
    _, future = world.goal('go to the red ball')
    world.plan(world.decision(Skill.GO_TO, 'red ball'), State.RUNNING)
    world.out_text.publish(String(data='Stop!'))
    stop = world.decision(Skill.STOP)
    assert world.result(future)[1].reason == 'preempted'
    world.plan(stop, State.SUCCEEDED)
    world.said('done Stop!')
    skills = [m.skill for m in world.got['decision']]
    assert 'go_to' not in skills[skills.index('stop'):]


def test_typed_words_run_the_same_path(world: World) -> None:
    world.out_text.publish(String(data='turn'))
    decision = world.decision(Skill.TURN)
    world.plan(decision, State.SUCCEEDED)
    world.said('done turn')
    world.out_text.publish(String(data=''))          # refused, counted, nothing else
    world.until(lambda: int(world.health('cognition', '/robot/text bad') or 0) > 0, 'a bad text')


def _sound(level: int, rate: int = 16000, stamp_s: float = 0.0) -> Audio:
    return Audio(header=convert.header(stamp_s, 'microphone'), rate=rate, channels=1,
                 samples=[level] * 800, voice=-1.0)


def test_heard_words_run_the_same_path_and_chatter_does_not_disturb(world: World) -> None:
    world.ear.says[:] = ['go to the red ball', 'blah blah', 'stop']
    world.out_audio.publish(_sound(0))               # silence
    world.out_audio.publish(_sound(100))
    decision = world.decision(Skill.GO_TO, 'red ball')
    world.out_audio.publish(_sound(100))
    world.until(lambda: any(m.data == 'blah blah' for m in world.got['heard']), 'chatter')
    world.plan(decision, State.RUNNING)
    time.sleep(0.3)
    assert world.decision(Skill.GO_TO, 'red ball').instruction_id == decision.instruction_id
    world.out_audio.publish(_sound(100))
    world.plan(world.decision(Skill.STOP), State.SUCCEEDED)
    world.said('done stop')


def test_a_stop_does_not_wait_for_whose_voice_it_is(
        world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    known = threading.Event()

    def hear(_samples: object) -> str:
        known.wait()
        return ''

    world.out_text.publish(String(data='go to the red ball'))
    world.plan(world.decision(Skill.GO_TO, 'red ball'), State.RUNNING)
    monkeypatch.setattr(world.cognition.senses.persons, 'hear', hear)
    world.ear.says[:] = ['stop']
    world.out_audio.publish(_sound(100))
    try:
        world.plan(world.decision(Skill.STOP), State.SUCCEEDED)
    finally:
        known.set()
    world.said('done stop')


def test_its_own_voice_is_no_order(world: World) -> None:
    world.out_text.publish(String(data='turn'))
    world.plan(world.decision(Skill.TURN), State.SUCCEEDED)
    world.said('done turn')
    now_s = time.time()
    world.ear.says[:] = ['done turn', 'go to the red ball']
    world.out_audio.publish(_sound(100, stamp_s=now_s + 0.5))       # while it speaks
    time.sleep(0.3)
    assert len(world.ear.says) == 2 and world.got['decision'][-1].skill != 'go_to'
    world.ear.says.pop(0)
    world.out_audio.publish(_sound(100, stamp_s=now_s + 60.0))
    world.plan(world.decision(Skill.GO_TO, 'red ball'), State.SUCCEEDED)
    world.said('done go to the red ball')


def test_bad_sound_is_counted(world: World) -> None:
    bad = int(world.health('cognition', '/robot/audio bad') or 0)
    world.out_audio.publish(_sound(100, rate=7))
    world.until(lambda: int(world.health('cognition', '/robot/audio bad') or 0) > bad, 'count')
    world.decision(Skill.IDLE)


def _late(world: World) -> None:
    world.out_image.publish(convert.image_out(image(time.time() - 60), 'camera'))


@pytest.mark.parametrize('bad', [
    lambda world: world.see(height=0), lambda world: world.see(encoding='nonsense'),
    lambda world: world.see(data=b''), lambda world: world.see(step=1), _late])
def test_bad_images_are_counted(world: World, bad: Callable[[World], None]) -> None:
    watch = next(w for w in world.cognition.watches if w.topic.endswith('image_raw'))
    before = watch.bad

    def counted() -> bool:
        bad(world)                                   # best effort: one may be lost
        return watch.bad > before

    world.until(counted, 'a bad image')
    assert world.cognition.talk.thinker.failures == 0


def test_an_image_the_mind_cannot_use_is_diagnosed_and_sight_comes_back(world: World) -> None:
    thinker = world.cognition.talk.thinker

    def failed() -> bool:
        world.see(level=0)
        return thinker.failures > 0

    world.until(failed, 'a failed tick')
    world.until(lambda: 'lens cap' in world.health('cognition', 'message'), 'a diagnosis')
    world.got['percepts'].clear()

    def seen() -> bool:
        world.see()
        return bool(world.got['decision'][-1].has_image) and any(
            p.percepts for p in world.got['percepts'])

    world.until(seen, 'sight')
    assert world.got['percepts'][-1].percepts[0].label == 'red ball'


def test_ask_is_answered_from_what_is_seen_and_known_without_moving(world: World) -> None:
    def answer() -> Any:
        world.see()
        return world.call('ask', question='What do you see?')

    world.until(lambda: answer().answer == 'see red ball', 'an answer from sight')
    assert world.call('ask', question='what do you know?').answer == 'know nothing'
    refused = world.call('ask', question='go to the red ball')
    assert not refused.success and refused.answer == 'trouble unclear'
    assert not world.call('ask', question=' ').success
    assert world.got['decision'][-1].skill == 'idle'


def test_deactivated_it_stops_and_refuses_and_comes_back(world: World) -> None:
    _, future = world.goal('go to the red ball')
    world.plan(world.decision(Skill.GO_TO, 'red ball'), State.RUNNING)
    began = time.monotonic()
    world.cognition.trigger_deactivate()
    assert time.monotonic() - began < 3.0
    assert world.result(future)[1].reason == 'shutdown'
    world.decision(Skill.STOP)
    sent = world.instruct.send_goal_async(Instruct.Goal(text='turn'))
    world.until(sent.done, 'an answer')
    assert not sent.result().accepted
    assert 'not active' in world.call('ask', question='what do you see').answer
    world.cognition.trigger_activate()
    world.decision(Skill.IDLE)


def test_silence_of_the_planner_ends_a_goal() -> None:
    short: dict[str, Any] = {'task.planner_silence_s': 0.5}
    world = World(members=('cognition',), namespace='/quiet', **short)
    try:
        code, result = world.result(world.goal('go to the red ball')[1])
        assert (code, result.reason) == (GoalStatus.STATUS_ABORTED, 'no_planner')
        world.decision(Skill.IDLE)
    finally:
        world.close()


def test_a_slow_mind_misses_ticks_but_stops_at_once() -> None:
    world = World(mind=FakeMind(slow_s=0.35), namespace='/slow')
    try:
        world.goal('go to the red ball')
        world.decision(Skill.GO_TO, 'red ball')
        began = time.monotonic()
        world.out_text.publish(String(data='停'))
        world.decision(Skill.STOP)
        assert time.monotonic() - began < 0.3
        world.until(lambda: int(world.health('cognition', 'ticks_missed') or 0) > 2, 'count')
    finally:
        world.close()
