"""Words in: the stop reflex, gathering of moments, tasks with exactly one end."""
from __future__ import annotations

import numpy as np
import pytest
from fake_mind import image

from yan_brain.mind.moments import GatherConfig, Gatherer
from yan_brain.mind.reflex import is_stop
from yan_brain.mind.tasks import Origin, Task, TaskConfig, Tasks
from yan_brain.signals import Body, Decision, Skill, SkillStatus, Sound, State, Touch


@pytest.mark.parametrize('text', [
    'stop', 'Stop!', ' STOP. ', 'stop, stop, stop!!', 'please stop', 'Halt', '停', '停!', '停停停',
    '停下。', '停下来！', '别动', "don't move", 'don’t move', 'Stop now', 'Ｓｔｏｐ', '请停下'])
def test_stop_words(text: str) -> None:
    assert is_stop(text)


@pytest.mark.parametrize('text', [
    '', '...', 'go to the stop sign', 'do not stop', "don't stop", 'stop at the red ball',
    'unstoppable', '别停', '停车场在哪里', '不要停', 'find the bus stop', 'go', '公交车停在哪里'])
def test_other_words(text: str) -> None:
    assert not is_stop(text)


def _sound(stamp_s: float, n: int, rate_hz: int = 16000, voice: float | None = None) -> Sound:
    return Sound(stamp_s=stamp_s, samples=np.full(n, int(stamp_s * 10), np.int16),
                 rate_hz=rate_hz, voice=voice)


def test_a_moment_holds_the_newest_of_each_sense_and_all_sound_since_the_last() -> None:
    gatherer = Gatherer(GatherConfig())
    gatherer.see(image(9.8), 10.0)
    gatherer.see(image(9.9), 10.0)
    gatherer.feel(Touch(stamp_s=9.9, pressed=frozenset({'front'})))
    gatherer.move(Body(stamp_s=9.9, x_m=1, y_m=2, yaw_rad=0, speed_mps=0, turn_rate_radps=0))
    gatherer.listen(_sound(9.8, 3))
    gatherer.listen(_sound(9.9, 2, voice=0.7))
    moment, task = gatherer.moment(10.0)
    assert moment.image is not None and moment.image.stamp_s == 9.9
    assert moment.touch is not None and moment.touch.pressed == {'front'}
    assert moment.body is not None and moment.sound is not None
    assert moment.sound.samples.tolist() == [98] * 3 + [99] * 2
    assert (moment.sound.stamp_s, moment.sound.voice, task) == (9.8, 0.7, None)
    later, _ = gatherer.moment(10.6)
    assert (later.image, later.touch, later.body, later.sound) == (None,) * 4


@pytest.mark.parametrize(('stamp_s', 'says'), [
    (9.0, '1.00 s old'), (11.0, '-1.00 s old'), (float('nan'), 'nan s old')])
def test_late_images_are_named_and_the_last_good_one_stays(stamp_s: float, says: str) -> None:
    gatherer = Gatherer(GatherConfig())
    gatherer.see(image(9.9), 10.0)
    with pytest.raises(ValueError, match=says):
        gatherer.see(image(stamp_s), 10.0)
    assert gatherer.moment(10.0)[0].image is not None


def test_sound_that_nobody_fetches_does_not_pile_up_and_rates_do_not_mix() -> None:
    gatherer = Gatherer(GatherConfig())
    for number in range(100):
        gatherer.listen(_sound(number, 1600))
    sound = gatherer.moment(100.0)[0].sound
    assert sound is not None and sound.samples.size <= 16000 + 1600
    gatherer.listen(_sound(100, 1600))
    gatherer.listen(_sound(101, 800, rate_hz=8000))
    sound = gatherer.moment(102.0)[0].sound
    assert sound is not None and (sound.samples.size, sound.rate_hz) == (800, 8000)


