"""`yan-brain eval words`: are phrasings understood that training never used?

Utterances are drawn from held-out templates, half of the amounts and names are held out too. One
counts when everything said is understood: skill, side, amount, colour and kind, and the words of
the argument. `--half tuning` draws from every second of these templates, to choose between ways of
training; `--half judging` from the others, which nothing was chosen by.
"""
from __future__ import annotations

import argparse
import random
from collections import Counter
from pathlib import Path
from typing import get_args

from yan_brain.cognition.model import Brain
from yan_brain.evaluation.report import Report, Result, fraction
from yan_brain.mind.checkpoint import load_checkpoint
from yan_brain.perception.language import Words
from yan_brain.signals import Skill
from yan_brain.training.faults import faults
from yan_brain.training.language import (
    LANGUAGES,
    SKILL_WEIGHTS,
    Half,
    draw_utterance,
    grammar,
    halved,
)

MOTIONS = (Skill.MOVE, Skill.TURN, Skill.STOP)
TARGETS = (Skill.FIND, Skill.GO_TO, Skill.TURN_TO, Skill.FOLLOW)
LESSONS = (Skill.TEACH, Skill.FORGET, Skill.TRICK, Skill.WHEN, Skill.WATCH, Skill.PERFORM,
           Skill.FEEDBACK)
GROUPS = {'motion': MOTIONS, 'target': TARGETS, 'lesson': LESSONS,
          'talk': tuple(set(SKILL_WEIGHTS) - {*MOTIONS, *TARGETS, *LESSONS})}


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
