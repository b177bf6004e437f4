"""What a name is meant for, by its words: a sound, a touch, a place, a person, or something seen.

"The sound of the bell" and "this sound is called the bell" tell of a sound, "this is the kitchen"
of a place, "I am Anna" of whoever says it. "The bell" and "a pat" may be either: whoever learns
them listens or feels first, and looks when there was nothing. A mind is not asked, for these
sentences are few and it was not trained on them.
"""
from __future__ import annotations

import re
from dataclasses import dataclass

from yan_brain.signals import Sense

_A = r'(?:the|a|an|my|our|your)\s+'
_THIS = r'(?:this|that)\s+'
_END = r'\s*[.!。！]*'
_QUESTION = re.compile(r'^(?:what|which|who|whose|where)\b|什么|谁|哪|[?？吗]')

_NOISE = r'(?:sound|noise)'
_HEARD = r'(?:hear|heard|are\s+hearing)'
_SOURCE = (r'bells?|doorbells?|handbells?|whistl\w+|claps?|clapping|knocks?|knocking|beeps?'
           r'|beeping|horns?|alarms?|buzzers?|sirens?|drums?|chimes?|ringtones?|barks?|barking'
           r'|meows?|chirps?|chirping|gongs?|jingles?|rattles?|thunder|music|melody')
_TOUCHED = (r'pats?|patting|taps?|tapping|hugs?|hugging|pokes?|poking|strokes?|stroking|caress\w*'
            r'|tickl\w+|squeez\w+|pinch\w*|nudges?|slaps?|rubs?|rubbing|cuddles?|handshake')
_ROOM = (r'(?:kitchen|(?:\w+[- ])?room|bedroom|bathroom|hall|hallway|corridor|office|study|garage'
         r'|garden|balcony|terrace|cellar|basement|attic|pantry|lobby|entrance|home|base|corner'
         r'|charger|dock|(?:\w+\s+)?station)')
_ROOM_ZH = (r'(?:\w*(?:厨房|客厅|卧室|书房|浴室|卫生间|餐厅|走廊|过道|门厅|大厅|办公室|车库'
            r'|阳台|花园|地下室|储藏室|房间|角落|门口|基地|充电[桩站座器])|家|我家|老家)')
_HELLO = r'(?:(?:hello|hi|hey|good\s+(?:morning|day|evening))(?:\s+(?:robot|there))?\s*[,.!]*\s+)?'
_HELLO_ZH = '(?:(?:你好|嗨|早上好|晚上好)[，,。！!]?)?'
_PERSON = r"[^\W\d_][\w'-]*(?:\s+[^\W\d_][\w'-]*)?"
_PERSON_ZH = r'(?:[\u4e00-\u9fff]{1,5}|[A-Za-z][\w -]*?)'
# "I am Anna", not "I am hungry": a recogniser, and who types with care, writes names so.
_CAPITAL = r"(?!(?:Here|Back|Home|Not|So|Very|In|At|On|The|A|An|I|Your|My|Sorry|OK|Ok)\b)" \
           r"[A-Z\u00c0-\u00de][\w']*"
# What a name may be of beside something seen, by the name itself.
_MAYBE = (
    (Sense.SOUND, re.compile(rf'\b(?:{_SOURCE}|{_NOISE})\b|[声音铃哨笛鼓锣]|喇叭|[鸟狗猫]叫|敲门'
                             r'|拍手|警报', re.IGNORECASE)),
    (Sense.TOUCH, re.compile(rf'\b(?:{_TOUCHED}|touch)\b|[摸抱戳捏挠碰]|拍(?!手)',
                             re.IGNORECASE)))
_PLACE = re.compile(rf'(?:{_A})?(?:\w+[- ])*{_ROOM}|{_ROOM_ZH}', re.IGNORECASE)

