"""Distances and angles in words, read exactly: "two and a half metres", "三百一十厘米", "25°".

A learned reader of numbers is wrong now and then, and a robot then drives four metres instead of
two. So what is plainly written as a number and a unit is read by rule; the core's own reading
serves where nothing is ("a little", "go to metres" for "go two metres").

>>> [(a.value, a.unit) for a in amounts('go back two and a half metres, then turn 25 degrees')]
[(2.5, 'm'), (25.0, 'deg')]
>>> [(a.value, a.unit) for a in amounts('向前走三百一十厘米，再左转九十度')]
[(3.1, 'm'), (90.0, 'deg')]
"""
from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LEAST_DEGREES = 5.0      # "one full turn" is not an angle of one degree

_ONES = {word: value for value, word in enumerate((
    'zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten',
    'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen',
    'nineteen'))}
_TENS = {word: 10 * value for value, word in enumerate((
    'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'), 2)}
_DIGITS_ZH = {'〇': 0, '两': 2} | {
    char: value for value, char in enumerate('零一二三四五六七八九')}
_POWERS_ZH = {'十': 10, '百': 100, '千': 1000}
# A unit's name in metres or degrees.
_UNITS = {
    **dict.fromkeys(('m', 'metre', 'metres', 'meter', 'meters'), (1.0, 'm')),
    **dict.fromkeys(('cm', 'centimetre', 'centimetres', 'centimeter', 'centimeters'),
                    (0.01, 'm')),
    **dict.fromkeys(('mm', 'millimetre', 'millimetres', 'millimeter', 'millimeters'),
                    (0.001, 'm')),
    **dict.fromkeys(('ft', 'foot', 'feet'), (0.3048, 'm')),
    **dict.fromkeys(('inch', 'inches'), (0.0254, 'm')),
    **dict.fromkeys(('deg', 'degs', 'degree', 'degrees', '°'), (1.0, 'deg'))}
_UNITS_ZH = {'厘米': (0.01, 'm'), '公分': (0.01, 'm'), 'cm': (0.01, 'm'), '米': (1.0, 'm'),
             '公尺': (1.0, 'm'), 'm': (1.0, 'm'), '度': (1.0, 'deg'), '°': (1.0, 'deg')}
_TOKEN = re.compile(r'\d+(?:\.\d+)?|[a-z]+|°|[^\sa-z\d]')
_NUMBER_ZH = (r'[零〇一二两三四五六七八九十百千]+(?:点[零〇一二两三四五六七八九]+)?'
              r'|\d+(?:\.\d+)?|半')
_AMOUNT_ZH = re.compile(
    rf'({_NUMBER_ZH})\s*(厘米|公分|cm|公尺|米|m|度|°)'
    r'(?:(半)|([一二三四五六七八九\d])(?!\.?\d|[点十百千]))?')
_BARE_ZH = re.compile(_NUMBER_ZH)


@dataclass(frozen=True, slots=True)
class Amount:
    """`unit` is 'm', 'deg', or '' where none was said."""

    value: float
    unit: str


def amounts(text: str) -> list[Amount]:
    """All amounts in a text, in order; numbers without a unit too."""
    plain = unicodedata.normalize('NFKC', text).casefold()
    if any('一' <= char <= '鿿' for char in plain):
        return _chinese(plain)
    return _English(_TOKEN.findall(plain.replace('-', ' '))).read()


def amount(text: str, unit: str) -> float | None:
    """The one amount of a unit ('m' or 'deg') in a text; None: there is none, or several.

    A lone number without a unit, as in "turn left 90", is taken for degrees, never for metres.
    """
    found = amounts(text)
    fitting = [one.value for one in found if one.unit == unit]
    if not fitting and unit == 'deg' and not any(one.unit for one in found):
        fitting = [one.value for one in found if one.value >= LEAST_DEGREES]
    return fitting[0] if len(fitting) == 1 else None


