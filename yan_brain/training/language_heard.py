"""Instructions as a speech recogniser really heard them.

A file of pairs holds one JSON object a line: `text` (what was said), `heard`, and, when
`record` wrote it, the labels. A line without labels gets them by reading the English grammar
backwards; what no template could have produced is left out and counted in the log. Only
training data is labelled this way: the brain itself knows no templates.
"""
from __future__ import annotations

import json
import logging
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from yan_brain.perception.idioms import says_little
from yan_brain.signals import TARGET_SKILLS, Skill
from yan_brain.simulation.things import COLOURS, KINDS
from yan_brain.training import language_numbers as numbers
from yan_brain.training import language_words as words
from yan_brain.training.language_words import ANY_COLOUR, ANY_KIND, UNKNOWN_COLOUR, UNKNOWN_KIND

if TYPE_CHECKING:
    from yan_brain.training.language import Utterance

_LOG: Final = logging.getLogger(__name__)
_KEPT: Final = 0.5                  # less alike than this teaches nothing but noise
_ARGUMENT_KEPT: Final = 0.6         # the same for the argument
_ALIKE: Final = 0.45                # the least likeness of an argument and what was heard
_CONTEXT: Final = 0.2               # what a matching neighbour adds to it
_MARKS: Final = re.compile(r'[,!?;:]|\.(?!\d)')
_PARTS: Final = re.compile(r'[\u3400-\u9fff]|[^\s\u3400-\u9fff]+')
_AMOUNT_DRAWS: Final = 40_000
_DETERMINERS: Final = frozenset(words.DETERMINERS_EN) | {'an', ''}
_LABELS: Final = ('language', 'skill', 'span', 'amount_digits', 'direction', 'colour', 'kind')


def record(utterance: Utterance, heard: str) -> str:
    """Write one line of a file of pairs, with the labels."""
    row: dict[str, Any] = {'text': utterance.text, 'heard': heard}
    row |= {name: getattr(utterance, name) for name in _LABELS}
    row['skill'] = utterance.skill.value
    return json.dumps(row, ensure_ascii=False)


def heard_pairs(path: Path) -> list[Utterance]:
    """Read a file of pairs; return what was heard, labelled by what was said.

    Lines with nothing heard, or nothing like what was said ('well' for 'stop' must not become
    a lesson), or that cannot be labelled, are left out and counted in the log.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a line is not a JSON object with the texts `text` and `heard`.
    """
    found: list[Utterance] = []
    lost = unread = 0
    with path.open(encoding='utf-8') as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            row = _row(line, f'{path.name}, line {number}')
            said = _labelled(row, f'{path.name}, line {number}')
            if said is None:
                unread += 1
                continue
            moved = relabel(said, row['heard']) if row['heard'].strip() else None
            if moved is None or _likeness(said.text, moved.text) < _KEPT or (
                    said.argument and _likeness(said.argument, moved.argument) < _ARGUMENT_KEPT):
                lost += 1
            else:
                found.append(moved)
    if lost or unread:
        _LOG.warning('%s: %d lines used; left out: %d of which too little was heard, %d whose '
                     'text no template makes (write such lines with record())',
                     path.name, len(found), lost, unread)
    return found


def _likeness(said: str, heard: str) -> float:
    """Tell how alike two texts are, 0 to 1, by their letters."""
    return SequenceMatcher(None, ''.join(_cut(said)), ''.join(_cut(heard)), False).ratio()


def _row(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f'{place}: not JSON ({error.msg}); one object a line') from error
    texts = (row.get('text'), row.get('heard')) if isinstance(row, dict) else (None,)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f'{place}: got {line.strip()[:80]!r}; an object with the texts '
                         '"text" and "heard" is wanted')
    return row


def _labelled(row: Mapping[str, Any], place: str) -> Utterance | None:
    from yan_brain.training.language import Utterance
    if 'skill' not in row:
        return read_back(row['text'])
    try:
        digits, span = row['amount_digits'], row['span']
        return Utterance(
            row['text'], row['language'], Skill(row['skill']), (int(span[0]), int(span[1])),
            None if digits is None else (digits[0], digits[1], digits[2], digits[3]),
            int(row['direction']), int(row['colour']), int(row['kind']))
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise ValueError(f'{place}: broken labels ({error!r}); all of {_LABELS} are wanted, '
                         'or no "skill" at all') from error


