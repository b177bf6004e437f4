"""Amounts and sides that are named by a word: "turn around", "slightly", "clockwise", "稍微".

A verb of turning with *around*, *round* or *about* and nothing more is half a turn (so say the
dictionaries of "turn round", "spin round" and "swing round"); "all the way round" is a whole one,
"a tad" is a little. What is named so plainly is read by rule, like written amounts; what may mean
more than one thing ("spin round to the right") is left to the core.

>>> turn_deg('turn around'), turn_deg('spin all the way round'), turn_deg('turn left a tad')
(180.0, 360.0, 30.0)
>>> turn_deg('turn left'), says_little('ease back slightly'), side('turn a right angle left')
(None, True, 1)
"""
from __future__ import annotations

import re

LITTLE_M, LITTLE_DEG = 0.2, 30.0
_TURNING = (r'\b(?:turn|spin|rotate|swing|pivot|swivel|twist|whirl|wheel|flip|face)'
            r'(?:\s+(?:yourself|itself|right|back))*')
_ROUND = re.compile(rf'{_TURNING}\s+(?:around|round|about)\b', re.IGNORECASE)
_WHOLE = re.compile(
    r'\b(?:all the way|once) (?:around|round)\b'
    r'|\b(?:around|round) (?:once|in a (?:full )?circle)\b', re.IGNORECASE)
_HALF = re.compile(r'\bhalf\s?way (?:around|round)\b', re.IGNORECASE)
_LITTLE = re.compile(
    r'\b(?:just )?(?:slightly|marginally|(?:tiny|teeny|wee) bit|a (?:(?:tiny|teeny|wee|little'
    r'|small) )?(?:bit|touch|tad|smidge(?:n|on)?|hair|whisker|shade|fraction)|a little)\b',
    re.IGNORECASE)
_LITTLE_ZH = re.compile(     # not "one point five", not "faster"
    r'(?<![快慢])一(?:小|丁)?点[点儿]?(?![零一二两三四五六七八九十\d钟])'
    '|一丢丢|一些些|一下下|少许|稍微|稍稍|略微|些微')
_COUNTED = re.compile(
    r'\b(?:all|full|fully|complete|completely|whole|entire|entirely|once|twice|times|circles?'
    r'|half|halfway|quarters?)\b|[圈半]', re.IGNORECASE)
_LEFT = re.compile(r'\bleft(?:wards?)?\b|\b(?:anti|counter)[\s-]?clockwise\b', re.IGNORECASE)
_RIGHT = re.compile(
    r'\bright(?:wards?)?\b'
    r'|(?<!anti)(?<!counter)(?<!anti[\s-])(?<!counter[\s-])\bclockwise\b', re.IGNORECASE)
_AHEAD = re.compile(r'\b(?:forwards?|ahead|onwards?)\b|前', re.IGNORECASE)
_BACK = re.compile(
    r'\b(?:back|backwards?|rearwards?|reverse|retreat|astern)\b|后(?!再|就|接)|退|倒',
    re.IGNORECASE)
_RIGHT_OR_NOT = re.compile(r'\bright (?:now|then)\b', re.IGNORECASE)     # beside a "left"
_NO_SIDE = re.compile(
    r'^\W*right\W*,|\ball right\b'
    r'|\bright[\s-](?:the way|angle|around|round|about|away|now|here|there|back|then)',
    re.IGNORECASE)

_CALLED = (r'(?:(?:please|kindly|hey|hi|hello|ok|okay|alright|all right|now|and|so|well|um|uh|er'
           r'|you|robot|yan|robby|buddy|max|nova|no)[\s,.!]+)*')
_FORBIDS = re.compile(
    rf"^\W*{_CALLED}(?:do not|don['’]?t|never)(?: you)?(?: (?:even|ever|dare|you dare))* "
    r'(?:go|drive|move|turn|follow|approach|come|run|roll|spin|rotate|chase|head|walk|travel|face|look'
    r'|reverse|back up|keep (?:going|driving|turning|moving|following))\b'
    r'|^\W*(?:请|麻烦|机器人|小言|小岩|阿言|小宝|你好|嘿|那个|嗯|好了|快|你|先|，|,|、)*'
    '(?:别|不要|不许|不准|不用)再?'
    '(?:去|走|跟(?!丢)|追|靠近|接近|转|动|开|过去|过来|往|向|前进|后退|移动|看着|对着)',
    re.IGNORECASE)
_GOES_ON = re.compile(
    r'[,;，；](?=.*\w).*|\b(?:but|instead|until|unless|without|then|too)\b'
    r'|\b(?:just|turn|spin|rotate|go|drive|move|reverse|follow)\b|而是|除非|直到|之前|太|然后',
    re.IGNORECASE)


def turn_deg(text: str) -> float | None:
    """The angle of a turn that says none in numbers; None: it names none."""
    if _WHOLE.search(text):
        return 360.0
    if _HALF.search(text):
        return 180.0
    if says_little(text):
        return LITTLE_DEG
    if _ROUND.search(text) and not _COUNTED.search(text) and not side(text):
        return 180.0
    return None


def move_m(text: str) -> float | None:
    """The length of a move that says none in numbers; None: it names none."""
    return LITTLE_M if says_little(text) else None


def says_little(text: str) -> bool:
    """Whether something is to be done a little only."""
    named = _LITTLE.search(text) or _LITTLE_ZH.search(text)
    return named is not None and _COUNTED.search(text) is None


def without_little(text: str) -> str:
    """A text without the words that say so."""
    return _LITTLE_ZH.sub('', _LITTLE.sub('', text))


def side(text: str) -> int:
    """1: left, -1: right; 0: no side is named, or both are."""
    plain = _NO_SIDE.sub(' ', text)
    left, right = bool(_LEFT.search(plain)), bool(_RIGHT.search(plain))
    return 0 if left and _RIGHT_OR_NOT.search(text) else left - right


def way(text: str) -> int:
    """1: forward, -1: back; 0: neither is named, or both are."""
    return bool(_AHEAD.search(text)) - bool(_BACK.search(text))


def forbids(text: str) -> bool:
    """Whether a text says only that something is not to be done: "don't follow the ball".

    >>> forbids("robot, don't go near the box"), forbids('别跟着红色的球'), forbids("don't stop")
    (True, True, False)
    """
    said = _FORBIDS.match(text)
    return said is not None and _GOES_ON.search(text, said.end()) is None
