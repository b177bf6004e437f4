"""`yan-brain eval slow`: does a sleep teach the core what a person corrected?

Idioms that no training template holds are each corrected three times in the same words; then the
core is asked the corrected words, and the idiom in other words, with other things, sides and
amounts. What it knew is asked before and after in phrasings of `eval words` (never trained on,
not those of the guard). `--set tuning` has words of its own, for choosing rates and the like.
"""
from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from yan_brain.evaluation.report import Report, Result, fraction
from yan_brain.evaluation.slow_words import SETS, Taught
from yan_brain.mind.checkpoint import Checkpoint, load_checkpoint
from yan_brain.mind.goal import SURE
from yan_brain.training.consolidation import SleepConfig, Slept, sleep
from yan_brain.training.exam import Marks, means
from yan_brain.training.faults import faults
from yan_brain.training.language import LANGUAGES, draw_utterance
from yan_brain.training.slow_rules import RULES

ASKED = 10               # other wordings of each idiom


@dataclass(frozen=True)
class Found:
    """How a brain does: right of how many."""

    corrected: int
    generalised: int
    known: int


class Questions:
    """What is asked of each brain; the same of all.

    Args:
        taught: the idioms.
        known: utterances of each language that must be understood as before.
    """

    def __init__(self, taught: Sequence[Taught], known: int, seed: int) -> None:
        rng = random.Random(f'slow {seed}')
        self.sayings = [one.saying() for one in taught]
        self.asked = [one.asked(rng) for one in taught for _ in range(ASKED)]
        self.usual = [one.asked(rng, known=True) for one in taught for _ in range(ASKED)]
        self.known = [draw_utterance(rng, language, held_out=True, noise=False)
                      for language in LANGUAGES for _ in range(known)]

    def ask(self, brain: Checkpoint) -> Found:
        """Everything."""
        wrong = faults(brain.brain, brain.words, self.asked, SURE)
        return Found(
            sum(means(brain.brain, brain.words, saying) for saying in self.sayings),
            sum(not fault for fault in wrong),
            sum(not fault for fault in faults(brain.brain, brain.words, self.known, SURE)))

    def table(self, brain: Checkpoint) -> str:
        """Right answers of each idiom."""
        right = [not fault for fault in faults(brain.brain, brain.words, self.asked, SURE)]
        return ', '.join(f'{saying.text} {sum(right[ASKED * i:ASKED * (i + 1)])}'
                         for i, saying in enumerate(self.sayings))


def slept(plain: Checkpoint, found: Slept) -> Checkpoint:
    """The brain after a sleep: the plain one when nothing was published."""
    if found.delta is None:
        return plain
    brain = deepcopy(plain.brain)
    brain.load_state_dict(found.delta.applied(plain.brain.state_dict()))
    return replace(plain, brain=brain)


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """No sleep, then each rule that was asked for."""
    plain = load_checkpoint(args.weights)
    questions = Questions(SETS[args.set], args.known, args.seed)
    base = questions.ask(plain)
    usual = faults(plain.brain, plain.words, questions.usual, SURE)
    yield fraction('slow.ceiling', successes=sum(not fault for fault in usual), n=len(usual),
                   note='the plain brain, with words that it knows in place of the idioms')
    yield from _figures('none', questions, base, base, 0.0, 'no sleep')
    print('none:', questions.table(plain), file=sys.stderr, flush=True)
    for rule in args.rule or RULES:
        config = SleepConfig(rule=rule, seconds=args.seconds, seed=args.seed,
                             **({'rate': args.rate} if args.rate else {}),
                             **({'blocks': args.blocks} if args.blocks else {}))
        found = sleep(plain, questions.sayings, config, _progress)
        after = slept(plain, found)
        print(f'{rule}:', questions.table(after), file=sys.stderr, flush=True)
        yield from _figures(rule, questions, base, questions.ask(after), found.seconds,
                            found.why or f'{found.steps} steps')


def _progress(step: int, marks: Marks) -> None:
    print(f'step {step}: {marks}', file=sys.stderr, flush=True)


def _figures(rule: str, questions: Questions, base: Found, found: Found, seconds: float,
             note: str) -> Iterator[Result]:
    name, known = f'slow.{rule}', len(questions.known)
    yield fraction(f'{name}.corrected', successes=found.corrected, n=len(questions.sayings),
                   note=note)
    yield fraction(f'{name}.generalised', successes=found.generalised, n=len(questions.asked))
    yield Result(name=f'{name}.guard_drop', value=100 * (base.known - found.known) / known,
                 unit='points', n=known, note=f'{base.known} before, {found.known} after')
    yield Result(name=f'{name}.seconds', value=seconds, unit='s', note='of processor time')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain eval slow`."""
    parser.add_argument('--rule', action='append', choices=tuple(RULES),
                        help='one rule; may be given several times; none: all')
    parser.add_argument('--set', choices=tuple(SETS), default='judged', help='which idioms')
    parser.add_argument('--seconds', type=float, default=SleepConfig().seconds,
                        help='processor time of a sleep')
    parser.add_argument('--rate', type=float, help='step size; none: the default')
    parser.add_argument('--blocks', type=int, help='partitions of a layer that learn')
    parser.add_argument('--known', type=int, default=400,
                        help='utterances of each language that it knew')
    parser.add_argument('--weights', type=Path, help='folder of a brain')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def main(args: argparse.Namespace) -> int:
    """Print the report."""
    Report.run('eval slow', args, lambda: measure(args))
    return 0
