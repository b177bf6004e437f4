"""Batches of generated frames, varied in light, colour cast, noise, sharpness and side."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from yan_brain.perception.sight import COLUMNS, PATCH, ROWS, focal_pixels
from yan_brain.simulation.frames import MOST_THINGS, load_frames
from yan_brain.simulation.things import COLOURS, KINDS
from yan_brain.training.losses import SightTargets, joined

NAMED_PAIRS = len(COLOURS) * len(KINDS)     # identities 0 to here have names, designs follow
_EXCHANGES = ((0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
_GRAINS = 64                                # pictures of noise kept ready


class FrameSet:
    """Frames in a folder made by `python -m yan_brain.simulation.frames`."""

    def __init__(self, folder: Path, recoloured: float = 0.0) -> None:
        """`recoloured`: share of frames whose colours are exchanged, so that no kind is bound to
        the colours it was seen in; their colours have no names then."""
        self.recoloured = recoloured
        if not (folder / 'rgb.npy').exists():
            raise FileNotFoundError(
                f'{folder} holds no frames; make them with `python -m '
                f'yan_brain.simulation.frames --out {folder}`, see docs/training.md')
        self.arrays = load_frames(folder)
        self._grain = np.random.default_rng(0).standard_normal(
            (_GRAINS, *self.arrays['rgb'].shape[1:]), np.float32)

    def __len__(self) -> int:
        return int(self.arrays['rgb'].shape[0])

    def batch(self, rng: np.random.Generator, count: int) -> tuple[Tensor, SightTargets]:
        """Draw `count` frames at random, varied; pixels are float (B, H, W, 3) in 0..255."""
        return self.varied(np.sort(rng.integers(len(self), size=count)), rng)

    def varied(self, rows: NDArray[np.int64],
               rng: np.random.Generator) -> tuple[Tensor, SightTargets]:
        """These frames as `batch` gives them."""
        count = len(rows)
        pixels, targets = self.rows(rows)
        flip = rng.random(count) < 0.5
        targets = _mirrored(targets, torch.from_numpy(flip))
        recolour = rng.random(count) < self.recoloured
        varied = np.stack([self._vary(image[:, ::-1] if flipped else image, rng,
                                      _EXCHANGES[rng.integers(len(_EXCHANGES))] if new else None)
                           for image, flipped, new in zip(pixels, flip, recolour, strict=True)])
        return torch.from_numpy(varied), _unnamed(targets, torch.from_numpy(recolour))

    def rows(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint8], SightTargets]:
        """Return frames as they are, with labels; patches row by row."""
        a, n = self.arrays, len(rows)
        instance = a['patch_thing'][rows].reshape(n, -1).astype(np.int64)
        on = instance >= 0
        range_m = np.take_along_axis(
            a['thing_range_m'][rows], np.clip(instance, 0, None), 1)
        focal = np.array([focal_pixels(float(f)) for f in a['fov_rad'][rows]])
        log_range = np.where(on, np.log(np.where(on, range_m, 1.0) / focal[:, None]), 0.0)
        offset = a['patch_offset'][rows].reshape(n, -1, 2).astype(np.float32) / PATCH
        return np.asarray(a['rgb'][rows], np.uint8), SightTargets(
            instance=torch.from_numpy(instance),
            colour=torch.from_numpy(a['patch_colour'][rows].reshape(n, -1).astype(np.int64)),
            kind=torch.from_numpy(a['patch_kind'][rows].reshape(n, -1).astype(np.int64)),
            identity=torch.from_numpy(self._identities(rows)),
            offset=torch.from_numpy(np.where(on[..., None], offset, 0.0).astype(np.float32)),
            log_range=torch.from_numpy(log_range.astype(np.float32)))

    def _identities(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n, MOST_THINGS) what each thing of the room is, -1 where there is none."""
        a = self.arrays
        colour = a['thing_colour'][rows].astype(np.int64)
        kind = a['thing_kind'][rows].astype(np.int64)
        design = a['thing_design'][rows].astype(np.int64)
        found: NDArray[np.int64] = np.where(
            design >= 0, NAMED_PAIRS + design,
            np.where(colour >= 0, colour * len(KINDS) + kind, -1))
        assert found.shape[1] == MOST_THINGS
        return found

    def _vary(self, image: NDArray[np.uint8], rng: np.random.Generator,
              exchange: tuple[int, int, int] | None = None) -> NDArray[np.float32]:
        """Another camera and another hour of the day: exposure, cast, contrast, blur, noise.

        `exchange`: which channel becomes red, green, blue.
        """
        x = image.astype(np.float32) if exchange is None else (
            image[..., exchange].astype(np.float32))
        if rng.random() < 0.2:                                   # soft lens or motion
            x[:, 1:-1] = (x[:, :-2] + x[:, 1:-1] + x[:, 2:]) / 3
            if rng.random() < 0.5:
                x[1:-1] = (x[:-2] + x[1:-1] + x[2:]) / 3
        gain = np.exp(rng.normal(0, 0.15)) * np.exp(rng.normal(0, 0.05, 3))
        x *= gain.astype(np.float32)
        x += np.float32(rng.normal(0, 6))
        if rng.random() < 0.5:
            x += self._grain[rng.integers(_GRAINS)] * np.float32(rng.uniform(0, 8))
        return np.clip(x, 0, 255, out=x)


def draw(named: FrameSet, unnamed: FrameSet, rng: np.random.Generator, count: int,
         unnamed_share: float) -> tuple[Tensor, SightTargets]:
    """A batch of both sets, those with names first."""
    others = round(count * unnamed_share)
    pixels, targets = named.batch(rng, count - others)
    if not others:
        return pixels, targets
    more, labels = unnamed.batch(rng, others)
    return torch.cat([pixels, more]), joined(targets, labels)


def _unnamed(targets: SightTargets, recoloured: Tensor) -> SightTargets:
    """The labels, without names of colours and things where colours were exchanged."""
    lost = recoloured[:, None]
    return replace(targets, colour=targets.colour.masked_fill(lost, -1),
                   identity=targets.identity.masked_fill(lost, -1))


def _mirrored(targets: SightTargets, flip: Tensor) -> SightTargets:
    """Swap left and right in the labels of the rows to flip."""
    def turned(x: Tensor) -> Tensor:
        grid = x.unflatten(1, (ROWS, COLUMNS)).flip(2).flatten(1, 2)
        return torch.where(flip.view(-1, *[1] * (x.ndim - 1)), grid, x)

    offset = turned(targets.offset)
    sign = torch.where(flip, -1.0, 1.0)[:, None]
    return SightTargets(
        instance=turned(targets.instance), colour=turned(targets.colour),
        kind=turned(targets.kind), log_range=turned(targets.log_range),
        identity=targets.identity,
        offset=torch.stack([offset[..., 0] * sign, offset[..., 1]], -1))
