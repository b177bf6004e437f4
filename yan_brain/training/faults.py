"""What a brain misunderstands of utterances whose meaning is known."""
from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from yan_brain.cognition.model import Brain, Understanding
from yan_brain.mind.goal import argument_of, side_of, size_of, skill_of
from yan_brain.perception.amounts import UnclearAmount
from yan_brain.perception.language import Words
from yan_brain.signals import TARGET_SKILLS, Skill
from yan_brain.training.language import Utterance
from yan_brain.training.losses import WordTargets
from yan_brain.training.utterances import collate

_SIDED = (Skill.MOVE, Skill.TURN, Skill.WATCH, Skill.FEEDBACK)
_BATCH = 64


def faults(brain: Brain, words: Words, said: Sequence[Utterance], sure: float = 0.0) -> list[str]:
    """What was misunderstood of each utterance; '' where nothing was.

    A skill whose chance is below `sure` is not taken for understood.
    """
    found = []
    for first in range(0, len(said), _BATCH):
        some = said[first:first + _BATCH]
        told = collate(some, words, brain.config)
        with torch.inference_mode():
            got, _, _ = brain.read(told.ids, told.mask, brain.core.initial_state(len(some)))
        for i, u in enumerate(some):
            skill, chance = skill_of(got, brain.config, u.text, i)
            found.append('unsure' if chance < sure else f'skill {skill.value}'
                         if skill is not u.skill else _fault(i, u, got, told, words, brain))
    return found


def _fault(row: int, said: Utterance, got: Understanding, told: WordTargets, words: Words,
           brain: Brain) -> str:
    if said.skill in _SIDED and side_of(
            said.skill, got, said.text, row) != int(told.direction[row]) - 1:
        return 'side'
    if said.amount is not None:
        try:
            size = size_of(said.skill, got, said.text, row)
        except UnclearAmount:
            return 'unclear amount'
        if round(100 * size if said.skill is Skill.MOVE else math.degrees(size)) != said.amount:
            return 'amount'
    if said.skill in TARGET_SKILLS:
        for name in ('colour', 'kind'):
            if int(getattr(got, name)[row].argmax()) != getattr(said, name):
                return name
    if said.argument:
        heard = argument_of(said.skill, got, words.pieces(said.text), row)
        if heard.casefold() != ' '.join(said.argument.split()).casefold():
            return 'argument'
    return ''
