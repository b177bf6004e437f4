"""Reports of measurements: a table for people, one JSON object for programs.

    Report.run('eval obedience', args, lambda: [
        fraction('obedience.typed.en', successes=93, n=100)])
"""
from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TextIO

Z95 = 1.959963984540054                 # two-sided 95% of a normal distribution
CPU_INFO = Path('/proc/cpuinfo')


@dataclass(frozen=True, kw_only=True)
class Result:
    """One figure. `value` None: it could not be measured here, and `note` says why."""

    name: str
    value: float | None
    unit: str = ''
    baseline: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    note: str = ''

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError('a result needs a name')
        if self.value is None and not self.note:
            raise ValueError(f'{self.name} has no value; its note must say why')
        for name in ('value', 'baseline', 'ratio', 'low', 'high'):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                raise ValueError(f'{self.name}: {name} is {number}; a figure is finite, or None '
                                 'with a note')

    def as_dict(self) -> dict[str, Any]:
        """All that applies; `value` stands even when it is None."""
        found = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {key: value for key, value in found.items()
                if key in ('name', 'value') or value not in (None, '')}


def wilson(successes: int, n: int, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a proportion (Wilson 1927); (0, 1) when n is 0."""
    if n < 0 or not 0 <= successes <= max(n, 0):
        raise ValueError(f'{successes} successes of {n}; allowed: 0 to n')
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    scale = 1.0 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    # At the ends the formula is exact only up to rounding.
    return (0.0 if successes == 0 else centre - half, 1.0 if successes == n else centre + half)


def fraction(name: str, *, successes: int, n: int, baseline: float | None = None,
             note: str = '') -> Result:
    """A share of successes with its Wilson interval; None when nothing was tried."""
    if n == 0:
        return Result(name=name, value=None, unit='fraction', n=0,
                      note=note or 'nothing was tried')
    low, high = wilson(successes, n)
    share = successes / n
    return Result(name=name, value=share, unit='fraction', baseline=baseline,
                  ratio=share / baseline if baseline else None, low=low, high=high, n=n, note=note)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of them lie, interpolated."""
    if not values or not 0.0 <= share <= 1.0:
        raise ValueError(f'{len(values)} values, share {share}; needs values and 0 to 1')
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass
class Report:
    """A run of a command and what it found."""

    command: str
    seed: int | None = None
    results: list[Result] = field(default_factory=list)
    began_s: float = field(default_factory=time.monotonic)

    @classmethod
    def run(cls, command: str, args: argparse.Namespace,
            measure: Callable[[], Iterable[Result]]) -> Report:
        """Measures, prints, and gives the report; `args.seed` and `args.json` count."""
        report = cls(command=command, seed=getattr(args, 'seed', None))
        report.add(*measure())
        report.show(as_json=getattr(args, 'json', False))
        return report

    def add(self, *results: Result) -> None:
        """Adds figures; a name may stand only once."""
        for result in results:
            if any(old.name == result.name for old in self.results):
                raise ValueError(f'{result.name} is in the report already')
            self.results.append(result)

    def as_dict(self) -> dict[str, Any]:
        """The object of `--json`."""
        found: dict[str, Any] = {'command': self.command, 'commit': commit(),
                                 'machine': machine()}
        if self.seed is not None:
            found['seed'] = self.seed
        found['seconds'] = round(time.monotonic() - self.began_s, 3)
        found['results'] = [result.as_dict() for result in self.results]
        return found

    def table(self) -> str:
        """The figures for people."""
        rows = [('name', 'value', 'unit', '95% interval', 'n', 'note')]
        for result in self.results:
            span = ('' if result.low is None or result.high is None
                    else f'{_short(result.low)} to {_short(result.high)}')
            note = result.note
            if result.baseline is not None:
                note = f'baseline {_short(result.baseline)}' + (f'; {note}' if note else '')
            rows.append((result.name, _short(result.value), result.unit, span,
                         '' if result.n is None else str(result.n), note))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
                  for row in rows]
        return '\n'.join('  '.join(row).rstrip() for row in padded)

    def show(self, *, as_json: bool, stream: TextIO | None = None) -> None:
        """Prints the table and, for `--json`, the object on the last line."""
        out = stream or sys.stdout
        print(self.table(), file=out)
        if as_json:
            print(json.dumps(self.as_dict(), ensure_ascii=False, allow_nan=False), file=out)
        out.flush()


def _short(value: float | None) -> str:
    if value is None:
        return '-'
    return f'{value:.0f}' if abs(value) >= 1000 else f'{value:.4g}'


def commit() -> str:
    """The commit this runs from, with -dirty for changes; `unknown` outside a checkout."""
    root = Path(__file__).resolve().parent.parent.parent
    command = ['git', 'describe', '--always', '--dirty', '--abbrev=12', '--exclude=*']
    try:
        found = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=20,
                               check=True)
    except (OSError, subprocess.SubprocessError):
        return 'unknown'
    return found.stdout.strip()


def machine() -> str:
    """Processor, cores that may be used, memory, system and Python, in one line."""
    model = platform.processor() or platform.machine()
    if CPU_INFO.is_file():
        names = [line.partition(':')[2].strip() for line in CPU_INFO.read_text().splitlines()
                 if line.startswith('model name')]
        model = names[0] if names else model
    memory_gib = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30
    return (f'{model}, {len(os.sched_getaffinity(0))} cores, {memory_gib:.0f} GiB, '
            f'{platform.system()} {platform.machine()}, Python {platform.python_version()}')
