"""Rooms: the same for a seed, what was asked for is in them, and a robot can get to it."""
from __future__ import annotations

import itertools

import numpy as np
import pytest

from yan_brain.simulation.furniture import muted
from yan_brain.simulation.room import (
    ROBOT_RADIUS_M,
    Room,
    RoomOptions,
    disc_of,
    draw_room,
)
from yan_brain.simulation.things import (
    COLOURS,
    HELD_OUT_PAIRS,
    KINDS,
    NOVEL_KINDS,
    draw_colour,
    draw_thing,
    shape,
)
from yan_brain.simulation.walker import shortest_path

SEEDS = range(25)


def test_the_same_seed_gives_the_same_room() -> None:
    assert repr(draw_room(5)) == repr(draw_room(5))
    assert repr(draw_room(5)) != repr(draw_room(6))


def _check_places(room: Room) -> None:
    for i, one in enumerate(room.things):
        assert abs(one.x_m) + one.radius_m < room.width_m / 2
        assert abs(one.y_m) + one.radius_m < room.depth_m / 2
        for other in room.things[:i]:
            gap = np.hypot(one.x_m - other.x_m, one.y_m - other.y_m)
            assert gap - one.radius_m - other.radius_m >= 0.55 - 1e-9
        from_start = np.hypot(one.x_m - room.start.x_m, one.y_m - room.start.y_m)
        assert from_start - one.radius_m >= 0.6 - 1e-9


@pytest.mark.parametrize('seed', SEEDS)
def test_things_stand_apart_and_can_be_reached(seed: int) -> None:
    room = draw_room(seed)
    assert 4 <= len(room.things) <= 8
    assert len({t.pair for t in room.things}) == len(room.things)
    _check_places(room)
    plan = room.plan()
    reach = plan.reachable(room.start.x_m, room.start.y_m, ROBOT_RADIUS_M)
    for thing in room.things:
        near = np.argwhere(plan.ring(disc_of(thing), ROBOT_RADIUS_M, 0.4) & reach)
        assert len(near), thing
        row, column = near[0]
        goal = plan.point(int(row), int(column))
        path = shortest_path(plan, (room.start.x_m, room.start.y_m), goal, ROBOT_RADIUS_M)
        assert path, thing
        assert np.allclose(path[-1], goal)


@pytest.mark.parametrize('seed', SEEDS)
def test_asked_for_things_are_there(seed: int) -> None:
    target = (COLOURS[seed % 6], KINDS[seed % 8])
    room = draw_room(seed, RoomOptions(target=target, distract=target))
    pairs = [t.pair for t in room.things]
    assert pairs[0] == target and pairs.count(target) == 1
    assert any(c == target[0] and k != target[1] for c, k in pairs)
    assert any(c != target[0] and k == target[1] for c, k in pairs)


def test_absent_and_held_out_pairs_are_not_drawn() -> None:
    pair = ('green', 'cone')
    for seed in SEEDS:
        options = RoomOptions(distract=pair, absent=frozenset({pair}), held_out=False)
        pairs = {t.pair for t in draw_room(seed, options).things}
        assert pair not in pairs and not pairs & HELD_OUT_PAIRS
        assert any(c == 'green' for c, _ in pairs) and any(k == 'cone' for _, k in pairs)
    assert any({t.pair for t in draw_room(s).things} & HELD_OUT_PAIRS for s in SEEDS)


def test_novel_things_and_bare_rooms() -> None:
    room = draw_room(3, RoomOptions(novel=(('pink', 'arch'),)))
    assert ('pink', 'arch') in [t.pair for t in room.things]
    assert not draw_room(3, RoomOptions(furniture_only=True)).things


@pytest.mark.parametrize(('options', 'part'), [
    ({'target': ('red', 'cube')}, 'cube'),
    ({'target': ('pink', 'ball')}, 'pink'),
    ({'novel': (('red', 'sphere'),)}, 'sphere'),
    ({'target': ('red', 'ball'), 'absent': frozenset({('red', 'ball')})}, 'forbids'),
    ({'things': (5, 3)}, r'\(5, 3\)'),
    ({'side_m': (1.0, 2.0)}, '3..12'),
])
def test_wrong_options_are_named(options: dict[str, object], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        RoomOptions(**options)  # type: ignore[arg-type]


def test_impossible_rooms_end_with_an_error() -> None:
    with pytest.raises(ValueError, match='fewer things'):
        draw_room(1, RoomOptions(things=(12, 12), side_m=(3.0, 3.1)))
    with pytest.raises(ValueError, match='-1'):
        draw_room(-1)
    only_red = frozenset((c, 'cone') for c in COLOURS if c != 'red')
    with pytest.raises(ValueError, match='distract'):
        draw_room(1, RoomOptions(distract=('red', 'cone'), absent=only_red))


def test_shades_keep_to_their_name() -> None:
    """Hues of two names never meet, and furniture is never as vivid as a thing."""
    rng = np.random.default_rng(0)
    hues = {}
    for name in COLOURS:
        shades = np.array([draw_colour(name, rng) for _ in range(200)])
        span = shades.max(1) - shades.min(1)
        assert span.min() > 0.2
        turn = np.arctan2(np.sqrt(3) * (shades[:, 1] - shades[:, 2]),
                          2 * shades[:, 0] - shades[:, 1] - shades[:, 2])
        hues[name] = np.sort((turn + 0.3) % (2 * np.pi))
    ordered = sorted(hues.values(), key=lambda h: float(h[0]))
    for one, two in itertools.pairwise(ordered):
        assert one[-1] + 0.05 < two[0]
    greys = np.array([muted(rng) for _ in range(500)])
    assert (greys.max(1) - greys.min(1)).max() < 0.35


@pytest.mark.parametrize('kind', [*KINDS, *NOVEL_KINDS])
def test_shapes_stand_on_the_floor(kind: str) -> None:
    thing = draw_thing('red', kind, np.random.default_rng(1))
    low, high, wide = np.inf, -np.inf, 0.0
    for part in shape(kind, thing.height_m, thing.slenderness):
        if part.vertices is not None and part.faces is not None:
            low, high = min(low, part.vertices[:, 2].min()), max(high, part.vertices[:, 2].max())
            wide = max(wide, float(np.hypot(*part.vertices[:, :2].T).max()))
            corners = part.vertices[part.faces]
            # Faces look outwards: the volume they enclose is positive.
            assert np.einsum('ij,ij->i', corners[:, 0],
                             np.cross(corners[:, 1], corners[:, 2])).sum() > 0
        else:
            half = part.size[0] if part.geom == 'sphere' else part.size[-1]
            low, high = min(low, part.at[2] - half), max(high, part.at[2] + half)
    assert abs(low) < 1e-9 and abs(high - thing.height_m) < 0.06 * thing.height_m
    assert wide <= thing.radius_m + 1e-9
    assert 0.2 <= thing.height_m <= 0.5 and thing.radius_m < 0.36