# Sentences that only one of the senses can be meant by.
_TOLD = {
    Sense.SOUND: (
        rf'(?:this|that|the)\s+{_NOISE}\s+(?:is|was)\s+(?:called\s+(?:{_A})?|{_A})(?P<name>.+?)',
        rf'(?:this|that|it)\s+(?:is|was)\s+the\s+{_NOISE}\s+of\s+(?:{_A})?(?P<name>.+?)',
        rf'(?:what\s+)?you(?:\s+just)?\s+{_HEARD}\s+(?:(?:is|was)\s+)?{_A}(?P<name>.+?)',
        rf'{_THIS}is\s+(?:what|how)\s+(?:{_A})?(?P<name>.+?)\s+sounds(?:\s+like)?',
        rf'(?:remember|learn|call)\s+{_THIS}{_NOISE}\s*,?\s*(?:as\s+)?(?:{_A})?(?P<name>.+?)',
        rf'(?:that|it)\s+was\s+{_A}(?P<name>(?:\w+\s+)?(?:{_SOURCE}))',
        r'(?:这个|这种|刚才的|刚才那个|那个)(?:声音|响声)(?:就)?(?:是|叫做?)(?P<name>.+?)',
        r'(?:刚才|刚刚)(?:那|那个|听到的)?(?:就)?是(?P<name>.*[声铃哨笛鼓].*?)'),
    Sense.TOUCH: (
        rf'(?:this|that|the)\s+touch\s+(?:is|was)\s+(?:called\s+(?:{_A})?|{_A})(?P<name>.+?)',
        rf'(?:what\s+)?you(?:\s+just)?\s+(?:feel|felt)\s+(?:(?:is|was)\s+)?{_A}(?P<name>.+?)',
        rf'{_THIS}is\s+(?:what|how)\s+(?:{_A})?(?P<name>.+?)\s+feels(?:\s+like)?',
        rf'(?:remember|learn|call)\s+{_THIS}touch\s*,?\s*(?:as\s+)?(?:{_A})?(?P<name>.+?)',
        rf'(?:that|it)\s+was\s+{_A}(?P<name>(?:\w+\s+)?(?:{_TOUCHED}))',
        r'(?:这个|这种|这样|刚才的|刚才那个)(?:触摸|碰触|触碰|摸|碰)(?:就)?(?:是|叫做?)'
        r'(?P<name>.+?)',
        r'(?:刚才|刚刚)(?:那|那个)?(?:就)?是(?P<name>.*(?:[摸抱戳捏挠碰]|拍(?!手)).*?)'),
    Sense.PLACE: (
        r'(?:this|the)\s+(?:place|spot|room|area|position|location)(?:\s+here)?\s+is\s+'
        rf'(?:called\s+)?(?:{_A})?(?P<name>.+?)',
        rf'(?:here|this|it)\s+is\s+(?:{_A})?(?P<name>(?:\w+[- ])*{_ROOM})',
        rf'(?:we|you)(?:\s+are|\'re)\s+(?:now\s+)?(?:in|at)\s+(?:{_A})?'
        rf'(?P<name>(?:\w+[- ])*{_ROOM})(?:\s+now)?',
        r'(?:remember|learn|save|store|mark|call|name)\s+(?:this|the)\s+'
        r'(?:place|spot|room|area|position|location)'
        rf'\s*,?\s*(?:(?:as|is|it\s+is)\s+)?(?:{_A})?(?P<name>.+?)',
        rf'这(?:就)?是(?P<name>{_ROOM_ZH})',
        r'(?:记住[，,]?)?(?:这里|这儿|这边)(?:就)?(?:是|叫做?)(?P<name>.+?)',
        r'(?:记住[，,]?)?这个?(?:地方|位置|房间|屋子)(?:就)?(?:是|叫做?)(?P<name>.+?)',
        r'(?:记住|记下)(?:这里|这儿|这个地方|这个位置)[，,]?(?:是|叫做?|为)(?P<name>.+?)',
        r'把(?:这里|这儿|这个地方|这个位置)(?:记[作为成住]|叫做?)(?P<name>.+?)'),
    Sense.VOICE: (
        rf'{_HELLO}(?:(?:my\s+name\s+is|my\s+name\'s|(?:i\s+am|i\'m)\s+called'
        rf'|this\s+is\s+the\s+voice\s+of)\s+(?!not\b)(?P<name>{_PERSON})'
        rf'|this\s+is\s+(?P<speaker>{_PERSON})\s+(?:speaking|talking)'
        rf'|(?:i\s+am|i\'m|call\s+me)\s+(?-i:(?P<called>{_CAPITAL}(?:[ -]{_CAPITAL})?)))',
        rf'{_HELLO_ZH}(?:我的?名字(?:是|叫做?)|我叫做?|请?叫我)(?P<name>(?![你他她它])'
        rf'{_PERSON_ZH})',
        rf'{_HELLO_ZH}我是(?P<name>(?![不说在要想来去你谁的这那一为从很])'
        r'(?:[\u4e00-\u9fff]{2,4}(?<![的了人吗呢吧啊])|[A-Za-z]+))')}
