"""A small template expander for instructions, with a fixed split for evaluation.

A template is text with `(a|b)` for alternatives, `[a]` for what may be left out, and one
slot: `{t}` a target with a determiner, `{a}` a name with an article, `{n}` a bare name,
`{m}` an amount; more of them in `language_lessons`. `{d}` stands for words of direction. In
front of the text may stand `@+1`, `@-1`, `@+1=180` (direction, and the amount when it is fixed)
and `~` (not an imperative: 'could you' does not go in front).

Every expansion is written out once, when a grammar is built, so drawing is two picks from
tuples. Every fifth template of each skill is for evaluation only; an expansion that also
follows from one of these is taken out of the training side, which `language_phrasings` adds to.
"""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from yan_brain.signals import Skill

HELD_OUT_EVERY = 5
MAX_EXPANSIONS = 4000
PLAIN_SHARE = 0.4           # of the variants of a direction: its plain word ('left')

_TAG = re.compile(r'^(?:@([+-]1)(?:=(\d+))? )?(~?)(.*)$', re.DOTALL)
_SLOT = re.compile(r'\{([tanmvslh])\}')


class Phrase(NamedTuple):
    """One expansion, cut at its slot. `slot` is '' or a letter, see above."""

    before: str
    slot: str
    after: str
    imperative: bool
    direction: int
    amount: int | None


Variants = tuple[Phrase, ...]      # all expansions of one template


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """The templates of one language: for each skill the variants of each template."""

    training: Mapping[Skill, tuple[Variants, ...]]
    held_out: Mapping[Skill, tuple[Variants, ...]]
    wrappers: tuple[tuple[str, str], ...]          # put around imperatives
    plain_wrappers: tuple[tuple[str, str], ...]    # put around anything else

    def __post_init__(self) -> None:
        for side, table in (('training', self.training), ('held out', self.held_out)):
            for skill, templates in table.items():
                if not templates or not all(templates):
                    raise ValueError(
                        f'grammar: {skill.value} has no {side} templates left; write at least '
                        f'{HELD_OUT_EVERY} templates that differ')


def expand(template: str, *, spaced: bool = True) -> list[str]:
    """Write out every text that `template` stands for, in a fixed order, without doubles.

    `spaced` keeps single spaces between words (English); otherwise spaces are dropped.
    Raises ValueError for brackets that do not match and for too many expansions.
    """
    texts, rest = _alternatives(template, 0, template)
    if rest != len(template):
        raise ValueError(f'template {template!r}: unexpected {template[rest]!r} at {rest}; '
                         'brackets must match')
    joined = (' '.join(t.split()) if spaced else ''.join(t.split()) for t in texts)
    unique = list(dict.fromkeys(joined))
    if len(unique) > MAX_EXPANSIONS:
        raise ValueError(f'template {template!r} has {len(unique)} expansions, at most '
                         f'{MAX_EXPANSIONS} are allowed; split it')
    return unique


def _alternatives(text: str, at: int, whole: str) -> tuple[list[str], int]:
    """Read `a|b|...` from `at` up to a closing bracket or the end."""
    found: list[str] = []
    parts: list[list[str]] = []
    start = at
    while at <= len(text):
        sign = text[at] if at < len(text) else ''
        if sign in ('', ')', ']', '|'):
            parts.append([text[start:at]])
            found.extend(''.join(p) for p in product(*parts))
            parts = []
            if sign != '|':
                return found, at
            start = at + 1
        elif sign in '([':
            parts.append([text[start:at]])
            inner, end = _alternatives(text, at + 1, whole)
            if end >= len(text) or text[end] != (')' if sign == '(' else ']'):
                raise ValueError(f'template {whole!r}: {sign!r} at {at} is never closed')
            parts.append([*inner, ''] if sign == '[' else inner)
            at = end
            start = at + 1
        at += 1
    raise ValueError(f'template {whole!r}: ended inside a bracket')


def variants(template: str, directions: Mapping[int, str], *, spaced: bool) -> Variants:
    """Expand one tagged template; `directions` gives the words for `{d}` of +1 and -1."""
    match = _TAG.match(template)
    if match is None:
        raise ValueError(f'template {template!r}: cannot read its tag')
    sign, amount, mark, body = match.groups()
    if '{d}' in body:
        sides = [(side, body.replace('{d}', f'({words})')) for side, words in directions.items()]
    else:
        sides = [(int(sign) if sign else 0, body)]
    phrases: list[Phrase] = []
    for side, written in sides:
        texts = expand(written, spaced=spaced)
        if '{d}' in body:                   # otherwise 'left' is as rare as 'leftwards'
            common = expand(body.replace('{d}', directions[side].split('|')[0]), spaced=spaced)
            texts += common * round(PLAIN_SHARE / (1 - PLAIN_SHARE) * len(texts) / len(common))
        for text in texts:
            slots = list(_SLOT.finditer(text))
            if len(slots) > 1:
                raise ValueError(f'template {template!r}: {len(slots)} slots, at most 1 allowed')
            first = slots[0] if slots else None
            phrases.append(Phrase(
                text[:first.start()] if first else text,
                first.group(1) if first else '',
                text[first.end():] if first else '',
                not mark, side, int(amount) if amount else None))
    return tuple(phrases)


def plain(phrase: Phrase) -> str:
    """Tell a phrase without case and punctuation, to compare the two sides."""
    slot = f'{{{phrase.slot}}}' if phrase.slot else ''
    return re.sub(r"[,.!?'，。！？]", '', f'{phrase.before}{slot}{phrase.after}').lower()


def build(
    templates: Mapping[Skill, Sequence[str]],
    directions: Mapping[Skill, Mapping[int, str]],
    wrappers: Sequence[str],
    plain_wrappers: Sequence[str],
    *,
    spaced: bool,
    more: Mapping[Skill, Sequence[str]] | None = None,
) -> Grammar:
    """Expand and split the templates of a language. Wrappers hold `{c}` for the command.

    `more` are templates for training alone; they come after all others.
    """
    training: dict[Skill, tuple[Variants, ...]] = {}
    held_out: dict[Skill, tuple[Variants, ...]] = {}
    for skill, texts in templates.items():
        written = [variants(t, directions.get(skill, {}), spaced=spaced) for t in texts]
        last = HELD_OUT_EVERY - 1
        test = [v for i, v in enumerate(written) if i % HELD_OUT_EVERY == last]
        kept = {plain(p) for v in test for p in v}
        learned = [v for i, v in enumerate(written) if i % HELD_OUT_EVERY != last]
        learned += [variants(t, directions.get(skill, {}), spaced=spaced)
                    for t in (more or {}).get(skill, ())]
        train = [tuple(p for p in v if plain(p) not in kept) for v in learned]
        training[skill] = tuple(v for v in train if v)
        held_out[skill] = tuple(test)
    return Grammar(
        training=training, held_out=held_out,
        wrappers=_wrappers(wrappers, spaced=spaced),
        plain_wrappers=_wrappers(plain_wrappers, spaced=spaced))


def _wrappers(texts: Sequence[str], *, spaced: bool) -> tuple[tuple[str, str], ...]:
    cut = [text.partition('{c}') for t in texts for text in expand(t, spaced=spaced)]
    return tuple((before, after) for before, _, after in cut)
