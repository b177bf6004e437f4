"""Labelled instructions in English and Chinese, drawn at random, for the language side.

Drawn from templates (`language_en`, `language_zh`) that are written out once; every fifth
template is for evaluation only, so are some nouns and amounts. Offsets are bytes of the
UTF-8 text. Colours and kinds are indices into COLOURS and KINDS of the simulation; behind
them come `any` (none was said) and `unknown` (a word the brain was never taught).
"""
from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, TypeVar, get_args

from yan_brain.perception.idioms import says_little
from yan_brain.signals import TARGET_SKILLS, Skill
from yan_brain.simulation.things import COLOURS, KINDS
from yan_brain.training import language_en, language_zh
from yan_brain.training import language_numbers as numbers
from yan_brain.training import language_targets as targets
from yan_brain.training.language_grammar import Grammar, Phrase
from yan_brain.training.language_heard import heard_pairs, record, relabel
from yan_brain.training.language_noise import dress
from yan_brain.training.language_targets import Target
from yan_brain.training.language_words import ANY_COLOUR, ANY_KIND, UNKNOWN_COLOUR, UNKNOWN_KIND

__all__ = ['ANY_COLOUR', 'ANY_KIND', 'LANGUAGES', 'SKILL_WEIGHTS', 'UNKNOWN_COLOUR',
           'UNKNOWN_KIND', 'Utterance', 'draw_phrase', 'draw_utterance', 'evaluation_phrase',
           'grammar', 'halved', 'heard_pairs', 'record', 'relabel']

Language = Literal['en', 'zh']
Half = Literal['tuning', 'judging']
LANGUAGES: Final = get_args(Language)
T = TypeVar('T')
ENGLISH_SHARE: Final = 0.52
BABBLE_SHARE: Final = 0.25          # of what is unclear
WRAPPED_SHARE: Final = 0.45
PLAIN_FIRST: Final = 2.0             # 1: all templates alike
_WITH_PERSON: Final = frozenset({Skill.GO_TO, Skill.TURN_TO, Skill.FOLLOW})
_NAMING: Final = frozenset({Skill.TEACH, Skill.FORGET})
_WITH_ARGUMENT: Final = TARGET_SKILLS | _NAMING | {Skill.TRICK, Skill.WHEN, Skill.PERFORM}
# How often each skill is drawn; idle is never asked for.
SKILL_WEIGHTS: Final[dict[Skill, float]] = {
    Skill.STOP: 7, Skill.MOVE: 20, Skill.TURN: 18, Skill.FIND: 11, Skill.GO_TO: 12,
    Skill.TURN_TO: 10, Skill.FOLLOW: 8, Skill.DESCRIBE: 6, Skill.TEACH: 6, Skill.FORGET: 4,
    Skill.RECALL: 5, Skill.UNCLEAR: 18, Skill.TRICK: 8, Skill.WHEN: 8, Skill.WATCH: 5,
    Skill.PERFORM: 5, Skill.FEEDBACK: 6,
}
_BODY: Final = (Skill.MOVE, Skill.MOVE, Skill.TURN, Skill.TURN, Skill.GO_TO, Skill.FIND,
                Skill.TURN_TO, Skill.FOLLOW, Skill.STOP)
_CLAUSES: Final = (1, 1, 1, 2, 2, 2, 3, 3, 4, 5)
_CLAUSE_WRAPPED: Final = 0.3         # of the clauses of a lesson
_CLAUSE_CAPITAL: Final = 0.06
_JOINTS: Final = {'en': (', ', ', then ', ' then ', ' and then ', ', after that ', ' and ',
                         ', and then ', ', next ', ', and ', ', finally '),
                  'zh': ('，', '，然后', '然后', '，再', '，接着', '再', '，之后', '，最后', '、',
                         '，然后再')}
_SKILL_WHEEL: Final = tuple(s for s, w in SKILL_WEIGHTS.items() for _ in range(round(w)))


@dataclass(frozen=True, slots=True)
class Utterance:
    """An instruction and what it means.

    `span` is (start, end) in bytes of the argument words, (0, 0) if there are none;
    `amount_digits` four decimal digits of centimetres (move) or degrees (turn), else None;
    `direction` is +1 forward or left, -1 back or right, else 0.
    """

    text: str
    language: str
    skill: Skill
    span: tuple[int, int]
    amount_digits: tuple[int, int, int, int] | None
    direction: int
    colour: int
    kind: int

    @property
    def argument(self) -> str:
        """Return the argument words."""
        return self.text.encode()[self.span[0]:self.span[1]].decode()

    @property
    def amount(self) -> int | None:
        """Return the unsigned amount in centimetres or degrees."""
        if self.amount_digits is None:
            return None
        a, b, c, d = self.amount_digits
        return 1000 * a + 100 * b + 10 * c + d


