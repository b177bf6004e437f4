"""Dreams: a saying becomes a template whose things, sides and amounts are drawn anew."""
from __future__ import annotations

import math
import random

import pytest

from yan_brain.learning.sayings import Saying
from yan_brain.signals import Skill
from yan_brain.training.dreams import idiom
from yan_brain.training.language import Utterance


def _dreams(text: str, skill: Skill, argument: str = '', amount: float | None = None,
            language: str = 'en') -> list[Utterance]:
    made = idiom(Saying(kind='corrected', text=text, skill=skill, argument=argument,
                        amount=amount, language=language))
    rng = random.Random(0)
    return [made.dream(rng, noise=False) for _ in range(80)]


def test_the_target_is_drawn_anew_and_its_words_are_marked() -> None:
    found = _dreams('boop the red ball', Skill.GO_TO, 'red ball')
    assert all('boop' in u.text.lower() and u.skill is Skill.GO_TO for u in found)
    assert len({u.argument for u in found}) > 40
    assert all(u.argument and u.argument.lower() in u.text.lower() for u in found)
    assert len({(u.colour, u.kind) for u in found}) > 20


@pytest.mark.parametrize('little', ['a bit', 'slightly', 'just a tad'])
def test_a_side_that_is_named_is_exchanged_with_its_meaning(little: str) -> None:
    found = _dreams(f'swoosh left {little}', Skill.TURN, amount=math.radians(30))
    assert {u.direction for u in found} == {1, -1}
    assert all(('right' in u.text.lower() or 'clockwise' in u.text.lower()) or u.direction == 1
               for u in found)
    asked = [u for u in found if little in u.text.lower()]
    assert asked and all(u.amount == 30 for u in asked)
    assert {u.amount for u in found} > {30, 90}


def test_a_side_that_is_not_named_stays() -> None:
    found = _dreams('hang a louie thirty five degrees', Skill.TURN, amount=math.radians(35))
    assert {u.direction for u in found} == {1}
    assert len({u.amount for u in found}) > 20
    assert not any('degrees degrees' in u.text.lower() for u in found)


def test_an_amount_of_its_own_stays() -> None:
    found = _dreams('do the moonwalk', Skill.MOVE, amount=-2.0)
    assert {(u.direction, u.amount) for u in found} == {(-1, 200)}


def test_chinese() -> None:
    found = _dreams('开溜两米', Skill.MOVE, amount=-2.0, language='zh')
    assert all('开溜' in u.text and u.direction == -1 for u in found)
    assert len({u.amount for u in found}) > 15
    found = _dreams('盯梢红色的球', Skill.FOLLOW, '红色的球', language='zh')
    assert all('盯梢' in u.text and u.argument in u.text for u in found)


@pytest.mark.parametrize(('saying', 'says'), [
    (Saying(kind='corrected', text='do your thing', skill=Skill.GO_TO, argument='red ball'),
     'does not name'),
    (Saying(kind='corrected', text='red ball', skill=Skill.GO_TO, argument='red ball'),
     'a name alone'),
    (Saying(kind='corrected', text='a {t} b', skill=Skill.STOP), 'signs'),
    (Saying(kind='corrected', text='two metres', skill=Skill.MOVE, amount=2.0), 'amount alone'),
    (Saying(kind='corrected', text='hop', skill=Skill.MOVE), 'how far'),
    (Saying(kind='corrected', text='hop', skill=Skill.DESCRIBE), 'not learned in sleep')])
def test_what_the_core_cannot_learn_is_refused(saying: Saying, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        idiom(saying)
