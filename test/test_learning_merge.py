"""A merge equals one brain that was taught both; conflicts are shown."""
from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from yan_brain.cli.main import main
from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.merge import merge
from yan_brain.learning.store import LessonStore, StoreError
from yan_brain.learning.tricks import Step, Trick, TrickBook
from yan_brain.signals import Skill

F = 10


def _rows(what: str, seed: int) -> NDArray[np.float32]:
    own = np.random.default_rng(sum(map(ord, what))).normal(0, 2, F)
    return (own + np.random.default_rng(seed).normal(0, 0.4, (6, F))).astype(np.float32)


def _taught(path: Path, lessons: list[tuple[str, str, int]]) -> Path:
    with closing(ConceptMemory.open(path, width=F, core='test')) as memory:
        for name, what, seed in lessons:
            memory.learn(name, _rows(what, seed), _rows('floor', seed))
    return path


def _trick(name: str, amount: float, taught_s: float) -> Trick:
    return Trick(name=name, taught_s=taught_s, steps=(
        Step(words='go', skill=Skill.MOVE, amount=amount),))


@pytest.mark.parametrize('seed', range(5))
def test_a_merge_equals_one_brain_with_all_lessons(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = ['blorp', 'zib', 'wug', 'dax']
    lessons = [(names[i % 4], names[i % 4], int(rng.integers(1000))) for i in range(12)]
    cut = int(rng.integers(1, 11))
    one = _taught(tmp_path / 'a.db', lessons[:cut])
    other = _taught(tmp_path / 'b.db', lessons[cut:])
    both = _taught(tmp_path / 'both.db', lessons)
    made = merge(one, other, tmp_path / 'c.db')
    assert (made.lessons, made.shared, made.conflicts) == (12, 0, ())
    asked = np.concatenate([_rows(name, 99) for name in names])
    with closing(ConceptMemory.open(tmp_path / 'c.db', width=F, core='test')) as merged, \
            closing(ConceptMemory.open(both, width=F, core='test')) as expected:
        assert merged.names == expected.names and merged.problems == ()
        np.testing.assert_allclose(merged.predict(asked), expected.predict(asked), atol=1e-6)
        np.testing.assert_allclose(merged.probability(asked), expected.probability(asked),
                                   atol=1e-6)


def test_what_both_have_counts_once_and_neither_is_changed(tmp_path: Path) -> None:
    one = _taught(tmp_path / 'a.db', [('blorp', 'blorp', 1)])
    with closing(LessonStore(one)) as store:
        store.database.export(tmp_path / 'b.db')
    _taught(tmp_path / 'b.db', [('zib', 'zib', 2)])
    before = [(tmp_path / name).read_bytes() for name in ('a.db', 'b.db')]
    made = merge(one, tmp_path / 'b.db', tmp_path / 'c.db')
    assert (made.lessons, made.shared) == (2, 1)
    assert [(tmp_path / name).read_bytes() for name in ('a.db', 'b.db')] == before


@pytest.mark.parametrize('rename', ['', 'too'])
def test_the_same_word_for_different_things_is_shown_and_kept(tmp_path: Path, rename: str) -> None:
    one = _taught(tmp_path / 'a.db', [('blorp', 'ball', 1), ('zib', 'zib', 1)])
    other = _taught(tmp_path / 'b.db', [('blorp', 'chair', 2), ('zib', 'zib', 2)])
    made = merge(one, other, tmp_path / 'c.db', rename=rename)
    assert [conflict.name for conflict in made.conflicts] == ['blorp']
    assert 'do not look alike' in made.conflicts[0].detail
    with closing(LessonStore(tmp_path / 'c.db')) as store:
        assert sorted(lesson.concept for lesson in store.lessons()) == [
            'blorp', f'blorp {rename}'.strip(), 'zib', 'zib']


def test_tricks_of_one_name_are_both_kept(tmp_path: Path) -> None:
    for name, amount, at_s in (('a', 1.0, 5.0), ('b', 2.0, 9.0)):
        with closing(LessonStore(tmp_path / f'{name}.db')) as store:
            book = TrickBook(store.database)
            book.teach(_trick('dance', amount, at_s))
            book.teach(_trick('bow', 0.5, at_s))
    made = merge(tmp_path / 'a.db', tmp_path / 'b.db', tmp_path / 'c.db')
    assert made.tricks == 3 and "'dance 2'" in made.conflicts[0].detail
    with closing(LessonStore(tmp_path / 'c.db')) as store:
        found = {trick.name: trick.steps[0].amount for trick in TrickBook(store.database).tricks()}
    assert found == {'bow': 0.5, 'dance': 2.0, 'dance 2': 1.0}


def test_the_command_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = _taught(tmp_path / 'a.db', [('blorp', 'ball', 1)])
    other = _taught(tmp_path / 'b.db', [('blorp', 'chair', 2)])
    words = ['merge', str(one), str(other), '-o', str(tmp_path / 'c.db')]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert '2 lessons (0 were in both)' in said and "conflict: the concept 'blorp'" in said
    assert main(words) == 1 and 'exists already' in capsys.readouterr().err
    with pytest.raises(StoreError, match='no lesson store'):
        merge(one, tmp_path / 'nothing.db', tmp_path / 'd.db')
    assert not (tmp_path / 'nothing.db').exists() and not (tmp_path / 'd.db').exists()
