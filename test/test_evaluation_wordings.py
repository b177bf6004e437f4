"""Wordings for judging: of all kinds, and none of training."""
from __future__ import annotations

import random

import pytest

from yan_brain.evaluation.tricks import draw_fresh
from yan_brain.evaluation.wordings import wordings
from yan_brain.signals import Skill
from yan_brain.training.language import draw_utterance


@pytest.mark.parametrize('language', ['en', 'zh'])
def test_they_are_many_and_of_all_kinds(language: str) -> None:
    found = wordings(language)
    assert len({one.text for one in found}) == len(found) >= 150
    for skill in (Skill.MOVE, Skill.TURN):
        for sign in (1, -1):
            assert sum(one.skill is skill and one.amount * sign > 0 for one in found) >= 35
    assert all(0.04 < abs(one.amount) < 13 for one in found)


@pytest.mark.parametrize('language', ['en', 'zh'])
def test_a_trick_is_told_with_them(language: str) -> None:
    text, name, truth = draw_fresh(random.Random(1), language)
    assert name in text and 2 <= len(truth) <= 5
    assert draw_fresh(random.Random(1), language) == (text, name, truth)


def test_most_of_them_are_not_drawn_in_training() -> None:
    """What is plain ("turn left") is: about a fifth."""
    rng = random.Random(2)
    drawn = {draw_utterance(rng, 'en', skill=skill, noise=False).text.casefold().strip(' .!')
             for _ in range(3000) for skill in (Skill.MOVE, Skill.TURN)}
    assert sum(one.text in drawn for one in wordings('en')) < 60
