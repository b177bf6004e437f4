"""`yan-brain merge A B -o C`: one brain that knows what two were taught."""
from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path

from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.merge import merge
from yan_brain.learning.store import StoreError, sense_of
from yan_brain.signals import Sense


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain merge`."""
    parser.add_argument('first', type=Path, help='a lesson store (lessons.db)')
    parser.add_argument('second', type=Path, help='another one')
    parser.add_argument('-o', '--out', type=Path, required=True, help='file to make')
    parser.add_argument('--rename', metavar='WORD', default='',
                        help="put WORD behind the second's name where both mean different things")
    parser.add_argument('--weights', type=Path,
                        help='folder of the brain, to tell better what looks alike')
    parser.add_argument('--slow', action='store_true',
                        help='merge what both learned in their sleep too, where that is better')


def main(args: argparse.Namespace) -> int:
    """Merge and say what came of it."""
    def memory(core: str, width: int) -> ConceptMemory:
        from yan_brain.mind.senses import memory_of
        return memory_of(core, width, args.weights)

    try:
        made = merge(args.first, args.second, args.out, memory=memory, rename=args.rename)
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    print(f'{args.out}: {made.lessons} lessons ({made.shared} were in both), '
          f'{made.tricks} tricks')
    for conflict in made.conflicts:
        print(f'conflict: the {conflict.what} {conflict.name!r}: {conflict.detail}')
    if made.damaged:
        print('damaged and left out: ' + ', '.join(made.damaged))
    # What is not seen is used beside any.
    cores = [core for core in made.cores if sense_of(core) is Sense.SIGHT]
    if len(cores) > 1:
        print(f'lessons of {len(cores)} cores ({", ".join(cores)}): a brain uses those '
              'of its own core only')
    return _slow(args) if args.slow else 0


def _slow(args: argparse.Namespace) -> int:
    """Merge the weights that were learned in sleep."""
    from yan_brain.learning.database import Database
    from yan_brain.learning.delta import DeltaError, load, save
    from yan_brain.learning.sayings import Sayings
    from yan_brain.learning.slow_files import slow_path
    from yan_brain.mind.checkpoint import CheckpointError, load_checkpoint
    from yan_brain.training.slow_merge import merge_slow

    try:
        plain = load_checkpoint(args.weights)
        one, other = (load(slow_path(path), plain.version) for path in (args.first, args.second))
        with closing(Database(args.out, read_only=True)) as database:
            found = merge_slow(plain, one, other, Sayings(database).known())
        if found.delta is not None:
            save(found.delta, slow_path(args.out))
    except (DeltaError, CheckpointError, StoreError, ValueError) as error:
        print(f'what was learned in sleep was not merged: {error}', file=sys.stderr)
        return 1
    for name, marks in (('first', found.one), ('second', found.other), ('merged', found.best)):
        print(f'{name}: {marks}')
    print(f'{slow_path(args.out)}' if found.delta is not None else
          'no mixture was better than both: what was learned in sleep is not merged')
    return 0
