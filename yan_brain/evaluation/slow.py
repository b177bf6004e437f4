"""`yan-brain eval slow`: does a sleep teach the core what a person corrected?

Idioms that no training template holds are each corrected three times in the same words; then the
core is asked the corrected words, and the idiom in other words, with other things, sides and
amounts. What it knew is asked before and after in phrasings of `eval words` (never trained on,
not those of the guard). `--set tuning` has words of its own, for choosing rates and the like.
"""
from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from yan_brain.evaluation.report import Report, Result, fraction
from yan_brain.learning.sayings import Saying
from yan_brain.learning.tricks import CORRECTIONS
from yan_brain.mind.checkpoint import Checkpoint, load_checkpoint
from yan_brain.mind.clauses import plain as bare_words
from yan_brain.signals import Skill
from yan_brain.training.consolidation import SleepConfig, Slept, sleep
from yan_brain.training.exam import means
from yan_brain.training.faults import faults
from yan_brain.training.language import LANGUAGES, Utterance, draw_phrase, draw_utterance
from yan_brain.training.language_grammar import variants
from yan_brain.training.slow_rules import RULES

ASKED = 10               # other wordings of each idiom
FRAMES = {
    'en': ('{c} for me would you', 'i want to see you {c}', 'how about you {c}',
           '{c} before anything else', 'now it is time to {c}', 'you there {c}'),
    'zh': ('我想看你{c}', '先{c}再说', '那你就{c}', '{c}行不行', '小家伙{c}', '赶快{c}啊')}


@dataclass(frozen=True, kw_only=True)
class Taught:
    """An idiom: `word` is what training never read, `forms` are templates of the grammar."""

    word: str
    skill: Skill
    said: str                    # what is corrected
    forms: tuple[str, ...]       # {m} an amount, {t} a target; @-1 back or right
    argument: str = ''
    amount: float | None = None
    language: str = 'en'

    def saying(self) -> Saying:
        """As the journal has it after three corrections."""
        return Saying(kind='corrected', text=bare_words(self.said), skill=self.skill,
                      argument=self.argument, amount=self.amount, language=self.language,
                      times=CORRECTIONS)

    def asked(self, rng: random.Random) -> Utterance:
        """Other words for the same, with another thing or amount."""
        frame, form = rng.choice(FRAMES[self.language]), rng.choice(self.forms)
        tag, _, clause = form.rpartition(' ') if self.language == 'zh' and (
            form.startswith('@')) else ('', '', form)
        if form.startswith('@') and not tag:
            tag, _, clause = form.partition(' ')
        text = f'{tag} ~{frame.format(c=clause)}' if tag else f'~{frame.format(c=clause)}'
        phrase = rng.choice(variants(text, {}, spaced=self.language == 'en'))
        return draw_phrase(rng, phrase, self.skill, self.language, noise=False, wrapped=False)


