"""cognition_node and learning_node on real ROS 2, with a fake mind and a fake planner."""
from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from yan_brain.simulation.sounds import draw, in_room, play

os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
rclpy = pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from action_msgs.msg import GoalStatus  # noqa: E402
from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from fake_mind import FakeMind, FakeVoice, image, status  # noqa: E402
from rclpy.action import ActionClient  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from sensor_msgs.msg import Image as ImageMsg  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from yan_brain_msgs.action import Instruct  # noqa: E402
from yan_brain_msgs.msg import (  # noqa: E402
    Audio,
    BrainState,
    LearningEvent,
    Percepts,
)
from yan_brain_msgs.msg import Decision as DecisionMsg  # noqa: E402
from yan_brain_msgs.msg import SkillStatus as SkillStatusMsg  # noqa: E402
from yan_brain_msgs.srv import (  # noqa: E402
    Ask,
    Concepts,
    Feedback,
    Forget,
    Restore,
    Snapshot,
    Teach,
)

from yan_brain.nodes import convert  # noqa: E402
from yan_brain.nodes.cognition_node import CognitionNode  # noqa: E402
from yan_brain.nodes.common import LATCHED, RELIABLE, SENSOR  # noqa: E402
from yan_brain.nodes.learning_node import LearningNode  # noqa: E402
from yan_brain.nodes.minds import MindConfig, MindRoom, store_path  # noqa: E402
from yan_brain.settings import SettingError  # noqa: E402
from yan_brain.signals import Decision, Skill, Sound, State  # noqa: E402

DOMAIN = 73
LIMIT_S = 30.0           # with a machine that has much else to do
HEARD: dict[str, tuple[type, Any]] = {
    'decision': (DecisionMsg, RELIABLE), 'percepts': (Percepts, RELIABLE),
    'brain_state': (BrainState, RELIABLE), 'speech': (String, RELIABLE),
    'heard': (String, RELIABLE), 'learning_events': (LearningEvent, LATCHED),
    'diagnostics': (DiagnosticArray, RELIABLE)}
SERVICES = {'ask': Ask, 'teach': Teach, 'forget': Forget, 'concepts': Concepts,
            'feedback': Feedback, 'snapshot': Snapshot, 'restore': Restore}


class Ear:
    """Understands loud sound as what is in `says`."""

    def __init__(self) -> None:
        self.says: list[str] = []

    def hear(self, sound: Sound) -> str | None:
        return self.says.pop(0) if sound.samples.any() and self.says else None


