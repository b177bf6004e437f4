"""Tasks to be judged by: balanced, repeatable, and never of training's rooms."""
from __future__ import annotations

from collections import Counter

import pytest

from yan_brain.evaluation.episode import Result
from yan_brain.evaluation.obedience import Suite, figures
from yan_brain.evaluation.tasks import MOTIONS, TARGETS, Task, draw_tasks
from yan_brain.simulation.room import FIRST_TRAINING_SEED


def test_half_of_the_tasks_of_each_skill_are_worded_as_never_read() -> None:
    tasks = list(draw_tasks('target', 80, 3))
    assert {t.skill for t in tasks} == set(TARGETS)
    for skill in TARGETS:
        sides = Counter(t.unread for t in tasks if t.skill is skill)
        assert sides[True] == sides[False], skill
    assert 7 <= sum(t.absent for t in tasks) <= 9
    assert sum(t.distracted for t in tasks) >= 40
    assert all(t.seed < FIRST_TRAINING_SEED for t in tasks)


def test_wording_is_balanced_in_both_languages_of_motions() -> None:
    both = [list(draw_tasks('motion', 48, 2, language)) for language in ('en', 'zh')]
    tasks = [both[i % 2][i] for i in range(48)]           # as the suite shares the rooms out
    counts = Counter((t.language, t.skill, t.unread) for t in tasks)
    assert len(counts) == 2 * len(MOTIONS) * 2
    assert max(counts.values()) == min(counts.values())


def test_a_target_is_in_the_room_unless_it_is_absent() -> None:
    for task in draw_tasks('target', 20, 4):
        pairs = [thing.pair for thing in task.room.things]
        assert ((task.colour, task.kind) in pairs) is not task.absent
        if task.distracted:
            assert any(c == task.colour and k != task.kind for c, k in pairs)
            assert any(c != task.colour and k == task.kind for c, k in pairs)


def test_rooms_of_training_are_refused() -> None:
    with pytest.raises(ValueError, match='choose a smaller seed'):
        next(draw_tasks('target', 100, FIRST_TRAINING_SEED))


def _ended(task: Task, success: bool) -> Result:
    return Result(task=task, success=success, cause='' if success else 'timeout', seconds=1.0,
                  claim='')


def test_figures_stand_for_each_wording_too() -> None:
    tasks = list(draw_tasks('target', 16, 1))
    ended = [_ended(task, not task.unread) for task in tasks]
    found = {r.name: r.value for r in figures(Suite(name='obedience.typed.en'), ended)}
    assert found == {'obedience.typed.en': 0.5, 'obedience.typed.en.worded_as_trained': 1.0,
                     'obedience.typed.en.never_read': 0.0}
    alone = figures(Suite(name='obedience.oracle', policy='oracle'), ended)
    assert [r.name for r in alone] == ['obedience.oracle']
