"""What instructions name: things by colour and kind, names never heard of, and babble."""
from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from yan_brain.signals import Skill
from yan_brain.simulation.things import COLOURS, KINDS
from yan_brain.training import language_lessons as lessons
from yan_brain.training import language_words as words
from yan_brain.training.language_grammar import Variants
from yan_brain.training.language_words import ANY_COLOUR, ANY_KIND, UNKNOWN_COLOUR, UNKNOWN_KIND


class Target(NamedTuple):
    """`before` is the determiner with its blank; `text` the argument words."""

    before: str
    text: str
    colour: int
    kind: int


NOTHING: Final = Target('', '', ANY_COLOUR, ANY_KIND)
PLAIN_SHARE: Final = 0.6            # the first, plain name of a colour or kind
_PERSON_SHARE: Final = 0.03


def _choose(names: tuple[str, ...], rng: random.Random) -> str:
    return names[int(rng.random() * len(names))]


def _synonym(names: tuple[str, ...], rng: random.Random) -> str:
    if rng.random() < PLAIN_SHARE:
        return names[0]
    return names[int(rng.random() * len(names))]


def draw_target(
    rng: random.Random, language: str, slot: str, *, held_out: bool, person: bool,
) -> Target:
    """Draw a thing to look for: known, half known, or never heard of."""
    draw = rng.random()
    if person and draw < _PERSON_SHARE:
        return Target('', words.PERSON_EN[0] if language == 'en' else words.PERSON_ZH[0],
                      ANY_COLOUR, UNKNOWN_KIND)
    colour, kind = int(rng.random() * len(COLOURS)), int(rng.random() * len(KINDS))
    draw = rng.random()
    if draw < 0.46:
        pass
    elif draw < 0.61:
        colour = ANY_COLOUR
    elif draw < 0.71:
        kind = ANY_KIND
    elif draw < 0.87:
        colour, kind = ANY_COLOUR, UNKNOWN_KIND
    elif draw < 0.93:
        kind = UNKNOWN_KIND
    elif draw < 0.98:
        colour = UNKNOWN_COLOUR
    else:
        colour, kind = UNKNOWN_COLOUR, ANY_KIND
    make = _target_en if language == 'en' else _target_zh
    text = make(_colour_word(colour, language, rng, held_out=held_out), colour,
                _kind_word(kind, language, rng, held_out=held_out), kind, rng)
    return Target(_determiner(text, language, slot, rng, name=kind == UNKNOWN_KIND),
                  text, colour, kind)


def draw_name(rng: random.Random, language: str, slot: str, *, held_out: bool) -> Target:
    """Draw a name to teach or forget; most are new, some the brain has already."""
    draw = rng.random()
    colour, kind = ANY_COLOUR, UNKNOWN_KIND
    if draw < 0.78:
        text = _kind_word(UNKNOWN_KIND, language, rng, held_out=held_out)
        if draw < 0.05 and language == 'en':
            text = ('my ' if slot != 't' else '') + text
        elif draw < 0.09 and language == 'en':
            text = f'{text} {_kind_word(UNKNOWN_KIND, language, rng, held_out=held_out)}'
    elif draw < 0.86:
        colour, kind = UNKNOWN_COLOUR, ANY_KIND
        # No made-up colours here: 'this is zib' does not tell that a colour is meant.
        table = words.ADJECTIVES_EN if language == 'en' else words.ADJECTIVES_ZH
        text = _choose(table[held_out], rng) + ('' if language == 'en' else '色')
        return Target('', text, colour, kind)
    elif draw < 0.95:
        colour = int(rng.random() * len(COLOURS)) if rng.random() < 0.5 else ANY_COLOUR
        kind = int(rng.random() * len(KINDS))
        make = _target_en if language == 'en' else _target_zh
        text = make(_colour_word(colour, language, rng, held_out=held_out), colour,
                    _kind_word(kind, language, rng, held_out=held_out), kind, rng)
    else:
        colour = int(rng.random() * len(COLOURS))
        name = _kind_word(kind, language, rng, held_out=held_out)
        tone = _colour_word(colour, language, rng, held_out=held_out)
        text = f'{tone} {name}' if language == 'en' else f'{tone}色{name}'
    if language == 'zh':
        return Target('那个' if slot == 't' and rng.random() < 0.3 else '', text, colour, kind)
    if text.startswith('my '):
        return Target('', text, colour, kind)
    return Target(_determiner(text, language, slot, rng, name=True), text, colour, kind)


