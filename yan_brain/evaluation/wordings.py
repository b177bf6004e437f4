"""How people word moves and turns: `wordings_en.txt` and `wordings_zh.txt`, for judging alone.

The held-out templates of training are of the same hands as those that training reads, and are few
(nine of turns). These were written by somebody who had read neither; nothing is chosen on them.
"""
from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.resources import files

from yan_brain.signals import Skill

_SIDES = {'forward': (Skill.MOVE, 1), 'back': (Skill.MOVE, -1),
          'left': (Skill.TURN, 1), 'right': (Skill.TURN, -1)}


@dataclass(frozen=True, slots=True)
class Wording:
    """`amount` in metres or radians; forward and left are positive."""

    text: str
    skill: Skill
    amount: float


def wordings(language: str) -> list[Wording]:
    """All of a language.

    Raises:
        ValueError: a line that is no wording; it is named.
    """
    name = f'wordings_{language}.txt'
    found = []
    written = (files('yan_brain.evaluation') / name).read_text(encoding='utf-8')
    for number, line in enumerate(written.splitlines(), 1):
        if line.startswith('#') or not line.strip():
            continue
        try:
            side, size, text = line.split('\t')
            skill, sign = _SIDES[side]
            amount = int(size) / 100 if skill is Skill.MOVE else math.radians(int(size))
        except (ValueError, KeyError):
            raise ValueError(f'{name} line {number}: {line!r} is not side, amount and words, '
                             'parted by tabs') from None
        found.append(Wording(text, skill, sign * amount))
    return found
