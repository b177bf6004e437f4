"""Things without names: a number is always the same thing, and thousands differ."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from yan_brain.simulation.designs import draw_design
from yan_brain.simulation.frames import draw_frames, load_frames, make_frames, room_of_designs
from yan_brain.simulation.room import FIRST_TRAINING_SEED, ROBOT_RADIUS_M


def test_a_number_is_always_the_same_thing() -> None:
    one, other = draw_design(17), draw_design(17)
    assert one.radius_m == other.radius_m and len(one.parts) == len(other.parts)
    assert [p.rgb for p in one.parts] == [p.rgb for p in other.parts]
    assert draw_design(18).rgb != one.rgb or draw_design(18).radius_m != one.radius_m


def test_designs_stand_on_the_floor_and_fit_between_walls() -> None:
    for number in range(300):
        thing = draw_design(number)
        assert 0.02 < thing.radius_m <= 0.30, number
        assert 0.15 < thing.height_m < 0.6, number
        assert thing.design == number and thing.parts
        for part in thing.parts:
            assert part.rgb is not None and all(0 <= c <= 1 for c in part.rgb)
            if part.vertices is not None:
                assert np.isfinite(part.vertices).all()
                assert part.vertices[:, 2].min() + part.at[2] > -1e-6, number
    assert ROBOT_RADIUS_M < 0.30


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match='design number is -1'):
        draw_design(-1)


def test_frames_of_designs_say_which_is_seen_and_name_nothing(tmp_path: Path) -> None:
    rows = draw_frames(FIRST_TRAINING_SEED + 5, 6,
                       room_of_designs(FIRST_TRAINING_SEED + 5, range(100, 140)))
    assert rows['thing_design'].max() >= 100
    on = rows['patch_thing'] >= 0
    design = np.take_along_axis(
        rows['thing_design'], np.clip(rows['patch_thing'], 0, None).reshape(6, -1), 1)
    unnamed = on.reshape(6, -1) & (design >= 0)
    assert unnamed.any()
    assert (rows['patch_colour'].reshape(6, -1)[unnamed] == -1).all()
    assert (rows['patch_kind'].reshape(6, -1)[unnamed] == -1).all()
    make_frames(tmp_path / 'set', rooms=1, seed=3, frames_per_room=4, designs=range(40))
    loaded = load_frames(tmp_path / 'set')
    assert (loaded['thing_design'] < 40).all() and (loaded['thing_design'] >= 0).any()
