"""What is meant by "this"."""
from __future__ import annotations

import numpy as np
import pytest

from yan_brain.mind import seeing
from yan_brain.mind.pointing import AROUND, pointed
from yan_brain.mind.seeing import Scene
from yan_brain.perception.sight import COLUMNS, ROWS

WIDTH = 8


def _scene(*things: tuple[float, float, float, list[int]]) -> Scene:
    """Of (chance, bearing, range, patches); each looks like one axis, the room like the last."""
    count = len(things)
    owner = np.full(ROWS * COLUMNS, -1)
    looks = np.zeros((ROWS * COLUMNS, WIDTH), np.float32)
    looks[:, -1] = 1.0
    for index, (_, _, _, patches) in enumerate(things):
        owner[patches], looks[patches] = index, np.eye(WIDTH, dtype=np.float32)[index]
    chance, bearing, far = np.array([t[:3] for t in things], np.float32).reshape(-1, 3).T
    empty = np.empty((count, 0), np.float32)
    return Scene(chance, empty, empty, np.eye(WIDTH, dtype=np.float32)[:count], bearing, far,
                 owner, looks, empty, empty)


def _patches(row: int, column: int) -> list[int]:
    return [row * COLUMNS + column, row * COLUMNS + column + 1]


def _like(rows: np.ndarray, index: int) -> bool:
    return bool((rows[:, index] > 0.5).any())


def test_a_pale_thing_ahead_is_meant_rather_than_a_bright_one_aside() -> None:
    found = pointed(_scene((1.0, 0.22, 3.1, _patches(8, 5)), (0.2, 0.02, 1.1, _patches(8, 10))))
    assert found.features.shape == (1, WIDTH) and found.features[0, 1] == 1.0
    assert found.probability == pytest.approx(0.2)
    assert _like(found.background, 0) and not _like(found.background, 1)


def test_what_is_far_aside_is_not_meant_though_nothing_else_is_seen() -> None:
    found = pointed(_scene((1.0, 0.6, 1.0, _patches(8, 1))))
    assert found.features[0, 0] < 0.5 and found.features[0, -1] > 0.5
    assert found.probability == 0.0


def test_the_other_parts_of_what_is_shown_are_not_what_is_around_it() -> None:
    found = pointed(_scene((0.3, 0.0, 1.0, _patches(8, 9)), (0.2, 0.03, 1.0, _patches(9, 9)),
                           (0.9, -0.4, 1.0, _patches(8, 17))))
    assert not _like(found.background, 1) and _like(found.background, 2)
    assert len(found.background) == 1 + -(-(ROWS * COLUMNS - 3 * 4 - 4 + 4) // AROUND)


def test_what_was_taught_may_be_faint_and_what_was_trained_on_may_not() -> None:
    seen = _scene((0.9, 0.0, 1.0, _patches(8, 9)), (0.2, 0.3, 1.0, _patches(8, 3)))
    fit = np.array([0.3, 0.8], np.float32)
    taught = seeing.sightings(seen, seeing.chances(seen, fit, taught=True))
    known = seeing.sightings(seen, seeing.chances(seen, fit, taught=False))
    assert [one.probability for one in taught] == pytest.approx([0.8, 0.3])
    assert [one.probability for one in known] == pytest.approx([0.27])