def relabel(utterance: Utterance, heard: str) -> Utterance:
    """Return the utterance with the text that was heard, its span moved to the likeliest words.

    Words are compared letter by letter, the neighbours of the argument count a little; where
    nothing is alike, the argument is taken to stand as far from the end as it did.

    Raises:
        ValueError: nothing was heard.
    """
    heard = ' '.join(heard.split())
    if not heard:
        raise ValueError(f'nothing was heard of {utterance.text!r}; leave such pairs out')
    if utterance.span == (0, 0):
        return replace(utterance, text=heard)
    raw = utterance.text.encode()
    start, end = utterance.span
    said = _cut(raw[:start].decode()), _cut(utterance.argument), _cut(raw[end:].decode())
    places = [m.span() for m in _PARTS.finditer(heard)]
    parts = [heard[a:b].lower().strip('.,!?') for a, b in places]
    first, last = _window(parts, *said)
    a, b = places[first][0], places[last - 1][1]
    while b > a + 1 and heard[b - 1] in '.,!?;:。，！？':
        b -= 1
    return replace(utterance, text=heard,
                   span=(len(heard[:a].encode()), len(heard[:b].encode())))


def _cut(text: str) -> list[str]:
    return [p.lower().strip('.,!?') for p in _PARTS.findall(text)]


def _window(
    heard: Sequence[str], before: Sequence[str], argument: Sequence[str], after: Sequence[str],
) -> tuple[int, int]:
    """Find the words heard for the argument: (first, behind the last)."""
    wanted, best, place = ''.join(argument), 0.0, (0, 0)
    count = len(argument)
    for first in range(len(heard)):
        for size in range(max(1, count - 1), count + 3):
            last = first + size
            if last > len(heard):
                break
            score = SequenceMatcher(None, wanted, ''.join(heard[first:last]), False).ratio()
            left = heard[first - 1] if first else ''
            right = heard[last] if last < len(heard) else ''
            near = (_CONTEXT * (left == (before[-1] if before else ''))
                    + _CONTEXT * (right == (after[0] if after else '')))
            if score + near > best and score >= _ALIKE:
                best, place = score + near, (first, last)
    if best:
        return place
    return _between(heard, before, count, after)


def _between(
    heard: Sequence[str], before: Sequence[str], count: int, after: Sequence[str],
) -> tuple[int, int]:
    """Guess by place alone: behind the word that came before it, or at the end."""
    last = max(len(heard) - len(after), 1)
    first = max(last - count, 0)
    if before and before[-1] in heard[:last - 1]:
        first = last - 1 - heard[:last - 1][::-1].index(before[-1])
    return first, last


# ---- the grammar backwards (English) ------------------------------------------------------

_Key = tuple[str, str, bool]      # before the slot, after it, is there one
_Meaning = tuple[Skill, str, int, int | None, bool]


def read_back(text: str) -> Utterance | None:
    """Label an English text that the grammar could have made; None when it could not.

    Of several readings the one with the shortest argument wins.
    """
    from yan_brain.training.language import grammar
    shown = ' '.join(_MARKS.sub(' ', text).split())
    plain = shown.lower()
    wrappers = (('', ''), *grammar('en').wrappers, *grammar('en').plain_wrappers)
    readings: list[Utterance] = []
    for before, after in dict.fromkeys((_plain(h), _plain(t)) for h, t in wrappers):
        head, tail = before and before + ' ', after and ' ' + after
        if (plain.startswith(head) and plain.endswith(tail)
                and len(plain) > len(head) + len(tail)):
            core = plain[len(head):len(plain) - len(tail)]
            found = _read_core(core, shown, len(head))
            if found is not None:
                readings.append(found)
    # What is unclear reads anything; a command goes first.
    return min(readings, default=None, key=lambda u: (
        u.skill is Skill.UNCLEAR, u.span[1] - u.span[0]))


def _plain(text: str) -> str:
    return ' '.join(_MARKS.sub(' ', text.lower()).split())


@cache
def _phrases() -> dict[_Key, _Meaning]:
    """Map what stands around the slot to its meaning; both sides of the split."""
    from yan_brain.training.language import grammar
    english = grammar('en')
    table: dict[_Key, _Meaning] = {}
    for side in (english.training, english.held_out):
        for skill, templates in side.items():
            for phrase in (p for variants in templates for p in variants):
                key = _plain(phrase.before), _plain(phrase.after), bool(phrase.slot)
                if key == ('', '', True):
                    continue                # a bare target or amount says nothing of the skill
                table.setdefault(key, (skill, phrase.slot, phrase.direction, phrase.amount,
                                       says_little(f'{phrase.before} {phrase.after}')))
    return table


