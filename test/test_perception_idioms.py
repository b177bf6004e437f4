"""Amounts and sides by their names."""
from __future__ import annotations

import random

import pytest

from yan_brain.perception.amounts import UnclearAmount, amount
from yan_brain.perception.idioms import (
    LITTLE_DEG,
    LITTLE_M,
    forbids,
    says_little,
    side,
    turn_deg,
    way,
)
from yan_brain.signals import Skill
from yan_brain.training.language import LANGUAGES, draw_utterance, grammar


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


@pytest.mark.parametrize(('text', 'forbidden'), [
    ("don't follow the red ball", True), ('Robot, do not go near the box!', True),
    ("no, don't turn left", True), ('never approach the cat', True), ('别跟着红色的球', True),
    ('机器人，不要靠近那个箱子', True), ('别再转了', True),
    ("don't stop", False), ("don't forget to go to the ball", False), ('follow the ball', False),
    ("don't go left, go right", False), ("don't turn but go back", False),
    ("don't turn just go back", False), ("don't go back", True),
    ("don't drive too fast", False), ('when i say dance, do not move', False),
    ('别跟丢了红色的球', False), ('别忘了去厨房', False), ('别往左，往右转', False),
    ('别停', False)])
def test_what_must_not_be_done(text: str, forbidden: bool) -> None:
    assert forbids(text) is forbidden


@pytest.mark.parametrize(('text', 'which'), [
    ('go straight ahead', 1), ('Forward!', 1), ('come back a bit', -1), ('reverse', -1),
    ('往前走', 1), ('倒着走两米', -1), ('退后', -1), ('go two metres', 0), ('走两米', 0),
    ('not forward, go back', 0), ('先往前再往后', 0)])
def test_ways_by_name(text: str, which: int) -> None:
    assert way(text) == which


@pytest.mark.parametrize('language', LANGUAGES)
def test_a_way_that_is_named_is_the_way_that_is_meant(language: str) -> None:
    words, found = grammar(language), 0
    for templates in (words.training, words.held_out):
        for phrase in (p for made in templates[Skill.MOVE] for p in made):
            named = way(phrase.before + phrase.after)
            found += bool(named)
            assert not named or named == phrase.direction, phrase
    assert found > 3000


@pytest.mark.parametrize(('language', 'far', 'wide'), [
    ('en', '2 metres', '45 degrees'), ('zh', '2米', '45度')])
def test_no_phrasing_has_an_amount_that_is_refused(language: str, far: str, wide: str) -> None:
    for skill, unit, said in ((Skill.MOVE, 'm', far), (Skill.TURN, 'deg', wide)):
        for phrase in (p for made in grammar(language).training[skill] for p in made):
            amount(f'{phrase.before}{said if phrase.slot else ""}{phrase.after}', unit)


@pytest.mark.parametrize('language', LANGUAGES)
def test_only_orders_to_stop_forbid(language: str) -> None:
    things = {'t': 'the ball', 'a': 'a ball', 'n': 'ball'} if language == 'en' else {}
    words, found = grammar(language), 0
    for templates in (words.training, words.held_out):
        for skill, made in templates.items():
            for phrase in (p for variants in made for p in variants):
                text = f'{phrase.before}{things.get(phrase.slot, "球")}{phrase.after}'
                if forbids(text):
                    found += 1
                    assert skill is Skill.STOP, text
    assert found > 30


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
