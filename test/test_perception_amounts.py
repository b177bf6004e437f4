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
from yan_brain.perception.amounts import Amount, amount, amounts
from yan_brain.signals import Skill
from yan_brain.training import language_numbers as numbers


@pytest.mark.parametrize(('text', 'expected'), [
    ('go forward two metres', [(2.0, 'm')]),
    ('turn left a hundred and sixty-seven degrees', [(167.0, 'deg')]),
    ('back up a metre and a half, then turn twenty five degrees', [(1.5, 'm'), (25.0, 'deg')]),
    ('one and a half meters', [(1.5, 'm')]), ('half a metre', [(0.5, 'm')]),
    ('a half meter', [(0.5, 'm')]), ('go a foot', [(0.3048, 'm')]), ('6 ft', [(1.8288, 'm')]),
    ('4.3m ahead', [(4.3, 'm')]), ('two thousand and five centimetres', [(20.05, 'm')]),
    ('zero point two five metres', [(0.25, 'm')]), ('turn 90°', [(90.0, 'deg')]),
    ('five twenty degrees', [(5.0, ''), (20.0, 'deg')]), ('turn a bit', []), ('a and half', []),
    ('向前走三百一十厘米', [(3.1, 'm')]), ('两米三', [(2.3, 'm')]), ('一米半', [(1.5, 'm')]),
    ('半米', [(0.5, 'm')]), ('左转一百零五度', [(105.0, 'deg')]), ('零点五公尺', [(0.5, 'm')]),
    ('十五度', [(15.0, 'deg')]), ('４．３米', [(4.3, 'm')]), ('两米三。', [(2.3, 'm')]),
    ('三米3.5', [(3.0, 'm'), (3.5, '')]), ('转一圈', []), ('', []), ('point and', []),
    ('hundred thousand', []), ('米', [])])
def test_amounts_in_words(text: str, expected: list[tuple[float, str]]) -> None:
    assert amounts(text) == [Amount(*one) for one in expected]


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


@given(st.text(alphabet='ahlf point andtwo 十二点半米度. -°m0123half', max_size=40))
def test_anything_at_all_can_be_asked(text: str) -> None:
    assert all(math.isfinite(one.value) and one.value >= 0 for one in amounts(text))


def test_only_one_amount_of_the_unit_counts() -> None:
    assert amount('go two metres and turn 90 degrees', 'm') == 2.0
    assert amount('go two metres or three metres', 'm') is None
    assert amount('turn left 90', 'deg') == 90.0 and amount('go forward 2', 'm') is None
    assert amount('do one full turn', 'deg') is None


def test_what_is_written_goes_before_what_the_core_reads() -> None:
    digits = torch.nn.functional.one_hot(torch.tensor([[0, 2, 2, 5]]), 10).float()
    got = SimpleNamespace(digits=digits, has_amount=torch.tensor([3.0]))
    assert size_of(Skill.TURN, got, 'turn right 25 degrees') == pytest.approx(math.radians(25))
    assert size_of(Skill.MOVE, got, 'go to metres') == pytest.approx(2.25)
    silent = SimpleNamespace(digits=digits, has_amount=torch.tensor([-3.0]))
    assert size_of(Skill.MOVE, silent, 'go ahead') == DEFAULT_MOVE_M
    assert size_of(Skill.MOVE, silent, 'go ahead zero metres') == DEFAULT_MOVE_M
