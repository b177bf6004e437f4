"""Amounts are read exactly, however they are said; what is none is left alone."""
from __future__ import annotations

import math
import random
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from yan_brain.mind.goal import DEFAULT_MOVE_M, size_of
from yan_brain.perception.amounts import Amount, UnclearAmount, amount, amounts, is_unclear
from yan_brain.signals import Skill
from yan_brain.training import language_numbers as numbers

WORDS = ('half', 'a', 'an', 'and', 'two', 'one', 'quarters', 'three', 'of', 'point', 'metres',
         'turn', 'full', 'hundred', 'fifty', '1/2', '/', '2', '.5', '1,5', 'couple', 'third',
         'degrees', '-')


@pytest.mark.parametrize(('text', 'expected'), [
    ('go forward two metres', [(2.0, 'm')]),
    ('turn left a hundred and sixty-seven degrees', [(167.0, 'deg')]),
    ('back up a metre and a half, then turn twenty five degrees', [(1.5, 'm'), (25.0, 'deg')]),
    ('one and a half meters', [(1.5, 'm')]), ('half a metre', [(0.5, 'm')]),
    ('a half meter', [(0.5, 'm')]), ('go a foot', [(0.3048, 'm')]), ('6 ft', [(1.8288, 'm')]),
    ('4.3m ahead', [(4.3, 'm')]), ('two thousand and five centimetres', [(20.05, 'm')]),
    ('zero point two five metres', [(0.25, 'm')]), ('turn 90°', [(90.0, 'deg')]),
    ('turn a bit', []), ('a and half', []), ('', []), ('point and', []), ('half way', []),
    ('half an inch', [(0.0127, 'm')]), ('an inch and a half', [(0.0381, 'm')]),
    ('two and half metres', [(2.5, 'm')]), ('2 point 5 metres', [(2.5, 'm')]),
    ('three quarters of a metre', [(0.75, 'm')]), ('one and three quarters metres', [(1.75, 'm')]),
    ('a couple of metres', [(2.0, 'm')]), ('one more metre', [(1.0, 'm')]),
    ('1,5 m', [(1.5, 'm')]), ('1.000 m', [(1.0, 'm')]), ('.5 m', [(0.5, 'm')]),
    ('½ m', [(0.5, 'm')]), ('2½ m', [(2.5, 'm')]), ('1 1/2 metres', [(1.5, 'm')]),
    ('point five metres', [(0.5, 'm')]), ('go forward - 2 metres', [(2.0, 'm')]),
    ('two metres fifty', [(2.5, 'm')]), ('a metre twenty', [(1.2, 'm')]),
    ('2 m 50 cm', [(2.5, 'm')]), ('two metres and fifty centimetres', [(2.5, 'm')]),
    ('two metres and half a metre', [(2.5, 'm')]), ('five feet six', [(1.6764, 'm')]),
    ('go two metres to one side', [(2.0, 'm')]), ('robot one go 1 m', [(1.0, 'm')]),
    ('half a turn', [(180.0, 'deg')]), ('a turn and a half', [(540.0, 'deg')]),
    ('turn three quarters of the way round', [(270.0, 'deg')]),
    ('an eighth turn', [(45.0, 'deg')]),
    ('three eighths of a turn left', [(135.0, 'deg')]), ('go to the sixth box', []),
    ('a full circle', [(360.0, 'deg')]), ('quarter turn left', [(90.0, 'deg')]),
    ('two turns', [(720.0, 'deg')]), ('make a turn', []), ('a 90 turn', [(90.0, '')]),
    ('90-degree turn', [(90.0, 'deg')]), ('do a one eighty', [(180.0, '')]),
    ('one twenty degrees', [(120.0, 'deg')]), ('five twenty degrees', [(520.0, 'deg')]),
    ('hundred and eighty degrees', [(180.0, 'deg')]), ('turn 1 radian', [(57.2958, 'deg')]),
    ('向前走三百一十厘米', [(3.1, 'm')]), ('两米三', [(2.3, 'm')]), ('一米半', [(1.5, 'm')]),
    ('半米', [(0.5, 'm')]), ('左转一百零五度', [(105.0, 'deg')]), ('零点五公尺', [(0.5, 'm')]),
    ('十五度', [(15.0, 'deg')]), ('４．３米', [(4.3, 'm')]), ('两米三。', [(2.3, 'm')]),
    ('两米五', [(2.5, 'm')]), ('一米二', [(1.2, 'm')]), ('两米五十', [(2.5, 'm')]),
    ('一米七五', [(1.75, 'm')]), ('1米75', [(1.75, 'm')]), ('两米零五', [(2.05, 'm')]),
    ('两米五十厘米', [(2.5, 'm')]), ('四分之三米', [(0.75, 'm')]), ('点五米', [(0.5, 'm')]),
    ('一又二分之一米', [(1.5, 'm')]), ('一二零度', [(120.0, 'deg')]), ('半圈', [(180.0, 'deg')]),
    ('一圈半', [(540.0, 'deg')]), ('转个半圈', [(180.0, 'deg')]), ('转一圈', [(360.0, 'deg')]),
    ('往前走一步', []), ('前进两米左右', [(2.0, 'm')]), ('米', [])])
