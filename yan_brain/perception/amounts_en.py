"""Amounts in English words; see `amounts`, which alone is to be used.

The words are walked over once: quantities (a number and a unit) on one side, other words on the
other. Then what stands beside each quantity is looked at: "two *or* three metres", "*minus* two
metres", "two metres three *times*" are no amounts that one could rely on.
"""
from __future__ import annotations

import re
from dataclasses import dataclass

MOST = 1e6               # above it nothing is meant
MOST_TURNS = 4.0         # "a 90 turn" is one of 90 degrees


class UnclearAmount(ValueError):
    """An amount is written, and it may mean one thing or another."""


@dataclass(frozen=True, slots=True)
class Amount:
    """`unit` is 'm', 'deg', or '' where none was said."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class _Quantity:
    """Tokens `begin` to `end`; `value` in units of `scale` metres or degrees."""

    begin: int
    end: int
    value: float
    scale: float
    unit: str
    spoken: bool = False        # "one eighty", "one twenty"

    @property
    def size(self) -> float:
        return self.value * self.scale


_ONES = {word: value for value, word in enumerate((
    'zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten',
    'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen',
    'nineteen'))}
_TENS = {word: 10 * value for value, word in enumerate((
    'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'), 2)}
_POWERS = {'hundred': 100, 'thousand': 1000}
_ONE_PART = {'half': 1 / 2, 'quarter': 1 / 4, 'third': 1 / 3, 'sixth': 1 / 6, 'eighth': 1 / 8}
_PARTS = {**_ONE_PART, 'halves': 1 / 2, **{f'{part}s': size for part, size in _ONE_PART.items()}}
_FULL = frozenset({'full', 'whole', 'complete', 'entire'})
_BETWEEN = _FULL | {'more', 'further', 'single', 'additional', 'good'}
_TURNS = frozenset({'turn', 'turns', 'circle', 'circles', 'rotation', 'rotations', 'revolution',
                    'revolutions'})
# A unit's name in metres or degrees.
_UNITS = {
    **dict.fromkeys(('m', 'metre', 'metres', 'meter', 'meters'), (1.0, 'm')),
    **dict.fromkeys(('dm', 'decimetre', 'decimetres', 'decimeter', 'decimeters'), (0.1, 'm')),
    **dict.fromkeys(('cm', 'centimetre', 'centimetres', 'centimeter', 'centimeters'),
                    (0.01, 'm')),
    **dict.fromkeys(('mm', 'millimetre', 'millimetres', 'millimeter', 'millimeters'),
                    (0.001, 'm')),
    **dict.fromkeys(('km', 'kilometre', 'kilometres', 'kilometer', 'kilometers'), (1e3, 'm')),
    **dict.fromkeys(('ft', 'foot', 'feet'), (0.3048, 'm')),
    **dict.fromkeys(('inch', 'inches'), (0.0254, 'm')),
    **dict.fromkeys(('yard', 'yards', 'yd'), (0.9144, 'm')),
    **dict.fromkeys(('deg', 'degs', 'degree', 'degrees', '°'), (1.0, 'deg')),
    **dict.fromkeys(('rad', 'radian', 'radians'), (57.29577951, 'deg')),
    **dict.fromkeys(_TURNS, (360.0, 'deg'))}
_DIGITS = re.compile(r'(?:\d+|\d*\.\d+|\d+,\d{1,2})')
_TOKEN = re.compile(r'\d+(?:[.,]\d+)*|\.\d+(?:[.,]\d+)*|[a-z]+|°|[^\sa-z\d]')
_SIGN = re.compile(r'(?<![^\s(])-[.\d]|[a-z]\.\d')          # -2; "forward.5 m"
_WAY_ROUND = re.compile(r'\bof the way a?round\b')
_JOINED = re.compile(r'(?<=[a-z\d])-(?=[a-z])')             # twenty-five, 90-degree
# Beside a quantity these make another one of it; between two, only one of them can be meant.
_BEFORE = frozenset({'minus', 'negative', 'point', 'twice', 'thrice', '/', 'oh', 'o', *_PARTS,
                     *_POWERS})
_AFTER = frozenset({'times', 'time', 'x', 'percent', '%', '/', 'point', 'oh', 'o', 'twice',
                    'thrice', *_PARTS, *_POWERS})
_OR = frozenset({'or', 'to', 'till', 'through', 'and', '-', '~', ',', ';', 'by', 'x', '+', '.'})
_FILLERS = frozenset({'a', 'an', 'of', 'and'})


def read(text: str) -> list[Amount]:
    """All amounts in lower-case text.

    Raises:
        UnclearAmount: what is written may mean one amount or another.
    """
    if _SIGN.search(text):
        raise UnclearAmount(f'{text!r}: a minus, or a dot that may end a sentence')
    tokens = _TOKEN.findall(_WAY_ROUND.sub('of a turn', _JOINED.sub(' ', text)))
    found = _Walk(tokens).quantities()
    found = [one for at, one in enumerate(found) if not _is_pronoun(tokens, found, at)]
    whole = _composed(tokens, found)
    for at, one in enumerate(whole):
        _check(tokens, one, whole[at + 1] if at + 1 < len(whole) else None)
    return [Amount(round(one.size, 4), one.unit) for one in whole]


def _is_pronoun(tokens: list[str], found: list[_Quantity], at: int) -> bool:
    """Whether a "one" counts nothing: "to one side", "the red one"."""
    one = found[at]
    if one.unit or tokens[one.begin:one.end] != ['one']:
        return False
    follows = found[at + 1].begin if at + 1 < len(found) else -1
    return not (follows >= 0 and set(tokens[one.end:follows]) <= _OR) \
        and not (one.end < len(tokens) and tokens[one.end] in _AFTER - {'time'})


def _composed(tokens: list[str], found: list[_Quantity]) -> list[_Quantity]:
    """Two metres fifty, two metres and fifty centimetres, five feet six: one quantity each."""
    whole: list[_Quantity] = []
    for one in found:
        last = whole[-1] if whole else None
        if last is not None and last.unit == 'm':
            gap, more = tokens[last.end:one.begin], None
            if one.unit == 'm' and gap in ([], ['and']) and one.size < last.scale:
                more = one.size
            elif not one.unit and not gap and one.value == int(one.value):
                if last.scale == 1.0 and 10 <= one.value <= 99:
                    more = one.value / 100
                elif last.scale == _UNITS['feet'][0] and 1 < one.value < 12:
                    more = one.value * _UNITS['inch'][0]
            if more is not None:
                whole[-1] = _Quantity(last.begin, one.end, last.value + more / last.scale,
                                      last.scale, 'm')
                continue
        whole.append(one)
    return whole


def _check(tokens: list[str], one: _Quantity, after: _Quantity | None) -> None:
    """Raises UnclearAmount when what stands around a quantity makes another one of it."""
    begin, end = one.begin, one.end
    while begin and tokens[begin - 1] in _FILLERS:
        begin -= 1
    sure = one.value <= MOST                                # false for NaN too
    sure &= not (one.spoken and one.unit == 'm' and one.scale > 0.01)
    sure &= not (begin and tokens[begin - 1] in _BEFORE)
    sure &= not (end < len(tokens) and tokens[end] in _AFTER)
    if after is not None:
        gap = tokens[end:after.begin]
        if set(gap) <= _OR and (not one.unit or not after.unit or (
                one.unit == after.unit and set(gap) & {'or', 'to', '-', '~'})):
            sure = False
    if not sure:
        raise UnclearAmount(f'{" ".join(tokens)!r} may mean one amount or another')


class _Walk:
    """Walks over words."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0
        self._spoken = False

    def quantities(self) -> list[_Quantity]:
        """Numbers, with their units where these are said."""
        found = []
        while self._at < len(self._tokens):
            begin, self._spoken = self._at, False
            one = self._quantity(begin)
            if one is None:
                self._at = begin + 1
            else:
                found.append(one)
        return found

    def _quantity(self, begin: int) -> _Quantity | None:
        value = self._number()
        article = value is None and self._take('a', 'an') != ''
        number_end = self._at
        between = self._take(*_BETWEEN)
        unit = self._next()
        known = _UNITS.get(unit)
        if unit in _TURNS and not self._is_angle(value, between):
            known = None
        if known is None or (value is None and not article and (
                unit not in _TURNS or between not in _FULL)):
            self._at = number_end
            if value is None or set(self._tokens[begin:number_end]) <= {'a', *_ONE_PART}:
                return None
            return _Quantity(begin, number_end, value, 1.0, '', self._spoken)
        self._at += 1
        more = self._part_after_and()
        return _Quantity(begin, self._at, (1.0 if value is None else value) + more, *known,
                         self._spoken)

    def _is_angle(self, turns: float | None, between: str) -> bool:
        """Whether "turn" is a unit here: not in "a turn" and not in "a 90 turn"."""
        if turns is not None and turns != 1.0:
            return turns <= MOST_TURNS
        return between in _FULL or (
            self._next(1) == 'and' and self._next(2) in ('a', 'one', *_PARTS))

    def _number(self) -> float | None:
        """Half a, three quarters of a, two and a half, 1 1/2, one hundred and sixty seven."""
        begin = self._at
        self._take('a', 'an', 'one')
        part = _PARTS.get(self._next())
        if part is not None and self._next() in _ONE_PART:
            self._at += 1
            return self._of_a(part)
        self._at = begin
        value = self._digits()
        if value is None:
            value = self._words()
        if value is None:
            if self._next() != 'couple' and self._next(1) != 'couple':
                return None
            self._take('a')
            self._at += 1
            self._take('of')
            return 2.0
        if self._next() in _PARTS and value in (2.0, 3.0) and (
                self._next().endswith('s') or value == 3.0):
            value *= _PARTS[self._next()]
            self._at += 1
            return self._of_a(value)
        return value + self._part_after_and()

    def _of_a(self, value: float) -> float:
        self._take('of')
        self._take('a', 'an')
        return value

    def _part_after_and(self) -> float:
        """The value of "and a half", "and three quarters"; 0 and unmoved where there is none."""
        begin = self._at
        if self._take('and'):
            count = {'three': 3.0, 'two': 2.0}.get(self._take('a', 'one', 'two', 'three'), 1.0)
            part = _PARTS.get(self._next())
            if part is not None and count * part < 1:
                self._at += 1
                # "two metres and half a metre" has a second unit of its own.
                if (begin and self._tokens[begin - 1] not in _UNITS) or not (
                        self._next() in ('a', 'an', 'of') or self._next() in _UNITS):
                    return count * part
        self._at = begin
        return 0.0

    def _digits(self) -> float | None:
        """2, 2.5, .5, 2,5, 1/2, 1 1/2; NaN where digits are no number that is certain."""
        token = self._next()
        if not token[-1:].isdecimal():
            return None
        self._at += 1
        if not _DIGITS.fullmatch(token) or len(token) > 12:
            return float('nan')
        value = float(token.replace(',', '.'))
        if self._next() == '/' and self._next(1).isdecimal():
            return self._fraction(value, 0.0)
        if self._next().isdecimal() and self._next(1) == '/' and self._next(2).isdecimal():
            top = float(self._next())
            self._at += 1
            return self._fraction(top, value)
        if self._next() == 'point' and self._next(1).isdecimal() and token.isdecimal():
            value = float(f'{token}.{self._next(1)[:9]}')
            self._at += 2
        return value

    def _fraction(self, top: float, whole: float) -> float:
        bottom = float(self._next(1)[:9])
        self._at += 2
        return self._of_a(whole + top / bottom) if 0 < top < bottom else float('nan')

    def _words(self) -> float | None:
        """Number words: "a hundred and sixty seven", "two point five", "one eighty"."""
        total = group = 0
        begin = self._at
        if self._next() in ('a', 'an') and self._next(1) in _POWERS:
            self._at += 1
        if self._next() in _POWERS:
            group = 1
        last = 1000                 # a smaller one may follow: "twenty five", never "five twenty"
        while True:
            word = self._next()
            if word in _ONES and last > 9 and not (last < 100 and _ONES[word] > 9):
                group, last = group + _ONES[word], 9
            elif word in _TENS and last >= 100:
                group, last = group + _TENS[word], 10
            elif self._at == begin + 1 and 0 < group < 10 and (
                    word in _TENS or _ONES.get(word, 0) > 9):          # "one eighty"
                group = group * 100 + (_TENS.get(word) or _ONES[word])
                last, self._spoken = 10 if word in _TENS else 9, True
            elif word == 'hundred' and 0 < group < 100 and not self._spoken:
                group, last = group * 100, 100
            elif word == 'thousand' and 0 < group < 1000 and not total:
                total, group, last = total + group * 1000, 0, 1000
            elif word == 'and' and last in (100, 1000) and self._at > begin \
                    and (self._next(1) in _ONES or self._next(1) in _TENS):
                pass
            else:
                break
            self._at += 1
        said = self._at > begin
        value = float(total + group)
        if self._next() == 'point' and _ONES.get(self._next(1), 10) < 10:
            self._at += 1
            digits = ''
            while _ONES.get(self._next(), 10) < 10:
                digits += str(_ONES[self._next()])
                self._at += 1
            value, said = value + float(f'0.{digits[:9]}'), True
        return value if said else None

    def _next(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ''

    def _take(self, *words: str) -> str:
        """The next word, taken when it is one of these; else ''."""
        word = self._next()
        if not word or word not in words:
            return ''
        self._at += 1
        return word