class _English:
    """Walks over words."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0

    def read(self) -> list[Amount]:
        found = []
        while self._at < len(self._tokens):
            begin = self._at
            value = self._number()
            if value is None:
                self._at = begin + 1
                continue
            unit = _UNITS.get(self._next())
            if unit is None:
                if self._tokens[begin] not in ('a', 'an', 'half'):
                    found.append(Amount(value, ''))
                continue
            self._at += 1
            if self._skip('and', 'a', 'half'):
                value += 0.5
            found.append(Amount(round(value * unit[0], 4), unit[1]))
        return found

    def _number(self) -> float | None:
        if self._skip('half'):
            if not self._skip('of', 'a'):
                self._skip('a')
            return 0.5
        if self._skip('a', 'half'):
            return 0.5
        word = self._next()
        if word[:1].isdigit():
            self._at += 1
            value: float | None = float(word)
        elif word in ('a', 'an') and self._next(1) in _UNITS:
            self._at += 1
            value = 1.0
        else:
            value = self._words()
        if value is not None and self._skip('and', 'a', 'half'):
            value += 0.5
        return value

    def _words(self) -> float | None:
        """Number words: "a hundred and sixty seven", "two point five"."""
        total = group = 0
        begin = self._at
        if self._next() in ('a', 'an') and self._next(1) in ('hundred', 'thousand'):
            group = 1
            self._at += 1
        last = 1000                 # a smaller one may follow: "twenty five", never "five twenty"
        while True:
            word = self._next()
            if word in _ONES and last > 9 and not (last < 100 and _ONES[word] > 9):
                group, last = group + _ONES[word], 9
            elif word in _TENS and last >= 100:
                group, last = group + _TENS[word], 10
            elif word == 'hundred' and 0 < group < 100:
                group, last = group * 100, 100
            elif word == 'thousand' and 0 < group < 1000:
                total, group, last = total + group * 1000, 0, 1000
            elif word == 'and' and last >= 100 and self._at > begin \
                    and (self._next(1) in _ONES or self._next(1) in _TENS):
                pass
            else:
                break
            self._at += 1
        if self._at == begin:
            return None
        value = float(total + group)
        if self._next() == 'point' and self._next(1) in _ONES:
            self._at += 1
            digits = ''
            while _ONES.get(self._next(), 10) < 10:
                digits += str(_ONES[self._next()])
                self._at += 1
            value += float(f'0.{digits}') if digits else 0.0
        return value

    def _next(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ''

    def _skip(self, *words: str) -> bool:
        if tuple(self._tokens[self._at:self._at + len(words)]) != words:
            return False
        self._at += len(words)
        return True


def _chinese(text: str) -> list[Amount]:
    found: list[tuple[int, Amount]] = []
    rest = text
    for match in _AMOUNT_ZH.finditer(text):
        scale, unit = _UNITS_ZH[match.group(2)]
        value = _value_zh(match.group(1))
        if match.group(3):                                  # 两米半
            value += 0.5
        elif match.group(4):                                # 两米三
            value += _value_zh(match.group(4)) / 10
        found.append((match.start(), Amount(round(value * scale, 4), unit)))
        rest = rest[:match.start()] + '#' * (match.end() - match.start()) + rest[match.end():]
    found += [(match.start(), Amount(_value_zh(match.group()), ''))
              for match in _BARE_ZH.finditer(rest) if match.group()[0].isdecimal()]
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _value_zh(text: str) -> float:
    """A number in Chinese characters or digits."""
    if text == '半':
        return 0.5
    if text[0].isascii():
        return float(text)
    whole, _, decimals = text.partition('点')
    total, digit = 0, -1
    for char in whole:
        if char in _POWERS_ZH:
            total += (1 if digit < 0 else digit) * _POWERS_ZH[char]
            digit = -1
        else:
            digit = max(digit, 0) * 10 + _DIGITS_ZH[char] if digit > 0 else _DIGITS_ZH[char]
    value = float(total + max(digit, 0))
    return value + float('0.' + ''.join(str(_DIGITS_ZH[c]) for c in decimals)) if decimals \
        else value
