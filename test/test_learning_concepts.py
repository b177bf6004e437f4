"""Concept memory: exact whatever the order, revocable, calibrated, clear about bad input."""
from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from yan_brain.learning.concepts import ConceptConfig, ConceptMemory
from yan_brain.learning.knowledge import Spread, World
from yan_brain.learning.ridge import RecursiveRidge
from yan_brain.learning.store import LessonStore, StoreError

F = 24
Rows = NDArray[np.float32]


def _showing(name: str, seed: int, width: int = F) -> tuple[Rows, Rows]:
    """A thing's rows and its surroundings: the thing has its own mean, each view an offset."""
    own = np.random.default_rng(sum(map(ord, name))).normal(0, 1.2, width)
    rng = np.random.default_rng(seed)
    view = own + rng.normal(0, 0.4, width)
    shown = view + rng.normal(0, 0.5, (int(rng.integers(2, 9)), width))
    around = rng.normal(0, 1, (int(rng.integers(0, 30)), width))
    return shown.astype(np.float32), around.astype(np.float32)


def _memory(width: int = F) -> ConceptMemory:
    return ConceptMemory(width=width, core='test')


def _same(one: ConceptMemory, other: ConceptMemory) -> None:
    assert one.knowledge.names == other.knowledge.names
    asked = np.random.default_rng(9).normal(0, 1, (50, one.width)).astype(np.float32)
    np.testing.assert_allclose(one.predict(asked), other.predict(asked), atol=1e-6, rtol=0)
    np.testing.assert_allclose(one.probability(asked), other.probability(asked), atol=1e-6)


LESSONS = st.lists(st.tuples(st.sampled_from('abcd'), st.integers(0, 99)), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None)
@given(lessons=LESSONS, shuffle=st.randoms(use_true_random=False))
def test_order_does_not_matter(lessons: list[tuple[str, int]], shuffle: object) -> None:
    first, second = (ConceptMemory(width=F, core='test', world=_known_world(F)) for _ in '12')
    for name, seed in lessons:
        first.learn(name, *_showing(name, seed))
    shuffled = list(lessons)
    shuffle.shuffle(shuffled)  # type: ignore[attr-defined]
    for name, seed in shuffled:
        second.learn(name, *_showing(name, seed))
    _same(first, second)


@settings(max_examples=25, deadline=None)
@given(lessons=LESSONS, when=st.integers(0, 8), others=st.lists(st.integers(0, 99), max_size=3))
def test_forgotten_is_as_never_taught(
    lessons: list[tuple[str, int]], when: int, others: list[int],
) -> None:
    never, forgot = _memory(), _memory()
    for index, (name, seed) in enumerate(lessons):
        never.learn(name, *_showing(name, seed))
        if index == when:
            for other in others:
                forgot.learn('zap', *_showing('zap', other))
        forgot.learn(name, *_showing(name, seed))
    assert forgot.forget('zap') == (bool(others) and when < len(lessons))
    _same(never, forgot)


def test_equals_plain_ridge_regression() -> None:
    memory = _memory()
    rows, weights, is_a = [], [], []
    config = memory.config
    for name, seed in [('a', 1), ('b', 2), ('a', 3)]:
        shown, around = _showing(name, seed)
        memory.learn(name, shown, around)
        rows += [shown, around]
        weights += [np.full(len(shown), config.shown_weight / len(shown)),
                    np.full(len(around), config.background_weight / max(len(around), 1))]
        is_a += [np.full(len(shown), name == 'a'), np.zeros(len(around))]
    x = Spread.plain(F).apply(np.concatenate(rows))
    w = np.concatenate(weights)
    gram = (x * w[:, None]).T @ x + config.ridge * np.eye(F + 1)
    expected = np.linalg.solve(gram, x.T @ (w * np.concatenate(is_a)))
    np.testing.assert_allclose(memory.knowledge.weights[:, 0], expected, atol=1e-9)


