"""Half turns by their names."""
from __future__ import annotations

import random

import pytest

from yan_brain.perception.amounts import amount
from yan_brain.perception.turns import half_turn
from yan_brain.signals import Skill
from yan_brain.training.language import draw_utterance


@pytest.mark.parametrize('text', [
    'turn around', 'Turn yourself round!', 'robot, please spin right round', 'swing about',
    'could you turn back around', 'pivot around and wait'])
def test_half_a_turn_is_known_by_its_name(text: str) -> None:
    assert half_turn(text)


@pytest.mark.parametrize('text', [
    'spin all the way around', 'turn around in a circle', 'turn round once', 'turn around a bit',
    'rotate halfway round', 'turn left', 'look around', 'go around the table',
    'swing round to the right', 'return', '左转', ''])
def test_more_and_less_are_left_to_the_core(text: str) -> None:
    assert not half_turn(text)


def test_it_agrees_with_what_training_says() -> None:
    """Of turns without an angle, drawn as in training, those that it takes are half turns."""
    rng, taken = random.Random(3), 0
    for _ in range(3000):
        drawn = draw_utterance(rng, 'en', skill=Skill.TURN, noise=False)
        if half_turn(drawn.text) and amount(drawn.text, 'deg') is None:
            taken += 1
            assert drawn.amount == 180, drawn.text
    assert taken > 20
