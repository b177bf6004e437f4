"""`yan-brain sleep`: learn now what was corrected; `--undo`: take it back."""
from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from yan_brain.learning.database import StoreError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain sleep`."""
    parser.add_argument('--store', type=Path,
                        help='a lesson store (lessons.db); none: the one in the data folder')
    parser.add_argument('--minutes', type=float, default=1.0, help='of processor time, at most')
    parser.add_argument('--rule', choices=('backprop', 'forward', 'local'), default='backprop',
                        help='what moves the weights')
    parser.add_argument('--undo', action='store_true',
                        help='back to the weights before the last sleep')
    parser.add_argument('--new', action='store_true',
                        help='only if there is something that was not slept on yet')
    parser.add_argument('--weights', type=Path, help='folder of a brain')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def main(args: argparse.Namespace) -> int:
    """Sleep, and say what came of it. Exit code 0: published; 1: not."""
    if not 0 < args.minutes <= 60:
        print(f'--minutes is {args.minutes}; allowed: above 0, to 60', file=sys.stderr)
        return 2
    os.nice(19)                              # everything else comes first
    import torch

    from yan_brain.learning.delta import DeltaError
    from yan_brain.mind.checkpoint import CheckpointError
    from yan_brain.training.consolidation import SleepConfig
    from yan_brain.training.sleep import nap, undo

    torch.set_num_threads(1)                 # a processor second is one of energy
    try:
        store = args.store or _default_store()
        if args.undo:
            print(undo(store))
            return 0
        night = nap(store, args.weights, SleepConfig(
            rule=args.rule, seconds=60.0 * args.minutes, steps=100_000), anew=not args.new,
            progress=lambda step, marks: print(f'step {step}: {marks}', file=sys.stderr))
    except (StoreError, DeltaError, CheckpointError) as error:
        print(error, file=sys.stderr)
        return 1
    print(night.message)
    if args.json:
        print(json.dumps({'published': night.published, 'message': night.message}))
    return 0 if night.published else 1


def _default_store() -> Path:
    from yan_brain.nodes.minds import store_path
    found = store_path('', '')
    assert found is not None
    return found
