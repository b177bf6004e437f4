"""Every learner keeps the contract: one list of checks, run over all of them."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from yan_brain.evaluation.online_learners import Slda, Trained
from yan_brain.evaluation.online_peers import River, missing
from yan_brain.learning.classifier import RidgeClassifier, principal_directions
from yan_brain.learning.concepts import ConceptConfig, ConceptMemory
from yan_brain.learning.contract import Forgets, Learns, best
from yan_brain.learning.knowledge import World

F = 12
Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Kind:
    """A learner: how to make one, and what it promises beyond the contract."""

    name: str
    make: Callable[[], Any]
    exact: bool = False         # the order of lessons does not matter
    remembers: bool = True      # later names do not drive out earlier ones
    certain: bool = False       # scores are 0 and 1 where things are clear, whatever comes


def _world() -> World:
    return World.of(np.random.default_rng(5).normal(0, 1, (200, F)).astype(np.float32))


def _rows(name: str, seed: int = 0, count: int = 8) -> Rows:
    own = np.random.default_rng(sum(map(ord, name))).normal(0, 2, F)
    rows = own + np.random.default_rng(seed).normal(0, 0.5, (count, F))
    return rows.astype(np.float32)


KINDS = [
    Kind('concept memory', lambda: ConceptMemory(width=F, core='test', world=_world()), True),
    Kind('concept memory, expanded', lambda: ConceptMemory(
        width=F, core='test', config=ConceptConfig(expansion=40)), True),
    Kind('ridge', lambda: RidgeClassifier(width=F), True),
    Kind('ridge, expanded', lambda: RidgeClassifier(width=F, expansion=30), True),
    Kind('ridge, projected', lambda: RidgeClassifier(
        width=F, directions=principal_directions(_rows('a', count=40), 8)), True),
    Kind('ridge, in partitions', lambda: RidgeClassifier(
        width=F, partitions=3, awake=2), True),
    Kind('slda', lambda: Slda(width=F), True),
    Kind('replay', lambda: Trained(width=F, steps=30, memory=100)),
    Kind('fine-tuning', lambda: Trained(width=F, steps=30), remembers=False),
]
if not missing('river'):
    KINDS += [Kind('river', lambda: River(width=F), certain=True),
              Kind('river, neighbours', lambda: River(width=F, kind='nearest neighbours'),
                   certain=True)]


@pytest.fixture(params=KINDS, ids=[kind.name for kind in KINDS])
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def _taught(kind: Kind, names: str = 'abc') -> Any:
    learner = kind.make()
    for name in names:
        assert learner.learn(name, _rows(name)) is None
    return learner


def test_it_is_a_learner(kind: Kind) -> None:
    assert isinstance(kind.make(), Learns)


def test_it_predicts_before_it_learned_anything(kind: Kind) -> None:
    learner = kind.make()
    assert learner.names == () and learner.predict(_rows('a')).shape == (8, 0)
    with pytest.raises(ValueError, match='nothing was learned yet'):
        best(learner, _rows('a'))


def test_it_learns(kind: Kind) -> None:
    learner = _taught(kind)
    assert sorted(learner.names) == ['a', 'b', 'c']
    for name in 'abc' if kind.remembers else 'c':
        assert best(learner, _rows(name, 1)) == [name] * 8
    scores = learner.predict(_rows('a'))
    assert scores.shape == (8, 3) and scores.dtype == np.float32 and np.isfinite(scores).all()


def test_predicting_changes_nothing(kind: Kind) -> None:
    learner, asked = _taught(kind), _rows('b', 2)
    first = learner.predict(asked)
    learner.predict(_rows('z', 3))
    np.testing.assert_array_equal(learner.predict(asked), first)
    np.testing.assert_allclose(learner.predict(asked[:1]), first[:1], rtol=1e-5, atol=1e-6)


def test_inputs_are_untouched_and_not_held(kind: Kind) -> None:
    learner, rows = kind.make(), _rows('a')
    copy = rows.copy()
    learner.learn('a', rows)
    learner.learn('b', _rows('b'))
    np.testing.assert_array_equal(rows, copy)
    before = learner.predict(copy)
    rows[:] = 7.0
    learner.learn('b', _rows('b', 4))
    np.testing.assert_array_equal(rows, 7.0)
    again = kind.make()
    for name, lesson in (('a', copy), ('b', _rows('b')), ('b', _rows('b', 4))):
        again.learn(name, lesson)
    # The other answered in between, which may change when sums are brought together.
    np.testing.assert_allclose(again.predict(copy), learner.predict(copy), rtol=1e-5, atol=1e-6)
    assert kind.certain or not np.array_equal(before, learner.predict(copy))


def test_the_same_lessons_give_the_same_learner(kind: Kind) -> None:
    one, other = _taught(kind), _taught(kind)
    np.testing.assert_array_equal(one.predict(_rows('a', 5)), other.predict(_rows('a', 5)))


def test_saved_and_loaded_it_is_the_same(kind: Kind, tmp_path: Path) -> None:
    learner, other = _taught(kind), kind.make()
    other.learn('old', _rows('old'))
    learner.save(tmp_path / 'learned')
    other.load(tmp_path / 'learned')
    assert other.names == learner.names
    asked = _rows('b', 6)
    np.testing.assert_allclose(other.predict(asked), learner.predict(asked), atol=1e-6)
    for each in (learner, other):
        each.learn('d', _rows('d'))
    assert best(other, _rows('d', 1)) == ['d'] * 8
    with pytest.raises(Exception, match=r'exist'):
        learner.save(tmp_path / 'learned')


def test_bad_rows_are_named_and_change_nothing(kind: Kind) -> None:
    learner = _taught(kind)
    before = learner.predict(_rows('a'))
    for wrong in (np.ones((2, F + 1)), np.ones(F), np.full((2, F), np.nan), np.ones((0, F))):
        with pytest.raises(ValueError, match=r'features'):
            learner.learn('x', wrong)
    with pytest.raises(ValueError, match=r'features'):
        learner.predict(np.full((1, F), np.inf))
    assert 'x' not in learner.names
    np.testing.assert_array_equal(learner.predict(_rows('a')), before)


def test_order_does_not_matter_where_promised(kind: Kind) -> None:
    if not kind.exact:
        pytest.skip('order counts for this one')
    one, other = _taught(kind, 'abcab'), _taught(kind, 'bacba')
    asked = _rows('a', 7)
    for name in 'abc':
        np.testing.assert_allclose(one.predict(asked)[:, one.names.index(name)],
                                   other.predict(asked)[:, other.names.index(name)], atol=1e-5)


def test_forgetting_is_exact_where_promised(kind: Kind) -> None:
    learner = kind.make()
    if not isinstance(learner, Forgets):
        pytest.skip('this one cannot forget')
    for name in 'abxcx':
        learner.learn(name, _rows(name))
    assert learner.forget('x') and not learner.forget('x')
    never = _taught(kind)
    assert learner.names == never.names
    np.testing.assert_allclose(learner.predict(_rows('x')), never.predict(_rows('x')), atol=1e-6)
