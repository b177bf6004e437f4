"""What stands and hangs about in a room besides the things: muted furniture, posters, rugs."""
from __future__ import annotations

import colorsys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from yan_brain.simulation.floorplan import Rect
from yan_brain.simulation.things import Part, Rgb

# hue from, to, saturation from, to, value from, to: grey, brown, beige, white, dark, slate, sage
_PALETTE = (
    (0.0, 1.0, 0.0, 0.06, 0.30, 0.75), (0.05, 0.09, 0.35, 0.60, 0.18, 0.42),
    (0.08, 0.13, 0.12, 0.35, 0.60, 0.90), (0.0, 1.0, 0.0, 0.05, 0.80, 0.97),
    (0.0, 1.0, 0.0, 0.30, 0.06, 0.20), (0.55, 0.68, 0.08, 0.25, 0.35, 0.65),
    (0.25, 0.42, 0.06, 0.20, 0.40, 0.65))


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One coloured part of furniture, in the furniture's frame."""

    part: Part
    rgb: Rgb


@dataclass(frozen=True, slots=True, kw_only=True)
class Furniture:
    """A piece of furniture; `solid` is False for what a robot cannot run into."""

    name: str
    x_m: float
    y_m: float
    yaw_rad: float
    half_x_m: float
    half_y_m: float
    solid: bool
    pieces: tuple[Piece, ...]

    @property
    def footprint(self) -> Rect:
        """Return the floor it takes."""
        return Rect(x_m=self.x_m, y_m=self.y_m, half_x_m=self.half_x_m, half_y_m=self.half_y_m,
                    yaw_rad=self.yaw_rad)


def muted(rng: np.random.Generator) -> Rgb:
    """Draw an unsaturated or dark colour that none of COLOURS names."""
    h0, h1, s0, s1, v0, v1 = _PALETTE[rng.integers(len(_PALETTE))]
    return colorsys.hsv_to_rgb(rng.uniform(h0, h1), rng.uniform(s0, s1), rng.uniform(v0, v1))


def vivid(rng: np.random.Generator) -> Rgb:
    """Draw any saturated colour, for posters and books."""
    return colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(0.5, 1), rng.uniform(0.4, 1))


def _box(rgb: Rgb, at: tuple[float, float, float], half: tuple[float, float, float]) -> Piece:
    return Piece(part=Part(geom='box', at=at, size=half), rgb=rgb)


def _table(rng: np.random.Generator) -> tuple[float, float, list[Piece]]:
    x, y, high = rng.uniform(0.3, 0.6), rng.uniform(0.25, 0.42), rng.uniform(0.5, 0.78)
    leg, rgb = rng.uniform(0.02, 0.035), muted(rng)
    legs_rgb = rgb if rng.random() < 0.5 else muted(rng)
    pieces = [_box(rgb, (0, 0, high), (x, y, 0.02))]
    pieces += [_box(legs_rgb, (i * (x - leg), j * (y - leg), high / 2), (leg, leg, high / 2))
               for i in (-1, 1) for j in (-1, 1)]
    return x, y, pieces


def _shelf(rng: np.random.Generator) -> tuple[float, float, list[Piece]]:
    x, y, high = rng.uniform(0.25, 0.6), rng.uniform(0.13, 0.2), rng.uniform(0.5, 1.8)
    rgb, back, boards = muted(rng), muted(rng), int(rng.integers(2, 5))
    pieces = [_box(rgb, (i * (x - 0.015), 0, high / 2), (0.015, y, high / 2)) for i in (-1, 1)]
    pieces.append(_box(back, (0, -y + 0.01, high / 2), (x, 0.01, high / 2)))
    pieces.append(_box(rgb, (0, 0, 0.08), (x, y, 0.08)))
    levels = np.linspace(0.16, high, boards + 1)
    pieces += [_box(rgb, (0, 0, float(z)), (x, y, 0.012)) for z in levels[1:]]
    if rng.random() < 0.5:
        for z in levels[:-1]:
            at = -x + 0.06
            while at < x - 0.06 and rng.random() < 0.85:
                thick, tall = rng.uniform(0.012, 0.03), rng.uniform(0.06, 0.1)
                book = vivid(rng) if rng.random() < 0.4 else muted(rng)
                pieces.append(_box(book, (at, 0, float(z) + 0.012 + tall),
                                   (thick, rng.uniform(0.05, y - 0.03), tall)))
                at += thick * 2 + rng.uniform(0.0, 0.15)
    return x, y, pieces


def _cabinet(rng: np.random.Generator) -> tuple[float, float, list[Piece]]:
    x, y, high = rng.uniform(0.25, 0.6), rng.uniform(0.18, 0.3), rng.uniform(0.35, 1.1)
    rgb, door = muted(rng), muted(rng)
    pieces = [_box(rgb, (0, 0, high / 2), (x, y, high / 2))]
    if rng.random() < 0.6:
        pieces += [_box(door, (i * x / 2, y, high / 2), (x / 2 - 0.02, 0.006, high / 2 - 0.03))
                   for i in (-1, 1)]
    return x, y + 0.006, pieces


def _sofa(rng: np.random.Generator) -> tuple[float, float, list[Piece]]:
    x, y, rgb = rng.uniform(0.4, 0.8), rng.uniform(0.33, 0.42), muted(rng)
    seat, back, arm = rng.uniform(0.3, 0.42), rng.uniform(0.6, 0.85), rng.uniform(0.05, 0.1)
    return x, y, [
        _box(rgb, (0, 0, seat / 2), (x, y, seat / 2)),
        _box(rgb, (0, -y + 0.09, back / 2), (x, 0.09, back / 2)),
        *(_box(rgb, (i * (x - arm), 0, seat / 2 + 0.09), (arm, y, seat / 2 + 0.09))
          for i in (-1, 1))]


