"""What all nodes share: parameters from a dataclass, life cycle, QoS, health, clean shutdown.

A node is a subclass of `BrainNode` that fills in `setup` (make entities), `start`, `stop` and
`teardown`, and is run by `spin(MyNode)`:

    class EarNode(BrainNode[EarConfig]):
        def __init__(self) -> None:
            super().__init__('ear', EarConfig)

        def setup(self) -> None:
            self.heard = self.publisher(String, 'heard', RELIABLE)
            self.listen(Audio, 'audio', self.on_audio, SENSOR, silent_after_s=3.0)
            self.every(0.1, self.tick)
"""
from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from yan_brain.nodes.parameters import declare, plain
from yan_brain.nodes.process import StartError, spin
from yan_brain.nodes.reach import Reach
from yan_brain.nodes.watch import Watch
from yan_brain.settings import Setting, SettingError, Value, build, settings_of

__all__ = ['COMMAND', 'FLEET', 'LATCHED', 'NEWEST', 'RELIABLE', 'SENSOR', 'STREAM', 'BadMessage',
           'BrainNode', 'Health', 'StartError', 'spin']

C = TypeVar('C')


def _qos(depth: int, *, reliable: bool, latched: bool = False) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE)


NEWEST = _qos(1, reliable=False)        # images and scans: only the newest counts
SENSOR = _qos(5, reliable=False)        # sensors of which a few may wait
STREAM = _qos(50, reliable=False)       # sound: a piece that waits is still needed
RELIABLE = _qos(10, reliable=True)      # words, decisions, status
FLEET = _qos(100, reliable=True)        # lessons come some at a time, each counts
COMMAND = _qos(1, reliable=True)        # cmd_vel
LATCHED = _qos(10, reliable=True, latched=True)  # announcements: told to who comes later

HEALTH_PERIOD_S = 1.0
AUTOSTART = Setting(name='autostart', default=True, kind=bool, many=False,
                    description='configure and activate without being told')


