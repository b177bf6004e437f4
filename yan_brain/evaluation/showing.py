"""How well identities tell new things apart: one look at each, then other looks at them.

Things are of designs no eye was trained on. From one view of each of `WAYS` things, every other
view is named by its nearest identity. Beside it stand the mean colour of the thing's patches, and
chance.
"""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from yan_brain.evaluation.report import Result, fraction
from yan_brain.mind.checkpoint import Checkpoint
from yan_brain.perception.sight import PATCH
from yan_brain.simulation.designs import FIRST_JUDGED

WAYS = 20
SEEN_PIXELS = 60         # of 19,200; a smaller view is not shown and not asked for
ROUNDS = 200
_BATCH = 32

Frames = dict[str, NDArray[np.generic]]
Floats = NDArray[np.float32]


def measure(trained: Checkpoint, frames: Frames) -> list[Result]:
    """Name new things from one showing.

    Raises:
        ValueError: frames of designs that belong to training, or of too few.
    """
    design, identity, colour = _views(trained, frames)
    if len(design) and design.min() < FIRST_JUDGED:
        raise ValueError(f'design {design.min()} belongs to training; make frames with '
                         f'--designs {FIRST_JUDGED} COUNT')
    known, counts = np.unique(design, return_counts=True)
    known = known[counts >= 2]
    if len(known) < WAYS:
        raise ValueError(f'{len(known)} designs are seen twice; at least {WAYS} are needed: '
                         'make more rooms')
    rng = np.random.default_rng(0)
    right = {'identity': 0, 'colour': 0}
    asked = 0
    for _ in range(ROUNDS):
        chosen = rng.choice(known, WAYS, replace=False)
        views = [rng.permutation(np.flatnonzero(design == d))[:2] for d in chosen]
        shown, other = (np.array([v[i] for v in views]) for i in (0, 1))
        asked += WAYS
        right['identity'] += _hits(identity[shown] @ identity[other].T)
        gaps = colour[shown][:, None] - colour[other][None]
        right['colour'] += _hits(-np.linalg.norm(gaps, axis=-1))
    return [fraction(f'sight.one_showing.{WAYS}_ways', successes=right['identity'], n=asked,
                     baseline=right['colour'] / asked,
                     note=f'baseline: mean colour; chance {1 / WAYS:.2f}; {len(known)} designs')]


def _hits(likeness: Floats) -> int:
    """(shown, other) likeness of equal order -> how many are nearest to their own."""
    return int((likeness.argmax(0) == np.arange(likeness.shape[1])).sum())


def _views(trained: Checkpoint, frames: Frames) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Of every view large enough: design, identity of unit length, mean colour."""
    designs, identities, colours = [], [], []
    for rows in _batches(len(frames['rgb'])):
        pixels = np.array(frames['rgb'][rows])
        with torch.inference_mode():
            grid = trained.eye(torch.from_numpy(pixels)).identity.numpy()
        shade = pixels.reshape(len(rows), grid.shape[2], PATCH, grid.shape[3], PATCH, 3)
        shade = shade.mean((2, 4), dtype=np.float32)
        for i, row in enumerate(rows):
            owner, pixels_of = frames['patch_thing'][row], frames['thing_pixels'][row]
            for thing in np.flatnonzero(np.asarray(frames['thing_design'][row]) >= 0):
                mine = np.asarray(owner) == thing
                if pixels_of[thing] < SEEN_PIXELS or not mine.any():
                    continue
                mean = grid[i][:, mine].mean(1)
                designs.append(int(frames['thing_design'][row, thing]))
                identities.append(mean / max(float(np.linalg.norm(mean)), 1e-9))
                colours.append(shade[i][mine].mean(0))
    return np.array(designs), np.array(identities), np.array(colours)


def _batches(count: int) -> Iterator[NDArray[np.int64]]:
    for first in range(0, count, _BATCH):
        yield np.arange(first, min(first + _BATCH, count))
