"""Rooms drawn from a seed: walls, light, furniture and things, as a pure description."""
from __future__ import annotations

import colorsys
from dataclasses import dataclass, field, replace
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from yan_brain.simulation.designs import draw_design
from yan_brain.simulation.floorplan import Disc, FloorPlan
from yan_brain.simulation.furniture import (
    Furniture,
    draw_furniture,
    draw_poster,
    draw_rug,
    muted,
)
from yan_brain.simulation.things import (
    COLOURS,
    HELD_OUT_PAIRS,
    KINDS,
    NOVEL_COLOURS,
    NOVEL_KINDS,
    Rgb,
    Thing,
    Triple,
    draw_thing,
)

Pair = tuple[str, str]

# Rooms to learn from have seeds from here on; rooms to be judged in have smaller ones.
FIRST_TRAINING_SEED = 1_000_000
ROBOT_RADIUS_M = 0.16
PATTERNS = ('plain', 'noise', 'checker', 'planks', 'speckle')
_THING_GAP_M = 0.55       # between things: a robot of 0.32 m passes
_MARGIN_M = ROBOT_RADIUS_M + 0.06
_REACH_M = (ROBOT_RADIUS_M + 0.07, 0.4)
_ATTEMPTS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A wall or a floor: two colours in a pattern, `scale` pattern repeats per metre."""

    pattern: str
    rgb: Rgb
    other_rgb: Rgb
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A lamp; `directional` ones shine along `towards` from far away."""

    at: Triple
    towards: Triple
    directional: bool
    rgb: Rgb


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where a robot stands: metres and radians in the room's frame."""

    x_m: float
    y_m: float
    yaw_rad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOptions:
    """What a room must and must not hold.

    `target` and `must` pairs are in the room, `target` as the first thing; `distract` adds
    another thing of that colour and another of that kind; `absent` pairs are not drawn.
    `novel` pairs may use NOVEL_COLOURS and NOVEL_KINDS. No pair is in a room twice. `designs`
    are placed first, where there is room for them.
    """

    things: tuple[int, int] = (4, 8)
    target: Pair | None = None
    distract: Pair | None = None
    must: tuple[Pair, ...] = ()
    novel: tuple[Pair, ...] = ()
    designs: tuple[int, ...] = ()
    absent: frozenset[Pair] = frozenset()
    held_out: bool = True               # False: none of HELD_OUT_PAIRS
    furniture_only: bool = False
    side_m: tuple[float, float] = (4.0, 7.0)

    def __post_init__(self) -> None:
        asked = [*self.must, *(p for p in (self.target, self.distract) if p is not None)]
        for colour, kind in asked:
            if colour not in COLOURS or kind not in KINDS:
                raise ValueError(
                    f'RoomOptions was asked for {(colour, kind)}; colours are {COLOURS}, kinds '
                    f'{KINDS}; put taught ones into `novel`')
        for colour, kind in self.novel:
            if colour not in COLOURS + NOVEL_COLOURS or kind not in KINDS + NOVEL_KINDS:
                raise ValueError(
                    f'RoomOptions.novel holds {(colour, kind)}; colours are '
                    f'{COLOURS + NOVEL_COLOURS}, kinds {KINDS + NOVEL_KINDS}')
        required = {*self.must, *self.novel, *((self.target,) if self.target else ())}
        if required & self.absent:
            raise ValueError(f'RoomOptions asks for {required & self.absent} and forbids them; '
                             'leave them out of `absent`')
        if not 0 <= self.things[0] <= self.things[1] <= 12:
            raise ValueError(f'RoomOptions.things is {self.things}; it must be (least, most) '
                             'within 0..12')
        if not 3.0 <= self.side_m[0] <= self.side_m[1] <= 12.0:
            raise ValueError(f'RoomOptions.side_m is {self.side_m}; it must be (least, most) '
                             'within 3..12 metres')


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """All there is to a room. Its centre is the origin, x along `width_m`."""

    seed: int
    width_m: float
    depth_m: float
    height_m: float
    floor: Surface
    walls: Surface
    ceiling: Rgb
    ambient: Rgb
    lights: tuple[Light, ...]
    furniture: tuple[Furniture, ...]
    things: tuple[Thing, ...]
    start: Pose
    gloss: float = field(default=0.3)

    def plan(self, *, without: int | None = None) -> FloorPlan:
        """Return the floor plan with furniture and things, one thing left out if asked."""
        plan = FloorPlan(self.width_m, self.depth_m)
        plan.block([f.footprint for f in self.furniture if f.solid])
        plan.block([disc_of(t) for i, t in enumerate(self.things) if i != without])
        return plan


