"""Keeps the processes of a brain alive and leaves none behind.

A dead process comes back after a short pause that grows while it keeps dying. All stop within
STOP_LIMIT_S when told; should the supervisor itself be killed, the kernel tells them
(`yan_brain.nodes.common.spin` asks for that). Knows nothing of ROS.
"""
from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from yan_brain.cli.programs import SUPERVISOR_VARIABLE, Program

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
STEADY_S = 20.0                         # a process that lived so long is well again
LOOK_S = 0.05
TERM_LIMIT_S = 3.3                      # then the rest are killed
STOP_LIMIT_S = 4.5
KEPT_LOGS = 10


@dataclass(frozen=True, kw_only=True)
class Death:
    """A process ended without having been told to."""

    name: str
    code: int
    lived_s: float
    again_in_s: float

    def __str__(self) -> str:
        how = (f'was killed by {signal.Signals(-self.code).name}' if self.code < 0
               else f'ended with code {self.code}')
        return (f'{self.name} {how} after {self.lived_s:.1f} s; '
                f'starting it again in {self.again_in_s:.1f} s')


class _Keeper:
    """One program and the process that runs it now."""

    def __init__(self, program: Program, log: IO[bytes]) -> None:
        self.program = program
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.began_s = 0.0
        self.due_s = 0.0
        self.pause_s = FIRST_PAUSE_S
        self.starts = 0


class Supervisor:
    """Runs programs until `stop`, which also happens on leaving a `with`.

    Processes are started and ended by one thread of its own, since the kernel ties the
    parent-death signal to the thread that started a process.
    """

    def __init__(self, programs: Sequence[Program], *, environment: Mapping[str, str],
                 log_folder: Path, on_death: Callable[[Death], None] | None = None) -> None:
        log_folder.mkdir(parents=True, exist_ok=True)
        self.log_folder = log_folder
        self._environment = dict(environment) | {
            SUPERVISOR_VARIABLE: str(os.getpid()), 'ROS_LOG_DIR': str(log_folder)}
        self.on_death = on_death or (lambda death: None)
        self._keepers = [_Keeper(program, (log_folder / f'{program.name}.log').open('ab'))
                         for program in programs]
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._work, name='supervisor')

    def __enter__(self) -> Supervisor:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()

    def pids(self) -> dict[str, int]:
        """Process ids of what runs now, by name."""
        with self._lock:
            return {keeper.program.name: keeper.process.pid for keeper in self._keepers
                    if keeper.process is not None and keeper.process.poll() is None}

    def starts(self) -> dict[str, int]:
        """How many times each was started."""
        with self._lock:
            return {keeper.program.name: keeper.starts for keeper in self._keepers}

    def log_of(self, name: str) -> Path:
        """The log file of a process."""
        return self.log_folder / f'{name}.log'

    def check(self) -> None:
        """Raises OSError when a process cannot be started at all."""
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Ends all processes, the unwilling by force. Returns within STOP_LIMIT_S."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_LIMIT_S)
        for keeper in self._keepers:
            keeper.log.close()

    def _work(self) -> None:
        try:
            while not self._stopping.is_set():
                for keeper in self._keepers:
                    self._look_after(keeper)
                self._stopping.wait(LOOK_S)
        except OSError as error:
            self._failure = error
        finally:
            self._end_all()

    def _look_after(self, keeper: _Keeper) -> None:
        now_s = time.monotonic()
        if keeper.process is None:
            if now_s >= keeper.due_s:
                self._start(keeper)
            return
        code = keeper.process.poll()
        if code is None:
            return
        lived_s = now_s - keeper.began_s
        # What it may have started itself must not outlive it.
        _signal_group(keeper.process.pid, signal.SIGKILL)
        if lived_s >= STEADY_S:
            keeper.pause_s = FIRST_PAUSE_S
        keeper.due_s = now_s + keeper.pause_s
        death = Death(name=keeper.program.name, code=code, lived_s=lived_s,
                      again_in_s=keeper.pause_s)
        keeper.pause_s = min(2.0 * keeper.pause_s, LONGEST_PAUSE_S)
        with self._lock:
            keeper.process = None
        keeper.log.write(f'--- {death}\n'.encode())
        keeper.log.flush()
        self.on_death(death)

    def _start(self, keeper: _Keeper) -> None:
        # A session of its own: Ctrl-C in the terminal reaches the supervisor alone.
        process = subprocess.Popen(
            keeper.program.command, env=self._environment, stdin=subprocess.DEVNULL,
            stdout=keeper.log, stderr=subprocess.STDOUT, start_new_session=True)
        with self._lock:
            keeper.process = process
            keeper.began_s = time.monotonic()
            keeper.starts += 1

    def _end_all(self) -> None:
        living = [keeper.process for keeper in self._keepers if keeper.process is not None]
        for process in living:
            if process.poll() is None:
                process.terminate()
        _wait_for(living, TERM_LIMIT_S)
        for process in living:
            _signal_group(process.pid, signal.SIGKILL)
        # Killed they are; a busy machine may take a moment to clear them away.
        _wait_for(living, STOP_LIMIT_S - TERM_LIMIT_S)


def _wait_for(processes: Sequence[subprocess.Popen[bytes]], limit_s: float) -> None:
    deadline_s = time.monotonic() + limit_s
    while time.monotonic() < deadline_s and any(p.poll() is None for p in processes):
        time.sleep(0.02)


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):       # nobody is left in it
        os.killpg(group, number)


def new_log_folder(base: Path | None = None) -> Path:
    """A folder for the logs of one run; only the newest KEPT_LOGS are kept."""
    if base is None:
        state = os.environ.get('XDG_STATE_HOME') or str(Path.home() / '.local' / 'state')
        base = Path(state) / 'yan_brain' / 'log'
    made = base / f'{time.strftime("%Y%m%d-%H%M%S")}-{os.getpid()}'
    made.mkdir(parents=True, exist_ok=True)
    runs = sorted(path for path in base.iterdir() if path.is_dir() and not path.is_symlink())
    for old in runs[:-KEPT_LOGS]:
        shutil.rmtree(old, ignore_errors=True)
    return made


def tail(path: Path, lines: int = 8) -> str:
    """The end of a log, for error messages."""
    try:
        return '\n'.join(path.read_text(errors='replace').splitlines()[-lines:])
    except OSError as error:
        return f'({path}: {error})'
