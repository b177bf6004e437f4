"""Batches of generated frames, varied in light, colour cast, noise, sharpness and side."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from yan_brain.perception.sight import COLUMNS, PATCH, ROWS, focal_pixels
from yan_brain.simulation.frames import load_frames
from yan_brain.training.losses import SightTargets


class FrameSet:
    """Frames in a folder made by `python -m yan_brain.simulation.frames`."""

    def __init__(self, folder: Path) -> None:
        if not (folder / 'rgb.npy').exists():
            raise FileNotFoundError(
                f'{folder} holds no frames; make them with `python -m '
                f'yan_brain.simulation.frames --rooms 4000 --seed 1 --out {folder}`')
        self.arrays = load_frames(folder)

    def __len__(self) -> int:
        return int(self.arrays['rgb'].shape[0])

    def batch(self, rng: np.random.Generator, count: int) -> tuple[Tensor, SightTargets]:
        """Draw `count` frames at random, varied; pixels are float (B, H, W, 3) in 0..255."""
        rows = rng.integers(len(self), size=count)
        pixels, targets = self.rows(rows)
        flip = rng.random(count) < 0.5
        targets = _mirrored(targets, torch.from_numpy(flip))
        varied = np.stack([_vary(image[:, ::-1] if flipped else image, rng)
                           for image, flipped in zip(pixels, flip, strict=True)])
        return torch.from_numpy(varied), targets

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
            offset=torch.from_numpy(np.where(on[..., None], offset, 0.0).astype(np.float32)),
            log_range=torch.from_numpy(log_range.astype(np.float32)))


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
        offset=torch.stack([offset[..., 0] * sign, offset[..., 1]], -1))


def _vary(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """Another camera and another hour of the day: exposure, cast, contrast, blur, noise."""
    x = image.astype(np.float32)
    if rng.random() < 0.2:                                   # soft lens or motion
        x[:, 1:-1] = (x[:, :-2] + x[:, 1:-1] + x[:, 2:]) / 3
        if rng.random() < 0.5:
            x[1:-1] = (x[:-2] + x[1:-1] + x[2:]) / 3
    gain = np.exp(rng.normal(0, 0.15)) * np.exp(rng.normal(0, 0.05, 3))
    x = x * gain.astype(np.float32) + np.float32(rng.normal(0, 6))
    if rng.random() < 0.5:
        x += rng.standard_normal(x.shape, np.float32) * np.float32(rng.uniform(0, 8))
    return np.clip(x, 0, 255, out=x)