# The same by a phrase alone, as `told` gives it back.
_NAMED = {
    Sense.SOUND: (rf'(?:{_A})?{_NOISE}\s+of\s+(?:{_A})?(?P<name>.+?)',
                  rf'(?:{_A})?(?P<name>.+?)\s+{_NOISE}', r'(?P<name>.+?)的(?:声音|响声)'),
    Sense.TOUCH: (rf'(?:{_A})?touch\s+of\s+(?:{_A})?(?P<name>.+?)', r'(?P<name>.+?)的触摸'),
    Sense.PLACE: (rf'(?:{_A})?place\s+(?:of|called)\s+(?:{_A})?(?P<name>.+?)',
                  r'(?P<name>.+?)(?:这个|的)地方'),
    Sense.VOICE: (rf'(?:{_A})?voice\s+of\s+(?P<name>.+?)', r'(?P<name>.+?)\'s\s+voice',
                  r'(?P<name>.+?)的嗓音')}
_PHRASE = {Sense.SOUND: ('sound of {}', '{}的声音'), Sense.TOUCH: ('touch of {}', '{}的触摸'),
           Sense.PLACE: ('place of {}', '{}这个地方'), Sense.VOICE: ('voice of {}', '{}的嗓音')}
_OF_HEARING = re.compile(
    r'(?:(?:when(?:ever)?|if|once|as\s+soon\s+as|should)\s+you\s+hear\b'
    r'(?!\s+me\b|.*\bword\b)|(?:当|如果|要是|只要|一)?(?:你)?听[到见](?!.*[说话词]))',
    re.IGNORECASE)


def _compiled(sentences: dict[Sense, tuple[str, ...]]) -> dict[Sense, list[re.Pattern[str]]]:
    return {sense: [re.compile(pattern + _END, re.IGNORECASE) for pattern in patterns]
            for sense, patterns in sentences.items()}


_TOLD_BY, _NAMED_BY = _compiled(_TOLD), _compiled(_NAMED)


@dataclass(frozen=True, slots=True)
class Naming:
    """A name, and what it may be of, in the order in which that is to be tried."""

    name: str
    senses: tuple[Sense, ...]


def naming(words: str) -> Naming:
    """What somebody who says this wants a name for.

    >>> naming('the sound of the bell').name, naming('bell').name
    ('bell', 'bell')
    >>> [sense.value for sense in naming('bell').senses]
    ['sound', 'sight']
    >>> [sense.value for sense in naming('the kitchen').senses]
    ['place']
    """
    for table in (_TOLD_BY, _NAMED_BY):
        for sense, patterns in table.items():
            name = _first(patterns, words)
            if name:
                return Naming(name, (sense,))
    words = words.strip()
    if _PLACE.fullmatch(words):
        return Naming(re.sub(f'^{_A}', '', words, flags=re.IGNORECASE), (Sense.PLACE,))
    maybe = tuple(sense for sense, pattern in _MAYBE if pattern.search(words))
    return Naming(words, (*maybe[:1], Sense.SIGHT))


def told(text: str) -> str:
    """What a whole sentence names that is not seen, as words that `naming` knows; '' otherwise.

    >>> told('This sound is the bell.'), told('here is the kitchen'), told('this is the bell')
    ('sound of bell', 'place of kitchen', '')
    """
    for sense, patterns in _TOLD_BY.items():
        name = _first(patterns, text)
        if name:
            return _PHRASE[sense][not name.isascii()].format(name)
    return ''


def of_hearing(text: str) -> bool:
    """Whether an occasion is told that is to be heard, words of somebody excepted."""
    return _OF_HEARING.match(text.strip()) is not None


def _first(patterns: list[re.Pattern[str]], words: str) -> str:
    for pattern in patterns:
        found = pattern.fullmatch(words.strip())
        name = next(filter(None, found.groups()), '') if found is not None else ''
        if name and not _QUESTION.search(name.casefold()):
            return name.strip(' "“”\'')
    return ''