class BadMessage(ValueError):
    """A message that cannot be used: says the field, what it holds and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """What a node says of itself on `diagnostics`."""

    level: bytes = DiagnosticStatus.OK
    message: str = 'ok'
    values: dict[str, str] = field(default_factory=dict)


class BrainNode(LifecycleNode, Generic[C]):
    """A lifecycle node with settings of class C.

    Subclasses override `setup`, `start`, `stop`, `teardown`, `health`; entities made with
    `publisher`, `listen`, `every`, `serve` are destroyed by themselves at cleanup. `setup` may
    raise SettingError, OSError, ValueError or RuntimeError: it is logged and the node stays
    unconfigured; with `autostart` (a parameter, default true) its process then ends with 1.
    """

    def __init__(self, name: str, config_type: type[C], **node: Any) -> None:
        super().__init__(name, **node)
        self._config_type = config_type
        self._settings = {leaf.name: leaf for leaf in settings_of(config_type)}
        self.active = False
        self.watches: list[Watch] = []
        self._owned: list[tuple[Callable[[Any], Any], Any]] = []
        self._diagnostics: Any = None
        self._reach = Reach(self, RELIABLE)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        autostart = declare(self, AUTOSTART)
        for leaf in self._settings.values():
            declare(self, leaf)
        self.config: C = self._read()
        self.add_on_set_parameters_callback(self._on_parameters)
        self._boot = self.create_timer(0.0, self._autostart, clock=self._steady,
                                       autostart=bool(autostart))

    # What a subclass fills in.

    def setup(self) -> None:
        """Makes all entities and devices. `self.config` is set."""

    def start(self) -> None:
        """Called when the node becomes active."""

    def stop(self) -> None:
        """Called before the node becomes inactive; publishers still publish."""

    def teardown(self) -> None:
        """Closes what `setup` opened and sets it to None. Entities go by themselves."""

    def health(self) -> Health:
        """The node's own part of its diagnostics."""
        return Health()

    # What a subclass calls.

    def publisher(self, kind: type, topic: str, qos: QoSProfile, **options: Any) -> Any:
        """A lifecycle publisher (silent unless active), destroyed at cleanup."""
        made: Any = self.create_lifecycle_publisher(kind, topic, qos, **options)
        self._owned.append((self.destroy_lifecycle_publisher, made))
        return made

    def listen(self, kind: type, topic: str, callback: Callable[[Any], None], qos: QoSProfile, *,
               silent_after_s: float = 0.0, group: CallbackGroup | None = None) -> Watch:
        """Subscribes. `callback` is called while active; BadMessage from it is said once.

        `silent_after_s` > 0: a silence of that length is warned of once, with its cause.
        """
        watch = Watch(self, topic, qos, silent_after_s)

        def received(message: Any) -> None:
            watch.heard()
            if not self.active:
                return
            try:
                callback(message)
            except BadMessage as bad:
                watch.fault(str(bad))

        made = self.create_subscription(kind, topic, received, qos, callback_group=group)
        self._owned.append((self.destroy_subscription, made))
        self.watches.append(watch)
        return watch

    def every(self, period_s: float, callback: Callable[[], None], *, steady: bool = False,
              group: CallbackGroup | None = None) -> Any:
        """Calls `callback` each `period_s` while active; `steady`: even when /clock stands."""
        def due() -> None:
            if self.active:
                callback()

        made = self.create_timer(period_s, due, callback_group=group,
                                 clock=self._steady if steady else None)
        self._owned.append((self.destroy_timer, made))
        return made

    def serve(self, kind: type, name: str, callback: Callable[[Any, Any], Any], *,
              group: CallbackGroup | None = None) -> Any:
        """A service, destroyed at cleanup."""
        made = self.create_service(kind, name, callback, callback_group=group)
        self._owned.append((self.destroy_service, made))
        return made

    def own(self, destroy: Callable[[Any], Any], entity: Any) -> None:
        """Has any other entity destroyed at cleanup: `self.own(lambda a: a.destroy(), server)`."""
        self._owned.append((destroy, entity))

    def now_s(self) -> float:
        """The node's clock (simulated under `use_sim_time`) in seconds."""
        return float(self.get_clock().now().nanoseconds) * 1e-9

    # Life cycle.

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            self.config = self._read()
            self.setup()
            # After `setup`: who has diagnostics is known to be awake (see `Reach`).
            self._diagnostics = self.create_publisher(DiagnosticArray, 'diagnostics', RELIABLE)
            self._owned.append((self.destroy_publisher, self._diagnostics))
            pulse = self.create_timer(HEALTH_PERIOD_S, self._pulse, clock=self._steady)
            self._owned.append((self.destroy_timer, pulse))
        except (OSError, ValueError, RuntimeError) as error:
            self.get_logger().error(f'cannot configure: {error}')
            self._release()
            return TransitionCallbackReturn.FAILURE
        except BaseException:
            self._explain('on_configure')
            raise
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            result = super().on_activate(state)
            self.active = True
            self.start()
        except (OSError, ValueError, RuntimeError) as error:
            self.active = False
            self.get_logger().error(f'cannot activate: {error}')
            return TransitionCallbackReturn.FAILURE
        except BaseException:
            self._explain('on_activate')
            raise
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        result = super().on_cleanup(state)
        self._release()
        return result

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._stop()
        result = super().on_shutdown(state)
        self._release()
        return result

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._stop()
        self._release()
        return super().on_error(state)

    def finish(self) -> None:
        """Leaves the active state, frees all and destroys the node. For the end of a process."""
        self._stop()
        self._release()
        self.destroy_node()

    def _stop(self) -> None:
        if self.active:
            try:
                self.stop()
            except BaseException:
                self._explain('stop')
                raise
            finally:
                self.active = False

    def _release(self) -> None:
        try:
            self.teardown()
        except BaseException:
            self._explain('teardown')
            raise
        finally:
            while self._owned:
                destroy, entity = self._owned.pop()
                destroy(entity)
            self.watches.clear()
            self._reach.close()
            self._diagnostics = None

    def _explain(self, where: str) -> None:
        # rclpy turns an exception in a transition into ERROR without a word: say it here.
        self.get_logger().error(f'{where}: {traceback.format_exc()}')

    def _autostart(self) -> None:
        self._boot.cancel()
        for step, trigger in (('configure', self.trigger_configure),
                              ('activate', self.trigger_activate)):
            if trigger() != TransitionCallbackReturn.SUCCESS:
                raise StartError(f'{self.get_name()} could not {step} itself: see the error above')

    # Parameters.

    def _read(self, changed: dict[str, Value] | None = None) -> C:
        values: dict[str, Value] = {
            name: plain(self.get_parameter(name).value) for name in self._settings}
        values.update(changed or {})
        try:
            return build(self._config_type, values)
        except ValueError as error:
            raise SettingError(f'{self.get_fully_qualified_name()}: {error}') from error

    def _on_parameters(self, parameters: list[Parameter[Any]]) -> SetParametersResult:
        changed = {parameter.name: plain(parameter.value) for parameter in parameters
                   if parameter.name in self._settings}
        fixed = [name for name in changed if not self._settings[name].live]
        if fixed and self._owned:
            return SetParametersResult(successful=False, reason=(
                f'{fixed[0]} is read when the node is configured: clean it up first'))
        try:
            config = self._read(changed)
        except SettingError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.config = config
        return SetParametersResult(successful=True)

    # Diagnostics.

    def _pulse(self) -> None:
        own = self.health()
        level, message, values = own.level, own.message, dict(own.values)
        values['active'] = str(self.active).lower()
        for watch in self.watches:
            watch.look()
            values[f'{watch.topic} rate_hz'] = f'{watch.rate_hz:.2f}'
            values[f'{watch.topic} bad'] = str(watch.bad)
            if watch.silent and level == DiagnosticStatus.OK:
                level, message = DiagnosticStatus.WARN, f'{watch.topic} is silent'
        status = DiagnosticStatus(
            level=level, name=self.get_fully_qualified_name(), message=message,
            values=[KeyValue(key=key, value=value) for key, value in values.items()])
        self._diagnostics.publish(DiagnosticArray(
            header=_header(self), status=[status]))
        self._reach.look(self.watches)


def _header(node: Node) -> Any:
    from std_msgs.msg import Header
    return Header(stamp=node.get_clock().now().to_msg())
