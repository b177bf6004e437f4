"""Thousands of things nobody has a word for: what eyes learn to tell new things apart on.

A design is a number: the same number is always the same thing, of the same parts, size and
colours. Its shape is of one of a few families (turned profiles, stacks, blocks on a grid, cut
outlines, bent tubes), its colours come from a palette that many designs share, so that neither
shape nor colour alone tells designs apart. None is a thing of `things.KINDS`.
"""
from __future__ import annotations

import colorsys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from yan_brain.simulation.things import Part, Rgb, Thing, lathe, plate, reach, torus

# Designs to learn from have smaller numbers, designs to be judged by have these and larger.
FIRST_JUDGED = 100_000
_HEIGHT_M = (0.20, 0.52)
_GREYS = (0.05, 0.30, 0.60, 0.95)
_GREY_SHARE = 0.4          # white and black things are hard to tell from walls and shadows
_HUES = 12
_MOST_RADIUS_M = 0.24


def draw_design(number: int) -> Thing:
    """Draw the thing of a design number, standing at the origin.

    Raises ValueError for a negative number.
    """
    if number < 0:
        raise ValueError(f'design number is {number}; it must be 0 or more')
    rng = np.random.default_rng([number, 23])
    height = float(rng.uniform(*_HEIGHT_M))
    family = _FAMILIES[rng.choice(len(_FAMILIES), p=_SHARES)]
    parts = family(height, rng)
    wide = reach(parts)
    if wide > _MOST_RADIUS_M:
        parts = [_scaled(part, _MOST_RADIUS_M / wide) for part in parts]
    colours = [_draw_shade(rng) for _ in range(rng.choice((1, 2, 3), p=(0.5, 0.35, 0.15)))]
    painted = tuple(Part(geom=p.geom, at=p.at, size=p.size, vertices=p.vertices, faces=p.faces,
                         rgb=colours[i % len(colours)]) for i, p in enumerate(parts))
    return Thing(colour='', kind='', rgb=colours[0], height_m=height, slenderness=1.0,
                 radius_m=reach(painted), yaw_rad=float(rng.uniform(-np.pi, np.pi)),
                 design=number, built=painted)


def _draw_shade(rng: np.random.Generator) -> Rgb:
    """One of a palette, with a little jitter."""
    if rng.random() < _GREY_SHARE:
        grey = _GREYS[rng.integers(len(_GREYS))]
        return grey, grey, grey
    hue = (rng.integers(_HUES) / _HUES + rng.uniform(-0.015, 0.015)) % 1.0
    saturation, value = ((0.9, 0.9), (0.9, 0.5), (0.4, 0.95))[rng.integers(3)]
    return colorsys.hsv_to_rgb(hue, saturation + rng.uniform(-0.08, 0.08),
                               value + rng.uniform(-0.04, 0.04))


def _scaled(part: Part, share: float) -> Part:
    """The part drawn in towards the axis; heights stay."""
    flat = np.array([share, share, 1.0])
    at = tuple(float(v) for v in np.array(part.at) * flat)
    if part.vertices is not None:
        return Part(geom=part.geom, at=(at[0], at[1], at[2]), vertices=part.vertices * flat,
                    faces=part.faces)
    size = np.array(part.size)
    if part.geom in ('box', 'ellipsoid'):
        size = size * flat
    else:
        size[0] *= share                              # radius; a sphere shrinks
    return Part(geom=part.geom, at=(at[0], at[1], at[2]), size=tuple(float(v) for v in size))


# ---- families --------------------------------------------------------------------------

def _turned(h: float, rng: np.random.Generator) -> list[Part]:
    """A profile that goes in and out, turned about the axis; few sides make it angular."""
    cuts = int(rng.integers(1, 4))
    levels = np.concatenate([[0.0], np.sort(rng.uniform(0.12, 0.88, cuts)), [1.0]])
    radii = h * rng.uniform(0.06, 0.5, len(levels))
    if rng.random() < 0.3:
        radii[-1] = 0.01
    middle = 1 + int(rng.integers(cuts))
    # Bent in or out somewhere, so that it is neither a cylinder nor a cone.
    radii[middle] = h * (rng.uniform(0.05, 0.12) if rng.random() < 0.5 else
                         rng.uniform(0.35, 0.5))
    sides = (3, 4, 6, 20, 20, 20)[rng.integers(6)]
    split = int(rng.integers(1, len(levels)))
    profile = [(float(r), float(z * h)) for r, z in zip(radii, levels, strict=True)]
    if split == len(levels) - 1:
        return [lathe(profile, sides)]
    return [lathe(profile[:split + 1], sides), lathe(profile[split:], sides)]


