"""What words were understood to ask for."""
from __future__ import annotations

import math
import re
from dataclasses import dataclass

from yan_brain.cognition.model import BrainConfig, Understanding
from yan_brain.mind.nearness import asks_to_come
from yan_brain.perception import amounts, idioms
from yan_brain.perception.language import Pieces, tagged_words
from yan_brain.signals import TARGET_SKILLS, Skill

DEFAULT_MOVE_M = 0.5
DEFAULT_TURN_RAD = math.pi / 2
USUAL_TURNS_DEG = (30, 45, 90, 180, 270, 360)      # "a bit", "half left", ..., "all the way round"
_OF_DEGREES = re.compile(r'deg|gre|°|度', re.IGNORECASE)    # a number that was misheard
_NAMES_SOMETHING = TARGET_SKILLS | {Skill.TEACH, Skill.TRICK, Skill.WHEN, Skill.PERFORM}
SURE = 0.5              # chance of a skill below which nothing was understood


@dataclass(frozen=True, slots=True)
class Goal:
    """The instruction under way, as understood."""

    instruction_id: int
    text: str
    skill: Skill
    argument: str
    amount: float | None
    confidence: float
    colour: int
    kind: int
    language: str


def goal_of(got: Understanding, config: BrainConfig, number: int, pieces: Pieces) -> Goal:
    """The instruction of a number."""
    text = pieces.text
    skill, confidence = skill_of(got, config, text)
    if confidence < SURE or asks_to_come(text):
        skill = Skill.UNCLEAR
    amount = None
    if skill in (Skill.MOVE, Skill.TURN):
        try:
            size = size_of(skill, got, text)
            amount = -size if side_of(skill, got, text) < 0 else size
        except amounts.UnclearAmount:
            skill = Skill.UNCLEAR
    elif skill in (Skill.WATCH, Skill.FEEDBACK):
        amount = -1.0 if side_of(skill, got, text) < 0 else 1.0
    return Goal(number, text, skill, argument_of(skill, got, pieces), amount, confidence,
                int(got.colour[0].argmax()), int(got.kind[0].argmax()),
                'zh' if float(got.language[0]) > 0 else 'en')


def skill_of(got: Understanding, config: BrainConfig, text: str,
             row: int = 0) -> tuple[Skill, float]:
    """What is asked for, and how sure that is; what must not be done is never done."""
    if idioms.forbids(text):
        return Skill.STOP, 1.0
    chances = got.skill[row].softmax(-1)
    return Skill(config.skills[int(chances.argmax())]), float(chances.max())


def argument_of(skill: Skill, got: Understanding, pieces: Pieces, row: int = 0) -> str:
    """The words that name the target; some must where a skill is nothing without."""
    return tagged_words(pieces, got.inside[row, :len(pieces.ids)].tolist(),
                        needed=skill in _NAMES_SOMETHING)


def side_of(skill: Skill, got: Understanding, text: str, row: int = 0) -> int:
    """1: forward or left, -1: back or right, 0: none; as named, else as the core reads it."""
    named = idioms.way(text) if skill is Skill.MOVE else (
        idioms.side(text) if skill is Skill.TURN else 0)
    return named or int(got.direction[row].argmax()) - 1


def size_of(skill: Skill, got: Understanding, text: str, row: int = 0) -> float:
    """Metres or radians of a move or turn: as written or named, else as the core reads it, else
    usual.

    Raises:
        UnclearAmount: what is written may mean one amount or another.
    """
    move = skill is Skill.MOVE
    written = amounts.amount(text, 'm' if move else 'deg')
    if written is None:
        written = idioms.move_m(text) if move else idioms.turn_deg(text)
    if written is None and float(got.has_amount[row]) >= 0:
        if move or _OF_DEGREES.search(text):
            digits = int(''.join(str(int(d)) for d in got.digits[row].argmax(-1)))
        else:                           # digit by digit "a half turn" may come out as 160
            chances = got.digits[row].log_softmax(-1)
            digits = max(USUAL_TURNS_DEG, key=lambda turn: sum(
                float(chances[place, int(digit)]) for place, digit in enumerate(f'{turn:04d}')))
        written = digits / 100 if move else float(digits)
    if not written:                     # the core read a zero
        return DEFAULT_MOVE_M if move else DEFAULT_TURN_RAD
    return written if move else math.radians(written)
