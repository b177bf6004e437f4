"""Tricks told, shown, done on command and on an occasion; device words; undo and feedback."""
from __future__ import annotations

import math

import numpy as np
import pytest
from fake_mind import status
from talk import Talk

from yan_brain.learning.tricks import Step
from yan_brain.mind.clauses import clauses, name_in, plain
from yan_brain.mind.occasions import AGAIN_S, Occasions
from yan_brain.signals import (
    Image,
    Percept,
    Skill,
    Sound,
    Touch,
)


@pytest.fixture
def it() -> Talk:
    return Talk()


def test_a_sequence_told_is_done_on_command(it: Talk) -> None:
    task = it.say('When I say dance, turn left, then go back and go to the red ball')
    assert task.succeeded and it.said == ['can dance in 3']
    for words in ('dance', 'Dance, please!', 'do the dance'):
        task = it.say(words)
        assert it.steps() == [(Skill.TURN, 1.5), (Skill.MOVE, -0.5), (Skill.GO_TO, None)]
        assert task.succeeded and it.said[-1] == 'did dance'
    assert len(it.ended) == 4                       # the steps have no replies of their own
    it.say('what do you know')
    assert it.said[-1] == 'know dance'


def test_a_sequence_in_chinese(it: Talk) -> None:
    assert it.say('我说跳舞的时候，就左转，然后后退半米').succeeded
    it.say('跳舞吧')
    assert it.steps() == [(Skill.TURN, 1.5), (Skill.MOVE, -0.5)]


@pytest.mark.parametrize('words', [
    'if i say dance, turn left', '学会跳舞：左转', 'if i say Dance now, turn left'])
def test_words_around_the_name_begin_no_showing(it: Talk, words: str) -> None:
    assert it.say(words).succeeded          # the core takes such words for "watch me"
    assert [trick.name for trick in it.book.tricks()] in (['dance'], ['跳舞'])
    assert [step.skill for trick in it.book.tricks() for step in trick.steps] == [Skill.TURN]


@pytest.mark.parametrize(('text', 'taken', 'name'), [
    ('to dorp, um, turn left', 'dorp, um', 'dorp'), ('to bow, go', 'to bow', 'bow'),
    ('', 'good night', 'good night'), ('米扎就是前进4米', '', '米扎'),
    ('如果我说你好，后退', '你好', '你好'), ('我一说巡逻你就前进', '巡逻', '巡逻'),
    ('when i say dorp hey buddy, spin', 'dorp hey buddy, spin', 'dorp'), ('', '?', ''),
    ('如果我说米扎，右转', '米', '米扎'), ('转圈圈就是左转', '圈圈', '转圈圈'),
    ('当我说达奇时麻烦左转', '达奇时麻', '达奇'), ('我教你跳舞，就是左转', '跳舞', '跳舞'),
    ('那转圈圈就是左转', '转圈圈', '转圈圈'), ('左转，这叫跳舞', '跳舞', '跳舞'),
    ('机器人跳舞就是左转', '跳舞', '跳舞'), ('我说晚安的时候，左转', '晚安', '晚安'),
])
def test_a_name_begins_and_ends_where_its_frame_does(text: str, taken: str, name: str) -> None:
    assert name_in(text, taken) == name


def test_tricks_may_use_tricks(it: Talk) -> None:
    it.say('when i say bow, go back')
    it.say('when i say dance, turn left, then bow, then do the bow')
    it.say('dance')
    assert [skill for skill, _ in it.steps()] == [Skill.TURN, Skill.MOVE, Skill.MOVE]


@pytest.mark.parametrize(('words', 'why'), [
    ('when i say dance, turn left, then fly away', 'trouble clause fly away'),
    ('when i say dance, go to the wug', 'trouble unknown_word wug'),
    ('when i say dance', 'trouble unclear'), ('when i say stop, turn left', 'trouble unclear'),
    ('when you see the wug, turn left', 'trouble not_perceived wug'),
    ('do the waltz', 'failed do the waltz: unknown_trick'), ('done', 'trouble nothing_shown'),
])
def test_what_is_not_understood_is_named_and_nothing_is_learned(
    it: Talk, words: str, why: str,
) -> None:
    task = it.say(words)
    assert task.ended and not task.succeeded
    assert it.said[-1].startswith(why) and it.book.tricks() == ()


