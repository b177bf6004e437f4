"""`yan-brain bench loop`: the whole brain on ROS, watched from outside while it drives.

- camera to cmd_vel: from the stamp of an image to the first command after the decision that was
  made from it, as another process on the same machine sees it. The note tells its stages: from
  the stamp to the decision, in which the mind sees, understands and decides, and from there to
  the command.
- ticks missed: gaps between decisions longer than one and a half periods.
- memory: proportional set size of all processes of the brain together.
- fault stop: each process is killed while the robot turns, and while it drives ahead; how long
  until it stands still (odometry), or, when the home itself died, until no command moves it any
  more.
"""
from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from yan_brain_msgs.msg import BrainState, Decision

from yan_brain.cli.client import Brain
from yan_brain.cli.config import config_folder
from yan_brain.cli.programs import free_domain, programs, surroundings
from yan_brain.cli.supervisor import Supervisor, new_log_folder
from yan_brain.evaluation.report import Report, Result, percentile
from yan_brain.nodes.common import COMMAND, RELIABLE, SENSOR

NODES = ('home', 'cognition', 'learning', 'planner')
START_LIMIT_S = 90.0
PERIOD_S = 0.1
MOVING_MPS = 0.02
MOVING_RADPS = 0.05
KEEP_BUSY = ('turn left 360 degrees', 'go to the red ball', 'find the blue box',
             'go forward one metre', 'turn right 180 degrees', 'go to the green cone')
DRIVES = {'turning': 'turn left 360 degrees', 'driving': 'go forward two metres'}
SETTLE_S = 1.5
FULL_SPEED_S = 0.8                      # from when it moves


@dataclass
class Watcher:
    """What is heard on the topics of a running brain."""

    latencies_ms: list[float] = field(default_factory=list)
    stages_ms: dict[str, list[float]] = field(default_factory=dict)
    decisions_s: list[float] = field(default_factory=list)
    moving: bool = False
    commanded: bool = False
    still_since_s: float = 0.0
    _waiting: tuple[float, float] | None = None         # stamp of the image, decision's arrival
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def on_decision(self, message: Any) -> None:
        """Note when it came and which image it was made from."""
        with self._lock:
            self.decisions_s.append(time.monotonic())
            stamp = message.image_stamp
            if message.has_image:
                self._waiting = stamp.sec + stamp.nanosec * 1e-9, time.time()

    def on_command(self, message: Any) -> None:
        """The first command after a decision ends the way from camera to motors."""
        with self._lock:
            self.commanded = abs(message.linear.x) + abs(message.angular.z) > 1e-6
            if self._waiting is not None and self.commanded:
                now_s, (seen_s, decided_s) = time.time(), self._waiting
                self.latencies_ms.append((now_s - seen_s) * 1e3)
                self._note('image to decision', (decided_s - seen_s) * 1e3)
                self._note('decision to command', (now_s - decided_s) * 1e3)
                self._waiting = None

    def on_state(self, message: Any) -> None:
        """What the mind spent in a tick, by its own clock."""
        with self._lock:
            for name, spent_ms in zip(message.stages, message.stage_ms, strict=False):
                self._note(f'mind: {name}', float(spent_ms))

    def stages(self) -> str:
        """Median and 99th percentile of each stage, in words."""
        with self._lock:
            return ', '.join(f'{name} {percentile(spent, 0.5):.0f}/{percentile(spent, 0.99):.0f}'
                             for name, spent in self.stages_ms.items())

    def _note(self, stage: str, spent_ms: float) -> None:
        self.stages_ms.setdefault(stage, []).append(spent_ms)

    def on_odometry(self, message: Any) -> None:
        """Is it moving?"""
        twist = message.twist.twist
        moving = abs(twist.linear.x) > MOVING_MPS or abs(twist.angular.z) > MOVING_RADPS
        if self.moving and not moving:
            self.still_since_s = time.monotonic()
        self.moving = moving


@contextmanager
def running(seed: int) -> Iterator[tuple[Supervisor, Brain, Watcher]]:
    """A brain in a home of its own domain, active, with somebody watching."""
    environment = surroundings('sim') | {'ROS_DOMAIN_ID': str(free_domain())}
    os.environ.update(environment)
    made = programs('sim', folder=config_folder(), given={'home': {'seed': seed}})
    watcher = Watcher()
    with Supervisor(made, environment=environment, log_folder=new_log_folder()) as keeper, \
            Brain(name='loop_watcher') as brain:
        brain.listen(Decision, 'decision', watcher.on_decision, RELIABLE)
        brain.listen(BrainState, 'brain_state', watcher.on_state, RELIABLE)
        brain.listen(Twist, 'cmd_vel', watcher.on_command, COMMAND)
        brain.listen(Odometry, 'odom', watcher.on_odometry, SENSOR)
        brain.wait_ready(NODES, START_LIMIT_S)
        yield keeper, brain, watcher