@cache
def grammar(language: str) -> Grammar:
    """Return the grammar of a language; built once (about a quarter of a second)."""
    if language == 'en':
        return language_en.grammar()
    if language == 'zh':
        return language_zh.grammar()
    raise ValueError(f'language is {language!r}; it must be one of {LANGUAGES} (or None to draw)')


def draw_utterance(
    rng: random.Random,
    language: str | None = None,
    *,
    skill: Skill | None = None,
    held_out: bool = False,
    half: Half | None = None,
    noise: bool = True,
) -> Utterance:
    """Draw one labelled instruction.

    `held_out` draws from the templates, nouns and amounts that training never sees (half of
    the amounts; the others are common ones); `half` draws from every second of these templates:
    one half to choose between ways of training, the other to judge what was chosen. `noise` adds
    typing errors and mishearings.

    Raises:
        TypeError: rng is not a random.Random.
        ValueError: a language or skill that is never asked for, or of which that half has none.
    """
    _check_rng(rng)
    pick = rng.random
    if language is None:
        language = 'en' if pick() < ENGLISH_SHARE else 'zh'
    if skill is None:
        skill = _SKILL_WHEEL[int(pick() * len(_SKILL_WHEEL))]
    words = grammar(language)
    side = words.held_out if held_out else words.training
    if skill not in side:
        raise ValueError(f'skill is {skill!r}; it must be one of '
                         f'{[s.value for s in SKILL_WEIGHTS]}')
    if skill is Skill.UNCLEAR and pick() < BABBLE_SHARE:
        return _unclear(targets.babble(rng, language, words.training), language, rng)
    templates: Sequence[tuple[Phrase, ...]] = side[skill]
    if half is not None:
        templates = halved(templates)[half]
        if not held_out or not templates:
            raise ValueError(f'{skill.value} has no held-out template for {half}')
    # The plain templates stand first and are drawn more often, as people do.
    place = pick() if held_out or skill is Skill.UNCLEAR else pick() ** PLAIN_FIRST
    variants = templates[int(place * len(templates))]
    phrase = variants[int(pick() * len(variants))]
    target, digits = _fill(phrase, skill, language, rng, held_out=held_out)
    return _finish(phrase, skill, language, target, digits, rng, words, noise=noise)


def draw_phrase(rng: random.Random, phrase: Phrase, skill: Skill, language: str, *,
                noise: bool = True, wrapped: bool = True) -> Utterance:
    """Draw one instruction that is worded by a given phrase of a skill, as in training.

    Without `wrapped` nothing is put around it.
    """
    _check_rng(rng)
    target, digits = _fill(phrase, skill, language, rng, held_out=False)
    return _finish(phrase, skill, language, target, digits, rng, grammar(language), noise=noise,
                   wrapped=wrapped)


def evaluation_phrase(
    rng: random.Random,
    skill: Skill,
    colour: str | int | None,
    kind: str | int | None,
    language: str,
    *,
    held_out: bool = True,
) -> str:
    """Word a request for a target without errors, by a template that training never uses.

    Without `held_out` it is one of training, the plain ones above all.

    `colour` and `kind` are names or indices of COLOURS and KINDS, or None when they are not to
    be said. Any other text is used as it is: a word that was taught, or was not.

    Raises:
        ValueError: not a skill with a target, an index out of range, nothing to say.
    """
    _check_rng(rng)
    if skill not in TARGET_SKILLS:
        raise ValueError(f'skill is {skill!r}; evaluation_phrase words targets only: '
                         f'{sorted(s.value for s in TARGET_SKILLS)}; for others use '
                         'draw_utterance(held_out=True)')
    words = grammar(language)
    templates = (words.held_out if held_out else words.training)[skill]
    place = rng.random() if held_out else rng.random() ** PLAIN_FIRST
    variants = templates[int(place * len(templates))]
    phrase = variants[int(rng.random() * len(variants))]
    target = targets.named(rng, _name('colour', colour, COLOURS), _name('kind', kind, KINDS),
                           language, phrase.slot)
    return _finish(phrase, skill, language, target, None, rng, words, noise=False).text


def halved(templates: Sequence[T]) -> dict[Half, Sequence[T]]:
    """Every second of the held-out templates of a skill; a lone one is for judging."""
    return {'judging': templates[::2], 'tuning': templates[1::2]}