def test_what_was_shown_is_done_again_at_another_place_and_heading(it: Talk) -> None:
    assert it.say('when i say dance, do this').succeeded and it.said == ['watching']
    it.led([(0.5, 0.0), (0.0, 1.57), (0.3, 0.0)], start=(1.0, 2.0, 0.3))
    it.say('done')
    trick = it.book.named('dance')
    assert it.said[-1] == 'can dance in 3' and trick is not None and trick.shown
    it.feel(-4.0, 0.0, 2.0)
    it.say('dance')
    # The first step went 4 cm too far; the last one brings it to where it should end.
    turned = [(-4.0 + 0.54 * math.cos(2.0), 0.54 * math.sin(2.0), 2.0)]
    turned.append((*turned[0][:2], 3.6))
    done = []
    for pose in [*turned, turned[-1]]:
        it.tick()
        current = it.talk.tasks.current
        assert current is not None and current.decision is not None
        done.append((current.decision.skill, current.decision.amount))
        it.feel(*pose)
        it.talk.status(status(current.decision, 'succeeded'))
        it.run()
    assert [skill for skill, _ in done[:3]] == [Skill.MOVE, Skill.TURN, Skill.MOVE]
    assert done[0][1] == pytest.approx(0.5, abs=0.03)
    assert done[1][1] == pytest.approx(1.57, abs=0.03)
    assert done[2][1] == pytest.approx(0.3, abs=0.03)


def test_a_showing_may_get_its_name_afterwards(it: Talk) -> None:
    it.say('watch me')
    it.led([(0.5, 0.0)], start=(0.0, 0.0, 0.0))
    assert it.say('done').succeeded and it.said[-1] == 'shown'
    it.say('when i say hop, do this')
    trick = it.book.named('hop')
    assert trick is not None and [step.skill for step in trick.steps] == [Skill.MOVE]


def test_other_words_end_a_trick_and_so_does_a_failed_step(it: Talk) -> None:
    it.say('when i say dance, turn left, then go back')
    trick = it.say('dance')
    it.tick()
    other = it.say('go to the red ball')
    assert trick.ended and trick.reason == 'preempted' and it.talk.performer.trick is None
    assert it.steps() == [(Skill.GO_TO, None)] and other.succeeded
    trick = it.say('dance')
    it.tick()
    current = it.talk.tasks.current
    assert current is not None and current.decision is not None
    it.talk.status(status(current.decision, 'failed', 'blocked'))
    assert trick.reason == 'blocked' and it.steps() == []
    trick = it.say('dance')
    it.tick()
    it.talk.cancel(trick)
    assert trick.reason == 'cancelled'
    assert [task.text for task in it.waiting] == ['stop']


def test_an_occasion_sets_a_trick_off_once(it: Talk) -> None:
    now = [100.0]
    it.talk.occasions = Occasions(steady_s=lambda: now[0])
    it.say('when you see the red ball, turn left')
    assert it.book.named('red ball') is None and len(it.book.occasions()) == 1
    ball = Percept(label='red ball', probability=0.9, bearing_rad=0.0, range_m=1.0)
    it.tick()
    assert not it.waiting
    it.percepts = (ball,)
    it.tick()
    assert it.steps() == [(Skill.TURN, 1.5)]
    for _ in range(5):
        it.tick()
    assert it.steps() == []
    it.percepts = ()
    it.tick()
    now[0] += AGAIN_S / 2
    it.percepts = (ball,)
    it.tick()
    assert it.steps() == []                       # it only flickered
    it.percepts = ()
    it.tick()
    now[0] += AGAIN_S + 0.1
    it.percepts = (ball,)
    it.tick()
    assert it.steps() == [(Skill.TURN, 1.5)]


def test_occasions_that_are_felt() -> None:
    felt = Occasions()
    grey = Image(stamp_s=0, rgb=np.full((16, 16, 3), 10, np.uint8), horizontal_fov_rad=1.0)
    felt.see(grey)
    felt.feel(Touch(stamp_s=0, pressed=frozenset({'front'})))
    felt.hear(Sound(stamp_s=0, samples=np.full(100, 9000, np.int16), rate_hz=16000))
    for words in ('dark', 'it gets dark', '天黑', 'touched', '碰到', 'a loud noise', '声音'):
        assert felt.holds(words), words
    for words in ('bright', 'ball', '黑色的箱子', 'light blue box'):
        assert not felt.holds(words), words
    felt.notice([Percept(label='red ball', probability=0.9, bearing_rad=0, range_m=1)])
    assert felt.holds('ball') and felt.holds('a red ball') and felt.holds('红色的球')
    assert not felt.holds('blue ball') and not felt.holds('bell')