def test_ridge_drift_stays_small_through_many_changes() -> None:
    ridge = RecursiveRidge(width=30, ridge=1e-3)
    rng = np.random.default_rng(0)
    kept = 100 * rng.normal(size=(5, 30))
    ridge.add(kept, np.ones(5))
    for _ in range(500):
        rows, weights = 100 * rng.normal(size=(3, 30)), rng.uniform(0, 2, 3)
        ridge.add(rows, weights)
        ridge.remove(rows, weights)
    fresh = RecursiveRidge(width=30, ridge=1e-3)
    fresh.add(kept, np.ones(5))
    target = kept.T @ np.ones((5, 1))
    np.testing.assert_allclose(ridge.solve(target), fresh.solve(target), atol=1e-6)


def test_a_wide_ridge_looks_at_drift_seldom_and_still_equals_one_made_at_once() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(60, 600))
    wide, fresh = (RecursiveRidge(width=600, ridge=5.0) for _ in range(2))
    for begin in range(0, 60, 4):
        wide.add(rows[begin:begin + 4], np.ones(4))
    wide.remove(rows[20:24], np.ones(4))
    kept = np.delete(rows, range(20, 24), 0)
    fresh.add(kept, np.ones(len(kept)))
    target = kept.T @ np.ones((56, 1))
    np.testing.assert_allclose(wide.solve(target), fresh.solve(target), atol=1e-9)
    assert wide.drift < 1e-10 and wide.refactored == 0


def test_left_out_residuals_equal_learning_without_the_rows() -> None:
    rng = np.random.default_rng(1)
    rows, block = rng.normal(size=(12, 6)), rng.normal(size=(4, 6))
    target = rng.normal(size=16)
    both, without = RecursiveRidge(width=6, ridge=1), RecursiveRidge(width=6, ridge=1)
    both.add(np.concatenate([rows, block]), np.full(16, 0.5))
    without.add(rows, np.full(12, 0.5))
    pull = 0.5 * np.concatenate([rows, block]).T @ target
    residuals = target[12:] - block @ both.solve(pull[:, None])[:, 0]
    expected = target[12:] - block @ without.solve(0.5 * rows.T @ target[:12, None])[:, 0]
    found = both.left_out(block[None], np.array([0.5]), residuals[None])[0]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_one_showing_is_enough_and_strangers_stay_unknown() -> None:
    memory = _memory(96)
    names = [f'thing {letter}' for letter in 'abcdefgh']
    for seed, name in enumerate(names):
        memory.learn(name, *_showing(name, seed, 96))
    right = strangers = 0
    for seed in range(40):
        for i, name in enumerate(names):
            chance = memory.probability(_showing(name, 1000 + seed, 96)[0]).mean(0)
            right += int(chance.argmax() == i and chance[i] > 0.5)
        unseen = memory.probability(_showing(f'stranger {seed}', seed, 96)[0]).mean(0)
        strangers += int(unseen.max() > 0.5)
    assert right >= 0.95 * 40 * len(names)
    assert strangers <= 2
    around = np.random.default_rng(5).normal(0, 1, (1000, 96))
    assert (memory.probability(around).max(1) > 0.5).mean() < 0.01


def test_what_fits_another_concept_better_is_rather_that() -> None:
    memory = _memory(96)
    shown = {name: _showing(name, 1, 96) for name in ('blorp', 'glim')}
    for name, rows in shown.items():
        memory.learn(name, *rows)
    knowledge = memory.knowledge
    for name, (rows, _) in shown.items():
        column = knowledge.column(name)
        plain = knowledge.probability(rows)[:, column]
        assert np.allclose(knowledge.rivalled(rows, column), plain)      # its own: as it was
    between = 0.45 * shown['blorp'][0] + 0.55 * shown['glim'][0]
    column = knowledge.column('blorp')
    assert (knowledge.rivalled(between, column)
            < knowledge.probability(between)[:, column] - 1e-3).any()
    memory.forget('glim')                                                # no rival left
    assert np.allclose(memory.knowledge.rivalled(between, 0),
                       memory.knowledge.probability(between)[:, 0])


