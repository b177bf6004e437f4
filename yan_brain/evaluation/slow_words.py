"""Idioms that no training template holds, for `yan-brain eval slow`.

`tuning` is for choosing rates and the like, `judged` for figures; no word stands in both.
"""
from __future__ import annotations

import math
import random
from dataclasses import dataclass

from yan_brain.learning.sayings import Saying
from yan_brain.learning.tricks import CORRECTIONS
from yan_brain.mind.clauses import plain
from yan_brain.signals import TARGET_SKILLS, Skill
from yan_brain.training.language import Utterance, draw_phrase
from yan_brain.training.language_grammar import variants

# Put around an idiom when it is asked for; those are not what a person said when correcting.
FRAMES = {
    'en': ('{c} for me would you', 'i want to see you {c}', 'how about you {c}',
           'be a dear and {c}', 'you there {c}', 'quick as you can {c}'),
    'zh': ('我想看你{c}', '那你就{c}', '小家伙{c}', '赶快{c}啊', '轮到你{c}', '听话{c}')}


@dataclass(frozen=True)
class Taught:
    """An idiom: `word` was never read, `like` are words in its place that a brain knows."""

    word: str
    idiom: str
    skill: Skill
    like: str
    rest: str = ''                       # what follows the idiom when it is corrected
    argument: str = ''
    amount: float | None = None
    language: str = 'en'

    @property
    def said(self) -> str:
        """What is corrected."""
        return plain(f'{self.idiom} {self.rest}' if self.language == 'en'
                     else self.idiom + self.rest)

    def saying(self) -> Saying:
        """As the journal has it after enough corrections."""
        return Saying(kind='corrected', text=self.said, skill=self.skill, argument=self.argument,
                      amount=self.amount, language=self.language, times=CORRECTIONS)

    def asked(self, rng: random.Random, *, known: bool = False) -> Utterance:
        """Other words for the same, with another thing or amount; `known`: without the idiom."""
        slots = ('{t}',) if self.skill in TARGET_SKILLS else (
            '',) if self.skill is Skill.STOP else ('', '{m}')
        clause = f'{self.like if known else self.idiom} {rng.choice(slots)}'.strip()
        side = '' if not self.amount else '@+1 ' if self.amount > 0 else '@-1 '
        text = f'{side}~{rng.choice(FRAMES[self.language]).format(c=clause)}'
        phrase = variants(text, {}, spaced=self.language == 'en')[0]
        return draw_phrase(rng, phrase, self.skill, self.language, noise=False, wrapped=False)


def _thing(word: str, idiom: str, skill: Skill, like: str, name: str, language: str = 'en',
           ) -> Taught:
    return Taught(word, idiom, skill, like, f'the {name}' if language == 'en' else name, name,
                  language=language)


def _motion(word: str, idiom: str, skill: Skill, like: str, rest: str, amount: float,
            language: str = 'en') -> Taught:
    return Taught(word, idiom, skill, like, rest, amount=amount, language=language)


SETS: dict[str, tuple[Taught, ...]] = {
    'tuning': (
        _motion('ralph', 'hang a ralph', Skill.TURN, 'turn right', '', -math.pi / 2),
        _motion('skedaddle', 'skedaddle', Skill.MOVE, 'back up', 'two metres', -2.0),
        _thing('boop', 'boop', Skill.GO_TO, 'go to', 'red ball'),
        _thing('ogle', 'ogle', Skill.TURN_TO, 'turn to', 'blue box'),
        _thing('rustle', 'rustle up', Skill.FIND, 'search for', 'green cone'),
        Taught('chillax', 'chillax', Skill.STOP, 'stop'),
        _thing('盯梢', '盯梢', Skill.FOLLOW, '跟着', '红色的球', 'zh'),
        _motion('开溜', '开溜', Skill.MOVE, '后退', '两米', -2.0, 'zh')),
    'judged': (
        _motion('larboard', 'swing larboard', Skill.TURN, 'turn left', '', math.pi / 2),
        _motion('sinistral', 'go sinistral', Skill.TURN, 'go left', 'thirty degrees',
                math.radians(30)),
        _motion('crawfish', 'crawfish', Skill.MOVE, 'back up', 'two metres', -2.0),
        _motion('lunge', 'lunge', Skill.MOVE, 'go forward', 'one metre', 1.0),
        _thing('smooch', 'smooch', Skill.GO_TO, 'go to', 'yellow star'),
        _thing('schlep', 'schlep yourself at', Skill.GO_TO, 'drive to', 'red box'),
        _thing('gawk', 'gawk at', Skill.TURN_TO, 'turn to', 'green bottle'),
        _thing('sleuth', 'sleuth', Skill.FIND, 'search for', 'purple ring'),
        _thing('barnacle', 'barnacle', Skill.FOLLOW, 'follow', 'blue ball'),
        Taught('simmer', 'simmer down', Skill.STOP, 'stop'),
        _thing('黏牢', '黏牢', Skill.FOLLOW, '跟着', '蓝色的箱子', 'zh'),
        _motion('撤摊', '撤摊', Skill.MOVE, '后退', '一米', -1.0, 'zh'),
        _thing('瞟', '瞟', Skill.TURN_TO, '转向', '绿色的瓶子', 'zh'),
        Taught('歇菜', '歇菜', Skill.STOP, '停下', language='zh')),
}
