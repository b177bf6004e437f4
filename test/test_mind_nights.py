"""Weights learned in sleep in a mind: taken over as a whole, dropped when they count no more."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch

from yan_brain.learning.delta import Delta, difference, save
from yan_brain.learning.gallery import Gallery
from yan_brain.learning.learner import Learner
from yan_brain.learning.sayings import Sayings
from yan_brain.learning.slow_files import previous_path, slow_path
from yan_brain.learning.tricks import Step
from yan_brain.mind import Mind
from yan_brain.signals import Moment, Skill

LEFT = Step(words='turn left', skill=Skill.TURN, amount=1.5)
SAID = 'hang a louie'


@pytest.fixture
def mind(tmp_path: Path) -> Mind:
    made = Mind.load(store=tmp_path / 'lessons.db')
    sayings = Sayings(made.memory.store.database)
    for _ in range(3):
        sayings.correct(SAID, LEFT, 'en')
    return made


def _delta(mind: Mind, core: str = '') -> Delta:
    """A change that is easily seen: everything is understood as a stop."""
    before = mind._trained.brain.state_dict()
    after = {name: weight.clone() for name, weight in before.items()}
    after['understand.bias'][mind.skills.index('stop')] += 100.0
    sayings = Sayings(mind.memory.store.database).known()
    return difference(core or mind.weights_version, before, after,
                      tuple(saying.key for saying in sayings), {})


def _skill(mind: Mind) -> tuple[Skill, str]:
    decision = mind.tick(Moment(stamp_s=1.0, text='turn left')).decision
    return decision.skill, decision.version


def test_published_weights_count_from_the_next_tick_with_their_version(
        mind: Mind, tmp_path: Path) -> None:
    plain = mind.version
    assert _skill(mind) == (Skill.TURN, plain)
    assert not mind.wake()
    delta = _delta(mind)
    save(delta, slow_path(tmp_path / 'lessons.db'))
    assert _skill(mind) == (Skill.TURN, plain)             # not before it wakes
    assert mind.wake() and not mind.wake()
    assert mind.version == f'{mind.weights_version}~{delta.version}+{mind.memory.version}'
    assert _skill(mind) == (Skill.STOP, mind.version)
    again = Mind.load(store=tmp_path / 'lessons.db')       # after a restart
    assert _skill(again) == (Skill.STOP, mind.version) and not again.problems
    slow_path(tmp_path / 'lessons.db').unlink()
    assert mind.wake() and _skill(mind) == (Skill.TURN, plain)


def test_trained_weights_are_shared_and_never_change(mind: Mind, tmp_path: Path) -> None:
    before = {n: w.clone() for n, w in mind._trained.brain.state_dict().items()}
    save(_delta(mind), slow_path(tmp_path / 'lessons.db'))
    mind.wake()
    now = mind._nights.now.brain
    for name, weight in mind._trained.brain.state_dict().items():
        assert torch.equal(weight, before[name])
        shared = now.state_dict()[name].data_ptr() == weight.data_ptr()
        assert shared == (name != 'understand.bias'), name
    mixer = now.core.blocks[0].mixer
    assert torch.equal(mixer.rate, mind._trained.brain.core.blocks[0].mixer.rate)


@pytest.mark.parametrize('harm', ['corrupt', 'core', 'empty'])
def test_what_does_not_fit_is_said_and_the_trained_brain_is_used(
        mind: Mind, tmp_path: Path, harm: str) -> None:
    path = slow_path(tmp_path / 'lessons.db')
    save(_delta(mind, core='other' if harm == 'core' else ''), path)
    if harm == 'corrupt':
        path.write_bytes(path.read_bytes()[:-4] + b'oops')
    if harm == 'empty':
        path.write_bytes(b'')
    assert not mind.wake()
    assert 'not used' in mind.problems[0] and path.name in mind.problems[0]
    assert _skill(mind)[0] is Skill.TURN
    assert Mind.load(store=tmp_path / 'lessons.db').problems == mind.problems


def test_forgetting_a_saying_takes_back_what_sleep_made_of_it(
        mind: Mind, tmp_path: Path) -> None:
    store = tmp_path / 'lessons.db'
    for path in (slow_path(store), previous_path(store)):
        save(_delta(mind), path)
    learner = Learner(mind, Gallery())
    assert learner.refresh().result(20) and _skill(mind)[0] is Skill.STOP
    assert learner.forget(SAID).result(20)
    assert _skill(mind)[0] is Skill.TURN
    assert 'forgotten' in learner.problems[0]
    assert not slow_path(store).exists() and not previous_path(store).exists()
    learner.close()


def test_learner_keeps_sayings_and_undo_erases_them(tmp_path: Path) -> None:
    mind = Mind.load(store=tmp_path / 'lessons.db')
    learner = Learner(mind, Gallery())
    for _ in range(3):
        learner.correct(SAID, LEFT, 'en').result(20)
    learner.praise('turn left', LEFT, 'en').result(20)
    assert [(s.kind, s.text) for s in learner.sayings.known()] == [
        ('corrected', SAID), ('praised', 'turn left')]
    assert learner.undo().result(20) == SAID
    assert [s.kind for s in learner.sayings.known(counting=False)] == ['praised']
    learner.close()
