"""`yan-brain bench learning`: exactness, speed, durability, and peers on public data."""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from yan_brain.evaluation import exactness, lesson_speed, online
from yan_brain.evaluation.online_data import FEATURES, PLACES
from yan_brain.evaluation.report import Report, Result

PARTS = ('exact', 'lesson', 'concepts', 'kill', *(f'online.{name}' for name in PLACES))


def kills(kills: int, lessons: int, seed: int) -> Iterator[Result]:
    """In a process of its own, which forks."""
    ran = subprocess.run(
        [sys.executable, '-m', 'yan_brain.evaluation.durability', '--kills', str(kills),
         '--lessons', str(lessons), '--seed', str(seed)],
        capture_output=True, text=True, check=False, env=os.environ | {
            'OPENBLAS_NUM_THREADS': '1'})
    if ran.returncode:
        yield Result(name='kill.acknowledged_lost', value=None, note=ran.stderr.strip()[-300:])
        return
    found = json.loads(ran.stdout)
    yield Result(name='kill.acknowledged_lost', value=found['lost'], n=found['acknowledged'],
                 note=f'{found["kills"]} times kill -9 among {found["acknowledged"]} acknowledged '
                      f'changes; half-learned: {found["half"]}')


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """The parts that were asked for."""
    wanted = args.only or PARTS
    if 'exact' in wanted:
        yield from exactness.measure(args.sequences, args.seed)
    if 'lesson' in wanted:
        with tempfile.TemporaryDirectory() as folder:
            yield from lesson_speed.lessons(args.weights, args.seconds, Path(folder))
    if 'concepts' in wanted:
        yield from lesson_speed.concepts()
    if 'kill' in wanted:
        yield from kills(args.kills, args.lessons, args.seed)
    for name in PLACES:
        if f'online.{name}' in wanted:
            yield from online.measure(name, getattr(args, name), args.reports, args.most,
                                      args.asked, args.features)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain bench learning`."""
    parser.add_argument('--only', action='append', choices=PARTS,
                        help='one part; may be given several times')
    parser.add_argument('--sequences', type=int, default=2000, help='for exactness')
    parser.add_argument('--seconds', type=float, default=30.0,
                        help='of ticking, idle and while lessons stream in, by turns')
    parser.add_argument('--kills', type=int, default=40, help='at least so many')
    parser.add_argument('--lessons', type=int, default=1000, help='and so many lessons')
    for name, (place, _) in PLACES.items():
        parser.add_argument(f'--{name}', type=Path, help=f'folder of the data; {place}')
    parser.add_argument('--most', type=int, default=0, help='pictures of each class; 0: all')
    parser.add_argument('--asked', type=int, default=0, help='pictures asked; 0: all')
    parser.add_argument('--features', choices=FEATURES, default='random',
                        help='of the pictures; mobilenet: trained on ImageNet, for photos')
    parser.add_argument('--reports', type=Path, default=Path('reports'), help='for the pictures')
    parser.add_argument('--weights', type=Path, help='folder of a brain')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def main(args: argparse.Namespace) -> int:
    """Print the report."""
    Report.run('bench learning', args, lambda: measure(args))
    return 0
