"""A running brain as seen from the command line: listen to it, tell it something, wait."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from lifecycle_msgs.msg import State as LifecycleState
from lifecycle_msgs.srv import GetState
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from yan_brain_msgs.action import Instruct

ASK_AGAIN_S = 0.3
LOST_S = 2.0                            # a server that is away for so long has lost the goal


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an instruction ended."""

    success: bool
    reason: str = ''
    reply: str = ''
    skill: str = ''
    argument: str = ''
    instruction_id: int = 0
    seconds: float = 0.0


class BrainUnreachable(RuntimeError):
    """No brain answers. The text says where it was looked for."""


class Telling:
    """An instruction on its way. `wait` gives its outcome; `cancel` stops the robot."""

    def __init__(self, client: Any, text: str, on_feedback: Callable[[Any], None]) -> None:
        self._client = client
        self._done = threading.Event()
        self._outcome = Outcome(success=False, reason='no answer')
        self._handle: Any = None
        self._began_s = time.monotonic()
        sent = client.send_goal_async(Instruct.Goal(text=text),
                                      feedback_callback=lambda m: on_feedback(m.feedback))
        sent.add_done_callback(self._accepted)

    def wait(self, limit_s: float) -> Outcome:
        """The outcome; after `limit_s` the instruction is cancelled."""
        deadline_s = time.monotonic() + limit_s
        away_s = 0.0
        while not self._done.wait(0.1):
            now_s = time.monotonic()
            away_s = 0.0 if self._client.server_is_ready() else away_s + 0.1
            if away_s > LOST_S:
                return self._failed('the brain went away while doing it')
            if now_s > deadline_s:
                self.cancel()
                return self._failed(f'not done within {limit_s:.0f} s')
        return self._outcome

    @property
    def done(self) -> bool:
        """True when `wait` returns at once."""
        return self._done.is_set()

    def cancel(self, wait_s: float = 1.0) -> None:
        """Asks for the end; waits a moment for it."""
        if self._handle is not None and not self._done.is_set():
            self._handle.cancel_goal_async()
            self._done.wait(wait_s)

    def _failed(self, reason: str) -> Outcome:
        return Outcome(success=False, reason=reason, seconds=time.monotonic() - self._began_s)

    def _accepted(self, future: Any) -> None:
        self._handle = future.result()
        if not self._handle.accepted:
            self._outcome = self._failed('the brain refuses instructions now: it is not active')
            self._done.set()
            return
        self._handle.get_result_async().add_done_callback(self._ended)

    def _ended(self, future: Any) -> None:
        answer = future.result()
        result = answer.result
        cancelled = answer.status == GoalStatus.STATUS_CANCELED
        self._outcome = Outcome(
            success=result.success, reason=result.reason or ('cancelled' if cancelled else ''),
            reply=result.reply, skill=result.skill, argument=result.argument,
            instruction_id=result.instruction_id, seconds=time.monotonic() - self._began_s)
        self._done.set()


class Brain:
    """The brain in a namespace. Callbacks come from a thread of its own."""

    def __init__(self, namespace: str = '', *, name: str = 'yan_brain_cli') -> None:
        self.context = Context()
        rclpy.init(context=self.context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = Node(name, namespace=namespace, context=self.context,
                         use_global_arguments=False, enable_rosout=False,
                         start_parameter_services=False)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._instruct: Any = ActionClient(self.node, Instruct, 'instruct')
        self._states: dict[str, Any] = {}
        self._failure: BaseException | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._spin, name='ros', daemon=True)

    def __enter__(self) -> Brain:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stopping.set()
        self._executor.wake()
        self._thread.join(2.0)
        self._instruct.destroy()
        self.node.destroy_node()
        self._executor.shutdown(timeout_sec=1.0)
        self.context.try_shutdown()

    def check(self) -> None:
        """Raises what ended the thread that listens, if anything did."""
        if self._failure is not None:
            raise self._failure

    def listen(self, kind: type, topic: str, callback: Callable[[Any], None],
               qos: QoSProfile) -> None:
        """Calls `callback` for each message."""
        self.node.create_subscription(kind, topic, callback, qos)
        self._executor.wake()

    def publisher(self, kind: type, topic: str, qos: QoSProfile) -> Any:
        """A publisher."""
        return self.node.create_publisher(kind, topic, qos)

    def wait_ready(self, nodes: Collection[str], limit_s: float,
                   while_waiting: Callable[[set[str]], None] = lambda missing: None) -> None:
        """Returns when all these nodes are active and take instructions.

        Raises BrainUnreachable naming those that are not, after `limit_s`.
        """
        missing = set(nodes)
        deadline_s = time.monotonic() + limit_s
        while missing or not self._instruct.server_is_ready():
            self.check()
            while_waiting(missing)
            missing -= {name for name in missing if self.is_active(name)}
            if time.monotonic() > deadline_s:
                raise BrainUnreachable(
                    f'not ready after {limit_s:.0f} s: '
                    + (', '.join(sorted(missing)) or 'the instruct action'))
            time.sleep(0.05)

    def is_active(self, node: str, limit_s: float = ASK_AGAIN_S) -> bool:
        """Asks a lifecycle node for its state."""
        client = self._states.get(node)
        if client is None:
            client = self._states[node] = self.node.create_client(GetState, f'{node}/get_state')
            self._executor.wake()
        if not client.service_is_ready():
            return False
        answered = threading.Event()
        future = client.call_async(GetState.Request())
        future.add_done_callback(lambda _: answered.set())
        if not answered.wait(limit_s):
            client.remove_pending_request(future)
            return False
        answer = future.result()
        return (answer is not None
                and answer.current_state.id == LifecycleState.PRIMARY_STATE_ACTIVE)

    def wait_for_listener(self, limit_s: float) -> None:
        """Raises BrainUnreachable when nobody takes instructions within `limit_s`."""
        deadline_s = time.monotonic() + limit_s
        while not self._instruct.server_is_ready():
            self.check()
            if time.monotonic() > deadline_s:
                raise BrainUnreachable(
                    f'no brain takes instructions on {self.node.get_namespace().rstrip("/")}'
                    f'/instruct in ROS domain {self.context.get_domain_id()}; start one with '
                    '`yan-brain run`, or name its --namespace and ROS_DOMAIN_ID')
            time.sleep(0.05)

    def tell(self, text: str, on_feedback: Callable[[Any], None] = lambda feedback: None
             ) -> Telling:
        """Sends an instruction; a newer one takes the place of an older one."""
        return Telling(self._instruct, text, on_feedback)

    def _spin(self) -> None:
        try:
            while not self._stopping.is_set():
                self._executor.spin_once(timeout_sec=0.2)
        except ExternalShutdownException:
            pass
        except BaseException as failure:
            self._failure = failure
            raise
