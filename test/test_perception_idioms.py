"""Amounts and sides by their names."""
from __future__ import annotations

import random

import pytest

from yan_brain.perception.amounts import UnclearAmount, amount
from yan_brain.perception.idioms import LITTLE_DEG, LITTLE_M, says_little, side, turn_deg
from yan_brain.signals import Skill
from yan_brain.training.language import draw_utterance


@pytest.mark.parametrize(('text', 'degrees'), [
    ('turn around', 180), ('Turn yourself round!', 180), ('robot, please spin right round', 180),
    ('swing about', 180), ('could you turn back around', 180), ('pivot around and wait', 180),
    ('spin all the way around', 360), ('turn around in a circle', 360), ('turn round once', 360),
    ('rotate halfway round', 180), ('turn around a bit', 30), ('swing left a tad', 30),
    ('rotate a touch clockwise', 30), ('turn slightly to the right', 30),
    ('turn left', None), ('look around', None), ('go around the table', None), ('return', None),
    ('swing round to the right', None), ('turn halfway', None), ('左转', None), ('', None)])
def test_turns_by_name(text: str, degrees: float | None) -> None:
    assert turn_deg(text) == degrees


@pytest.mark.parametrize(('text', 'which'), [
    ('turn left', 1), ('hang a Left', 1), ('rotate anti-clockwise', 1), ('counterclockwise', 1),
    ('go counter clockwise', 1), ('turn rightwards', -1), ('to your right', -1),
    ('clockwise', -1), ('turn a right angle to the left', 1), ('turn right', -1),
    ('spin right round', 0), ('all right, about face', 0), ('Right, turn around', 0),
    ('all right, turn right', -1), ('turn around right now', 0), ('left or right', 0),
    ('go back', 0)])
def test_sides_by_name(text: str, which: int) -> None:
    assert side(text) == which


def test_it_agrees_with_what_training_says() -> None:
    """Of motions drawn as in training, what is named is what was meant."""
    rng, turns, sides, little = random.Random(3), 0, 0, 0
    for _ in range(3000):
        drawn = draw_utterance(rng, 'en', skill=Skill.TURN, noise=False)
        if side(drawn.text):
            sides += 1
            assert side(drawn.text) == drawn.direction, drawn.text
        named = turn_deg(drawn.text)
        if named is not None and _is_bare(drawn.text, 'deg'):
            turns += 1
            assert drawn.amount == named, drawn.text
        drawn = draw_utterance(rng, 'en', skill=Skill.MOVE, noise=False)
        if says_little(drawn.text) and _is_bare(drawn.text, 'm'):
            little += 1
            assert drawn.amount == 100 * LITTLE_M, drawn.text
    assert turns > 50 and sides > 500 and little > 20 and LITTLE_DEG == 30


def _is_bare(text: str, unit: str) -> bool:
    try:
        return amount(text, unit) is None
    except UnclearAmount:
        return False
