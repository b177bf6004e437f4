"""What the robot says, in both languages."""
from __future__ import annotations

import math

import pytest

from yan_brain.mind.tasks import Origin, Task
from yan_brain.mind.voice import Sentences, spoken_s
from yan_brain.signals import Concept, Decision, Percept, Skill, SkillStatus, State
from yan_brain.simulation.voice import ROBOT_VOICE, synthesise

VOICE = Sentences()


def _task(skill: Skill, argument: str = '', reason: str = '', language: str = 'en',
          amount: float | None = None, bearing_rad: float | None = None) -> Task:
    task = Task('words', Origin.TYPED)
    task.decision = Decision(stamp_s=0, version='', instruction_id=1, skill=skill,
                             argument=argument, amount=amount, language=language)
    task.status = SkillStatus(stamp_s=0, instruction_id=1, skill=skill, state=State.SUCCEEDED,
                              bearing_rad=bearing_rad)
    task.ended, task.reason = True, reason
    return task


@pytest.mark.parametrize(('task', 'says'), [
    (_task(Skill.GO_TO, 'the red ball'), 'I am at the red ball.'),
    (_task(Skill.GO_TO, '红色的球', language='zh'), '我到红色的球这里了。'),
    (_task(Skill.FIND, 'blue box', bearing_rad=0.5), 'I see the blue box to the left.'),
    (_task(Skill.FIND, '蓝色的箱子', language='zh', bearing_rad=0.0),
     '我看到蓝色的箱子了，在正前方。'),
    (_task(Skill.FOLLOW, 'me'), 'I followed you.'),
    (_task(Skill.MOVE, amount=2.0), 'I moved forward 2 metres.'),
    (_task(Skill.MOVE, amount=-1.0), 'I moved back 1 metre.'),
    (_task(Skill.TURN, amount=-math.pi / 2), 'I turned right 90 degrees.'),
    (_task(Skill.TURN, amount=math.pi / 2, language='zh'), '我向左转90度了。'),
    (_task(Skill.STOP), 'I stopped.'),
    (_task(Skill.FIND, 'green cone', 'not_found'), 'I see no green cone.'),
    (_task(Skill.FIND, '绿色的圆锥', 'not_found', 'zh'), '我没有看到绿色的圆锥。'),
    (_task(Skill.GO_TO, 'a wug', 'unknown_word'),
     'I do not know what "wug" is. Show me one and say: this is a wug.'),
    (_task(Skill.UNCLEAR, '', 'unclear', 'zh'), '我没听懂。'),
    (_task(Skill.GO_TO, 'box', 'odd {reason}'), 'That did not work: odd {reason}'),
    (_task(Skill.GO_TO, '{thing}'), 'I am at the {thing}.')])
def test_endings(task: Task, says: str) -> None:
    assert VOICE.ended(task) == says


def test_an_amount_that_is_not_clear_is_asked_for() -> None:
    task = _task(Skill.UNCLEAR, reason='unclear')
    assert VOICE.ended(task) == 'I did not understand that.'
    task.text = 'go forward two or three metres'
    assert VOICE.ended(task).startswith('I am not sure how far you mean.')


def test_an_end_before_a_decision_has_words() -> None:
    task = Task('hm', Origin.TYPED)
    task.ended, task.reason = True, 'no_decision'
    assert VOICE.ended(task) == 'I could not think of an answer in time.'


def test_what_is_seen() -> None:
    def percept(label: str, bearing_rad: float) -> Percept:
        return Percept(label=label, probability=0.9, bearing_rad=bearing_rad, range_m=1.52)

    both = (percept('orange ring', 0.0), percept('blorp', -0.6))
    assert VOICE.describe(both, 'en') == (
        'I see an orange ring ahead, about 1.5 metres away; '
        'and a blorp to the right, about 1.5 metres away.')
    assert VOICE.describe(both, 'zh') == (
        '我看到橙色的圆环（正前方，约1.5米）、blorp（右边，约1.5米）。')
    assert VOICE.describe((), 'en') == 'I see nothing that I know.'
    assert VOICE.describe((), 'zh') == '我没有看到认识的东西。'


def test_what_is_known() -> None:
    concepts = [Concept(name=name, lessons=1, taught_s=0, certainty=1) for name in ('a', 'b', 'c')]
    assert VOICE.recall(concepts, [], 'en') == 'You taught me a, b, and c.'
    assert VOICE.recall(concepts[:1], [], 'zh') == '你教过我：a。'
    assert VOICE.recall([], [], 'en').startswith('You have taught me nothing')
    assert VOICE.taught(concepts[0], 'en') == 'I will remember: this is an a.'
    assert VOICE.forgot('the zib', False, 'en') == 'Nobody has taught me what a zib is.'
    assert VOICE.forgot('小花', True, 'zh') == '我忘掉了小花。'


@pytest.mark.parametrize('text', [
    'I stopped.', 'I turned left 90 degrees.', 'I moved forward 1.25 metres.',
    'I see a red ball ahead, about 1.2 metres away; and a blue box to the left, about 2.3 metres '
    'away.', 'I do not know what "blorp" is. Show me one and say: this is a blorp.'])
def test_speaking_takes_no_longer_than_is_reckoned_with(text: str) -> None:
    takes_s = synthesise(text, ROBOT_VOICE).size / 16000
    assert takes_s <= spoken_s(text) <= 1.5 * takes_s + 0.5


def test_chinese_is_spoken_by_the_syllable() -> None:
    assert 1.5 < spoken_s('我到红色的球这里了。') < 5.0
