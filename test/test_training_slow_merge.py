"""Merging what two robots learned in their sleep: kept only where it is better than both."""
from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path

import pytest

from yan_brain.cli.main import main
from yan_brain.learning.database import Database
from yan_brain.learning.delta import Delta, load
from yan_brain.learning.sayings import Saying, Sayings
from yan_brain.learning.slow_files import slow_path
from yan_brain.learning.tricks import Step
from yan_brain.mind.checkpoint import load_checkpoint
from yan_brain.signals import Skill
from yan_brain.training import slow_merge
from yan_brain.training.consolidation import SleepConfig
from yan_brain.training.sleep import nap
from yan_brain.training.slow_merge import merge_slow

TAUGHT = {'one': ('rustle up the green cone', Step(
              words='find the green cone', skill=Skill.FIND, argument='green cone')),
          'other': ('skedaddle two metres', Step(
              words='go back two metres', skill=Skill.MOVE, amount=-2.0))}


@pytest.fixture(scope='module')
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two robots that slept on one saying each; evolution is short."""
    folder, found = tmp_path_factory.mktemp('fleet'), {}
    for name, (said, meant) in TAUGHT.items():
        found[name] = folder / f'{name}.db'
        with closing(Database(found[name])) as database:
            for _ in range(3):
                Sayings(database).correct(said, meant, 'en')
        night = nap(found[name], None, SleepConfig(
            steps=30, every=10, guard=40, batch=16, seconds=300.0))
        assert night.published, night.message
    return found


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_merge, 'GENERATIONS', 1)
    monkeypatch.setattr(slow_merge, 'POPULATION', 3)


def test_the_merged_robot_understands_both(stores: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / 'both.db'
    assert main(['merge', str(stores['one']), str(stores['other']), '-o', str(out),
                 '--slow']) == 0
    with closing(Database(out)) as database:
        known = Sayings(database).known()
    assert sorted(s.text for s in known) == sorted(said for said, _ in TAUGHT.values())
    plain = load_checkpoint()
    assert set(load(slow_path(out), plain.version).sayings) == {s.key for s in known}


def test_nothing_is_merged_where_nothing_is_gained(stores: dict[str, Path]) -> None:
    plain = load_checkpoint()
    one = load(slow_path(stores['one']), plain.version)
    with closing(Database(stores['one'])) as database:
        known = Sayings(database).known()
    found = merge_slow(plain, one, one, known, guard=20)
    assert found.one == found.other and (found.delta is None or found.best.dreams
                                         > found.one.dreams)


def test_robots_that_learned_nothing_are_refused() -> None:
    plain = load_checkpoint()
    nothing = Delta(plain.version, {}, ())
    with pytest.raises(ValueError, match='neither robot'):
        merge_slow(plain, nothing, nothing, [Saying(
            kind='corrected', text='hop', skill=Skill.MOVE, amount=math.pi, times=3)])
