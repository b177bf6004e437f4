"""The base of all nodes: life cycle, parameters, silence, bad messages, shutdown."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

rclpy = pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.lifecycle import TransitionCallbackReturn  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from std_msgs.msg import String  # noqa: E402

from yan_brain.cli.programs import PROCESSES  # noqa: E402
from yan_brain.nodes import reach  # noqa: E402
from yan_brain.nodes.common import (  # noqa: E402
    RELIABLE,
    SENSOR,
    BadMessage,
    BrainNode,
    Health,
    StartError,
)
from yan_brain.nodes.reach import Deaf  # noqa: E402
from yan_brain.nodes.watch import Watch  # noqa: E402
from yan_brain.settings import SettingError, check, setting  # noqa: E402

DOMAIN = 81
LIMIT_S = 30.0


@dataclass(frozen=True, kw_only=True)
class EchoConfig:
    rate_hz: float = setting(20.0, 'how often it speaks', minimum=1.0, maximum=50.0)
    prefix: str = setting('', 'put before what was heard', live=True)
    fail: str = setting('', 'what goes wrong at setup')

    def __post_init__(self) -> None:
        check(self)


class Echo(BrainNode[EchoConfig]):
    """Says what it hears."""

    def __init__(self, context: Context, *overrides: Parameter) -> None:
        super().__init__('echo', EchoConfig, context=context, parameter_overrides=[*overrides])
        self.done: list[str] = []
        self.out: Any = None

    def setup(self) -> None:
        if self.config.fail == 'OSError':
            raise OSError('no such device')
        if self.config.fail:
            raise KeyError(self.config.fail)
        self.out = self.publisher(String, 'said', RELIABLE)
        self.listen(String, 'words', self.on_words, SENSOR, silent_after_s=1.0)
        self.every(1.0 / self.config.rate_hz, lambda: self.done.append('tick'))
        self.done.append('setup')

    def on_words(self, message: Any) -> None:
        if message.data == 'bad':
            raise BadMessage('data is bad; allowed: good')
        self.out.publish(String(data=self.config.prefix + message.data))

    def start(self) -> None:
        self.done.append('start')

    def stop(self) -> None:
        self.done.append('stop')

    def teardown(self) -> None:
        self.out = None
        self.done.append('teardown')

    def health(self) -> Health:
        return Health(values={'own': '7'})


class Stage:
    """An executor with a node under test and one that talks to it."""

    def __init__(self, other: str = 'other') -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.other = rclpy.create_node(other, context=self.context)
        self.executor.add_node(self.other)
        self.said: list[str] = []
        self.health: list[DiagnosticStatus] = []
        self.other.create_subscription(String, 'said', lambda m: self.said.append(m.data),
                                       RELIABLE)
        self.other.create_subscription(DiagnosticArray, 'diagnostics',
                                       lambda m: self.health.extend(m.status), RELIABLE)

    def add(self, *overrides: Parameter) -> Echo:
        node = Echo(self.context, *overrides)
        self.executor.add_node(node)
        return node

    def until(self, there: Callable[[], object], limit_s: float = LIMIT_S) -> None:
        deadline_s = time.monotonic() + limit_s
        while not there():
            assert time.monotonic() < deadline_s, f'not within {limit_s} s'
            self.executor.spin_once(timeout_sec=0.05)

    def run(self, seconds: float) -> None:
        deadline_s = time.monotonic() + seconds
        while time.monotonic() < deadline_s:
            self.executor.spin_once(timeout_sec=0.02)

    def close(self) -> None:
        self.executor.shutdown(timeout_sec=1.0)
        self.context.try_shutdown()

    def stay_silent(self) -> None:
        """The other node is a sender that is alive and says nothing."""
        self.other.create_publisher(String, 'words', SENSOR)
        self.other.create_publisher(DiagnosticArray, 'diagnostics', RELIABLE)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with closing(Stage()) as made:
        yield made


def manual(name: str, value: Any) -> Parameter:
    return Parameter(name, value=value)


def test_starts_itself_speaks_and_stops_in_order(stage: Stage) -> None:
    node = stage.add(manual('prefix', '> '))
    stage.until(lambda: node.active)
    words = stage.other.create_publisher(String, 'words', SENSOR)
    stage.until(lambda: words.get_subscription_count())
    words.publish(String(data='hello'))
    stage.until(lambda: stage.said)
    assert stage.said == ['> hello']
    node.finish()
    assert [d for d in node.done if d != 'tick'] == ['setup', 'start', 'stop', 'teardown']
    assert node.out is None and not node.watches


def test_life_cycle_by_hand_and_again(stage: Stage) -> None:
    node = stage.add(manual('autostart', False))
    stage.run(0.3)
    assert not node.done
    for _ in range(2):
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        stage.run(0.2)
        assert 'tick' not in node.done      # not active yet
        assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        stage.until(lambda: 'tick' in node.done)
        assert node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
        assert node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS
        assert node.out is None
        topics = dict(node.get_publisher_names_and_types_by_node('echo', '/'))
        assert '/said' not in topics
        node.done.clear()
    node.finish()


def test_a_device_that_is_not_there_is_told_and_can_come_later(stage: Stage) -> None:
    node = stage.add(manual('autostart', False), manual('fail', 'OSError'))
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    node.set_parameters([manual('fail', '')])
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    node.finish()


def test_autostart_that_fails_ends_the_process(stage: Stage) -> None:
    node = stage.add(manual('fail', 'OSError'))
    with pytest.raises(StartError, match='could not configure'):
        stage.run(5.0)
    node.finish()


def test_a_mistake_in_setup_is_not_swallowed(stage: Stage,
                                             capfd: pytest.CaptureFixture[str]) -> None:
    node = stage.add(manual('autostart', False), manual('fail', 'mistake'))
    assert node.trigger_configure() == TransitionCallbackReturn.ERROR
    node.finish()
    assert "KeyError: 'mistake'" in capfd.readouterr().err


@pytest.mark.parametrize(('name', 'value', 'told'), [
    ('rate_hz', 1000.0, 'number from 1 to 50'),
    ('rate_hz', 10, 'written with a point'),
    ('rate_hz', 'fast', 'number from 1 to 50'),
    ('prefix', 3, 'text'),
])
def test_wrong_parameters_are_told_with_what_is_allowed(
        stage: Stage, name: str, value: Any, told: str) -> None:
    with pytest.raises(SettingError) as error:
        stage.add(manual(name, value))
    assert told in str(error.value) and name in str(error.value)


def test_live_parameters_change_at_once_and_others_do_not(stage: Stage) -> None:
    node = stage.add()
    stage.until(lambda: node.active)
    assert node.set_parameters([manual('prefix', '! ')])[0].successful
    assert node.config.prefix == '! '
    refused = node.set_parameters([manual('rate_hz', 5.0)])[0]
    assert not refused.successful and 'clean it up first' in refused.reason
    assert node.config.rate_hz == 20.0
    node.finish()


def test_bad_messages_are_dropped_counted_and_told_once(
        stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    node = stage.add()
    stage.until(lambda: node.active)
    words = stage.other.create_publisher(String, 'words', SENSOR)
    stage.until(lambda: words.get_subscription_count())
    for _ in range(3):
        words.publish(String(data='bad'))
        stage.run(0.1)
    words.publish(String(data='good'))
    stage.until(lambda: stage.said)
    assert stage.said == ['good']
    assert node.watches[0].bad == 3 and node.watches[0].messages == 4
    node.finish()
    assert capfd.readouterr().err.count('data is bad; allowed: good') == 1


def test_silence_and_its_cause_are_told_once(stage: Stage,
                                             capfd: pytest.CaptureFixture[str]) -> None:
    node = stage.add()
    stage.until(lambda: any(s.message == '/words is silent' for s in stage.health))
    assert {'own': '7', 'active': 'true'}.items() <= {
        v.key: v.value for v in stage.health[-1].values}.items()
    stage.run(2.5)
    told = capfd.readouterr().err
    assert told.count('nothing heard') == 1 and 'no node publishes it' in told
    words = stage.other.create_publisher(String, 'words', RELIABLE)
    stage.until(lambda: words.get_subscription_count())
    words.publish(String(data='x'))
    stage.until(lambda: stage.said)
    assert 'arrive again' in capfd.readouterr().err
    node.finish()


@pytest.fixture
def camera() -> Iterator[Stage]:
    """The silent node is called as one of ours."""
    with closing(Stage('camera')) as made:
        made.stay_silent()
        yield made


def test_a_sender_that_is_alive_and_never_heard_ends_the_process(
        camera: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, 'PROOF_S', 2.0)
    node = camera.add()
    with pytest.raises(Deaf, match='/camera is alive'):
        camera.run(LIMIT_S)
    node.finish()


@pytest.mark.parametrize('said', ['words', '/camera', 'camera: frame rate'])
def test_a_sender_that_was_heard_is_within_reach(
        camera: Stage, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setattr(reach, 'PROOF_S', 2.0)
    words = camera.other.create_publisher(String, 'words', SENSOR)
    health = camera.other.create_publisher(DiagnosticArray, 'diagnostics', RELIABLE)
    node = camera.add()
    camera.until(lambda: node.active and words.get_subscription_count())
    if said == 'words':
        words.publish(String(data='x'))
        camera.until(lambda: camera.said)
    else:
        camera.other.create_timer(0.5, lambda: health.publish(
            DiagnosticArray(status=[DiagnosticStatus(name=said)])))
    camera.run(6.0)
    assert node.active and node.watches[0].silent
    node.finish()


def test_all_nodes_of_a_brain_are_ours() -> None:
    assert {node for _, nodes in PROCESSES.values() for node in nodes} == reach.OURS


def test_the_silence_of_somebody_elses_node_is_warned_of_and_no_more(
        stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, 'PROOF_S', 1.0)
    stage.stay_silent()
    node = stage.add()
    stage.run(5.0)
    assert node.active and node.watches[0].silent
    node.finish()


def test_incompatible_qos_is_named(stage: Stage) -> None:
    stage.other.create_publisher(String, 'words', SENSOR)       # best effort
    watch = Watch(stage.other, 'words', RELIABLE, 1.0)
    stage.until(lambda: 'does not fit' in watch.cause())
    assert '/other offers a QoS' in watch.cause() and 'reliability' in watch.cause().lower()


def test_rate_of_a_topic() -> None:
    now = [0.0]

    class Mute:
        def resolve_topic_name(self, topic: str) -> str:
            return '/' + topic

    watch = Watch(Mute(), 'x', RELIABLE, 2.0, lambda: now[0])  # type: ignore[arg-type]
    assert watch.rate_hz == 0.0
    for _ in range(50):
        now[0] += 0.1
        watch.heard()
    assert watch.rate_hz == pytest.approx(10.0, rel=0.01)
    now[0] += 2.0
    assert watch.silent and watch.rate_hz == 0.0


PROGRAM = textwrap.dedent("""
    import sys, time
    from dataclasses import dataclass
    from yan_brain.nodes.common import BrainNode, spin
    @dataclass(frozen=True, kw_only=True)
    class Nothing:
        pass
    class Sleeper(BrainNode[Nothing]):
        def __init__(self):
            super().__init__('sleeper', Nothing)
        def start(self):
            print('up', flush=True)
            self.every(0.05, self.tick)
        def tick(self):
            if 'hang' in sys.argv:
                while True:
                    time.sleep(0.1)
        def stop(self):
            print('stopped', flush=True)
    sys.exit(spin(Sleeper))
""")


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, '-c', PROGRAM, *arguments], text=True, stdout=subprocess.PIPE,
        env=os.environ | {'ROS_DOMAIN_ID': str(DOMAIN)} | environment)
    assert process.stdout is not None
    assert process.stdout.readline() == 'up\n'
    return process


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signals_end_the_process_in_order(number: signal.Signals) -> None:
    process = start()
    began_s = time.monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=10.0)
    assert (process.returncode, out) == (0, 'stopped\n')
    assert time.monotonic() - began_s < 3.0


def test_a_callback_that_hangs_does_not_keep_the_process() -> None:
    process = start('hang')
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    process.wait(8.0)
    assert process.returncode == 1


def test_a_process_whose_supervisor_is_gone_ends_at_once() -> None:
    process = subprocess.Popen(
        [sys.executable, '-c', PROGRAM], stdout=subprocess.PIPE, text=True,
        env=os.environ | {'ROS_DOMAIN_ID': str(DOMAIN), 'YAN_BRAIN_SUPERVISOR': '1'})
    process.communicate(timeout=30.0)
    assert process.returncode == 0
