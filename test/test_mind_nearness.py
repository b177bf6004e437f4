"""The robot cannot come to somebody whom it does not see, and says so."""
from __future__ import annotations

import pytest

from yan_brain.mind import Mind
from yan_brain.mind.nearness import asks_to_come
from yan_brain.mind.tasks import Origin, Task
from yan_brain.mind.voice import Sentences
from yan_brain.signals import Decision, Skill
from yan_brain.training.language import LANGUAGES, grammar


@pytest.mark.parametrize('text', [
    'come here', 'Come here, please!', 'come to me', 'come over here', 'come back here',
    'please come to me now', 'robot, come here', 'can you come here?', 'come over to me',
    'come closer to me', 'get over here', 'come right here', 'come next to me', 'come back to me',
    '过来', '请过来', '到我这里来', '来这里', '机器人，过来一下', '来我这儿', '到我身边来',
    '快过来吧', '走过来', '回到我这里来', '你能过来吗？'])
def test_a_wish_that_it_comes(text: str) -> None:
    assert asks_to_come(text)


@pytest.mark.parametrize('text', [
    'stop here', 'come closer by two metres', 'come forward', 'come back two metres', 'go to me',
    'follow me', 'come to the red ball', 'go over', 'when I say dance, come here', 'come',
    'stay here', 'wait here', 'come to a stop', 'here', 'move over',
    '过去', '到红色的球那里去', '往前走', '跟我来', '停在这里', '我说跳舞的时候过来', '来',
    '把球拿过来', ''])
def test_other_words(text: str) -> None:
    assert not asks_to_come(text)


@pytest.mark.parametrize('language', LANGUAGES)
def test_nothing_that_the_core_is_taught_is_taken_from_it(language: str) -> None:
    told = {phrase.before + phrase.after for skill, templates in grammar(language).training.items()
            if skill is not Skill.UNCLEAR
            for variants in templates for phrase in variants if not phrase.slot}
    assert not [text for text in told if asks_to_come(text)]


@pytest.mark.parametrize(('text', 'says'), [
    ('come here', 'I cannot see where you are.'), ('过来', '我看不到你在哪里。')])
def test_it_is_refused_with_the_reason(text: str, says: str) -> None:
    decision = Mind.load().understand(text)
    assert decision.skill is Skill.UNCLEAR and decision.amount is None
    task = Task(text, Origin.TYPED, decision=decision, ended=True, reason='unclear')
    assert Sentences().ended(task) == says


def test_a_person_is_no_word_that_could_be_taught() -> None:
    decision = Decision(stamp_s=0.0, version='', skill=Skill.GO_TO, argument='me')
    task = Task('go to me', Origin.TYPED, decision=decision, ended=True, reason='unknown_word')
    assert Sentences().ended(task) == 'I cannot see where you are.'