def draw_lesson_word(rng: random.Random, language: str, slot: str, *, held_out: bool) -> Target:
    """Draw the name of a trick ('v'), a sound ('s'), a light ('l') or a touch ('h')."""
    english = language == 'en'
    if slot == 'v':
        if rng.random() < 0.5:
            return Target('', _kind_word(UNKNOWN_KIND, language, rng, held_out=held_out),
                          ANY_COLOUR, ANY_KIND)
        names: tuple[str, ...] = lessons.TRICKS_EN if english else lessons.TRICKS_ZH
    else:
        names = {'s': (lessons.SOUNDS_EN, lessons.SOUNDS_ZH),
                 'l': (lessons.LIGHTS_EN, lessons.LIGHTS_ZH),
                 'h': (lessons.TOUCHES_EN, lessons.TOUCHES_ZH)}[slot][not english]
        if slot == 's' and rng.random() < 0.2:
            return Target('', _kind_word(UNKNOWN_KIND, language, rng, held_out=held_out),
                          ANY_COLOUR, ANY_KIND)
    return Target('', _choose(names, rng), ANY_COLOUR, ANY_KIND)


def named(
    rng: random.Random, colour: str | None, kind: str | None, language: str, slot: str,
) -> Target:
    """Word a given target plainly; names that are not ours are used as they are."""
    if not colour and not kind:
        raise ValueError('neither colour nor kind is given; name at least one')
    c = ANY_COLOUR if not colour else (
        COLOURS.index(colour) if colour in COLOURS else UNKNOWN_COLOUR)
    k = ANY_KIND if not kind else KINDS.index(kind) if kind in KINDS else UNKNOWN_KIND
    tables = (words.COLOUR_EN, words.KIND_EN) if language == 'en' else (
        words.COLOUR_ZH, words.KIND_ZH)
    tone = tables[0].get(colour or '', (colour or '',))[0]
    name = tables[1].get(kind or '', (kind or '',))[0]
    if language == 'en':
        text = f'{tone} {name}'.strip() if k != ANY_KIND else f'{tone} thing'
        return Target(_article(text) if slot == 'a' else 'the ', text, c, k)
    if c == ANY_COLOUR:
        text = name
    else:
        tone += '' if tone.endswith('色') else '色'
        text = f'{tone}的{name or "东西"}' if rng.random() < 0.7 or not name else tone + name
    return Target('', text, c, k)