def memory_mib(pids: dict[str, int]) -> dict[str, float]:
    """Proportional set size by process; the kernel's own count of what is shared."""
    found = {}
    for name, pid in pids.items():
        with suppress(OSError):         # it died, and will be back
            for line in Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines():
                if line.startswith('Pss:'):
                    found[name] = int(line.split()[1]) / 1024
    return found


def fault_stop_s(keeper: Supervisor, brain: Brain, watcher: Watcher, name: str,
                 drive: str) -> float | None:
    """Kill one process while the robot does `drive`; seconds until it stands. None: it never
    moved."""
    telling = brain.tell(drive)
    if not _wait(lambda: watcher.moving and watcher.commanded, 10.0):
        telling.cancel()
        return None
    time.sleep(FULL_SPEED_S)
    if not watcher.moving:
        return None
    starts = keeper.starts()[name]
    began_s = time.monotonic()
    os.kill(keeper.pids()[name], signal.SIGKILL)
    if name == 'home':                  # no odometry any more: the commands must end
        stopped = _wait(lambda: not watcher.commanded, 5.0)
        seconds = time.monotonic() - began_s
    else:
        stopped = _wait(lambda: not watcher.moving, 5.0)
        seconds = watcher.still_since_s - began_s
    telling.cancel()
    _wait(lambda: keeper.starts()[name] > starts, 10.0)
    brain.wait_ready(NODES, START_LIMIT_S)
    _wait(lambda: not watcher.moving and not watcher.commanded, 10.0)
    time.sleep(SETTLE_S)                # all have heard of the newcomer, and of where it stands
    return seconds if stopped else 5.0


def _wait(until: Any, limit_s: float) -> bool:
    deadline_s = time.monotonic() + limit_s
    while not until():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.005)
    return True


def measure(seconds: float, seed: int) -> list[Result]:
    """Drive for a while, then kill each process in turn."""
    with running(seed) as (keeper, brain, watcher):
        deadline_s, turn = time.monotonic() + seconds, 0
        watcher.decisions_s.clear()
        memory: dict[str, float] = {}
        while time.monotonic() < deadline_s:
            brain.tell(KEEP_BUSY[turn % len(KEEP_BUSY)]).wait(
                min(25.0, max(0.5, deadline_s - time.monotonic())))
            turn += 1
            now = memory_mib(keeper.pids())
            memory = max(memory, now, key=lambda found: sum(found.values()))
        gaps = np.diff(watcher.decisions_s)
        latencies, stages = np.array(watcher.latencies_ms), watcher.stages()
        stops = {f'{name} {how}': fault_stop_s(keeper, brain, watcher, name, drive)
                 for how, drive in DRIVES.items() for name in keeper.pids()}
    missed = float(np.maximum(np.round(gaps / PERIOD_S) - 1, 0).sum())
    results = []
    for share in (50, 99):
        results.append(Result(
            name=f'loop.camera_to_cmd_vel.p{share}_ms', unit='ms', n=len(latencies),
            value=float(np.percentile(latencies, share)) if len(latencies) else None,
            note=(f'stages, p50/p99 ms: {stages}' if share == 50 else '') if len(latencies)
            else 'no command followed a decision'))
    known = {name: s for name, s in stops.items() if s is not None}
    return [*results,
            Result(name='loop.ticks_missed', value=missed / max(missed + len(gaps), 1),
                   unit='fraction', n=len(gaps) + 1),
            Result(name='loop.memory_mib', value=sum(memory.values()), unit='MiB',
                   note=', '.join(f'{k} {v:.0f}' for k, v in memory.items())),
            Result(name='loop.fault_stop_s', unit='s', n=len(known),
                   value=max(known.values()) if known else None,
                   note=', '.join(f'{k} {v:.2f}' for k, v in known.items())
                   or 'the robot never moved')]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain bench loop`."""
    parser.add_argument('--seconds', type=float, default=600.0, help='how long to drive')
    parser.add_argument('--seed', type=int, default=0, help='of the room')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def main(args: argparse.Namespace) -> int:
    """Print the report."""
    report = Report(command='bench loop', seed=args.seed)
    report.add(*measure(args.seconds, args.seed))
    report.show(as_json=args.json)
    return 0