def test_undo_forget_and_feedback(it: Talk) -> None:
    it.say('when i say dance, turn left')
    it.say('undo')
    assert it.said[-1] == 'undone dance' and it.book.tricks() == ()
    it.say('undo')
    assert it.said[-1] == 'undone '
    move = it.say('go back')
    it.steps()
    it.say('wrong')
    it.say('good')
    assert it.judged == [(-1.0, move.instruction_id, 'go back'),
                         (1.0, move.instruction_id, 'go back')]


def test_three_corrections_change_a_habit(it: Talk) -> None:
    for number in range(3):
        assert it.book.named('go back') is None
        it.say('go back')
        assert it.steps() == [(Skill.MOVE, -0.5)]
        it.say('wrong')
        it.say('turn left')
        assert it.steps() == [(Skill.TURN, 1.5)], number
    it.say('go back, please')
    assert it.steps() == [(Skill.TURN, 1.5)]
    it.say('good')
    it.say('forget back')                           # not its name: it stays
    it.say('go back')
    assert it.steps() == [(Skill.TURN, 1.5)]
    it.book.forget('go back')
    it.say('go back')
    assert it.steps() == [(Skill.MOVE, -0.5)]


def test_blame_that_is_not_followed_by_another_wish_changes_nothing(it: Talk) -> None:
    for _ in range(4):
        it.say('go back')
        it.steps()
        it.say('wrong')
        it.say('go back')                           # the same again is no correction
        it.steps()
        it.say('wrong')
        it.say('good')
        it.say('turn left')
        it.steps()
    assert it.book.tricks() == ()


def test_device_words_need_no_thought(it: Talk) -> None:
    task = it.say('Please, lights on!')
    assert task.succeeded and it.device.called == ['lamp'] and it.said == ['did lamp']
    assert not it.waiting


def test_a_trick_is_a_step_of_ordinary_moves_only() -> None:
    with pytest.raises(ValueError, match='a step of a trick'):
        Step(words='this is a blorp', skill=Skill.TEACH)


@pytest.mark.parametrize(('text', 'name', 'expected'), [
    ('when i say dance turn left then turn right', 'dance',
     [('turn left', False), ('turn right', True)]),
    ('turn left and go back 1.5 metres when i say wave', 'wave',
     [('turn left', True), ('go back 1.5 metres', False)]),
    ('我说跳舞就左转90度再后退半米', '跳舞',
     [('左转90度', False), ('后退半米', True)]),
    ('记住，要是我喊跳舞，就左转', '跳舞', [('左转', True)]),
    ('remember, each time i say wave, go back', 'wave', [('go back', True)]),
    ('watch me, this is called wave', 'wave', [('watch me', True), ('this is called', False)]),
    ('当你听到铃声就左转', '铃声', [('左转', False)]),
    ('when I say dance, turn left, 45 degrees, then go back', 'dance',
     [('turn left, 45 degrees', True), ('go back', True)]),
    ('to dance, ninety degrees, to the left, two metres, back', 'dance',
     [('ninety degrees, to the left', True), ('two metres, back', True)]),
    ('when I say dance, turn right, two metres, back', 'dance',
     [('turn right', True), ('two metres, back', True)]),
    ('go 2 m, then 3 m', '', [('go 2 m', True), ('3 m', True)]),
    ('我说敬礼就后退两米，三十公分，往前', '敬礼',
     [('后退两米', False), ('三十公分, 往前', True)]),
    ('我说敬礼就左转，四十五度', '敬礼', [('左转, 四十五度', False)]),
])
def test_clauses(text: str, name: str, expected: list[tuple[str, bool]]) -> None:
    assert clauses(text, name) == expected


def test_plain_words() -> None:
    assert plain('Could you DANCE, please?') == 'dance'
    assert plain('请跳舞吧。') == '跳舞' and plain('please') == 'please' and plain('?!') == ''
