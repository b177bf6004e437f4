"""A sleep from the journal to published weights: guarded, taken back, killed, out of space."""
from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch

from yan_brain.learning import delta as deltas
from yan_brain.learning.database import Database, StoreError
from yan_brain.learning.delta import DeltaError, load
from yan_brain.learning.sayings import Sayings
from yan_brain.learning.sleeper import IdleConfig
from yan_brain.learning.slow_files import previous_path, slow_path
from yan_brain.learning.tricks import Step
from yan_brain.mind import Mind
from yan_brain.mind.checkpoint import load_checkpoint
from yan_brain.signals import Skill
from yan_brain.training.consolidation import SleepConfig, sleep
from yan_brain.training.exam import Marks
from yan_brain.training.sleep import nap, publish, undo
from yan_brain.training.slow_rules import RULES

QUICK = SleepConfig(steps=30, every=10, guard=40, batch=16, seconds=300.0)
SAID = 'rustle up the green cone'
MEANT = Step(words='find the green cone', skill=Skill.FIND, argument='green cone')


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / 'lessons.db'
    with closing(Database(path)) as database:
        for _ in range(3):
            Sayings(database).correct(SAID, MEANT, 'en')
        Sayings(database).praise('turn left', Step(
            words='turn left', skill=Skill.TURN, amount=math.pi / 2), 'en')
    return path


def test_a_night_teaches_other_wordings_and_can_be_undone(store: Path) -> None:
    mind = Mind.load(store=store)
    before = mind.understand(SAID)
    night = nap(store, None, QUICK)
    assert night.published, night.message
    slept = night.slept
    assert slept is not None and slept.after.guard >= slept.before.guard
    assert slept.after.dreams >= slept.before.dreams + 3             # other wordings
    assert mind.wake()
    after = mind.understand(SAID)
    assert (after.skill, after.argument) == (Skill.FIND, 'green cone')
    assert (before.skill, before.argument) != (after.skill, after.argument)
    assert '~' in after.version and '~' not in before.version
    kinds = [e.kind for e in mind.memory.store.journal()]
    assert kinds[-1] == 'slept'
    assert not nap(store, None, QUICK, anew=False).published          # nothing new
    first = load(slow_path(store), mind.weights_version)
    publish(replace(first, about={'rule': 'other'}), store)
    assert mind.wake() and undo(store) == 'back to the weights before the last sleep'
    assert load(slow_path(store), mind.weights_version).version == first.version
    assert undo(store) == 'back to the weights of training'
    assert mind.wake() and mind.understand(SAID).version == before.version
    assert undo(store).startswith('nothing')
    assert not nap(store, None, QUICK, anew=False).published          # what was undone stays so


def test_what_harms_the_guard_is_rolled_back(store: Path) -> None:
    night = nap(store, None, replace(QUICK, rate=1.0, pull=0.0, steps=10))
    assert not night.published and not slow_path(store).exists()
    assert night.message.startswith('rolled back, what was known got worse (guard')


def test_marks_are_kept_only_when_nothing_got_worse() -> None:
    before = Marks(guard=50, praised=2, corrected=0, dreams=3, alike=1.0)
    assert Marks(50, 2, 1, 3, 0.995).beats(before)
    assert not Marks(50, 2, 0, 3, 1.0).beats(before)                 # nothing learned
    for worse in (Marks(49, 2, 1, 8, 1.0), Marks(50, 1, 1, 8, 1.0), Marks(50, 2, 1, 8, 0.98)):
        assert not worse.beats(before)


def test_the_plain_brain_does_not_change_and_nights_are_the_same(store: Path) -> None:
    plain = load_checkpoint()
    before = {name: w.clone() for name, w in plain.brain.state_dict().items()}
    with closing(Database(store)) as database:
        sayings = Sayings(database).known()
    config = replace(QUICK, steps=3, every=3, guard=10)
    found = [sleep(plain, sayings, config).after for _ in range(2)]
    assert found[0] == found[1]
    assert all(torch.equal(w, before[name]) for name, w in plain.brain.state_dict().items())


def test_nothing_to_learn_is_said(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    with pytest.raises(StoreError, match='no lesson store'):
        nap(path, None, QUICK)
    with closing(Database(path)) as database:
        for _ in range(3):
            Sayings(database).correct('do your thing', MEANT, 'en')
    night = nap(path, None, QUICK)
    assert not night.published and 'does not name what was meant' in night.message


def test_a_full_disk_leaves_what_counts(
        store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = load_checkpoint()
    made = deltas.Delta(plain.version, {}, ())
    publish(made, store)

    def full(*_: object) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(deltas, 'save_file', full)
    with pytest.raises(DeltaError, match='No space left'):
        publish(deltas.Delta(plain.version, {}, ('x',)), store)
    assert load(slow_path(store), plain.version).version == made.version
    assert previous_path(store).exists()


def test_killed_in_its_sleep_it_keeps_the_weights_before(store: Path) -> None:
    plain = load_checkpoint()
    publish(deltas.Delta(plain.version, {}, ()), store)
    before = slow_path(store).read_bytes()
    process = subprocess.Popen(
        [sys.executable, '-m', 'yan_brain.cli.main', 'sleep', '--store', str(store),
         '--minutes', '50'], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert any(line.startswith('step 0') for line in process.stderr)   # it sleeps
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert slow_path(store).read_bytes() == before
    assert [s.text for s in Sayings(Database(store)).known()] == [SAID, 'turn left']


def test_the_node_may_choose_every_rule() -> None:
    rule = next(f for f in fields(IdleConfig) if f.name == 'rule')
    assert set(rule.metadata['choices']) == set(RULES)
