"""Learning rates, tried out: `python -m yan_brain.evaluation.core_bench.rates`."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from yan_brain.evaluation.core_bench import side_by_side
from yan_brain.evaluation.core_bench.groups import Budget
from yan_brain.training.text import TextTraining

TRIED = (1e-3, 2e-3, 4e-3, 8e-3)


def main() -> int:
    """Print validation bits a byte of each model at each rate."""
    parser = argparse.ArgumentParser(description='Try learning rates for side_by_side.py.')
    parser.add_argument('--models', nargs='+', default=list(side_by_side.RATES))
    parser.add_argument('--rates', nargs='+', type=float, default=TRIED)
    parser.add_argument('--size', default='study')
    parser.add_argument('--steps', type=int, default=200)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--text', type=Path, default=Budget.text)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    found = side_by_side.text(Budget(text=args.text), 32768)
    for name in args.models:
        for rate in args.rates:
            made = side_by_side.trainer(name, args.size, found, TextTraining(
                steps=args.steps, rate=rate))
            *_, bits = side_by_side.learn(made, found, args.steps)
            print(f'{name} {rate:g}: {bits:.3f} bits a byte after {args.steps} steps, '
                  f'{made.seconds:.0f} s', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
