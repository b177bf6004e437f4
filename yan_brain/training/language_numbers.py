"""Amounts as people write and say them: centimetres for moves, degrees for turns."""
from __future__ import annotations

import random
from typing import Final, NamedTuple

from yan_brain.perception import idioms

DIGITS: Final = 4
DEFAULT_MOVE_CM: Final = 50
DEFAULT_TURN_DEG: Final = 90
LITTLE_MOVE_CM: Final = round(100 * idioms.LITTLE_M)
LITTLE_TURN_DEG: Final = round(idioms.LITTLE_DEG)
_CM_PER_FOOT: Final = 30.48

_ONES = ('zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten',
         'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen',
         'eighteen', 'nineteen')
_TENS = ('', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety')
_ZH = '零一二三四五六七八九'
_FULL_WIDTH = str.maketrans('0123456789.', '０１２３４５６７８９．')


class Amount(NamedTuple):
    """How it is said and what it means, centimetres or degrees."""

    text: str
    value: int


def digits_of(value: int) -> tuple[int, int, int, int]:
    """Cut a whole number, 0 to 9999, into four decimal digits."""
    if not 0 <= value <= 9999:
        raise ValueError(f'amount is {value}; four digits hold 0 to 9999')
    return value // 1000, value // 100 % 10, value // 10 % 10, value % 10


def is_held_out(value: int, *, move: bool) -> bool:
    """Tell whether an amount is kept for evaluation; whole and round ones never are."""
    round_one = value % 50 == 0 if move else value % 45 == 0 or value % 30 == 0
    return not round_one and sum(digits_of(value)) % 5 == 2


def say_en(value: int, rng: random.Random) -> str:
    """Say a whole number, 0 to 9999, in English words."""
    if value < 20:
        return _ONES[value]
    if value < 100:
        tens, one = divmod(value, 10)
        joint = '-' if rng.random() < 0.2 else ' '
        return _TENS[tens] + (joint + _ONES[one] if one else '')
    if value < 1000:
        hundreds, rest = divmod(value, 100)
        short = hundreds == 1 and rng.random() < 0.4
        head = f'{"a" if short else _ONES[hundreds]} hundred'
        joint = ' and ' if rng.random() < 0.5 else ' '
        return head + (joint + say_en(rest, rng) if rest else '')
    thousands, rest = divmod(value, 1000)
    return f'{_ONES[thousands]} thousand' + (' ' + say_en(rest, rng) if rest else '')


def say_zh(value: int, *, liang: bool = True) -> str:
    """Say a whole number, 0 to 9999, in Chinese; `liang`: a lone two is 两."""
    if value == 0:
        return '零'
    if value == 2 and liang:
        return '两'
    parts, gap = '', False
    for digit, unit in zip(digits_of(value), ('千', '百', '十', ''), strict=True):
        if not digit:
            gap = bool(parts)
            continue
        word = '两' if digit == 2 and liang and unit in ('千', '百') else _ZH[digit]
        parts += ('零' if gap else '') + word + unit
        gap = False
    return parts[1:] if parts.startswith('一十') else parts


def draw_move(rng: random.Random, language: str, *, held_out: bool = False) -> Amount:
    """Draw a distance from 0.1 to 5 m (now and then up to 20 m), said in some unit.

    With `held_out` half of the amounts are ones never drawn for training.
    """
    wanted = held_out and rng.random() < 0.5
    say = _move_en if language == 'en' else _move_zh
    for _ in range(200):
        amount = say(rng)
        if is_held_out(amount.value, move=True) == wanted:
            return amount
    raise RuntimeError('no amount fits the split; is_held_out leaves too few')


def draw_turn(rng: random.Random, language: str, *, held_out: bool = False) -> Amount:
    """Draw an angle from 5 to 360 degrees."""
    wanted = held_out and rng.random() < 0.5
    for _ in range(200):
        kind = rng.random()
        if kind < 0.35:
            value = (30, 45, 60, 90, 90, 90, 120, 135, 180, 180, 270, 360)[rng.randrange(12)]
        elif kind < 0.75:
            value = 5 * rng.randrange(1, 73)
        else:
            value = rng.randrange(5, 361)
        if is_held_out(value, move=False) == wanted:
            say = _turn_en if language == 'en' else _turn_zh
            return Amount(say(value, rng), value)
    raise RuntimeError('no amount fits the split; is_held_out leaves too few')


def _turn_en(value: int, rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.48:
        return f'{value} degrees'
    if kind < 0.9:
        return say_en(value, rng) + ' degrees'
    if kind < 0.95:
        return f'{value}°'
    return f'{value} deg' if kind < 0.98 else f'{value}'


def _turn_zh(value: int, rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.5:
        return f'{value}度'.translate(_FULL_WIDTH) if kind < 0.02 else f'{value}度'
    return say_zh(value, liang=False) + '度' if kind < 0.97 else f'{value}°'


def _metres(rng: random.Random) -> int:
    """Centimetres of a distance as said in metres."""
    kind = rng.random()
    if kind < 0.45:
        return 100 * rng.randrange(1, 6)
    if kind < 0.60:
        return 50 * rng.randrange(1, 11)
    if kind < 0.94:
        return 10 * rng.randrange(1, 51)
    return 100 * rng.randrange(6, 21) if kind < 0.97 else 5 * rng.randrange(2, 101)


def _centimetres(rng: random.Random) -> int:
    if rng.random() < 0.75:
        return 10 * rng.randrange(1, 31) if rng.random() < 0.7 else 10 * rng.randrange(1, 51)
    return rng.randrange(10, 301)


def _move_en(rng: random.Random) -> Amount:
    kind = rng.random()
    if kind < 0.06:
        return _feet(rng)
    if kind < 0.34:
        value = _centimetres(rng)
        if rng.random() < 0.5:
            unit = ('centimetres', 'centimeters', 'cm', ' cm', 'centimetres')[rng.randrange(5)]
            return Amount(f'{value}{unit}' if unit == 'cm' else f'{value} {unit.strip()}', value)
        unit = ('centimetres', 'centimeters')[rng.randrange(2)]
        return Amount(f'{say_en(value, rng)} {unit}', value)
    return _metres_en(_metres(rng), rng)


def _metres_en(value: int, rng: random.Random) -> Amount:
    whole, rest = divmod(value, 100)
    unit = 'metre' if rng.random() < 0.5 else 'meter'
    many = unit if value == 100 else unit + 's'
    if rng.random() < 0.45:
        number = f'{value / 100:g}' if rng.random() < 0.85 else f'{value / 100:.1f}'
        if round(float(number) * 100) != value:
            number = f'{value / 100:g}'
        mark = rng.random()
        if mark < 0.3:
            return Amount(f'{number} m' if mark < 0.18 else f'{number}m', value)
        return Amount(f'{number} {many}', value)
    if not rest:
        number = 'a' if whole == 1 and rng.random() < 0.4 else say_en(whole, rng)
        return Amount(f'{number} {many}', value)
    if rest == 50 and rng.random() < 0.7:
        if not whole:
            return Amount(f'half a {unit}' if rng.random() < 0.8 else f'a half {unit}', value)
        if whole == 1 and rng.random() < 0.4:
            return Amount(f'a {unit} and a half', value)
        return Amount(f'{say_en(whole, rng)} and a half {unit}s', value)
    tail = ' '.join(_ONES[int(d)] for d in f'{rest:02d}'.rstrip('0'))
    return Amount(f'{say_en(whole, rng)} point {tail} {unit}s', value)


def _feet(rng: random.Random) -> Amount:
    feet = rng.randrange(1, 13)
    number = str(feet) if rng.random() < 0.4 else say_en(feet, rng)
    unit = 'foot' if feet == 1 else ('feet' if rng.random() < 0.85 else 'ft')
    return Amount(f'{number} {unit}', round(feet * _CM_PER_FOOT))


def _move_zh(rng: random.Random) -> Amount:
    if rng.random() < 0.33:
        value = _centimetres(rng)
        unit = '厘米' if rng.random() < 0.7 else ('公分' if rng.random() < 0.6 else 'cm')
        digits = unit == 'cm' or rng.random() < 0.45
        return Amount((str(value) if digits else say_zh(value)) + unit, value)
    return _metres_zh(_metres(rng), rng)


def _metres_zh(value: int, rng: random.Random) -> Amount:
    whole, rest = divmod(value, 100)
    unit = '米' if rng.random() < 0.92 else '公尺'
    kind = rng.random()
    if kind < 0.4:
        number = f'{value / 100:g}'
        if kind < 0.02:
            number = number.translate(_FULL_WIDTH)
        return Amount(number + ('m' if kind > 0.36 else unit), value)
    if not rest:
        return Amount(say_zh(whole) + unit, value)
    if rest == 50 and kind < 0.75:
        return Amount(f'{say_zh(whole)}{unit}半' if whole else f'半{unit}', value)
    if whole and rest % 10 == 0 and kind < 0.8:
        return Amount(f'{say_zh(whole)}{unit}{_ZH[rest // 10]}', value)
    tail = ''.join(_ZH[int(d)] for d in f'{rest:02d}'.rstrip('0'))
    return Amount(f'{say_zh(whole, liang=False)}点{tail}{unit}', value)