def _stack(h: float, rng: np.random.Generator) -> list[Part]:
    """Two to four simple bodies, one on the other."""
    count = int(rng.integers(2, 5))
    shares = rng.dirichlet(np.full(count, 4.0))
    parts: list[Part] = []
    z = 0.0
    for share in shares:
        tall = float(share * h)
        r = float(h * rng.uniform(0.08, 0.45))
        z += tall / 2
        parts.append((
            Part(geom='box', at=(0, 0, z), size=(r, float(r * rng.uniform(0.4, 1)), tall / 2)),
            Part(geom='cylinder', at=(0, 0, z), size=(r, tall / 2)),
            Part(geom='ellipsoid', at=(0, 0, z), size=(r, r, tall / 2)),
            _raised(lathe([(r, -tall / 2), (float(r * rng.uniform(0.05, 0.5)), tall / 2)],
                          (4, 20)[rng.integers(2)]), z),
        )[rng.integers(4)])
        z += tall / 2
    return parts


def _raised(part: Part, z: float) -> Part:
    return Part(geom=part.geom, at=(0, 0, z), vertices=part.vertices, faces=part.faces)


def _blocks(h: float, rng: np.random.Generator) -> list[Part]:
    """Cells of a 3x3x3 (or flat 3x1x3) grid that hang together, from the floor up."""
    deep = 3 if rng.random() < 0.4 else 1
    cell = np.array([rng.uniform(0.22, 0.4) * h, rng.uniform(0.2, 0.4) * h, h / 3])
    cells = {(1, deep // 2, 0)}
    while len(cells) < rng.integers(4, 8) or max(c[2] for c in cells) < 2:
        x, y, z = sorted(cells)[rng.integers(len(cells))]
        axis, step = int(rng.integers(3)), int(rng.choice((-1, 1)))
        new = [x, y, z]
        new[axis] += step
        if 0 <= new[0] < 3 and 0 <= new[1] < deep and 0 <= new[2] < 3:
            cells.add((new[0], new[1], new[2]))
    half = cell / 2
    return [Part(geom='box', at=(float((x - 1) * cell[0]), float((y - deep // 2) * cell[1]),
                                 float((z + 0.5) * cell[2])),
                 size=(float(half[0]), float(half[1]), float(half[2])))
            for x, y, z in sorted(cells)]


def _outline(h: float, rng: np.random.Generator) -> list[Part]:
    """A jagged or smooth outline, cut from a board, or two such boards crossed."""
    points = int(rng.integers(3, 9)) * (2 if rng.random() < 0.5 else 1)
    angles = np.sort((np.arange(points) + rng.uniform(-0.25, 0.25, points)) * 2 * np.pi / points)
    radii = rng.uniform(0.35, 1.0, points) if points < 7 else np.where(
        np.arange(points) % 2 == 0, 1.0, rng.uniform(0.3, 0.7))
    xz = np.stack([radii * np.sin(angles), radii * np.cos(angles)], 1)
    low, high = xz[:, 1].min(), xz[:, 1].max()
    xz = xz / (high - low) * h
    xz[:, 1] -= xz[:, 1].min()
    centre = float(-low / (high - low) * h)
    depth = float(rng.uniform(0.15, 0.5) * h)
    return [plate(xz, centre, depth, turned) for turned in
            ((False, True) if rng.random() < 0.6 else (False,))]


def _tubes(h: float, rng: np.random.Generator) -> list[Part]:
    """A ring with something under, in or on it."""
    tall = float(h * rng.uniform(0.45, 0.75))
    tube = float(tall * rng.uniform(0.08, 0.2))
    base = h - tall
    r = float(h * rng.uniform(0.08, 0.3))
    ring = _raised(torus(tall, tube), base)
    foot = (Part(geom='box', at=(0, 0, base / 2), size=(r, r, base / 2)),
            Part(geom='cylinder', at=(0, 0, base / 2), size=(r, base / 2)),
            lathe([(r, 0.0), (0.02, base)]))[rng.integers(3)]
    parts = [ring, foot]
    if rng.random() < 0.4:
        parts.append(Part(geom='sphere', at=(0, 0, base + tall / 2), size=(tall / 2 - tube,)))
    return parts


_FAMILIES: tuple[Callable[[float, np.random.Generator], list[Part]], ...] = (
    _turned, _stack, _blocks, _outline, _tubes)
_SHARES: NDArray[np.float64] = np.array([0.28, 0.26, 0.26, 0.12, 0.08])
