"""What a name is meant for, by its words: something heard, or something seen.

"The sound of the bell" and "this sound is called the bell" tell of a sound. "The bell" may be
either: whoever learns it listens first and looks when there was nothing to hear. A mind is not
asked, for these sentences are few and it was not trained on them.
"""
from __future__ import annotations

import re
from dataclasses import dataclass

_A = r'(?:the|a|an|my|our|your)\s+'
_NOISE = r'(?:sound|noise)'
_HEARD = r'(?:hear|heard|are\s+hearing)'
_SOURCE = (r'bells?|doorbells?|handbells?|whistl\w+|claps?|clapping|knocks?|knocking|beeps?'
           r'|beeping|horns?|alarms?|buzzers?|sirens?|drums?|chimes?|ringtones?|barks?|barking'
           r'|meows?|chirps?|chirping|gongs?|jingles?|rattles?|thunder|music|melody')
_SOUNDING = re.compile(rf'\b(?:{_SOURCE}|{_NOISE})\b|[声音铃哨笛鼓锣]|喇叭|[鸟狗猫]叫|敲门'
                       r'|拍手|警报')
_END = r'\s*[.!。！]*'
# Sentences that only a sound can be meant by.
_TOLD = [re.compile(pattern + _END, re.IGNORECASE) for pattern in (
    rf'(?:this|that|the)\s+{_NOISE}\s+(?:is|was)\s+(?:called\s+(?:{_A})?|{_A})(?P<name>.+?)',
    rf'(?:this|that|it)\s+(?:is|was)\s+the\s+{_NOISE}\s+of\s+(?:{_A})?(?P<name>.+?)',
    rf'(?:what\s+)?you(?:\s+just)?\s+{_HEARD}\s+(?:(?:is|was)\s+)?{_A}(?P<name>.+?)',
    rf'(?:this|that)\s+is\s+(?:what|how)\s+(?:{_A})?(?P<name>.+?)\s+sounds(?:\s+like)?',
    rf'(?:remember|learn|call)\s+(?:this|that)\s+{_NOISE}\s*,?\s*(?:as\s+)?(?:{_A})?'
    r'(?P<name>.+?)',
    rf'(?:that|it)\s+was\s+{_A}(?P<name>(?:\w+\s+)?(?:{_SOURCE}))',
    r'(?:这个|这种|刚才的|刚才那个|那个)(?:声音|响声)(?:就)?(?:是|叫做?)(?P<name>.+?)',
    r'(?:刚才|刚刚)(?:那|那个|听到的)?(?:就)?是(?P<name>.*[声铃哨笛鼓].*?)')]
_NAMED = [re.compile(pattern + _END, re.IGNORECASE) for pattern in (
    rf'(?:{_A})?{_NOISE}\s+of\s+(?:{_A})?(?P<name>.+?)',
    rf'(?:{_A})?(?P<name>.+?)\s+{_NOISE}', r'(?P<name>.+?)的(?:声音|响声)')]
_QUESTION = re.compile(r'^(?:what|which|who|whose)\b|什么|谁|哪|[?？吗]')
_OF_HEARING = re.compile(
    r'(?:(?:when(?:ever)?|if|once|as\s+soon\s+as|should)\s+you\s+hear\b'
    r'(?!\s+me\b|.*\bword\b)|(?:当|如果|要是|只要|一)?(?:你)?听[到见](?!.*[说话词]))',
    re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Naming:
    """A name, and the sense that it is of."""

    name: str
    heard: bool              # a sound is meant
    sounding: bool           # a sound may be meant


def naming(words: str) -> Naming:
    """What somebody who says this wants a name for.

    >>> naming('the sound of the bell')
    Naming(name='bell', heard=True, sounding=True)
    >>> naming('bell')
    Naming(name='bell', heard=False, sounding=True)
    """
    name = _first(_TOLD, words) or _first(_NAMED, words)
    if name:
        return Naming(name, True, True)
    return Naming(words.strip(), False, _SOUNDING.search(words.casefold()) is not None)


def told_of_sound(text: str) -> str:
    """The sound that a whole sentence names, as words that `naming` knows; '' when it does not.

    >>> told_of_sound('This sound is the bell.'), told_of_sound('this is the bell')
    ('sound of bell', '')
    """
    name = _first(_TOLD, text)
    if not name:
        return ''
    return f'sound of {name}' if name.isascii() else f'{name}的声音'


def of_hearing(text: str) -> bool:
    """Whether an occasion is told that is to be heard, words of somebody excepted."""
    return _OF_HEARING.match(text.strip()) is not None


def _first(patterns: list[re.Pattern[str]], words: str) -> str:
    for pattern in patterns:
        found = pattern.fullmatch(words.strip())
        if found is not None and not _QUESTION.search(found['name'].casefold()):
            return found['name'].strip(' "“”\'')
    return ''
