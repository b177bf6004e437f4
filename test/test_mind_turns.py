"""One thing after another: what is said while the brain itself has something to do."""
from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from talk import Talk

from yan_brain.learning.tricks import Step, Trick
from yan_brain.mind.tasks import MOST_HELD, Origin, Task
from yan_brain.signals import Skill


class Lessons:
    """Lessons that end when the test says so."""

    def __init__(self) -> None:
        self.under_way: list[tuple[str, Future[Any]]] = []

    def teach(self, name: str) -> Future[Any]:
        future: Future[Any] = Future()
        self.under_way.append((name, future))
        return future

    def over(self, it: Talk) -> None:
        name, future = self.under_way.pop(0)
        future.set_result(SimpleNamespace(name=name))
        it.run()


@pytest.fixture
def lessons() -> Lessons:
    return Lessons()


@pytest.fixture
def it(lessons: Lessons) -> Talk:
    return Talk(teach=lessons.teach)


def typed(it: Talk, *texts: str, origin: Origin = Origin.TYPED) -> list[Task]:
    tasks = [it.talk.submit(text, origin) for text in texts]
    it.run()
    return tasks


def until(it: Talk, there: Callable[[], object]) -> None:
    for _ in range(20):
        if there():
            return
        it.tick()
    raise AssertionError('never')


def test_what_is_typed_during_a_lesson_waits_for_its_end(it: Talk, lessons: Lessons) -> None:
    lesson, go = typed(it, 'this is a wug', 'go to the red ball')
    until(it, lambda: lessons.under_way)
    it.tick()
    assert not it.waiting and not lesson.ended and go.decision is None
    lessons.over(it)
    assert lesson.succeeded
    until(it, lambda: go.decision)
    assert go.decision is not None and go.decision.skill is Skill.GO_TO and not go.ended
    assert [task.text for task, _ in it.ended] == ['this is a wug']


def test_it_waits_its_turn_without_growing_old(
        it: Talk, lessons: Lessons, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [100.0]
    monkeypatch.setattr(it.talk.tasks, '_steady_s', lambda: now_s[0])
    _, go = typed(it, 'this is a wug', 'go to the red ball')
    until(it, lambda: lessons.under_way)
    now_s[0] += 30.0
    it.talk.tasks.expire()
    lessons.over(it)
    it.talk.tasks.expire()
    until(it, lambda: go.decision)
    assert not go.ended


def test_a_stop_drops_all_that_waits_and_nothing_comes_after_it(
        it: Talk, lessons: Lessons) -> None:
    lesson, go = typed(it, 'this is a wug', 'go to the red ball')
    until(it, lambda: lessons.under_way)
    typed(it, 'stop')
    until(it, lambda: lesson.ended)
    lessons.over(it)
    for _ in range(3):
        it.tick()
    assert (go.reason, lesson.reason) == ('preempted', 'preempted') and go.decision is None


def test_one_that_waits_can_be_cancelled_without_a_stop(it: Talk, lessons: Lessons) -> None:
    lesson, = typed(it, 'this is a wug')
    until(it, lambda: lessons.under_way)
    go, back = typed(it, 'go to the red ball', 'go back', origin=Origin.GOAL)
    it.talk.cancel(go)
    lessons.over(it)
    until(it, lambda: back.decision)
    assert lesson.succeeded and go.reason == 'cancelled' and go.decision is None


def test_shutdown_ends_what_waits(it: Talk, lessons: Lessons) -> None:
    tasks = typed(it, 'this is a wug', 'go to the red ball', 'go back')
    it.talk.tasks.end_all('shutdown')
    assert [task.reason for task in tasks] == ['shutdown'] * 3


def test_too_many_are_refused_and_the_others_are_kept(it: Talk, lessons: Lessons) -> None:
    typed(it, 'this is a wug')
    until(it, lambda: lessons.under_way)
    kept = typed(it, *['go back'] * MOST_HELD)
    with pytest.raises(ValueError, match='are waiting already'):
        it.talk.submit('turn left', Origin.TYPED)
    lessons.over(it)
    until(it, lambda: kept[-1].decision)


def test_a_drive_is_overtaken_at_once(it: Talk) -> None:
    go, = typed(it, 'go to the red ball')
    until(it, lambda: go.decision)
    back, = typed(it, 'go back')
    until(it, lambda: back.decision)
    assert go.reason == 'preempted'


def test_words_mean_what_was_learned_before_their_turn(it: Talk) -> None:
    it.book.teach(Trick(name='dance', taught_s=0.0, language='en', percept=False, shown=False,
                        steps=(Step(words='turn left', skill=Skill.TURN, amount=1.5),)))
    gone, dance = typed(it, 'forget dance', 'dance')
    until(it, lambda: dance.ended or dance.decision)
    assert gone.succeeded and dance.reason == 'unclear'     # no trick any more
