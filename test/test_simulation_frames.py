"""Labelled frames: labels agree with the picture and with geometry, sets repeat exactly."""
from __future__ import annotations

import colorsys
from pathlib import Path

import numpy as np
import pytest

from yan_brain.simulation.frames import (
    FIELDS,
    HEIGHT,
    PATCH,
    WIDTH,
    draw_frames,
    load_frames,
    make_frames,
)
from yan_brain.simulation.room import FIRST_TRAINING_SEED, RoomOptions, draw_room
from yan_brain.simulation.things import COLOURS, HELD_OUT_PAIRS, KINDS

HUES = {'red': 0.995, 'orange': 0.073, 'yellow': 0.15, 'green': 0.35, 'blue': 0.61,
        'purple': 0.785}


@pytest.fixture(scope='module')
def frames() -> dict[str, np.ndarray]:
    drawn = [draw_frames(FIRST_TRAINING_SEED + i, 8) for i in range(6)]
    return {name: np.concatenate([d[name] for d in drawn]) for name in FIELDS}


def test_arrays_have_the_shapes_that_are_told(frames: dict[str, np.ndarray]) -> None:
    for name, (shape, kind) in FIELDS.items():
        assert frames[name].shape == (48, *shape)
        assert frames[name].dtype == np.dtype(kind)


def test_patches_show_the_colour_they_are_labelled_with(frames: dict[str, np.ndarray]) -> None:
    right = seen = 0
    for row, y, x in zip(*np.nonzero(frames['patch_pixels'] > 300), strict=True):
        patch = frames['rgb'][row, y * PATCH:(y + 1) * PATCH, x * PATCH:(x + 1) * PATCH]
        r, g, b = np.median(patch.reshape(-1, 3), axis=0) / 255
        if max(r, g, b) - min(r, g, b) < 0.15:
            continue  # a gleam, or the edge of the thing
        hue = colorsys.rgb_to_hsv(r, g, b)[0]
        name = min(HUES, key=lambda n: min(abs(hue - HUES[n]), 1 - abs(hue - HUES[n])))
        right += name == COLOURS[frames['patch_colour'][row, y, x]]
        seen += 1
    assert seen > 200
    assert right / seen > 0.85


def test_offsets_lead_to_the_middle_of_the_thing(frames: dict[str, np.ndarray]) -> None:
    rows, ys, xs = np.nonzero(frames['patch_thing'] >= 0)
    thing = frames['patch_thing'][rows, ys, xs]
    centre = np.stack([xs, ys], 1) * PATCH + PATCH / 2 + frames['patch_offset'][rows, ys, xs]
    assert np.allclose(centre, frames['thing_centre'][rows, thing], atol=0.1)
    for name in ('colour', 'kind', 'pixels'):
        assert np.array_equal(frames[f'patch_{name}'][rows, ys, xs],
                              frames[f'thing_{name}'][rows, thing])


def test_bearings_agree_with_pixels(frames: dict[str, np.ndarray]) -> None:
    x = frames['thing_centre'][..., 0]
    whole = (frames['thing_pixels'] > 60) & (x > 30) & (x < 130) & (frames['thing_range_m'] > 1.5)
    assert whole.sum() > 10
    focal = WIDTH / 2 / np.tan(frames['fov_rad'] / 2)[:, None]
    seen = -np.arctan((x - WIDTH / 2) / focal)
    # The camera is up to 12 cm ahead of the robot's centre, and things may be half hidden.
    assert np.median(np.abs(seen - frames['thing_bearing_rad'])[whole]) < np.radians(1.5)


def test_no_thing_has_no_label(frames: dict[str, np.ndarray]) -> None:
    none = frames['patch_thing'] < 0
    assert (frames['patch_colour'][none] == -1).all() and (frames['patch_kind'][none] == -1).all()
    assert not frames['patch_pixels'][none].any()
    assert (frames['thing_pixels'].sum(1) <= HEIGHT * WIDTH).all()
    rows = draw_frames(FIRST_TRAINING_SEED, 2, RoomOptions(furniture_only=True))
    assert (rows['patch_thing'] == -1).all() and np.isnan(rows['thing_range_m']).all()


def test_training_frames_hold_back_pairs(frames: dict[str, np.ndarray]) -> None:
    has = frames['thing_kind'] >= 0
    pairs = {(COLOURS[c], KINDS[k]) for c, k in zip(
        frames['thing_colour'][has], frames['thing_kind'][has], strict=True)}
    assert pairs and not pairs & HELD_OUT_PAIRS
    assert not frames['held_out'].any()


def test_held_out_pairs_are_flagged() -> None:
    pair = next(iter(sorted(HELD_OUT_PAIRS)))
    rows = draw_frames(77, 12, RoomOptions(things=(1, 1), target=pair))
    assert np.array_equal(rows['held_out'], np.asarray(rows['thing_pixels'], int)[:, 0] > 0)
    assert rows['held_out'].any()


def test_a_set_repeats_and_loads(tmp_path: Path) -> None:
    folder = tmp_path / 'frames'
    with pytest.raises(FileNotFoundError, match='frames'):
        load_frames(folder)
    make_frames(folder, rooms=2, seed=4, frames_per_room=3)
    loaded = load_frames(folder)
    assert len(loaded['rgb']) == 6
    again = draw_frames(4_000_001, 3)
    for name, values in again.items():
        assert np.array_equal(loaded[name][3:], values,
                              equal_nan=values.dtype.kind == 'f'), name
    assert draw_room(4_000_001, RoomOptions(held_out=False)).seed == loaded['room'][3]


def test_the_seed_of_evaluation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='evaluation'):
        make_frames(tmp_path, rooms=1, seed=0)
