"""Work from other threads, run in the executor's thread."""
from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import rclpy.task
from rclpy.callback_groups import CallbackGroup

from yan_brain.nodes.common import BrainNode

T = TypeVar('T')


class Inbox:
    """Wakes the executor for each piece of work posted, from whatever thread.

    Made in a node's `setup`; work posted after its cleanup is dropped.
    """

    def __init__(self, node: BrainNode[Any], group: CallbackGroup) -> None:
        self._lock = threading.Lock()
        self._work: deque[Callable[[], None]] = deque()
        self._guard: Any = node.create_guard_condition(self._drain, callback_group=group)
        node.own(self._destroy, node)

    def post(self, work: Callable[[], None]) -> None:
        """Have `work` called soon, in order."""
        with self._lock:
            if self._guard is not None:
                self._work.append(work)
                self._guard.trigger()

    def fail(self, error: BaseException) -> None:
        """Have the executor raise `error`, which ends the process."""
        def throw() -> None:
            raise RuntimeError('a thread of this node broke') from error

        self.post(throw)

    async def result(self, future: Future[T]) -> T:
        """Await a Future of another thread inside a service or action callback.

        The callback's group must be reentrant, else it would hold up all others meanwhile.
        """
        done: Any = rclpy.task.Future()
        future.add_done_callback(lambda _: self.post(lambda: done.set_result(None)))
        await done
        return future.result()

    def _drain(self) -> None:
        while self._work:
            self._work.popleft()()

    def _destroy(self, node: BrainNode[Any]) -> None:
        with self._lock:
            guard, self._guard = self._guard, None
            self._work.clear()
        node.destroy_guard_condition(guard)