def test_spread_makes_unlike_scales_alike() -> None:
    rng = np.random.default_rng(0)
    scales, mean = 10 ** rng.uniform(-2, 2, F), rng.normal(0, 50, F)
    world = rng.normal(size=(4000, F)) * scales + mean
    spread = Spread.of(world.mean(0), np.cov(world.T), shrink=1e-9)
    white = spread.apply(world.astype(np.float32))[:, :-1]
    np.testing.assert_allclose(np.cov(white.T), np.eye(F), atol=0.1)


def test_a_centred_spread_keeps_angles_and_takes_the_mean_off() -> None:
    rng = np.random.default_rng(0)
    world = 3 + rng.normal(size=(60, F)).astype(np.float32)
    spread = World.of(world, whiten=False).spread       # fewer rows than whitening needs
    made = spread.apply(world)[:, :-1]
    centred = world - world.mean(0)
    expected = centred / np.linalg.norm(centred, axis=1, keepdims=True) * np.sqrt(F)
    np.testing.assert_allclose(made, expected, atol=1e-4)


@functools.lru_cache
def _known_world(width: int) -> World:
    """Things of thirty ordinary kinds, which have much in common, and places between them."""
    rng = np.random.default_rng(77)
    kinds = rng.normal(0, 2, (30, width)) + rng.normal(0, 4, width)
    rows = np.concatenate([kinds[rng.integers(30, size=400)], rng.normal(0, 1, (200, width))])
    return World.of(5 + rows + rng.normal(0, 1, rows.shape))


def test_a_world_keeps_ordinary_things_from_being_taken_for_the_new_one() -> None:
    world = _known_world(48)
    rng = np.random.default_rng(5)
    ordinary, places = world.rows[:400], world.rows[400:]
    blorp = ordinary.mean(0) + rng.normal(0, 2, 48)
    wrong, right = [], []
    for known in (None, world):
        memory = ConceptMemory(width=48, core='test', world=known)
        memory.learn('blorp', blorp + rng.normal(0, 0.3, (4, 48)), places[:30])
        wrong.append(float((memory.probability(ordinary) > 0.5).mean()))
        right.append(float((memory.probability(blorp + rng.normal(0, 1, (100, 48)))
                            > 0.5).mean()))
    assert wrong[1] < 0.02 < wrong[0]
    assert right[1] > 0.95


def test_an_ordinary_thing_can_be_taught_too() -> None:
    world = _known_world(48)
    memory = ConceptMemory(width=48, core='test', world=world)
    like_it = np.linalg.norm(world.rows - world.rows[0], axis=1) < 13
    assert 8 < like_it.sum() < 100
    memory.learn('mine', world.rows[like_it][:4], world.rows[-30:])
    found = memory.probability(world.rows)[:, 0] > 0.5
    assert found[like_it].mean() > 0.8 and found[~like_it].mean() < 0.05


def test_worlds_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match='needs more than 96'):
        World.of(np.zeros((96, 48)))
    with pytest.raises(ValueError, match='another core'):
        ConceptMemory(width=F, core='test', world=_known_world(48))


def test_readers_keep_what_they_hold() -> None:
    memory = _memory()
    memory.learn('a', *_showing('a', 1))
    held, asked = memory.knowledge, _showing('a', 2)[0]
    before = held.probability(asked)
    memory.learn('b', *_showing('b', 1))
    memory.forget('a')
    np.testing.assert_array_equal(held.probability(asked), before)
    assert held.names == ('a',) and memory.knowledge.names == ('b',)
    assert memory.version > held.version