def _crate(rng: np.random.Generator) -> tuple[float, float, list[Piece]]:
    x, y, high = rng.uniform(0.12, 0.3), rng.uniform(0.12, 0.3), rng.uniform(0.2, 0.6)
    return x, y, [_box(muted(rng), (0, 0, high / 2), (x, y, high / 2))]


def _bin(rng: np.random.Generator) -> tuple[float, float, list[Piece]]:
    radius, high = rng.uniform(0.12, 0.2), rng.uniform(0.3, 0.6)
    part = Part(geom='cylinder', at=(0, 0, high / 2), size=(radius, high / 2))
    return radius, radius, [Piece(part=part, rgb=muted(rng))]


def _lamp(rng: np.random.Generator) -> tuple[float, float, list[Piece]]:
    high, foot = rng.uniform(1.1, 1.7), rng.uniform(0.12, 0.16)
    pole, shade = muted(rng), muted(rng)
    sizes = ((0.08, (foot, 0.08), pole), (high / 2, (0.018, high / 2), pole),
             (high, (rng.uniform(0.12, 0.2), 0.12), shade))
    return foot, foot, [
        Piece(part=Part(geom='cylinder', at=(0, 0, z), size=size), rgb=rgb)
        for z, size, rgb in sizes]


_MAKERS: dict[str, Callable[[np.random.Generator], tuple[float, float, list[Piece]]]] = {
    'table': _table, 'shelf': _shelf, 'cabinet': _cabinet, 'sofa': _sofa, 'crate': _crate,
    'bin': _bin, 'lamp': _lamp}
_BY_THE_WALL = frozenset({'shelf', 'cabinet', 'sofa'})


def draw_furniture(rng: np.random.Generator, width_m: float, depth_m: float) -> Furniture:
    """Draw a piece of furniture and a place for it, mostly along a wall; it may overlap others."""
    name = list(_MAKERS)[rng.integers(len(_MAKERS))]
    half_x, half_y, pieces = _MAKERS[name](rng)
    if name in _BY_THE_WALL or rng.random() < 0.5:
        # Its front (+y) looks into the room.
        side, gap = int(rng.integers(4)), half_y + rng.uniform(0.02, 0.08)
        along, across = (width_m, depth_m) if side % 2 == 0 else (depth_m, width_m)
        yaw, s = side * np.pi / 2, rng.uniform(-1, 1) * max(along / 2 - half_x - 0.05, 0.0)
        local = np.array([s, -across / 2 + gap])
        c, n = np.cos(yaw), np.sin(yaw)
        x, y = c * local[0] - n * local[1], n * local[0] + c * local[1]
    else:
        yaw, reach = rng.uniform(-np.pi, np.pi), float(np.hypot(half_x, half_y)) + 0.05
        x, y = (rng.uniform(-1, 1) * max(size / 2 - reach, 0.0) for size in (width_m, depth_m))
    return Furniture(name=name, x_m=float(x), y_m=float(y), yaw_rad=float(yaw),
                     half_x_m=float(half_x), half_y_m=float(half_y), solid=True,
                     pieces=tuple(pieces))


def draw_poster(rng: np.random.Generator, width_m: float, depth_m: float) -> Furniture:
    """Draw a picture on a wall: saturated colours that are no thing."""
    half_w, half_h = rng.uniform(0.12, 0.45), rng.uniform(0.12, 0.45)
    z, rgb = rng.uniform(0.75, 1.6), vivid(rng)
    inner = vivid(rng) if rng.random() < 0.5 else muted(rng)
    side = int(rng.integers(4))
    along, across = (width_m, depth_m) if side % 2 == 0 else (depth_m, width_m)
    yaw, s = side * np.pi / 2, rng.uniform(-1, 1) * (along / 2 - 0.5)
    c, n = np.cos(yaw), np.sin(yaw)
    y = -across / 2 + 0.008
    pieces = (_box(rgb, (0, 0, z), (half_w, 0.006, half_h)),
              _box(inner, (0, 0.002, z), (half_w * rng.uniform(0.3, 0.85), 0.008,
                                          half_h * rng.uniform(0.3, 0.85))))
    return Furniture(name='poster', x_m=float(c * s - n * y), y_m=float(n * s + c * y),
                     yaw_rad=yaw, half_x_m=half_w, half_y_m=0.01, solid=False, pieces=pieces)


def draw_rug(rng: np.random.Generator, width_m: float, depth_m: float) -> Furniture:
    """Draw a rug: flat, of a muted or half-saturated colour."""
    half_x, half_y = rng.uniform(0.4, 1.1), rng.uniform(0.4, 0.9)
    hue, saturation, value = rng.uniform(), rng.uniform(0.0, 0.45), rng.uniform(0.25, 0.8)
    rgb = colorsys.hsv_to_rgb(hue, saturation, value)
    part = (Part(geom='box', at=(0, 0, 0.002), size=(half_x, half_y, 0.002))
            if rng.random() < 0.6 else
            Part(geom='ellipsoid', at=(0, 0, 0.0), size=(half_x, half_y, 0.004)))
    return Furniture(
        name='rug', x_m=float(rng.uniform(-0.3, 0.3) * width_m),
        y_m=float(rng.uniform(-0.3, 0.3) * depth_m), yaw_rad=float(rng.uniform(-np.pi, np.pi)),
        half_x_m=half_x, half_y_m=half_y, solid=False, pieces=(Piece(part=part, rgb=rgb),))
