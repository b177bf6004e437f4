"""Whatever came before, predictions equal batch ridge regression over what is left of it."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from yan_brain.evaluation.exactness import batch
from yan_brain.learning.classifier import RidgeClassifier, principal_directions
from yan_brain.learning.concepts import ConceptConfig, ConceptMemory
from yan_brain.learning.ridge import RecursiveRidge

F = 6
LIMIT = 1e-6
MANY = settings(max_examples=1500, deadline=None, derandomize=True,
                suppress_health_check=[HealthCheck.too_slow])
Rows = NDArray[np.float32]
Lesson = tuple[str, Rows, Rows]

NAMES = st.sampled_from('abcd')
SEEDS = st.integers(0, 10_000)
STEPS = st.lists(st.one_of(
    st.tuples(st.just('learn'), NAMES, SEEDS), st.tuples(st.just('learn'), NAMES, SEEDS),
    st.tuples(st.just('forget'), NAMES, SEEDS), st.tuples(st.just('undo'), NAMES, SEEDS),
    st.tuples(st.just('snapshot'), NAMES, SEEDS), st.tuples(st.just('restore'), NAMES, SEEDS),
), min_size=1, max_size=14)


def _lesson(name: str, seed: int) -> Lesson:
    rng = np.random.default_rng([seed, ord(name)])
    scale = 10.0 ** rng.uniform(-2, 2)
    rows = (rng.normal(0, 1, F) + rng.normal(0, 0.3, (int(rng.integers(1, 7)), F))) * scale
    around = rng.normal(0, scale, (int(rng.integers(0, 6)), F))
    return name, rows.astype(np.float32), around.astype(np.float32)


@MANY
@given(steps=STEPS, expansion=st.sampled_from([0, 0, 7]))
def test_any_sequence_equals_batch_training_on_what_is_left(
    steps: list[tuple[str, str, int]], expansion: int,
) -> None:
    memory = ConceptMemory(width=F, core='test', config=ConceptConfig(expansion=expansion))
    known: list[Lesson] = []
    kept: dict[str, list[Lesson]] = {}
    for verb, name, seed in steps:
        if verb == 'learn':
            known = [*known, _lesson(name, seed)]
            memory.learn(*known[-1])
        elif verb == 'forget':
            assert memory.forget(name) == any(lesson[0] == name for lesson in known)
            known = [lesson for lesson in known if lesson[0] != name]
        elif verb == 'undo' and known:
            newest = memory.store.newest()
            assert newest is not None
            memory.take_back(newest[0])
            known = known[:-1]
        elif verb == 'snapshot' and name not in kept:
            kept[memory.snapshot(name)] = known
        elif verb == 'restore' and name in kept:
            memory.restore(name)
            known = kept[name]
    asked = np.concatenate([_lesson('q', 1)[1], _lesson('r', 2)[1]])
    assert memory.names == tuple(sorted({lesson[0] for lesson in known}))
    found = memory.predict(asked)
    if known:
        np.testing.assert_allclose(found, batch(memory, known, asked), atol=LIMIT, rtol=0)
    assert np.isfinite(memory.probability(asked)).all()
    memory.close()


@pytest.mark.parametrize('partitions', [1, 4])
@MANY
@given(steps=STEPS, order=st.randoms(use_true_random=False))
def test_the_classifier_is_exact_too(
    partitions: int, steps: list[tuple[str, str, int]], order: object,
) -> None:
    def make() -> RidgeClassifier:
        return RidgeClassifier(width=F, ridge=1.0, partitions=partitions,
                               awake=min(2, partitions))

    learner, known = make(), []
    for verb, name, seed in steps:
        if verb == 'forget':
            learner.forget(name)
            known = [lesson for lesson in known if lesson[0] != name]
        else:
            known.append((name, _lesson(name, seed)[1] / 10))
            learner.learn(*known[-1])
    order.shuffle(known)  # type: ignore[attr-defined]
    again = make()
    for lesson in known:
        again.learn(*lesson)
    asked = _lesson('q', 3)[1]
    assert sorted(learner.names) == sorted(again.names)
    for name in again.names:
        np.testing.assert_allclose(
            learner.predict(asked)[:, learner.names.index(name)],
            again.predict(asked)[:, again.names.index(name)], atol=LIMIT, rtol=1e-6)


def test_drift_is_noticed_and_cured() -> None:
    ridge = RecursiveRidge(width=40, ridge=1e-6)
    rng = np.random.default_rng(0)
    kept = rng.normal(size=(4, 40))
    ridge.add(kept, np.ones(4))
    for _ in range(300):                      # huge rows in and out wear the inverse down
        rows = 1e4 * rng.normal(size=(2, 40))
        ridge.add(rows, np.ones(2))
        ridge.remove(rows, np.ones(2))
    assert ridge.refactored > 0 and ridge.drift < 1e-6


def test_wide_rows_are_as_exact() -> None:
    wide, rng = 600, np.random.default_rng(1)          # worked on in blocks, of unequal size
    ridge, kept = RecursiveRidge(width=wide, ridge=1.0), []
    for number in range(36):         # what waits is put in meanwhile
        rows, weights = rng.normal(size=(7, wide)), rng.uniform(0.1, 2, 7)
        ridge.add(rows, weights)
        if number % 3:
            ridge.remove(rows, weights)
        else:
            kept.append((rows, weights))
    gram = np.eye(wide) + sum((rows * weights[:, None]).T @ rows for rows, weights in kept)
    target = rng.normal(size=(wide, 2))
    np.testing.assert_allclose(ridge.solve(target), np.linalg.solve(gram, target), atol=1e-9)
    np.testing.assert_array_equal(ridge.solve(np.eye(wide)), ridge.solve(np.eye(wide)).T)


def test_gains_lead_to_the_same_solution_however_many_rows_wait() -> None:
    rng = np.random.default_rng(2)
    ridge = RecursiveRidge(width=64, ridge=2.0)
    rows, targets = np.empty((0, 64)), np.empty((0, 3))
    weights = np.empty(0)
    found = np.zeros((64, 3))
    for number in range(60):                             # what waits is put in at 16 rows
        some, wanted = rng.normal(size=(1 + number % 7, 64)), rng.normal(size=(1 + number % 7, 3))
        heavy = rng.uniform(0.1, 3, len(some))
        gain = ridge.add(some, heavy)
        assert gain is not None
        found += gain @ (wanted - some @ found)
        rows, targets = np.concatenate([rows, some]), np.concatenate([targets, wanted])
        weights = np.concatenate([weights, heavy])
    gram = 2 * np.eye(64) + (rows * weights[:, None]).T @ rows
    right = np.linalg.solve(gram, (rows * weights[:, None]).T @ targets)
    np.testing.assert_allclose(found, right, atol=1e-10)
    assert ridge.refactored == 0 and ridge.drift < 1e-12


@pytest.mark.parametrize('partitions', [1, 8])
def test_the_classifier_follows_lessons_between_questions(partitions: int) -> None:
    rng = np.random.default_rng(3)
    asked = rng.normal(size=(4, 40)).astype(np.float32)
    asked_often, asked_once = (RidgeClassifier(width=40, ridge=1.0, partitions=partitions)
                               for _ in range(2))
    for number in range(150):
        name = 'abcde'[min(number // 20, 4)]             # new names among known ones
        shown = rng.normal(size=(3, 40)).astype(np.float32)
        asked_often.learn(name, shown)
        asked_once.learn(name, shown)
        asked_often.predict(asked[:1])
    np.testing.assert_allclose(asked_often.predict(asked), asked_once.predict(asked), atol=1e-6)


def test_only_awake_partitions_learn() -> None:
    """What one partition is taught changes no answer that another gives."""
    learner = RidgeClassifier(width=40, ridge=1.0, partitions=8)
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(200, 40)).astype(np.float32)
    learner.learn('a', rows[:100])
    learner.learn('b', rows[100:])
    before = learner.predict(rows)
    learner.learn('b', rows[:1])
    changed = (learner.predict(rows) != before).any(1)
    assert changed[0] and 0.05 < changed.mean() < 0.5


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match='awake is 3 of 2 partitions'):
        RidgeClassifier(width=4, partitions=2, awake=3)
    with pytest.raises(ValueError, match=r'expected \(4, D\)'):
        RidgeClassifier(width=4, directions=np.eye(5))
    with pytest.raises(ValueError, match='allowed: 1 to 3'):
        principal_directions(np.ones((3, 8)), 4)
