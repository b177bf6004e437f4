"""The main of a node's process: runs until told to stop, then stops promptly and in order."""
from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import rclpy
from rclpy.executors import (
    ExternalShutdownException,
    MultiThreadedExecutor,
    SingleThreadedExecutor,
)
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from yan_brain.nodes.reach import Deaf
from yan_brain.settings import SettingError

STOP_LIMIT_S = 3.0                      # a process that has not stopped by then leaves as it is
SUPERVISOR_VARIABLE = 'YAN_BRAIN_SUPERVISOR'    # set by cli/supervisor.py to its process id
PR_SET_PDEATHSIG = 1                    # prctl(2)


class StartError(RuntimeError):
    """A node could not configure or activate itself."""


def spin(make: Callable[[], Node | Sequence[Node]], *, threads: int = 1) -> int:
    """Makes nodes, runs them until SIGINT or SIGTERM, stops them. An exit code.

    Signals are handled here and not by rclpy, so that nodes can still publish (a zero velocity)
    on their way out. All runs in this thread unless `threads` > 1.
    """
    wanted = threading.Event()

    def asked(_number: int, _frame: FrameType | None) -> None:
        if not wanted.is_set():
            wanted.set()
            _leave_after(STOP_LIMIT_S)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, asked)
    end_with_supervisor()
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    nodes: list[Node] = []
    executor: Any = (SingleThreadedExecutor() if threads == 1
                     else MultiThreadedExecutor(num_threads=threads))
    try:
        made = make()
        nodes = [made] if isinstance(made, Node) else list(made)
        for node in nodes:
            executor.add_node(node)
        while rclpy.ok() and not wanted.is_set():
            executor.spin_once(timeout_sec=0.2)
        return 0
    except ExternalShutdownException:
        return 0
    except (SettingError, StartError, Deaf) as error:
        print(f'error: {error}', file=sys.stderr, flush=True)
        return 1
    finally:
        for node in nodes:
            finish: Callable[[], Any] = getattr(node, 'finish', node.destroy_node)
            finish()
        executor.shutdown(timeout_sec=1.0)
        rclpy.try_shutdown()


def end_with_supervisor() -> None:
    """Has the kernel send SIGTERM when the supervisor that started this process dies.

    Nothing happens for a process that was started in another way.
    """
    supervisor = os.environ.get(SUPERVISOR_VARIABLE, '')
    if not supervisor.isdigit():
        return
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        raise OSError(ctypes.get_errno(), 'prctl(PR_SET_PDEATHSIG) failed')
    # It may have died before the line above.
    if os.getppid() != int(supervisor):
        os.kill(os.getpid(), signal.SIGTERM)


def _leave_after(seconds: float) -> None:
    def leave() -> None:
        time.sleep(seconds)
        print(f'error: still busy {seconds:g} s after being told to stop: leaving as it is',
              file=sys.stderr, flush=True)
        os._exit(1)

    threading.Thread(target=leave, daemon=True, name='leave').start()
