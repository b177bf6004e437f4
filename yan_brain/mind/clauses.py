"""Words about words: what was said, cut into clauses, and exact names found again.

Nothing is understood here. A trick is told as "when I say NAME, ONE thing, then ANOTHER": the
mind says which words are the name; here the rest is cut where people pause, and each piece goes
back to the mind to be understood by itself.
"""
from __future__ import annotations

import re
import unicodedata

from yan_brain.perception.amounts import UnclearAmount, amounts

# "two hundred and ten" and "one and a half" are numbers, not two things to do.
_NUMBER = (r'(?:an?\s+)?(?:half|quarter|third|\d|point\b|(?:one|two|three|four|five|six|seven|'
           r'eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|'
           r'ninety)(?:\b|-))')
_CUTS = re.compile(
    r'[;:!?，；：。！？、]|[,.](?!\d)'
    r'|(?:^|\s)(?:and\s+)?(?:then|after\s+that|afterwards|finally|next(?!\s+to))(?=\s|$)'
    rf'|\s+and(?=\s)(?!\s+{_NUMBER})|然后|接着|之后|最后|再(?=[^次])', re.IGNORECASE)
# What stands between a name and the first thing to do, and says nothing of it.
_FRAME_END = re.compile(
    r'^(?:的时候|时候|时|了|就是|意思是|是|就|你就|你|要|请)+|^(?:to|you|please|i|means|is|that|it)\s+',
    re.IGNORECASE)
# What stands before a name and only says that it will be said: "when i say", "如果我说".
_FRAME_BEGIN = re.compile(
    r'(?:^|\s)(?:when(?:ever)?|if|once|as\s+soon\s+as|(?:every|each|any)\s*time)\b.*$|^to$'
    r'|(?:当|如果|要是|只要|每当|每次|以后|下次)*(?:你|我|有人)?一?(?:[听看][到见]|[听说喊])'
    r'(?:你|我|有人)?[说喊]?$|^[要想]$', re.IGNORECASE)
# Chinese has no blanks; where these stand around a name they tell where it begins and ends.
_NAMED_ZH = re.compile(
    r'(?:(?:我|你|有人)一?[说喊]|^(?![我你他那这教学把要想]))([^，。,：:、说喊]{1,6}?)(?:的?时候?|[，,]|你?就|的意思)')
_LINK_ZH = re.compile(r'^(?:你就|就|你|再|要(?!是))+(?=.)')
_AMOUNT = re.compile(
    r'(?:(?:by|about|around|exactly|roughly|just|of|a|an|and|couple|half|quarters?|thirds?|point'
    r'|zero|hundred|\w+teen|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve'
    r'|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|\d+(?:[.,]\d+)?)[\s-]*)+'
    r'(deg(?:rees?)?|°|m|cm|mm|(?:centi|milli)?met(?:er|re)s?|feet|foot|ft|inch(?:es)?|yards?)'
    r'(?: and a half)?'
    r'|(?:大约|大概|约)?[零〇一二两三四五六七八九十百千半个点\d.]+(度|°|米|公分|厘米|毫米|m|cm)半?'
    r'(?:就行|就好|左右|吧)?', re.IGNORECASE)
_DEGREES = re.compile('deg|°|度', re.IGNORECASE)
_TURNS = re.compile(
    r'\b(?:turn|spin|rotat|swivel|pivot|twist|swing|wheel|face|left|right|clockwise|anti|counter)'
    '|转|拐|掉头|调头|左|右|时针|扭|偏|旋', re.IGNORECASE)
_POLITE = frozenset({
    'please', 'robot', 'now', 'thanks', 'thank', 'hey', 'hi', 'hello', 'ok', 'okay', 'yan',
    'robby', 'buddy', 'max', 'nova', 'can', 'could', 'would', 'will', 'you', 'kindly', 'just',
    'for', 'me', 'alright', 'all', 'right', 'well', 'um', 'uh', 'er', 'so'})
_POLITE_ZH = re.compile(r'^(?:请你|请|麻烦你|机器人|你好|嘿)+|(?:一下|吧|好吗|谢谢)+$')
_CALLS = re.compile(
    r'(?:你好|嘿)?(?:机器人|小言|小岩|阿言|小宝)?|请|谢谢|好吗|快点|好|好的|嗯|呃|那个|来|劳驾|拜托'
    r'|记住|记一下|我来?教你一(?:招|个.{0,3})'
    r'|(?:now\s+)?(?:remember|listen|(?:learn\s+)?a\s+new\s+trick)', re.IGNORECASE)


