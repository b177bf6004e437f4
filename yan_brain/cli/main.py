"""`yan-brain`: one command, its subcommands each in a module that is loaded only when called.

A subcommand is a module with `add_arguments(parser)` and `main(args) -> exit code`.
"""
from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from yan_brain import __version__


@dataclass(frozen=True, kw_only=True)
class Command:
    """A subcommand: what it does, and the module that does it or the commands below it."""

    help: str
    module: str = ''
    below: tuple[tuple[str, Command], ...] = ()


COMMANDS: tuple[tuple[str, Command], ...] = (
    ('run', Command(help='start the brain and talk to it', module='yan_brain.cli.run')),
    ('say', Command(help='tell the running brain to do something', module='yan_brain.cli.say')),
    ('once', Command(help='start everything, do one thing, report, stop everything',
                     module='yan_brain.cli.once')),
    ('eval', Command(help='measure on what was never trained on', below=(
        ('obedience', Command(help='does what it is told, judged by the simulator',
                              module='yan_brain.evaluation.obedience')),
        ('sight', Command(help='finds things in images', module='yan_brain.evaluation.sight')),
        ('words', Command(help='understands phrasings it never read',
                          module='yan_brain.evaluation.words')),
        ('hearing', Command(help='hears spoken instructions, word by word',
                            module='yan_brain.evaluation.hearing')),
        ('lessons', Command(help='finds again what it was taught once, and does tricks',
                            module='yan_brain.evaluation.lessons')),
        ('slow', Command(help='learns in its sleep what a person corrected',
                         module='yan_brain.evaluation.slow')),
    ))),
    ('sleep', Command(help='learn now what was corrected, or take that back',
                      module='yan_brain.cli.sleep')),
    ('merge', Command(help='one brain that knows what two were taught',
                      module='yan_brain.cli.merge')),
    ('train', Command(help='train the core from nothing', module='yan_brain.training.train')),
    ('bench', Command(help='measure speed and memory', below=(
        ('loop', Command(help='camera to cmd_vel, with all nodes running',
                         module='yan_brain.evaluation.loop')),
        ('core', Command(help='the core beside Transformers, Mamba and RWKV',
                         module='yan_brain.evaluation.core_bench.core')),
        ('learning', Command(help='exactness, speed and peers of what learns',
                             module='yan_brain.evaluation.learning')),
    ))),
    ('config', Command(help="show or write the nodes' settings", module='yan_brain.cli.config')),
    ('doctor', Command(help='what works here, what is missing, how to get it',
                       module='yan_brain.cli.doctor')),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line. Exit code 0 done, 1 not done, 2 wrong arguments."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog='yan-brain', description='A brain for robots: sees, hears, decides, acts, learns.')
    parser.add_argument('--version', action='version', version=f'yan_brain {__version__}')
    module = _add(parser, COMMANDS, words)
    args = parser.parse_args(words)
    try:
        return int(importlib.import_module(module).main(args))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:             # the reader of our output went away
        sys.stderr.close()
        return 1


def _add(parser: argparse.ArgumentParser, commands: tuple[tuple[str, Command], ...],
         words: list[str]) -> str:
    """Adds all commands, and the arguments of the one that `words` call; its module."""
    added = parser.add_subparsers(metavar='COMMAND', required=True)
    called = next((word for word in words if not word.startswith('-')), '')
    module = ''
    for name, command in commands:
        sub = added.add_parser(name, help=command.help, description=command.help)
        if name != called:
            continue
        if command.below:
            module = _add(sub, command.below, words[words.index(called) + 1:])
        else:
            module = command.module
            importlib.import_module(module).add_arguments(sub)
    return module


if __name__ == '__main__':
    sys.exit(main())