def _check_rng(rng: random.Random) -> None:
    if not isinstance(rng, random.Random):
        raise TypeError(f'rng is a {type(rng).__name__}; give a random.Random(seed)')


def _name(what: str, value: str | int | None, names: tuple[str, ...]) -> str | None:
    if isinstance(value, int):
        if not 0 <= value < len(names):
            raise ValueError(f'{what} is {value}; an index must be 0 to {len(names) - 1}, '
                             'None says none')
        return names[value]
    return value


def _fill(
    phrase: Phrase, skill: Skill, language: str, rng: random.Random, *, held_out: bool,
) -> tuple[Target, tuple[int, int, int, int] | None]:
    """Draw what goes into the slot: a target, a name, or an amount."""
    if skill in (Skill.MOVE, Skill.TURN):
        move = skill is Skill.MOVE
        if phrase.slot == 'm':
            draw = numbers.draw_move if move else numbers.draw_turn
            text, value = draw(rng, language, held_out=held_out)
            return Target('', text, ANY_COLOUR, ANY_KIND), numbers.digits_of(value)
        if phrase.amount is not None:
            return targets.NOTHING, numbers.digits_of(phrase.amount)
        if says_little(f'{phrase.before} {phrase.after}'):
            value = numbers.LITTLE_MOVE_CM if move else numbers.LITTLE_TURN_DEG
        else:
            value = numbers.DEFAULT_MOVE_CM if move else numbers.DEFAULT_TURN_DEG
        return targets.NOTHING, numbers.digits_of(value)
    if not phrase.slot:
        return targets.NOTHING, None
    if phrase.slot in 'vslh':
        return targets.draw_lesson_word(rng, language, phrase.slot, held_out=held_out), None
    if skill in _NAMING:
        return targets.draw_name(rng, language, phrase.slot, held_out=held_out), None
    return targets.draw_target(rng, language, phrase.slot, held_out=held_out,
                               person=skill in _WITH_PERSON), None


def _finish(
    phrase: Phrase,
    skill: Skill,
    language: str,
    target: Target,
    digits: tuple[int, int, int, int] | None,
    rng: random.Random,
    words: Grammar,
    *,
    noise: bool,
    wrapped: bool = True,
) -> Utterance:
    """Wrap, dress, join; and find the span."""
    before, after = (
        text.replace('{b}', _body(rng, language)) if '{b}' in text else text
        for text in (phrase.before + target.before, phrase.after))
    if wrapped and rng.random() < WRAPPED_SHARE:
        wrappers = words.wrappers if phrase.imperative else words.plain_wrappers
        head, tail = wrappers[int(rng.random() * len(wrappers))]
        before, after = head + before, after + tail
    before, argument, after = dress((before, target.text, after), language, rng, noise=noise)
    has_argument = bool(argument) and skill in _WITH_ARGUMENT
    start = len(before.encode())
    return Utterance(
        before + argument + after, language, skill,
        (start, start + len(argument.encode())) if has_argument else (0, 0),
        digits, phrase.direction,
        target.colour if has_argument else ANY_COLOUR,
        target.kind if has_argument else ANY_KIND)


def _body(rng: random.Random, language: str) -> str:
    """Some commands one after the other, as they are told in a lesson."""
    side = grammar(language).training
    clauses = []
    for _ in range(_CLAUSES[int(rng.random() * len(_CLAUSES))]):
        skill = _BODY[int(rng.random() * len(_BODY))]
        variants = side[skill][int(rng.random() ** PLAIN_FIRST * len(side[skill]))]
        phrase = variants[int(rng.random() * len(variants))]
        target, _ = _fill(phrase, skill, language, rng, held_out=False)
        clause = phrase.before + target.before + target.text + phrase.after
        if rng.random() < _CLAUSE_WRAPPED:
            wrappers = (grammar(language).wrappers if phrase.imperative
                        else grammar(language).plain_wrappers)
            head, tail = wrappers[int(rng.random() * len(wrappers))]
            clause = head + clause + tail
        if rng.random() < _CLAUSE_CAPITAL:
            clause = clause[0].upper() + clause[1:]
        clauses.append(clause)
    joints = _JOINTS[language]
    text = clauses[0]
    for clause in clauses[1:]:
        text += joints[int(rng.random() * len(joints))] + clause
    return text


def _unclear(text: str, language: str, rng: random.Random) -> Utterance:
    before, _, after = dress((text, '', ''), language, rng, noise=False)
    return Utterance(before + after, language, Skill.UNCLEAR, (0, 0), None, 0,
                     ANY_COLOUR, ANY_KIND)
