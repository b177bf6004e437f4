"""Turns that English names by a word in place of an angle: "turn around", "spin right round".

A verb of turning with *around*, *round* or *about* and nothing more is half a turn (so say the
dictionaries of "turn round", "spin round" and "swing round"). With "all the way", "once", "in a
circle" it is more, with "a bit" less, and a
side may mean a quarter: these are left to the core.

>>> half_turn('turn around'), half_turn('spin around in a circle'), half_turn('turn left')
(True, False, False)
"""
from __future__ import annotations

import re

_ROUND = re.compile(
    r'\b(?:turn|spin|rotate|swing|pivot|swivel|twist|whirl|wheel|flip|face)'
    r'(?:\s+(?:yourself|itself|right|back))*\s+(?:around|round|about)\b', re.IGNORECASE)
_MORE_OR_LESS = re.compile(
    r'\b(?:all|full|fully|complete|completely|whole|entire|entirely|once|twice|times|circles?'
    r'|half|halfway|quarter|bit|little|slightly|tad|touch'
    r'|left|right(?! (?:around|round|about))|(?:anti|counter)?clockwise)\b', re.IGNORECASE)


def half_turn(text: str) -> bool:
    """Whether half a turn is meant; only for words that ask for a turn and say no angle."""
    return _ROUND.search(text) is not None and _MORE_OR_LESS.search(text) is None