def disc_of(thing: Thing) -> Disc:
    """Return the floor a thing takes."""
    return Disc(x_m=thing.x_m, y_m=thing.y_m, radius_m=thing.radius_m)


def draw_room(seed: int, options: RoomOptions | None = None) -> Room:
    """Draw the room of a seed. The same seed and options always give the same room.

    Raises ValueError where the options cannot be met in `_ATTEMPTS` drawings.
    """
    options = options or RoomOptions()
    if seed < 0:
        raise ValueError(f'room seed is {seed}; it must be 0 or more')
    for attempt in range(_ATTEMPTS):
        room = _attempt(seed, options, np.random.default_rng([seed, attempt]))
        if room is not None:
            return room
    raise ValueError(f'no room of seed {seed} fits {options} in {_ATTEMPTS} drawings; '
                     'ask for fewer things or a larger side_m')


def _attempt(seed: int, options: RoomOptions, rng: np.random.Generator) -> Room | None:
    width, depth = (float(v) for v in rng.uniform(*options.side_m, size=2))
    plan = FloorPlan(width, depth)
    furniture = [draw_rug(rng, width, depth)] if rng.random() < 0.35 else []
    furniture += [draw_poster(rng, width, depth) for _ in range(rng.integers(0, 4))]
    for _ in range(int(rng.integers(2, int(4 + width * depth / 8)))):
        piece = draw_furniture(rng, width, depth)
        row_free = plan.clearance[_cells_under(plan, piece)]
        if row_free.size and row_free.min() > 0.05:
            plan.block([piece.footprint])
            furniture.append(piece)
    start = plan.draw_point(rng, 0.35)
    if start is None:
        return None
    things = _draw_things(options, plan, start, rng)
    if things is None:
        return None
    looks = _draw_looks(rng, width, depth)
    return Room(seed=seed, width_m=width, depth_m=depth, furniture=tuple(furniture),
                things=tuple(things), gloss=float(rng.uniform(0.05, 0.5)),
                start=Pose(x_m=start[0], y_m=start[1],
                           yaw_rad=float(rng.uniform(-np.pi, np.pi))), **looks)


def _cells_under(plan: FloorPlan, piece: Furniture) -> NDArray[np.bool_]:
    alone = FloorPlan(*(2 * plan.half))
    border = alone.clearance == 0
    alone.block([piece.footprint])
    under: NDArray[np.bool_] = (alone.clearance == 0) & ~border
    return under


def _draw_pairs(options: RoomOptions, rng: np.random.Generator) -> tuple[list[Pair], int]:
    """Return pairs to place, in this order, and how many of the first are required."""
    barred = set(options.absent) | (set() if options.held_out else set(HELD_OUT_PAIRS))
    all_pairs = [(c, k) for c in COLOURS for k in KINDS if (c, k) not in barred]
    pool = [all_pairs[i] for i in rng.permutation(len(all_pairs))]
    pairs = [options.target] if options.target else []
    pairs += [p for p in (*options.must, *options.novel) if p not in pairs]
    if options.distract:
        colour, kind = options.distract
        same_colour = [p for p in pool if p[0] == colour and p[1] != kind and p not in pairs]
        same_kind = [p for p in pool if p[0] != colour and p[1] == kind and p not in pairs]
        if not same_colour or not same_kind:
            raise ValueError(f'RoomOptions.distract is {options.distract}, but `absent` or '
                             '`held_out` leaves nothing of that colour or kind; allow some')
        pairs += [same_colour[0], same_kind[0]]
    required = len(pairs)
    count = max(int(rng.integers(options.things[0], options.things[1] + 1)), required)
    pairs += [p for p in pool if p not in pairs][:count - required]
    return pairs, required