@cache
def _amounts() -> dict[tuple[str, bool], int]:
    """Map how amounts are said to what they mean, from many draws of both kinds."""
    rng = random.Random(0)
    table: dict[tuple[str, bool], int] = {}
    for move, draw in ((True, numbers.draw_move), (False, numbers.draw_turn)):
        for i in range(_AMOUNT_DRAWS):
            amount = draw(rng, 'en', held_out=i % 4 == 0)
            table[_plain(amount.text), move] = amount.value
    return table


def _read_core(core: str, shown: str, offset: int) -> Utterance | None:
    parts = core.split(' ')
    for size in range(len(parts)):
        for first in range(len(parts) - size + 1):
            last = first + size
            meaning = _phrases().get(
                (' '.join(parts[:first]), ' '.join(parts[last:]), last > first))
            if meaning is None:
                continue
            start = offset + sum(len(p) + 1 for p in parts[:first])
            found = _label(meaning, ' '.join(parts[first:last]), shown, start)
            if found is not None:
                return found
    return None


def _label(meaning: _Meaning, slot_text: str, shown: str, start: int) -> Utterance | None:
    from yan_brain.training.language import Utterance
    skill, slot, direction, amount, little = meaning
    if skill in (Skill.MOVE, Skill.TURN):
        move = skill is Skill.MOVE
        if slot:
            amount = _amounts().get((slot_text, move))
            if amount is None:
                return None
        elif amount is None:
            amount = ((numbers.LITTLE_MOVE_CM if move else numbers.LITTLE_TURN_DEG) if little
                      else (numbers.DEFAULT_MOVE_CM if move else numbers.DEFAULT_TURN_DEG))
        return Utterance(shown, 'en', skill, (0, 0), numbers.digits_of(amount), direction,
                         ANY_COLOUR, ANY_KIND)
    if skill not in TARGET_SKILLS | {Skill.TEACH, Skill.FORGET}:
        return Utterance(shown, 'en', skill, (0, 0), None, 0, ANY_COLOUR, ANY_KIND)
    if slot_text in _DETERMINERS:
        return None                         # cut off before the target
    loose = _DETERMINERS if skill in TARGET_SKILLS or slot == 't' else {'a', 'an'}
    if slot == 'n':
        loose = frozenset()
    for determiner in sorted(loose, key=len, reverse=True):
        if determiner and slot_text.startswith(determiner + ' '):
            start, slot_text = start + len(determiner) + 1, slot_text[len(determiner) + 1:]
            break
    colour, kind = meaning_of(slot_text)
    ahead = len(shown[:start].encode())
    return Utterance(shown, 'en', skill, (ahead, ahead + len(slot_text.encode())), None, 0,
                     colour, kind)


def meaning_of(argument: str) -> tuple[int, int]:
    """Read the colour and kind of English argument words, as the generator meant them."""
    text = re.sub(r'[ -]colou?red\b', '', argument.lower())
    text = re.sub(r'^(.*) (?:that|which) is (.*)$', r'\2 \1', text)
    text = re.sub(r'^something (.*)$', r'\1 thing', text)
    text = re.sub(rf'^(?:{"|".join(words.SIZES_EN)}) ', '', text)
    kind, rest = UNKNOWN_KIND, text
    names = [(name, i) for i, k in enumerate(KINDS) for name in words.KIND_EN[k]]
    names += [(name, ANY_KIND) for name in words.THING_EN]
    for name, index in sorted(names, key=lambda n: -len(n[0])):
        if text == name or text.endswith(' ' + name):
            kind, rest = index, text[:-len(name)].strip()
            break
    for i, colour in enumerate(COLOURS):
        for tone in words.COLOUR_EN[colour]:
            if rest == tone or (kind == UNKNOWN_KIND and rest.startswith(tone + ' ')):
                return i, kind
    unknown = (*words.ADJECTIVES_EN[0], *words.ADJECTIVES_EN[1])
    if kind == UNKNOWN_KIND:
        return (UNKNOWN_COLOUR, ANY_KIND) if rest in unknown else (ANY_COLOUR, kind)
    return (UNKNOWN_COLOUR if rest else ANY_COLOUR), kind
