"""Both nodes on real ROS 2, with a fake mind, and a client that plays planner and camera."""
from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from fake_mind import FakeMind, FakeVoice, image, status
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image as ImageMsg
from std_msgs.msg import String
from yan_brain_msgs.action import Instruct
from yan_brain_msgs.msg import Audio, BrainState, LearningEvent, Percepts
from yan_brain_msgs.msg import Decision as DecisionMsg
from yan_brain_msgs.msg import SkillStatus as SkillStatusMsg
from yan_brain_msgs.srv import Ask, Concepts, Feedback, Forget, Restore, Snapshot, Teach

from yan_brain.nodes import convert
from yan_brain.nodes.cognition_node import CognitionNode
from yan_brain.nodes.common import LATCHED, RELIABLE, SENSOR
from yan_brain.nodes.learning_node import LearningNode
from yan_brain.nodes.minds import MindRoom
from yan_brain.signals import Decision, Skill, Sound, State

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
        self.utterance = np.zeros(0, np.int16)

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

    def quiet(self) -> World:
        """This world, once it is idle and with nothing heard yet."""
        self.until(lambda: self.got['decision'][-1].skill == 'idle', 'idle')
        for messages in self.got.values():
            del messages[:-1]
        self.got['speech'].clear()
        return self

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