class World:
    """Both nodes, their fake mind, and a client that sees all and plays planner and camera."""

    def __init__(self, *, members: tuple[str, ...] = ('cognition', 'learning'),
                 mind: FakeMind | None = None, namespace: str = '/robot',
                 **parameters: Any) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.mind, self.ear = mind or FakeMind(), Ear()
        self.room = MindRoom(*members, load=lambda config, path: self.mind)
        given = {'mind.store': 'none', 'showing.showing_seconds': 0.3, **parameters}
        options: dict[str, Any] = {
            'namespace': namespace, 'context': self.context, 'parameter_overrides': [
                Parameter(name, value=value) for name, value in given.items()]}
        self.nodes: list[Any] = []
        if 'learning' in members:
            self.learning = LearningNode(self.room, **self._fitting(options, ('mind', 'showing')))
            self.nodes.append(self.learning)
        if 'cognition' in members:
            self.cognition = CognitionNode(self.room, ear=lambda _: self.ear, voice=FakeVoice(),
                                           **options)
            self.nodes.append(self.cognition)
        self.client = rclpy.create_node('client', namespace=namespace, context=self.context)
        self.got: dict[str, list[Any]] = defaultdict(list)
        for topic, (kind, qos) in HEARD.items():
            self.client.create_subscription(kind, topic, self.got[topic].append, qos)
        self.out_image = self.client.create_publisher(ImageMsg, 'camera/image_raw', SENSOR)
        self.out_audio = self.client.create_publisher(Audio, 'audio', SENSOR)
        self.out_text = self.client.create_publisher(String, 'text', RELIABLE)
        self.out_status = self.client.create_publisher(SkillStatusMsg, 'skill_status', RELIABLE)
        self.instruct = ActionClient(self.client, Instruct, 'instruct')
        self.services = {name: self.client.create_client(kind, name)
                         for name, kind in SERVICES.items()}
        self._said: SkillStatusMsg | None = None
        self.client.create_timer(0.05, self._control)
        self._spinning = True
        self._threads = [threading.Thread(target=self._spin, args=(nodes,), daemon=True)
                         for nodes in (self.nodes, [self.client])]
        for thread in self._threads:
            thread.start()
        self.until(lambda: all(node.active for node in self.nodes), 'active nodes')
        if 'cognition' in members:
            assert self.instruct.wait_for_server(LIMIT_S)
            self.until(lambda: bool(self.got['decision']), 'a decision')
            self.until(lambda: self.out_text.get_subscription_count() > 0
                       and self.out_status.get_subscription_count() > 0
                       and self.out_image.get_subscription_count() > 0, 'subscriptions')

    @staticmethod
    def _fitting(options: dict[str, Any], starts: tuple[str, ...]) -> dict[str, Any]:
        return options | {'parameter_overrides': [
            p for p in options['parameter_overrides'] if p.name.startswith(starts)]}

    def _spin(self, nodes: list[Any]) -> None:
        executor = SingleThreadedExecutor(context=self.context)
        for node in nodes:
            executor.add_node(node)
        while self._spinning:
            executor.spin_once(timeout_sec=0.1)
        executor.shutdown(timeout_sec=1.0)

    def close(self) -> None:
        self._spinning = False
        for thread in self._threads:
            thread.join(LIMIT_S)
        for node in self.nodes:
            node.finish()
        self.instruct.destroy()
        self.client.destroy_node()
        self.context.try_shutdown()

    def until(self, there: Callable[[], Any], what: str) -> Any:
        end = time.monotonic() + LIMIT_S
        while not there():
            assert time.monotonic() < end, f'{what}: not within {LIMIT_S} s'
            time.sleep(0.005)
        return there()

    def decision(self, skill: Skill, argument: str = '') -> Decision:
        """The newest decision, once it is that."""
        self.until(lambda: (self.got['decision'][-1].skill,
                            self.got['decision'][-1].argument) == (skill.value, argument), skill)
        return convert.decision_in(self.got['decision'][-1])

    def plan(self, decision: Decision, state: State, reason: str = '') -> None:
        """Have the planner say so from now on, as it does, at its control rate."""
        self._said = convert.status_out(status(decision, state.value, reason))

    def _control(self) -> None:
        if self._said is not None:
            self.out_status.publish(self._said)

    def see(self, level: int = 128, **changes: Any) -> None:
        message = convert.image_out(image(time.time(), level), 'camera')
        for name, value in changes.items():
            setattr(message, name, value)
        self.out_image.publish(message)

    def goal(self, text: str, told: Callable[[Any], None] | None = None) -> tuple[Any, Any]:
        """A goal's handle and the future of its result."""
        sent = self.instruct.send_goal_async(Instruct.Goal(text=text), told)
        self.until(sent.done, 'an accepted goal')
        handle = sent.result()
        assert handle.accepted
        return handle, handle.get_result_async()

    def result(self, future: Any) -> tuple[int, Instruct.Result]:
        self.until(future.done, 'a result')
        return future.result().status, future.result().result

    def call(self, name: str, /, **fields: Any) -> Any:
        assert self.services[name].wait_for_service(LIMIT_S)
        future = self.services[name].call_async(SERVICES[name].Request(**fields))
        self.until(future.done, f'the answer of {name}')
        return future.result()

    def said(self, text: str) -> None:
        self.until(lambda: any(m.data == text for m in self.got['speech']),
                   f'{text!r} among {[m.data for m in self.got["speech"]]}')

    def health(self, node: str, key: str) -> str:
        """The newest value of a node's diagnostics."""
        found = [status for array in self.got['diagnostics'] for status in array.status
                 if status.name == f'{self.client.get_namespace()}/{node}']
        if not found:
            return ''
        values = {value.key: value.value for value in found[-1].values}
        return found[-1].message if key == 'message' else values.get(key, '')


@pytest.fixture(scope='module')
def shared() -> Iterator[World]:
    """Both nodes in one process; tests leave it idle."""
    made = World()
    yield made
    made.close()


@pytest.fixture
def world(shared: World) -> World:
    """The shared world, with nothing heard yet."""
    shared.until(lambda: shared.got['decision'][-1].skill == 'idle', 'idle')
    for messages in shared.got.values():
        del messages[:-1]
    shared.got['speech'].clear()
    return shared


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
    world.until(lambda: world.cognition.sounds.holds('bell'), 'the bell')
    assert world.call('teach', name='this sound is the ringer').success    # another name for it
    refused = world.call('teach', name='this sound is the drum')
    assert not refused.success and 'heard nothing' in refused.message
    for name in ('bell', 'ringer'):
        assert world.call('forget', name=name).success


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


class Camera:
    """Publishes images while it is entered."""

    def __init__(self, world: World) -> None:
        self._world, self._on = world, True
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while self._on:
            self._world.see(level=200)
            time.sleep(0.04)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._on = False
        self._thread.join(LIMIT_S)


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
