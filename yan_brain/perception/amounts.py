"""Distances and angles in words, read exactly: "two and a half metres", "三百一十厘米", "25°".

A learned reader of numbers is wrong now and then, and a robot then drives four metres instead of
two. So what is plainly written as a number and a unit is read by rule, and what may mean one
amount or another ("two or three metres", "1,500 m", "两三米") is refused, not guessed. The
core's own reading serves where no amount is written ("a little", "go to metres" for "go two
metres").

Chosen where usage differs: a dot is always a decimal point ("1.000 m" is one metre); a comma is
one before one or two digits ("1,5 m") and refused before three; "two metres fifty" and "两米五"
are 2.5 m, "two metres five" is refused; "a turn" is no angle, "a full turn" is 360 degrees.

>>> [(a.value, a.unit) for a in amounts('go back two and a half metres, then turn 25 degrees')]
[(2.5, 'm'), (25.0, 'deg')]
>>> [(a.value, a.unit) for a in amounts('向前走三百一十厘米，再左转九十度')]
[(3.1, 'm'), (90.0, 'deg')]
"""
from __future__ import annotations

import unicodedata

from yan_brain.perception import amounts_en, amounts_zh
from yan_brain.perception.amounts_en import Amount, UnclearAmount

__all__ = ['Amount', 'UnclearAmount', 'amount', 'amounts', 'is_unclear']

LEAST_DEGREES = 5.0      # "one turn to the left" is not an angle of one degree
# Before NFKC, which makes 21/2 of 2½; a full-width comma parts things, it is no decimal comma.
_MARKS = {ord('，'): ', ', ord('−'): '-', ord('–'): '-', ord('—'): '-', **{
    ord(sign): f' {top}/{bottom}' for sign, top, bottom in (
        ('½', 1, 2), ('¼', 1, 4), ('¾', 3, 4), ('⅓', 1, 3), ('⅔', 2, 3))}}


def amounts(text: str) -> list[Amount]:
    """All amounts in a text, in order; numbers without a unit too.

    Raises:
        UnclearAmount: what is written may mean one amount or another.
    """
    plain = unicodedata.normalize('NFKC', text.translate(_MARKS)).casefold()
    if any('一' <= char <= '鿿' for char in plain):
        return amounts_zh.read(plain)
    return amounts_en.read(plain)


def amount(text: str, unit: str) -> float | None:
    """The one amount of a unit ('m' or 'deg') in a text; None: none is written.

    A lone number without a unit, as in "turn left 90", is taken for degrees, never for metres.

    Raises:
        UnclearAmount: there are several, none of it can be meant, or it is not clear which is.
    """
    found = amounts(text)
    fitting = [one.value for one in found if one.unit == unit]
    bare = [one.value for one in found if not one.unit]
    if not fitting and unit == 'deg' and not any(one.unit for one in found):
        fitting = [value for value in bare if value >= LEAST_DEGREES]
    if len(fitting) > 1 or (bare and not fitting) or 0.0 in fitting:
        raise UnclearAmount(f'{text!r} does not say one amount in {unit}')
    return fitting[0] if fitting else None


def is_unclear(text: str) -> bool:
    """Whether amounts are written that may mean one thing or another."""
    try:
        amounts(text)
    except UnclearAmount:
        return True
    return False