def _draw_things(options: RoomOptions, plan: FloorPlan, start: tuple[float, float],
                 rng: np.random.Generator) -> list[Thing] | None:
    if options.furniture_only:
        return []
    pairs, required = _draw_pairs(options, rng)
    things: list[Thing] = []
    full = plan.copy()
    for number in options.designs:
        thing = _place(draw_design(number), things, plan, start, rng)
        if thing is not None:
            things.append(thing)
            full.block([disc_of(thing)])
    for index, (colour, kind) in enumerate(pairs):
        thing = _place(draw_thing(colour, kind, rng), things, plan, start, rng)
        if thing is not None:
            things.append(thing)
            full.block([disc_of(thing)])
        elif index < required:
            return None
    if len(things) < min(options.things[0], len(pairs)):
        return None
    reachable = full.reachable(*start, _MARGIN_M)
    for thing in things:
        around = full.ring(disc_of(thing), *_REACH_M)
        # A quarter of the ring free and connected to the start is an open side.
        if np.count_nonzero(around & reachable) < 0.25 * np.count_nonzero(around):
            return None
    return things


def _place(thing: Thing, others: list[Thing], plan: FloorPlan, start: tuple[float, float],
           rng: np.random.Generator) -> Thing | None:
    wall_gap = 0.12 if rng.random() < 0.3 else 0.4
    within = plan.clearance > thing.radius_m + wall_gap
    for _ in range(40):
        spot = plan.draw_point(rng, thing.radius_m + wall_gap, within)
        if spot is None:
            return None
        gaps = [np.hypot(spot[0] - o.x_m, spot[1] - o.y_m) - o.radius_m - thing.radius_m
                for o in others]
        from_start = np.hypot(spot[0] - start[0], spot[1] - start[1]) - thing.radius_m
        if min(gaps, default=np.inf) >= _THING_GAP_M and from_start >= 0.6:
            return replace(thing, x_m=spot[0], y_m=spot[1])
    return None


class _Looks(TypedDict):
    height_m: float
    floor: Surface
    walls: Surface
    ceiling: Rgb
    ambient: Rgb
    lights: tuple[Light, ...]


def _draw_looks(rng: np.random.Generator, width: float, depth: float) -> _Looks:
    def surface(saturation: float) -> Surface:
        rgb = muted(rng) if rng.random() < 0.5 else colorsys.hsv_to_rgb(
            rng.uniform(), rng.uniform(0, saturation), rng.uniform(0.35, 0.95))
        lift = max(1.0, rng.uniform(0.3, 0.5) / max(*rgb, 0.05))  # no coal-black rooms
        rgb = (rgb[0] * lift, rgb[1] * lift, rgb[2] * lift)
        shift = rng.uniform(-0.25, 0.25)
        other = tuple(float(np.clip(v * (1 + shift) + rng.uniform(-0.04, 0.04), 0, 1))
                      for v in rgb)
        return Surface(pattern=PATTERNS[rng.integers(len(PATTERNS))], rgb=rgb,
                       other_rgb=(other[0], other[1], other[2]),
                       scale=float(rng.uniform(0.4, 1.6)))

    height = float(rng.uniform(2.2, 3.0))
    tint = 1 + rng.uniform(-1, 1) * np.array([0.09, 0.0, -0.09])  # warm to cold
    ambient = rng.uniform(0.34, 0.60) * tint
    lights: list[Light] = []
    for _ in range(int(rng.integers(1, 3))):
        at = np.array([rng.uniform(-0.5, 0.5) * width, rng.uniform(-0.5, 0.5) * depth,
                       height - 0.1])
        strength = rng.uniform(0.42, 0.84) / (1.0 + 0.5 * len(lights))
        towards = np.array([rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.8), -1.0])
        lights.append(Light(at=_triple(at), towards=_triple(towards),
                            directional=bool(rng.random() < 0.4), rgb=_triple(strength * tint)))
    value = rng.uniform(0.6, 0.95)
    return {'height_m': height, 'floor': surface(0.35), 'walls': surface(0.3),
            'ceiling': (value, value, value), 'ambient': _triple(ambient),
            'lights': tuple(lights)}


def _triple(values: NDArray[np.float64]) -> Triple:
    return float(values[0]), float(values[1]), float(values[2])
