"""When to sleep: after a while in which nothing was asked, and within a budget of energy.

The sleep itself is a process of its own (`yan-brain sleep`) at the lowest priority. Whoever
speaks wakes the robot: the process is killed, and the weights before it count. What it
published is noticed by its file, whoever made it.
"""
from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from yan_brain.learning.sayings import Sayings
from yan_brain.settings import check, setting


@dataclass(frozen=True, kw_only=True)
class IdleConfig:
    """When the robot sleeps on what was corrected."""

    enabled: bool = setting(True, 'consolidate in idle time what was corrected')
    idle_minutes: float = setting(10.0, 'nothing was asked or taught for so long', minimum=0.0,
                                  maximum=1440.0)
    seconds_an_hour: float = setting(120.0, 'processor time that it may take', minimum=1.0,
                                     maximum=3600.0)
    rule: str = setting('backprop', 'what moves the weights: backprop, forward or local',
                        choices=('backprop', 'forward', 'local'))

    def __post_init__(self) -> None:
        check(self)


class Sleeper:
    """Starts, watches and ends sleeps. For one thread, but for `active`.

    Args:
        command: what sleeps, without the options that say how long and on what.
        weights: file that a sleep publishes.
        sayings: what there is to learn; asked whether there is something new.
        told: gets a message for people when a sleep is over.
        changed: called when other weights were published, or taken back.
    """

    def __init__(self, config: IdleConfig, command: Sequence[str], weights: Path,
                 sayings: Sayings, told: Callable[[str], None], changed: Callable[[], None],
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._config, self._command, self._weights = config, list(command), weights
        self._sayings, self._told, self._changed, self._clock = sayings, told, changed, clock
        self._active_s = clock()
        self._slept_s = -float('inf')
        self._on: tuple[str, ...] = ()
        self._process: subprocess.Popen[str] | None = None
        self._stamp = self._stamped()

    @property
    def asleep(self) -> bool:
        """Whether a sleep is under way."""
        return self._process is not None

    def active(self) -> None:
        """Something was asked or taught."""
        self._active_s = self._clock()

    def tick(self) -> None:
        """To be called every few seconds."""
        if self._process is not None:
            self._watch(self._process)
        elif self._due():
            self._begin()
        stamp = self._stamped()
        if stamp != self._stamp:
            self._stamp = stamp
            self._changed()

    def close(self) -> None:
        """Break off a sleep under way."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _due(self) -> bool:
        now_s = self._clock()
        if not self._config.enabled or now_s - self._slept_s < 3600.0 or (
                now_s - self._active_s < 60.0 * self._config.idle_minutes):
            return False
        corrected = self._corrected()
        return bool(corrected) and corrected != self._on

    def _begin(self) -> None:
        self._slept_s, self._on = self._clock(), self._corrected()
        self._process = subprocess.Popen(
            [*self._command, '--new', '--json', '--rule', self._config.rule,
             '--minutes', str(self._config.seconds_an_hour / 60.0)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def _watch(self, process: subprocess.Popen[str]) -> None:
        if process.poll() is None:
            if self._clock() - self._active_s < 60.0 * self._config.idle_minutes:
                self.close()
                self._on = ()                # again in the next idle hour
            return
        out, problem = process.communicate()
        self._process = None
        try:
            message = str(json.loads(out.splitlines()[-1])['message'])
        except (IndexError, KeyError, ValueError, TypeError):
            message = f'the sleep failed: {problem.strip()[-300:] or process.returncode}'
        self._told(message)

    def _corrected(self) -> tuple[str, ...]:
        return tuple(sorted(s.key for s in self._sayings.known() if s.kind == 'corrected'))

    def _stamped(self) -> int:
        try:
            return self._weights.stat().st_mtime_ns
        except OSError:
            return 0