def test_amounts_in_words(text: str, expected: list[tuple[float, str]]) -> None:
    assert amounts(text) == [Amount(*one) for one in expected]


@pytest.mark.parametrize('text', [
    'minus two metres', '-2 m', 'turn -90 degrees', '2-3 m', '2 - 3 metres', 'two to three metres',
    'one or two metres', 'from one to two metres', 'move two, three metres', '1,500 m', '1 000 m',
    '1.5.2 m', 'go forward.5 m', 'two metres five', 'one twenty metres', 'two metres three times',
    'twice half a metre', 'half of two metres', 'two half metres', 'one oh five degrees',
    'two metres and 3', 'go 2 m/s', '2 hundred metres', 'nine zero degrees',
    '两三米', '两到三米', '两米或三米', '负两米', '-2米', '前进5-10厘米', '1,5米', '向前1，5米',
    '一百二度', '两米三次', '十几米', '几米', '两米多', '十来米', '三米3.5', '两个半圈', '一万米'])
def test_what_may_mean_two_amounts_is_refused(text: str) -> None:
    with pytest.raises(UnclearAmount):
        amounts(text)
    assert is_unclear(text)


@given(st.integers(0, 10**9), st.sampled_from(['en', 'zh']), st.booleans(),
       st.booleans())
def test_whatever_an_instruction_may_say_is_read(
    seed: int, language: str, move: bool, held_out: bool,
) -> None:
    rng = random.Random(seed)
    said = (numbers.draw_move if move else numbers.draw_turn)(rng, language, held_out=held_out)
    begin = 'go ahead ' if language == 'en' else '往前'
    found = amount(begin + said.text, 'm' if move else 'deg')
    assert found is not None and round(found * (100 if move else 1)) == said.value


@given(st.one_of(
    st.text(alphabet='ahlf point andtwo 十二点半米度. -°m0123half', max_size=40),
    st.lists(st.sampled_from(WORDS), max_size=12).map(' '.join),
    st.text(alphabet='两三百十零点半米圈度分之又厘1.2,- 到个', max_size=12)))
def test_anything_at_all_can_be_asked(text: str) -> None:
    try:
        found = amounts(text)
    except UnclearAmount:
        return
    assert all(math.isfinite(one.value) and one.value >= 0 for one in found)


@given(st.integers(1, 400), st.sampled_from(['', 'zero ', 'go ']), st.sampled_from([
    '{} or {} metres', '{} to {} metres', '{}-{} metres', '{}, {} metres']))
def test_a_range_is_never_one_amount(value: int, before: str, text: str) -> None:
    assert is_unclear(before + text.format(value, value + 1))


def test_only_one_amount_of_the_unit_counts() -> None:
    assert amount('go two metres and turn 90 degrees', 'm') == 2.0
    assert amount('turn left 90', 'deg') == 90.0 and amount('turn left', 'deg') is None
    assert amount('do one full turn', 'deg') == 360.0 and amount('one turn', 'deg') is None
    assert amount('机器人2号前进3米', 'm') == 3.0


@pytest.mark.parametrize(('text', 'unit'), [
    ('go two metres then three metres', 'm'), ('go forward 2', 'm'), ('go ahead 0 m', 'm'),
    ('turn left 2', 'deg'), ('turn 90 degrees then 45 degrees', 'deg')])
def test_no_amount_is_chosen_among_several_or_made_up(text: str, unit: str) -> None:
    with pytest.raises(UnclearAmount):
        amount(text, unit)


def test_what_is_written_goes_before_what_the_core_reads() -> None:
    digits = torch.nn.functional.one_hot(torch.tensor([[0, 2, 2, 5]]), 10).float()
    got = SimpleNamespace(digits=digits, has_amount=torch.tensor([3.0]))
    assert size_of(Skill.TURN, got, 'turn right 25 degrees') == pytest.approx(math.radians(25))
    assert size_of(Skill.MOVE, got, 'go to metres') == pytest.approx(2.25)
    silent = SimpleNamespace(digits=digits, has_amount=torch.tensor([-3.0]))
    assert size_of(Skill.MOVE, silent, 'go ahead') == DEFAULT_MOVE_M
    with pytest.raises(UnclearAmount):
        size_of(Skill.MOVE, silent, 'go ahead zero metres')
    zero = SimpleNamespace(digits=torch.zeros(1, 4, 10), has_amount=torch.tensor([3.0]))
    assert size_of(Skill.MOVE, zero, 'go ahead') == DEFAULT_MOVE_M


def test_a_turn_without_a_number_is_a_usual_one() -> None:
    digits = torch.zeros(1, 4, 10)
    for place, digit, other in ((0, 0, 9), (1, 1, 2), (2, 6, 8), (3, 0, 5)):
        digits[0, place, digit], digits[0, place, other] = 3.0, 2.0
    got = SimpleNamespace(digits=digits, has_amount=torch.tensor([3.0]))      # 0160 at first sight
    assert size_of(Skill.TURN, got, 'do a u-turn') == pytest.approx(math.pi)
    assert size_of(Skill.TURN, got, 'turn the other degrees') == pytest.approx(math.radians(160))
