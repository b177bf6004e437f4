"""`yan-brain bench core`: the Yan core beside Transformers, Mamba and RWKV on this machine.

Every group of figures runs in a process of its own, so that nothing is left over from one to the
next. Peers are optional: `pip install -r requirements/peers.txt`. The text comes from
`python -m yan_brain.training.text_corpus`. Let nothing else run meanwhile.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from yan_brain.evaluation.core_bench.groups import Budget, Found, Group, chosen
from yan_brain.evaluation.core_bench.picture import draw_report
from yan_brain.evaluation.report import Report, Result

SLACK = 3.0                      # a group may take so many times its minutes
LEAST_LIMIT_S = 600.0
DEFAULT_PICTURE = Path('reports/bench_core.png')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain bench core`."""
    parser.add_argument('--only', nargs='+', metavar='NAME',
                        help='groups (decode, train_tokens, time_to_loss, quality, recall, '
                             'growth, tick) or the beginning of names in the report')
    parser.add_argument('--quick', action='store_true',
                        help='small sizes and budgets: shows that all works, proves nothing')
    parser.add_argument('--text', type=Path, default=Budget.text,
                        help='folder made by `python -m yan_brain.training.text_corpus`')
    parser.add_argument('--threads', type=int, default=len(os.sched_getaffinity(0)),
                        help='for everybody; default: all cores')
    parser.add_argument('--picture', type=Path, default=DEFAULT_PICTURE)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def main(args: argparse.Namespace) -> int:
    """Measure, print, draw."""
    try:
        groups = chosen(args.only)
        if args.threads < 1:
            raise ValueError(f'--threads is {args.threads}; at least 1')
    except ValueError as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    budget = Budget(quick=args.quick, seed=args.seed, text=args.text, threads=args.threads)
    lines: dict[str, Any] = {}
    report = Report.run('bench core' + (' --quick' if args.quick else ''), args,
                        lambda: list(_measure(groups, budget, lines)))
    told = draw_report(args.picture, report.results, lines)
    print(told, file=sys.stderr)
    return 0


def _measure(groups: list[Group], budget: Budget, lines: dict[str, Any]) -> Iterator[Result]:
    for number, group in enumerate(groups, 1):
        minutes = group.quick_minutes if budget.quick else group.minutes
        print(f'[{number}/{len(groups)}] {group.name} (about {minutes:g} min)', file=sys.stderr,
              flush=True)
        began_s = time.monotonic()
        found = run_group(group, budget, limit_s=max(LEAST_LIMIT_S, 60 * minutes * SLACK))
        lines |= found.lines
        print(f'    {time.monotonic() - began_s:.0f} s', file=sys.stderr, flush=True)
        yield from found.results


def run_group(group: Group, budget: Budget, limit_s: float) -> Found:
    """Measure a group in a process of its own; what it could not measure says why."""
    environment = os.environ | {'OMP_NUM_THREADS': str(budget.threads)}
    command = [sys.executable, '-m', 'yan_brain.evaluation.core_bench.child', group.name]
    why = 'was not measured'
    try:
        done = subprocess.run(
            command, input=json.dumps(asdict(budget) | {'text': str(budget.text)}).encode(),
            capture_output=True, timeout=limit_s, check=False, env=environment)
        printed = done.stdout
        if done.returncode:
            told = done.stderr.decode(errors='replace').strip().splitlines()
            why = told[-1] if told else f'ended with code {done.returncode}'
    except subprocess.TimeoutExpired as error:
        printed, why = error.stdout or b'', f'took longer than {limit_s:.0f} s'
    found = Found()
    for line in printed.decode().splitlines():
        with contextlib.suppress(json.JSONDecodeError):      # a line that was cut short
            part = json.loads(line)
            found.add(Found([Result(**result) for result in part['results']], part['lines']))
    known = {result.name for result in found.results}
    found.results += [Result(name=name, value=None, note=why) for name in group.names
                      if name not in known]
    return found
