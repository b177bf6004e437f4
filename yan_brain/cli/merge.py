"""`yan-brain merge A B -o C`: one brain that knows what two were taught."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from yan_brain.learning.knowledge import World
from yan_brain.learning.merge import merge
from yan_brain.learning.store import StoreError, sense_of
from yan_brain.perception.timbre import CORE
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


def main(args: argparse.Namespace) -> int:
    """Merge and say what came of it."""
    def world(core: str, width: int) -> World | None:
        from yan_brain.mind.checkpoint import DEFAULT_FOLDER
        from yan_brain.mind.sounds import load_world as load_world_of_sounds
        from yan_brain.mind.world import load_world
        found = (load_world_of_sounds() if core == CORE
                 else load_world(args.weights or DEFAULT_FOLDER, core))
        return found if found is not None and found.rows.shape[1] == width else None

    try:
        made = merge(args.first, args.second, args.out, world=world, rename=args.rename)
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
    return 0
