"""`yan-brain eval words`: are phrasings understood that training never used?

Utterances are drawn from held-out templates, half of the amounts and names are held out too. One
counts when everything said is understood: skill, side, amount, colour and kind, and the words of
the argument. `--half tuning` draws from every second of these templates, to choose between ways of
training; `--half judging` from the others, which nothing was chosen by.
"""
from __future__ import annotations

import argparse
import math
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import torch

from yan_brain.cognition.model import Brain, Understanding
from yan_brain.evaluation.report import Report, Result, fraction
from yan_brain.mind.checkpoint import load_checkpoint
from yan_brain.mind.mind import size_of
from yan_brain.perception.amounts import UnclearAmount
from yan_brain.perception.language import Words, tagged_words
from yan_brain.signals import Skill
from yan_brain.training.language import (
    LANGUAGES,
    SKILL_WEIGHTS,
    Half,
    Utterance,
    draw_utterance,
    grammar,
    halved,
)
from yan_brain.training.losses import WordTargets
from yan_brain.training.utterances import collate

MOTIONS = (Skill.MOVE, Skill.TURN, Skill.STOP)
TARGETS = (Skill.FIND, Skill.GO_TO, Skill.TURN_TO, Skill.FOLLOW)
LESSONS = (Skill.TEACH, Skill.FORGET, Skill.TRICK, Skill.WHEN, Skill.WATCH, Skill.PERFORM,
           Skill.FEEDBACK)
GROUPS = {'motion': MOTIONS, 'target': TARGETS, 'lesson': LESSONS,
          'talk': tuple(set(SKILL_WEIGHTS) - {*MOTIONS, *TARGETS, *LESSONS})}
_SIDED = (Skill.MOVE, Skill.TURN, Skill.WATCH, Skill.FEEDBACK)
_BATCH = 64


def faults(brain: Brain, words: Words, said: Sequence[Utterance]) -> list[str]:
    """What was misunderstood of each utterance; '' where nothing was."""
    found = []
    for first in range(0, len(said), _BATCH):
        some = said[first:first + _BATCH]
        told = collate(some, words, brain.config)
        with torch.inference_mode():
            got, _, _ = brain.read(told.ids, told.mask, brain.core.initial_state(len(some)))
        found += [_fault(i, u, got, told, words, brain) for i, u in enumerate(some)]
    return found


def _fault(row: int, said: Utterance, got: Understanding, told: WordTargets, words: Words,
           brain: Brain) -> str:
    skill = brain.config.skills[int(got.skill[row].argmax())]
    if skill != said.skill.value:
        return f'skill {skill}'
    if said.skill in _SIDED and int(got.direction[row].argmax()) != int(told.direction[row]):
        return 'side'
    if said.amount is not None:
        try:
            size = size_of(said.skill, got, said.text, row)
        except UnclearAmount:
            return 'unclear amount'
        if round(100 * size if said.skill is Skill.MOVE else math.degrees(size)) != said.amount:
            return 'amount'
    if said.skill in TARGETS:
        for name in ('colour', 'kind'):
            if int(getattr(got, name)[row].argmax()) != getattr(said, name):
                return name
    if said.argument:
        pieces = words.pieces(said.text)
        heard = tagged_words(pieces, [bool(x > 0) for x in got.inside[row, :len(pieces.ids)]])
        if heard.casefold() != ' '.join(said.argument.split()).casefold():
            return 'argument'
    return ''


def measure(brain: Brain, words: Words, count: int, seed: int,
            half: Half | None = None) -> tuple[list[Result], str]:
    """Figures for each group of skills and language, and a table of what went wrong."""
    results, lines = [], []
    for language in LANGUAGES:
        for group, skills in GROUPS.items():
            rng = random.Random(f'{seed} {language} {group}')
            asked = [s for s in sorted(skills) if half is None
                     or halved(grammar(language).held_out[s])[half]]
            said = [draw_utterance(rng, language, skill=rng.choice(asked), held_out=True,
                                   half=half, noise=False) for _ in range(count)]
            wrong = faults(brain, words, said)
            name = '.'.join(['words', group, language] + [half] * bool(half))
            results.append(fraction(name, n=count,
                                    successes=sum(not w for w in wrong)))
            causes = Counter(f'{u.skill.value}: {w}'
                             for u, w in zip(said, wrong, strict=True) if w)
            lines.append(f'{group} {language}: '
                         + ', '.join(f'{c} {n}' for c, n in causes.most_common(8)))
    return results, '\n'.join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain eval words`."""
    parser.add_argument('--count', type=int, default=400, help='utterances a group and language')
    parser.add_argument('--seed', type=int, default=5)
    parser.add_argument('--half', choices=get_args(Half), help='of the held-out templates')
    parser.add_argument('--weights', type=Path, help='folder of a brain')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def main(args: argparse.Namespace) -> int:
    """Print the report."""
    trained = load_checkpoint(args.weights)
    report = Report(command='eval words', seed=args.seed)
    results, table = measure(trained.brain, trained.words, args.count, args.seed, args.half)
    print(table, flush=True)
    report.add(*results)
    report.show(as_json=args.json)
    return 0
