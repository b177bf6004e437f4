"""Amounts in Chinese words; see `amounts`, which alone is to be used."""
from __future__ import annotations

import re
from dataclasses import dataclass

from yan_brain.perception.amounts_en import MOST, Amount, UnclearAmount

_DIGITS = {'〇': 0, '两': 2} | {char: value for value, char in enumerate('零一二三四五六七八九')}
_POWERS = {'十': 10, '百': 100, '千': 1000}
# A unit's name in metres or degrees; the longer ones first.
_UNITS = {'毫米': (0.001, 'm'), '厘米': (0.01, 'm'), '公分': (0.01, 'm'), '分米': (0.1, 'm'),
          '公尺': (1.0, 'm'), '公里': (1000.0, 'm'), '英尺': (0.3048, 'm'), '英寸': (0.0254, 'm'),
          '弧度': (57.29577951, 'deg'), 'mm': (0.001, 'm'), 'cm': (0.01, 'm'),
          'km': (1000.0, 'm'), '米': (1.0, 'm'), 'm': (1.0, 'm'), '度': (1.0, 'deg'),
          '°': (1.0, 'deg'), '个圈': (360.0, 'deg'), '圈': (360.0, 'deg'), '周': (360.0, 'deg')}
_CHARS = '零〇一二两三四五六七八九十百千'
_ZH = f'[{_CHARS}]+'
_ARABIC = r'\d+(?:[.,]\d+)*|\.\d+'
_NUMBER = (rf'(?:(?:{_ZH})?点[零〇一二两三四五六七八九]+|(?:{_ZH}又)?{_ZH}分之{_ZH}'
           rf'|\d+/\d+|{_ZH}|{_ARABIC}|半)')
_TAIL = rf'半|(?:零?{_ZH}|{_ARABIC})(?!\s*(?:{"|".join(_UNITS)}|[次遍趟回下个点直起{_CHARS}]))'
_AMOUNT = re.compile(
    rf'(?P<number>{_NUMBER})\s*整?(?P<unit>{"|".join(_UNITS)})(?![a-z/])(?P<tail>{_TAIL})?')
_BARE = re.compile(_ARABIC)
# Right before or after an amount these make another one of it.
_BEFORE = re.compile(rf'(?:[负减几好点万亿又{_CHARS}\d/]|(?:^|[^\d\s])-|[{_CHARS}\d]\s*'
                     r'(?:到|至|或者?|还是|、|,|~|-|乘以?|x)\s*|\d\s+)$')
_AFTER = re.compile(rf'(?:\s*(?:[乘x*/倍]|[{_CHARS}\d]+\s*[次遍趟回])|[几多]|'
                    rf'\s*[,、]?\s*(?:到|至|或者?|还是|~|-)\s*(?:[{_CHARS}]+\s*[^{_CHARS}下起直边样]|\d))')
_ABOUT = re.compile(rf'[{_CHARS}\d几][多几来]?[多几来](?:{"|".join(_UNITS)})'
                    rf'|几(?:{"|".join(_UNITS)})|[万亿](?:{"|".join(_UNITS)})|[{_CHARS}\d]个半(?:米|圈)')


@dataclass(frozen=True, slots=True)
class _Found:
    begin: int
    end: int
    value: float
    scale: float
    unit: str