_RIGHT = math.pi / 2
SETS: dict[str, tuple[Taught, ...]] = {
    'tuning': (
        Taught(word='ralph', skill=Skill.TURN, said='hang a ralph', amount=-_RIGHT,
               forms=('@-1 hang a ralph', '@-1 hang a ralph {m}')),
        Taught(word='skedaddle', skill=Skill.MOVE, said='skedaddle two metres', amount=-2.0,
               forms=('@-1 skedaddle', '@-1 skedaddle {m}')),
        Taught(word='boop', skill=Skill.GO_TO, said='boop the red ball', argument='red ball',
               forms=('boop {t}',)),
        Taught(word='ogle', skill=Skill.TURN_TO, said='ogle the blue box', argument='blue box',
               forms=('ogle {t}',)),
        Taught(word='rustle', skill=Skill.FIND, said='rustle up the green cone',
               argument='green cone', forms=('rustle up {t}',)),
        Taught(word='chillax', skill=Skill.STOP, said='chillax', forms=('chillax',)),
        Taught(word='盯梢', skill=Skill.FOLLOW, said='盯梢红色的球', argument='红色的球',
               forms=('盯梢{t}',), language='zh'),
        Taught(word='开溜', skill=Skill.MOVE, said='开溜两米', amount=-2.0,
               forms=('@-1 开溜', '@-1 开溜{m}'), language='zh')),
    'judged': (
        Taught(word='louie', skill=Skill.TURN, said='bang a louie', amount=_RIGHT,
               forms=('@+1 bang a louie', '@+1 bang a louie {m}')),
        Taught(word='sinistral', skill=Skill.TURN, said='thirty degrees sinistral',
               amount=math.radians(30),
               forms=('@+1 {m} sinistral', '@+1 go {m} sinistral')),
        Taught(word='moonwalk', skill=Skill.MOVE, said='moonwalk two metres', amount=-2.0,
               forms=('@-1 moonwalk', '@-1 moonwalk {m}')),
        Taught(word='lunge', skill=Skill.MOVE, said='lunge one metre', amount=1.0,
               forms=('@+1 lunge', '@+1 lunge {m}')),
        Taught(word='smooch', skill=Skill.GO_TO, said='smooch the yellow star',
               argument='yellow star', forms=('smooch {t}',)),
        Taught(word='schlep', skill=Skill.GO_TO, said='schlep yourself at the red box',
               argument='red box', forms=('schlep yourself at {t}', 'schlep at {t}')),
        Taught(word='gawk', skill=Skill.TURN_TO, said='gawk at the green bottle',
               argument='green bottle', forms=('gawk at {t}',)),
        Taught(word='sleuth', skill=Skill.FIND, said='sleuth the purple ring',
               argument='purple ring', forms=('sleuth {t}', 'sleuth out {t}')),
        Taught(word='barnacle', skill=Skill.FOLLOW, said='barnacle the blue ball',
               argument='blue ball', forms=('barnacle {t}',)),
        Taught(word='simmer', skill=Skill.STOP, said='simmer down', forms=('simmer down',)),
        Taught(word='黏牢', skill=Skill.FOLLOW, said='黏牢蓝色的箱子', argument='蓝色的箱子',
               forms=('黏牢{t}',), language='zh'),
        Taught(word='撤摊', skill=Skill.MOVE, said='撤摊一米', amount=-1.0,
               forms=('@-1 撤摊', '@-1 撤摊{m}'), language='zh'),
        Taught(word='瞟', skill=Skill.TURN_TO, said='瞟绿色的瓶子', argument='绿色的瓶子',
               forms=('瞟{t}', '瞟一眼{t}'), language='zh'),
        Taught(word='歇菜', skill=Skill.STOP, said='歇菜', forms=('歇菜',), language='zh')),
}


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
        self.known = [draw_utterance(rng, language, held_out=True, noise=False)
                      for language in LANGUAGES for _ in range(known)]

    def ask(self, brain: Checkpoint) -> Found:
        """Everything."""
        wrong = faults(brain.brain, brain.words, self.asked)
        return Found(
            sum(means(brain.brain, brain.words, saying) for saying in self.sayings),
            sum(not fault for fault in wrong),
            sum(not fault for fault in faults(brain.brain, brain.words, self.known)))

    def table(self, brain: Checkpoint) -> str:
        """Right answers of each idiom."""
        right = [not fault for fault in faults(brain.brain, brain.words, self.asked)]
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
    yield from _figures('none', questions, base, base, 0.0, 'no sleep')
    print('none:', questions.table(plain), file=sys.stderr, flush=True)
    for rule in args.rule or RULES:
        config = SleepConfig(rule=rule, seconds=args.seconds, seed=args.seed,
                             **({'rate': args.rate} if args.rate else {}),
                             **({'blocks': args.blocks} if args.blocks else {}))
        found = sleep(plain, questions.sayings, config, lambda step, marks: print(
            f'{rule}: step {step}: {marks}', file=sys.stderr, flush=True))
        after = slept(plain, found)
        print(f'{rule}:', questions.table(after), file=sys.stderr, flush=True)
        yield from _figures(rule, questions, base, questions.ask(after), found.seconds,
                            found.why or f'{found.steps} steps')


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