def plain(text: str) -> str:
    """Words as they are compared: lower case, no punctuation, no politeness around them."""
    kept = (' ' if unicodedata.category(c)[0] in 'PZC' and c not in "'’-" else c
            for c in unicodedata.normalize('NFKC', text).casefold())
    words = ''.join(kept).split()
    while len(words) > 1 and words[0] in _POLITE:
        words = words[1:]
    while len(words) > 1 and words[-1] in _POLITE:
        words = words[:-1]
    found = ' '.join(words)
    return _POLITE_ZH.sub('', found) or found


def clauses(text: str, name: str) -> list[tuple[str, bool]]:
    """The pieces of a text without `name`, in order, and whether each must be something to do.

    The pieces beside the name ("when i say", "的时候") may hold something to do or not.

    >>> clauses('When I say dance, turn left, then go back half a metre', 'dance')
    [('turn left', True), ('go back half a metre', True)]
    >>> clauses('turn left when I say dance', 'dance')
    [('turn left', False)]
    """
    at = _place(text, name)
    if at < 0:
        return [(piece, True) for piece in _cut(text) if _says_something(piece)]
    before, after = _cut(text[:at]), _cut(text[at + len(name):])
    before[-1] = _FRAME_BEGIN.sub('', before[-1])
    pieces = [(piece, index < len(before) - 1) for index, piece in enumerate(before)]
    after[0] = _FRAME_END.sub('', after[0]).strip()
    pieces += [(piece, index > 0) for index, piece in enumerate(after)]
    return [(piece, needed) for piece, needed in pieces if _says_something(piece)]


def name_in(text: str, taken: str) -> str:
    """The name in what the mind took for it, as it is compared: up to the first pause.

    >>> name_in('when I say Dance, um turn left', 'Dance, um'), name_in('', 'good night')
    ('dance', 'good night')
    >>> name_in('转圈圈就是左转', '圈圈'), name_in('我说达奇时麻烦左转', '达奇时麻')
    ('转圈圈', '达奇')
    """
    at = text.find(taken)
    for found in _NAMED_ZH.finditer(text):
        if not taken or found.start(1) - len(taken) < at < min(found.end(1), found.start(1) + 3):
            taken = found[1]
            break
    return next((name.removeprefix('to ') for name in map(plain, _CUTS.split(taken)) if name), '')


def _place(text: str, name: str) -> int:
    """Where a name stands in a text, as a word of its own in English; -1: nowhere."""
    if not name:
        return -1
    edge = r'\b' if name.isascii() else ''
    found = re.search(edge + re.escape(name) + edge, text, re.IGNORECASE)
    return found.start() if found else -1


def _says_something(piece: str) -> bool:
    """Whether a piece is more than politeness or a call."""
    return bool(piece) and not set(piece.casefold().split()) <= _POLITE \
        and _CALLS.fullmatch(piece) is None


def _cut(text: str) -> list[str]:
    return _with_amounts([_LINK_ZH.sub('', ' '.join(piece.strip(' \'"“”').split()))
                          for piece in _CUTS.split(text)])


def _with_amounts(pieces: list[str]) -> list[str]:
    """An amount alone is no thing to do: it goes with the piece before, else with the next."""
    whole: list[str] = []
    early = ''
    for piece in pieces:
        alone = _AMOUNT.fullmatch(piece)
        if alone and whole and _wants(whole[-1], alone[1] or alone[2]):
            whole[-1] = f'{whole[-1]}, {piece}'
        elif alone and not early:
            early = piece
        else:
            whole.append(f'{early}, {piece}' if early and piece else early or piece)
            early = ''
    return [*whole, early] if early else whole


def _wants(piece: str, unit: str) -> bool:
    """Whether an amount of a unit is missing in a piece."""
    if not _says_something(piece) or bool(_TURNS.search(piece)) != bool(_DEGREES.match(unit)):
        return False
    try:
        return not amounts(piece)
    except UnclearAmount:
        return False
