"""Things a person may name: a colour and a kind, drawn as simple shapes that stand on the floor.

A shape is a tuple of `Part`s in the thing's own frame: origin on the floor below its centre,
z up, metres. The same parts are seen by the camera, hit by the range scan and touched by the
robot (MuJoCo touches meshes by their convex hull).
"""
from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rgb = tuple[float, float, float]
Triple = tuple[float, float, float]

COLOURS = ('red', 'orange', 'yellow', 'green', 'blue', 'purple')
KINDS = ('ball', 'box', 'cone', 'cylinder', 'bottle', 'chair', 'ring', 'star')
# Used by teaching tests only: never in training data, never in COLOURS or KINDS.
NOVEL_COLOURS = ('pink', 'turquoise', 'black', 'white')
NOVEL_KINDS = ('cross', 'pyramid', 'arch', 'mushroom', 'dumbbell', 'hourglass', 'stairs')
# Never drawn for training frames; each of these colours and kinds is seen in other pairs.
HELD_OUT_PAIRS = frozenset({
    ('red', 'cone'), ('green', 'bottle'), ('blue', 'chair'), ('yellow', 'star')})

# name -> (hue, hue jitter, saturation from, to, value from, to), all 0..1
_HSV: dict[str, tuple[float, float, float, float, float, float]] = {
    'red': (0.995, 0.015, 0.82, 1.0, 0.60, 0.95),
    'orange': (0.073, 0.012, 0.85, 1.0, 0.85, 1.0),
    'yellow': (0.150, 0.012, 0.80, 1.0, 0.80, 1.0),
    'green': (0.350, 0.050, 0.65, 1.0, 0.40, 0.80),
    'blue': (0.610, 0.030, 0.75, 1.0, 0.55, 0.95),
    'purple': (0.785, 0.025, 0.60, 0.95, 0.45, 0.80),
    'pink': (0.930, 0.015, 0.30, 0.45, 0.90, 1.0),
    'turquoise': (0.490, 0.012, 0.65, 0.90, 0.70, 0.90),
    'black': (0.0, 0.0, 0.0, 0.10, 0.03, 0.10),
    'white': (0.0, 0.0, 0.0, 0.05, 0.92, 1.0),
}
# kind -> (height from, to in metres, slenderness from, to): what slenderness means is the
# kind's own (see its builder). Heights keep every shape in the way of a scan at 0.12 m.
_SIZES: dict[str, tuple[float, float, float, float]] = {
    'ball': (0.22, 0.42, 1.0, 1.0),
    'box': (0.22, 0.42, 0.75, 1.2),
    'cone': (0.28, 0.50, 0.62, 0.85),
    'cylinder': (0.26, 0.50, 0.45, 0.75),
    'bottle': (0.34, 0.50, 0.32, 0.42),
    'chair': (0.36, 0.50, 0.52, 0.64),
    'ring': (0.38, 0.50, 0.125, 0.14),
    'star': (0.32, 0.50, 0.42, 0.50),
    'cross': (0.30, 0.46, 0.24, 0.32),
    'pyramid': (0.28, 0.44, 0.9, 1.15),
    'arch': (0.32, 0.48, 0.8, 1.0),
    'mushroom': (0.28, 0.44, 0.8, 1.0),
    'dumbbell': (0.36, 0.50, 0.40, 0.48),
    'hourglass': (0.32, 0.50, 0.55, 0.75),
    'stairs': (0.26, 0.40, 0.9, 1.2),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One geom. `geom` and `size` as in MJCF; a mesh has (n, 3) vertices and (m, 3) faces.

    `rgb` is its own colour; None: that of the thing.
    """

    geom: str
    at: Triple = (0.0, 0.0, 0.0)
    size: tuple[float, ...] = ()
    vertices: NDArray[np.float64] | None = None
    faces: NDArray[np.int64] | None = None
    rgb: Rgb | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A thing in a room. `radius_m` is that of the upright cylinder it fits into.

    A thing of a `design` (see `designs`) has no names for colour and kind, and parts of its own.
    """

    colour: str
    kind: str
    rgb: Rgb
    height_m: float
    slenderness: float
    radius_m: float
    x_m: float = 0.0
    y_m: float = 0.0
    yaw_rad: float = 0.0
    design: int = -1
    built: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        if self.design >= 0 and self.built:
            return
        if self.kind not in _SIZES:
            raise ValueError(f'Thing.kind is {self.kind!r}; it must be one of {sorted(_SIZES)}')
        if self.colour not in _HSV:
            raise ValueError(
                f'Thing.colour is {self.colour!r}; it must be one of {sorted(_HSV)}')

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return the shape, standing on the floor at the origin."""
        return self.built or shape(self.kind, self.height_m, self.slenderness)

    @property
    def pair(self) -> tuple[str, str]:
        """Return (colour, kind)."""
        return self.colour, self.kind


def draw_colour(name: str, rng: np.random.Generator) -> Rgb:
    """Draw a shade of the named colour; rgb in 0..1."""
    if name not in _HSV:
        raise ValueError(f'colour is {name!r}; it must be one of {sorted(_HSV)}')
    hue, jitter, s_low, s_high, v_low, v_high = _HSV[name]
    return colorsys.hsv_to_rgb(
        (hue + rng.uniform(-jitter, jitter)) % 1.0,
        rng.uniform(s_low, s_high), rng.uniform(v_low, v_high))


def draw_thing(colour: str, kind: str, rng: np.random.Generator) -> Thing:
    """Draw a thing of this colour and kind, of some size and shade, at the origin."""
    if kind not in _SIZES:
        raise ValueError(f'kind is {kind!r}; it must be one of {sorted(_SIZES)}')
    h_low, h_high, s_low, s_high = _SIZES[kind]
    height, slenderness = rng.uniform(h_low, h_high), rng.uniform(s_low, s_high)
    return Thing(
        colour=colour, kind=kind, rgb=draw_colour(colour, rng), height_m=height,
        slenderness=slenderness, radius_m=reach(shape(kind, height, slenderness)),
        yaw_rad=rng.uniform(-np.pi, np.pi))


def shape(kind: str, height: float, slenderness: float) -> tuple[Part, ...]:
    """Return the parts of a kind; `height` in metres."""
    return _BUILDERS[kind](height, slenderness)


def reach(parts: Sequence[Part]) -> float:
    """Return the radius of the upright cylinder that the parts fit into."""
    most = 0.0
    for part in parts:
        centre = float(np.hypot(part.at[0], part.at[1]))
        if part.vertices is not None:
            xy = part.vertices[:, :2] + np.array(part.at[:2])
            most = max(most, float(np.hypot(xy[:, 0], xy[:, 1]).max()))
        elif part.geom == 'box':
            corner = np.abs(part.at[:2]) + np.array(part.size[:2])
            most = max(most, float(np.hypot(corner[0], corner[1])))
        elif part.geom == 'ellipsoid':
            most = max(most, centre + max(part.size[:2]))
        else:
            most = max(most, centre + part.size[0])
    return most


# ---- meshes ----------------------------------------------------------------------------

def lathe(profile: list[tuple[float, float]], sides: int = 20) -> Part:
    """Turn a profile of (radius, z), bottom to top, about z; the ends are closed by caps."""
    angles = np.arange(sides) * 2 * np.pi / sides
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rows = [np.column_stack([r * circle, np.full(sides, z)]) for r, z in profile]
    vertices = np.concatenate([*rows, [[0, 0, profile[0][1]]], [[0, 0, profile[-1][1]]]])
    bottom, top = len(vertices) - 2, len(vertices) - 1
    i, j = np.arange(sides), (np.arange(sides) + 1) % sides
    faces = [np.stack([np.full(sides, bottom), j, i], axis=1)]
    for row in range(len(profile) - 1):
        a, b = row * sides, (row + 1) * sides
        faces += [np.stack([a + i, a + j, b + j], axis=1), np.stack([a + i, b + j, b + i], axis=1)]
    last = (len(profile) - 1) * sides
    faces.append(np.stack([last + i, last + j, np.full(sides, top)], axis=1))
    return Part(geom='mesh', vertices=vertices, faces=np.concatenate(faces))


def torus(height: float, tube: float, around: int = 28, across: int = 12) -> Part:
    """Return a torus standing on edge in the x-z plane, its outer diameter the height."""
    turn = np.arange(around)[:, None] * 2 * np.pi / around
    roll = np.arange(across)[None, :] * 2 * np.pi / across
    across_m = height / 2 - tube + tube * np.cos(roll)
    vertices = np.stack([
        across_m * np.cos(turn), np.broadcast_to(-tube * np.sin(roll), (around, across)),
        height / 2 + across_m * np.sin(turn)], axis=-1).reshape(-1, 3)
    a, b = np.meshgrid(np.arange(around), np.arange(across), indexing='ij')
    a1, b1 = (a + 1) % around, (b + 1) % across
    p, q = a * across + b, a1 * across + b
    r, s = a1 * across + b1, a * across + b1
    faces = np.concatenate([np.stack([p, q, r], -1).reshape(-1, 3),
                            np.stack([p, r, s], -1).reshape(-1, 3)])
    return Part(geom='mesh', vertices=vertices, faces=faces)


def plate(outline: NDArray[np.float64], centre_z: float, depth: float, turned: bool) -> Part:
    """Extrude an (n, 2) outline in x-z, star-shaped about its centre, by `depth` along y."""
    n, half = len(outline), depth / 2
    flat = np.vstack([outline, [[0.0, centre_z]]])
    front = np.column_stack([flat[:, 0], np.full(n + 1, -half), flat[:, 1]])
    back = front * np.array([1, -1, 1])
    i, j = np.arange(n), (np.arange(n) + 1) % n
    m = n + 1
    faces = np.concatenate([
        np.stack([i, j, np.full(n, n)], axis=1), np.stack([m + j, m + i, np.full(n, m + n)], 1),
        np.stack([i, m + j, j], axis=1), np.stack([i, m + i, m + j], axis=1)])
    vertices = np.vstack([front, back])
    if turned:
        vertices = np.column_stack([-vertices[:, 1], vertices[:, 0], vertices[:, 2]])
    return Part(geom='mesh', vertices=vertices, faces=faces)


def _star(h: float, s: float) -> tuple[Part, ...]:
    # Two crossed plates, so that a star is seen from every side.
    outer = h / (1 + np.cos(np.pi / 5))
    centre = outer * np.cos(np.pi / 5)
    angles = np.pi / 2 + np.arange(10) * np.pi / 5
    spoke = np.where(np.arange(10) % 2 == 0, outer, outer * s)
    outline = np.stack([spoke * np.cos(angles), centre + spoke * np.sin(angles)], axis=1)
    return tuple(plate(outline, centre, 0.2 * h, turned) for turned in (False, True))


# ---- kinds -----------------------------------------------------------------------------

def _box(x: float, y: float, z: float, hx: float, hy: float, hz: float) -> Part:
    return Part(geom='box', at=(x, y, z), size=(hx, hy, hz))


def _ball(h: float, s: float) -> tuple[Part, ...]:
    return (Part(geom='sphere', at=(0, 0, h / 2), size=(h / 2,)),)


def _cube(h: float, s: float) -> tuple[Part, ...]:
    return (_box(0, 0, h / 2, h * s / 2, h * (1.95 - s) / 2, h / 2),)


def _cone(h: float, s: float) -> tuple[Part, ...]:
    return (lathe([(s * h / 2, 0.0), (0.012, h)]),)


def _cylinder(h: float, s: float) -> tuple[Part, ...]:
    return (Part(geom='cylinder', at=(0, 0, h / 2), size=(s * h / 2, h / 2)),)


def _bottle(h: float, s: float) -> tuple[Part, ...]:
    r = s * h / 2
    return (lathe([(0.9 * r, 0), (r, 0.04 * h), (r, 0.55 * h), (0.8 * r, 0.64 * h),
                    (0.36 * r, 0.74 * h), (0.34 * r, 0.93 * h), (0.46 * r, 0.935 * h),
                    (0.46 * r, h)]),)


def _chair(h: float, s: float) -> tuple[Part, ...]:
    half, leg, seat = s * h / 2, 0.055 * h, 0.48 * h
    corner = half - leg
    legs = tuple(_box(x * corner, y * corner, seat / 2, leg, leg, seat / 2)
                 for x in (-1, 1) for y in (-1, 1))
    return (*legs, _box(0, 0, seat, half, half, 0.05 * h),
            *(_box(-corner, y * corner, (seat + h) / 2, leg, leg, (h - seat) / 2)
              for y in (-1, 1)),
            _box(-corner, 0, 0.87 * h, leg, half, 0.13 * h))


def _ring(h: float, s: float) -> tuple[Part, ...]:
    # The tube is at least 0.126 m thick, so a scan at 0.12 m does not look through the hole.
    return (torus(h, max(s * h, 0.063)),)


def _cross(h: float, s: float) -> tuple[Part, ...]:
    arm = s * h / 2
    return (_box(0, 0, h / 2, arm, arm, h / 2), _box(0, 0, 0.62 * h, 0.42 * h, arm, arm),
            _box(0, 0, 0.62 * h, arm, 0.42 * h, arm))


def _pyramid(h: float, s: float) -> tuple[Part, ...]:
    return (lathe([(s * h * 0.7, 0.0), (0.008, h)], sides=4),)


def _arch(h: float, s: float) -> tuple[Part, ...]:
    half = s * h / 2
    return (_box(-half + 0.1 * h, 0, h / 2, 0.1 * h, 0.13 * h, h / 2),
            _box(half - 0.1 * h, 0, h / 2, 0.1 * h, 0.13 * h, h / 2),
            _box(0, 0, 0.87 * h, half, 0.13 * h, 0.13 * h))


def _mushroom(h: float, s: float) -> tuple[Part, ...]:
    return (Part(geom='cylinder', at=(0, 0, 0.36 * h), size=(0.14 * h, 0.36 * h)),
            Part(geom='ellipsoid', at=(0, 0, 0.76 * h), size=(s * h / 2, s * h / 2, 0.24 * h)))


def _dumbbell(h: float, s: float) -> tuple[Part, ...]:
    r = s * h / 2
    return (Part(geom='sphere', at=(0, 0, r), size=(r,)),
            Part(geom='sphere', at=(0, 0, h - r), size=(r,)),
            Part(geom='cylinder', at=(0, 0, h / 2), size=(0.35 * r, h / 2 - r)))


def _hourglass(h: float, s: float) -> tuple[Part, ...]:
    r = s * h / 2
    return (lathe([(r, 0), (r, 0.06 * h), (0.25 * r, 0.5 * h), (r, 0.94 * h), (r, h)]),)


def _stairs(h: float, s: float) -> tuple[Part, ...]:
    half = s * h / 2
    return tuple(_box((i - 1) * 2 * half / 3, 0, (i + 1) * h / 6, half / 3, half, (i + 1) * h / 6)
                 for i in range(3))


_BUILDERS: dict[str, Callable[[float, float], tuple[Part, ...]]] = {
    'ball': _ball, 'box': _cube, 'cone': _cone, 'cylinder': _cylinder, 'bottle': _bottle,
    'chair': _chair, 'ring': _ring, 'star': _star, 'cross': _cross, 'pyramid': _pyramid,
    'arch': _arch, 'mushroom': _mushroom, 'dumbbell': _dumbbell, 'hourglass': _hourglass,
    'stairs': _stairs}