def read(text: str) -> list[Amount]:
    """All amounts in lower-case text.

    Raises:
        UnclearAmount: what is written may mean one amount or another.
    """
    found: list[_Found] = []
    rest = text
    if _ABOUT.search(text):
        raise UnclearAmount(f'{text!r} says about how much')
    for match in _AMOUNT.finditer(text):
        scale, unit = _UNITS[match['unit']]
        value = _value(match['number']) + _tail(match['tail'] or '', scale, unit)
        one, last = _Found(match.start(), match.end(), value, scale, unit), (
            found[-1] if found else None)
        if last is not None and unit == last.unit == 'm' and value * scale < last.scale and (
                text[last.end:one.begin].strip() in ('', '零', '又')):       # 两米五十厘米
            found[-1] = _Found(last.begin, one.end, last.value + value * scale / last.scale,
                               last.scale, 'm')
        else:
            found.append(one)
        rest = rest[:one.begin] + '#' * (one.end - one.begin) + rest[one.end:]
    for one in found:
        before = text[:one.begin]
        if not one.value <= MOST or (_BEFORE.search(before) and not before.endswith('零')) \
                or _AFTER.match(text[one.end:]):
            raise UnclearAmount(f'{text!r} may mean one amount or another')
    numbers = [(one.begin, Amount(round(one.value * one.scale, 4), one.unit)) for one in found]
    numbers += [(match.start(), Amount(_checked(match.group()), ''))
                for match in _BARE.finditer(rest)]
    return [one for _, one in sorted(numbers, key=lambda pair: pair[0])]


def _checked(text: str) -> float:
    value = _value(text)
    if not value <= MOST:
        raise UnclearAmount(f'{text!r} is no number that is certain')
    return value


def _tail(text: str, scale: float, unit: str) -> float:
    """What follows a unit, in that unit: 两米半, 两米五, 一米七五, 两米五十, 两米零五."""
    if not text:
        return 0.0
    if text == '半':
        return 0.5
    if scale != 1.0 or unit != 'm':
        return float('nan')
    if text[0].isdecimal():
        return int(text) / 10 ** len(text) if text.isdecimal() and len(text) < 3 \
            else float('nan')
    if text[0] in '零〇':
        return _DIGITS.get(text[1:], float('nan')) / 100 if len(text) == 2 else float('nan')
    if len(text) == 1 and text in _DIGITS:
        return _DIGITS[text] / 10
    if len(text) == 2 and all(char in _DIGITS for char in text):
        return (10 * _DIGITS[text[0]] + _DIGITS[text[1]]) / 100
    value = _whole(text)
    return value / 100 if 10 <= value <= 99 else float('nan')


def _value(text: str) -> float:
    """A number in Chinese characters or digits; NaN where it is not certain."""
    if text == '半':
        return 0.5
    if '分之' in text:
        whole, _, part = text.rpartition('又')
        bottom, _, top = part.partition('分之')
        below, above = _whole(bottom), _whole(top)
        if not 0 < above < below:
            return float('nan')
        return (_whole(whole) if whole else 0.0) + above / below
    if '/' in text:
        above, below = (float(number[:9]) for number in text.split('/'))
        return above / below if 0 < above < below else float('nan')
    if text[0] in '.0123456789':
        plain = text.isdecimal() or re.fullmatch(r'\d*\.\d+', text)
        return float(text) if plain and len(text) <= 12 else float('nan')
    whole, _, decimals = text.partition('点')
    value = _whole(whole) if whole else 0.0
    if not decimals:
        return value
    return value + float('0.' + ''.join(str(_DIGITS[char]) for char in decimals[:9]))


def _whole(text: str) -> float:
    """三百一十, or digit by digit 一二零; NaN for 两三 and 一百二, which people mean otherwise."""
    if not any(char in _POWERS for char in text):
        digits = ''.join(str(_DIGITS[char]) for char in text)
        return float(digits) if len(digits) == 1 or len(digits) > 2 or '0' in digits \
            else float('nan')
    total, digit, last = 0, -1, 10_000
    gap = False                                 # a zero was said
    for char in text:
        if char in _POWERS:
            if _POWERS[char] >= last or digit == 0 or (digit < 0 and total and not gap):
                return float('nan')
            total += (1 if digit < 0 else digit) * _POWERS[char]
            last, digit, gap = _POWERS[char], -1, False
        elif char in '零〇':
            if digit >= 0 or gap:
                return float('nan')
            gap = True
        elif digit >= 0:
            return float('nan')
        else:
            digit = _DIGITS[char]
    if digit > 0 and last > 10 and not gap:
        return float('nan')                     # 一百二 is 120 to most
    return float(total + max(digit, 0))
