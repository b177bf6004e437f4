"""Dreams: utterances made up from what a person meant by a saying.

A saying becomes a template of the training grammar: the words that name its target, its side and
its amount are cut out, and drawn anew in each dream. So "hang a louie 30 degrees", which meant
a turn to the left, teaches what "hang a louie" means with any angle, and "peg it over to the red
ball" what it means with any thing.
"""
from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass

from yan_brain.learning.sayings import Saying
from yan_brain.perception.amounts import amount, amounts
from yan_brain.perception.idioms import says_little, without_little
from yan_brain.signals import TARGET_SKILLS, Skill
from yan_brain.training import language_en, language_zh
from yan_brain.training import language_numbers as numbers
from yan_brain.training.language import Utterance, draw_phrase, grammar
from yan_brain.training.language_grammar import Phrase, expand, variants

_DIRECTIONS = {'en': language_en.DIRECTIONS, 'zh': language_zh.DIRECTIONS}
_SIGNS = re.compile(r'[()\[\]{}|~@]')                # they mean something in templates
_WRAPPED_TWICE = 0.4
_DETERMINER = r'(?:(?:the|a|an|my|that|this|your) )?'


@dataclass(frozen=True)
class Idiom:
    """What a saying teaches: templates of a skill, each written out."""

    saying: Saying
    templates: tuple[tuple[Phrase, ...], ...]

    def dream(self, rng: random.Random, *, noise: bool = True) -> Utterance:
        """An utterance with the saying's own words and other things, sides and amounts."""
        phrase = rng.choice(rng.choice(self.templates))
        if rng.random() < _WRAPPED_TWICE:
            head, tail = rng.choice(grammar(self.saying.language).wrappers)
            phrase = phrase._replace(before=head + phrase.before, after=phrase.after + tail)
        return draw_phrase(rng, phrase, self.saying.skill, self.saying.language, noise=noise)


def idiom(saying: Saying) -> Idiom:
    """What a saying teaches.

    Raises:
        ValueError: nothing that the core could learn; the message says why.
    """
    if _SIGNS.search(saying.text):
        raise ValueError(f'{saying.text!r} holds signs that cannot be learned')
    if saying.skill in TARGET_SKILLS:
        written = [_with_target(saying)]
    elif saying.skill in (Skill.MOVE, Skill.TURN):
        written = _with_amount(saying)
    elif saying.skill is Skill.STOP:
        written = [saying.text]
    else:
        raise ValueError(f'{saying.skill.value!r} is not learned in sleep')
    sides = _DIRECTIONS[saying.language].get(saying.skill, {})
    return Idiom(saying, tuple(
        variants(text, sides, spaced=saying.language == 'en') for text in written))


def _with_target(saying: Saying) -> str:
    """The saying with a slot for its target."""
    name = re.escape(' '.join(saying.argument.casefold().split()))
    edges = (r'\b', r'\b') if saying.language == 'en' else ('', '')
    found, count = re.subn(f'{edges[0]}{_DETERMINER}{name}{edges[1]}', '{t}', saying.text, count=1)
    if not name or not count:
        raise ValueError(f'{saying.text!r} does not name what was meant ({saying.argument!r}): '
                         'only these very words can mean it')
    if found.strip() == '{t}':
        raise ValueError(f'{saying.text!r} is a name alone')
    return found


def _with_amount(saying: Saying) -> list[str]:
    """A motion with its side and its amount left open, where it says them."""
    if saying.amount is None:
        raise ValueError(f'it is not known how far {saying.text!r} goes')
    english, side = saying.language == 'en', 1 if saying.amount > 0 else -1
    text, size = saying.text, _size(saying)
    stated = _stated(text, saying)
    body = text.replace(stated, '{m}', 1) if stated else text
    bare = _tidy(without_little(body).replace('{m}', ''), english=english)
    tag, bare, body = _sided(saying, side, bare, body)
    if not bare.replace('{d}', '').strip():
        raise ValueError(f'{saying.text!r} says an amount alone')
    if stated:
        return [tag + body, tag + bare]
    if size != _usual(text, saying):
        return [f'@{side:+d}={size} {body.replace("{d}", _found_side(saying, side))}']
    return [tag + body, tag + bare, tag + bare + (' {m}' if english else '{m}')]


def _sided(saying: Saying, side: int, *texts: str) -> tuple[str, ...]:
    """The template's tag, and the texts with a slot where they name the side."""
    word = _found_side(saying, side)
    if not word:
        return (f'@{side:+d} ', *texts)
    edge = r'\b' if saying.language == 'en' else ''
    return ('', *(re.sub(f'{edge}{re.escape(word)}{edge}', '{d}', text, count=1)
                  for text in texts))


def _found_side(saying: Saying, side: int) -> str:
    """The longest words in a saying that name its side; '' when none do."""
    english = saying.language == 'en'
    known = expand(_DIRECTIONS[saying.language][saying.skill][side], spaced=english)
    edge = r'\b' if english else ''
    fitting = [word for word in known if re.search(f'{edge}{re.escape(word)}{edge}', saying.text)]
    return max(fitting, key=len, default='')


def _stated(text: str, saying: Saying) -> str:
    """The stretch of a text that says its amount; '' when none does."""
    whole = amount(text, 'm' if saying.skill is Skill.MOVE else 'deg')
    found = [one for one in amounts(text) if one.value == whole]
    if not found:
        return ''
    joint = ' ' if saying.language == 'en' else ''
    words = text.split() if joint else list(text)
    first, last = 0, len(words)
    while found[0] in amounts(joint.join(words[first + 1:])):
        first += 1
    while found[0] in amounts(joint.join(words[first:last - 1])):
        last -= 1
    return joint.join(words[first:last])


def _size(saying: Saying) -> int:
    """Centimetres or degrees."""
    value = abs(saying.amount or 0.0)
    return round(100 * value if saying.skill is Skill.MOVE else math.degrees(value))


def _usual(text: str, saying: Saying) -> int:
    """Centimetres or degrees of a motion that names none."""
    little = says_little(text)
    if saying.skill is Skill.MOVE:
        return numbers.LITTLE_MOVE_CM if little else numbers.DEFAULT_MOVE_CM
    return numbers.LITTLE_TURN_DEG if little else numbers.DEFAULT_TURN_DEG


def _tidy(text: str, *, english: bool) -> str:
    return (' ' if english else '').join(text.split())