def babble(
    rng: random.Random, language: str, training: Mapping[Skill, tuple[Variants, ...]],
) -> str:
    """Return what means nothing: noise words, loose words, commands cut off."""
    draw = rng.random()
    if draw < 0.35:                                       # cut off before the target
        starts = _openings(language, training)
        text = starts[int(rng.random() * len(starts))]
        if language == 'en':
            return text + ('' if rng.random() < 0.5 else ' the')
        return text + ('' if rng.random() < 0.6 else '那个')
    count = 1 + int(rng.random() * 5)
    if language == 'zh':
        if draw < 0.65:
            return ''.join(words.pseudo_name_zh(rng) for _ in range(1 + count // 2))
        return ''.join(_choose(words.NOUNS_ZH[0], rng) for _ in range(1 + count // 2))
    if draw < 0.6:
        return ' '.join(words.pseudo_word(rng) for _ in range(count))
    if draw < 0.75:
        return ' '.join(''.join(chr(97 + int(rng.random() * 26)) for _ in range(
            2 + int(rng.random() * 6))) for _ in range(count))
    return ' '.join(_choose(_LOOSE_EN, rng) for _ in range(1 + count))


_LOOSE_EN: Final = (*words.NOUNS_EN[0], 'the', 'and', 'of', 'a', 'very', 'because', 'was', 'it',
                    'they', 'some', 'with', 'again', 'quite', 'under', 'then', 'our', 'were')
_openings_from: Final = (Skill.FIND, Skill.GO_TO, Skill.TURN_TO, Skill.FOLLOW)


@cache
def _openings_of(phrases: tuple[tuple[Variants, ...], ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(
        phrase.before.strip() for templates in phrases for variants in templates
        for phrase in variants if phrase.slot == 't' and not phrase.after and phrase.before))


_OPENINGS: dict[str, tuple[str, ...]] = {}


def _openings(language: str, training: Mapping[Skill, tuple[Variants, ...]]) -> tuple[str, ...]:
    if language not in _OPENINGS:
        _OPENINGS[language] = _openings_of(tuple(training[s] for s in _openings_from))
    return _OPENINGS[language]


def _colour_word(colour: int, language: str, rng: random.Random, *, held_out: bool) -> str:
    if colour == ANY_COLOUR:
        return ''
    if colour == UNKNOWN_COLOUR:
        if rng.random() < 0.35:
            return (words.pseudo_word(rng) if language == 'en'
                    else words.pseudo_name_zh(rng)[:2])
        table = words.ADJECTIVES_EN if language == 'en' else words.ADJECTIVES_ZH
        return _choose(table[held_out], rng)
    names = (words.COLOUR_EN if language == 'en' else words.COLOUR_ZH)[COLOURS[colour]]
    return _synonym(names, rng)


def _kind_word(kind: int, language: str, rng: random.Random, *, held_out: bool) -> str:
    if kind == ANY_KIND:
        return ''
    if kind == UNKNOWN_KIND:
        if rng.random() < 0.55:
            return words.pseudo_word(rng) if language == 'en' else words.pseudo_name_zh(rng)
        return _choose((words.NOUNS_EN if language == 'en' else words.NOUNS_ZH)[held_out], rng)
    return _synonym((words.KIND_EN if language == 'en' else words.KIND_ZH)[KINDS[kind]], rng)


def _target_en(tone: str, colour: int, name: str, kind: int, rng: random.Random) -> str:
    draw = rng.random()
    if kind == ANY_KIND:
        thing = _choose(words.THING_EN, rng)
        if draw < 0.08:
            return f'{thing} that is {tone}'
        if draw < 0.14:
            return f'something {tone}'
        return f'{tone} {thing}'
    size = _choose(words.SIZES_EN, rng) + ' ' if draw > 0.93 else ''
    if not tone:
        return size + name
    if draw < 0.03:
        return f'{name} that is {tone}'
    if draw < 0.05:
        return f'{name} which is {tone}'
    if draw < 0.10:
        joint = ('-coloured', ' coloured', '-colored', ' colored')[int(rng.random() * 4)]
        return f'{tone}{joint} {name}' if ' ' not in tone else f'{tone} {name}'
    return f'{size}{tone} {name}'


def _target_zh(tone: str, colour: int, name: str, kind: int, rng: random.Random) -> str:
    draw = rng.random()
    if kind == ANY_KIND:
        return f'{tone}{"色" if draw < 0.92 else ""}的{_choose(words.THING_ZH, rng)}'
    size = _choose(words.SIZES_ZH, rng) if draw > 0.94 else ''
    if not tone:
        return size + name
    if draw < 0.45:
        return f'{tone}色的{size}{name}'
    if draw < 0.65:
        return f'{tone}色{name}'
    if draw < 0.70:
        return f'{tone}色的那个{name}'
    if draw < 0.74 or (len(tone) > 1 and colour == UNKNOWN_COLOUR):
        return f'{tone}的{name}'
    return f'{tone}{name}' if draw <= 0.94 else f'{size}{tone}{name}'


def _article(text: str) -> str:
    return 'an ' if text[0] in 'aeiou' else 'a '


def _determiner(text: str, language: str, slot: str, rng: random.Random, *, name: bool) -> str:
    if language == 'zh':
        return _choose(words.DETERMINERS_ZH, rng)
    if slot == 'n' or text.startswith('something'):
        return ''
    if slot == 'a':
        return _article(text)
    if name and rng.random() < 0.25:
        return ''
    chosen = _choose(words.DETERMINERS_EN, rng)
    if chosen == 'a':
        return _article(text)
    return chosen + ' ' if chosen else ''