def test_words_come_one_a_moment_and_a_flood_is_refused() -> None:
    gatherer = Gatherer(GatherConfig())
    tasks = [Task(str(number), Origin.TYPED) for number in range(16)]
    for task in tasks:
        gatherer.read(task)
    with pytest.raises(ValueError, match='waiting already'):
        gatherer.read(Task('one too many', Origin.TYPED))
    tasks[1].ended = True                          # cancelled while it waited
    assert [gatherer.moment(0.0)[1] for _ in range(2)] == [tasks[0], tasks[2]]
    stop = Task('stop', Origin.TYPED)
    assert gatherer.read_first(stop) == tasks[3:]
    assert gatherer.moment(0.0)[1] is stop and not gatherer.words_wait


class _Desk:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.ended: list[tuple[str, str]] = []
        self.tasks = Tasks(TaskConfig(), lambda t: self.ended.append((t.text, t.reason)),
                           lambda: self.now_s)

    def run(self, text: str, number: int, skill: Skill = Skill.GO_TO,
            known: bool = True) -> Task:
        task = Task(text, Origin.TYPED)
        self.tasks.begin(task)
        self.tasks.decided(task, Decision(stamp_s=0, version='', instruction_id=number,
                                          skill=skill, known=known))
        return task

    def status(self, number: int, state: State, skill: Skill = Skill.GO_TO,
               reason: str = '') -> None:
        self.tasks.status(SkillStatus(stamp_s=0, instruction_id=number, skill=skill, state=state,
                                      reason=reason))


def test_a_task_ends_with_the_planners_word_once() -> None:
    desk = _Desk()
    first = desk.run('a', 1)
    desk.status(1, State.RUNNING)
    desk.status(7, State.FAILED, reason='other')
    desk.status(1, State.FAILED, skill=Skill.FOLLOW)
    assert desk.ended == []
    desk.status(1, State.SUCCEEDED)
    desk.status(1, State.FAILED, reason='late')
    assert desk.ended == [('a', '')] and first.succeeded
    desk.run('b', 2)
    desk.status(2, State.FAILED, reason='not_found')
    assert desk.ended[1:] == [('b', 'not_found')] and desk.tasks.current is None


def test_new_words_preempt_and_nonsense_ends_at_once() -> None:
    desk = _Desk()
    desk.run('a', 1)
    desk.run('b', 2, Skill.UNCLEAR)
    desk.run('c', 3, known=False)
    desk.run('d', 3)                               # the mind gave it no number of its own
    assert desk.ended == [('a', 'preempted'), ('b', 'unclear'), ('c', 'unknown_word'),
                          ('d', 'unclear')]


def test_waiting_has_limits() -> None:
    desk = _Desk()
    desk.tasks.begin(Task('never thought of', Origin.TYPED))
    desk.run('go', 1)
    for now_s in (2.9, 5.5):
        desk.now_s = now_s
        desk.status(1, State.RUNNING)
        desk.tasks.expire()
    assert desk.ended == [('never thought of', 'no_decision')]
    desk.now_s = 8.6
    desk.tasks.expire()
    assert desk.ended[1:] == [('go', 'no_planner')]
    desk.run('again', 2, Skill.DESCRIBE)           # needs no planner
    desk.now_s = 300.0
    desk.tasks.expire()
    assert len(desk.ended) == 2
    desk.now_s = 309.0
    desk.tasks.expire()
    assert desk.ended[2:] == [('again', 'timeout')]


def test_an_old_status_of_the_same_number_does_not_end_a_new_task() -> None:
    desk = _Desk()
    desk.status(1, State.FAILED, reason='stale')   # of the mind before this one
    desk.run('go', 1)
    desk.status(1, State.FAILED, reason='stale')
    assert desk.ended == []
    desk.status(1, State.RUNNING)
    desk.now_s = 1.0
    desk.status(1, State.FAILED, reason='stale')
    assert desk.ended == [('go', 'stale')]