def test_inputs_are_left_untouched_and_names_are_cleaned() -> None:
    memory = _memory()
    shown, around = _showing('a', 1)
    copies = shown.copy(), around.copy()
    memory.learn('  Blue   BLORP ', shown, around)
    shown[:] = 0
    np.testing.assert_array_equal(around, copies[1])
    assert [c.name for c in memory.concepts()] == ['blue blorp']
    assert memory.probability(copies[0]).mean() > 0.5
    assert memory.forget('blue Blorp') and not memory.forget('blue blorp')


@pytest.mark.parametrize(('name', 'features', 'says'), [
    ('', np.ones((2, F)), '1 to 64 printable'),
    ('x' * 65, np.ones((2, F)), '1 to 64 printable'),
    ('a\x07b', np.ones((2, F)), '1 to 64 printable'),
    ('a', np.empty((0, F)), 'features are empty'),
    ('a', np.ones((2, F + 1)), r'shape \(2, 25\)'),
    ('a', np.ones(F), r'shape \(24,\)'),
    ('a', np.full((2, F), np.nan), 'NaN or infinity in 48'),
    ('a', np.full((2, F), 1e300), 'NaN or infinity'),
    ('a', np.array([['x'] * F]), 'type <U1'),
])
def test_bad_lessons_are_named_and_change_nothing(
    name: str, features: NDArray[np.float64], says: str,
) -> None:
    memory = _memory()
    memory.learn('b', *_showing('b', 1))
    version = memory.version
    with pytest.raises(ValueError, match=says):
        memory.learn(name, features)
    assert memory.version == version and memory.knowledge.names == ('b',)


def test_bad_questions_are_named() -> None:
    memory = _memory()
    assert memory.predict(np.ones((3, F))).shape == (3, 0)
    memory.learn('b', *_showing('b', 1))
    assert memory.probability(np.empty((0, F))).shape == (0, 1)
    for wrong in (np.ones((2, 3)), np.full((1, F), np.inf)):
        with pytest.raises(ValueError, match=r'expected|finite'):
            memory.predict(wrong)


def test_snapshot_and_restore_round_trip() -> None:
    memory = _memory()
    memory.learn('a', *_showing('a', 1))
    before, version = memory.predict(np.eye(F)), memory.version
    assert memory.snapshot() == 'version 1'
    assert memory.snapshot('') == 'version 1 (2)'
    memory.forget('a')
    memory.learn('b', *_showing('b', 2))
    memory.restore('version 1')
    assert memory.knowledge.names == ('a',)
    assert memory.version > version + 2
    np.testing.assert_allclose(memory.predict(np.eye(F)), before, atol=1e-9)
    with pytest.raises(StoreError, match="no snapshot 'nope'; there are: 'version 1'"):
        memory.restore('nope')
    with pytest.raises(StoreError, match='taken'):
        memory.snapshot('version 1')


def test_limits_on_rows_and_lessons_hold() -> None:
    memory = ConceptMemory(width=4, core='test', config=ConceptConfig(
        most_shown=3, most_background=0, most_lessons=2))
    for name in 'ab':
        memory.learn(name, np.random.default_rng(0).normal(size=(1000, 4)), np.ones((1000, 4)))
    assert memory.knowledge.shown.shape == (5, 2)
    with pytest.raises(StoreError, match='most_lessons'):
        memory.learn('c', np.ones((1, 4)))
    with pytest.raises(ValueError, match=r'ridge is 0\.0; allowed'):
        ConceptConfig(ridge=0.0)


def test_lessons_of_another_core_are_flagged_and_kept(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    first = ConceptMemory(width=F, core='old', store=LessonStore(path))
    first.learn('a', *_showing('a', 1))
    first.close()
    second = ConceptMemory.open(path, width=F + 2, core='new')
    assert second.concepts() == ()
    assert 'another core' in second.problems[0] and 'a' in second.problems[0]
    second.learn('a', *_showing('a', 1, F + 2))
    second.close()
    third = ConceptMemory.open(path, width=F, core='old')
    assert [c.lessons for c in third.concepts()] == [1]
    third.forget('a')
    assert third.problems == ()
