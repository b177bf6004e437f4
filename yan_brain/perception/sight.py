"""The eye: an image becomes fine patches, a few dozen tokens for the core, and a gist.

The convolutional net looks at 160x120 pixels and answers on a grid of 15x20 patches, 8 pixels
each. The core thinks over the 5x5 coarse tokens; what it thinks comes back to the patches in
`cognition.model`.
"""
from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from yan_brain.signals import Image

WIDTH, HEIGHT, PATCH = 160, 120, 8          # pixels
COLUMNS, ROWS = WIDTH // PATCH, HEIGHT // PATCH
TOKEN_ROWS, TOKEN_COLUMNS = 5, 5            # coarse tokens: pools of 3x4 patches
FEATURES = 128                              # floats of one patch, for the core
IDENTITY = 64                               # ... and for telling things apart
MAX_PIXELS = 64_000_000


def prepare(image: Image) -> NDArray[np.uint8]:
    """Bring a camera image to (HEIGHT, WIDTH, 3) uint8, by area, keeping its whole view.

    Raises:
        ValueError: the image is empty, huge, or not (height, width, 3) uint8.
    """
    rgb = image.rgb
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f'image has shape {rgb.shape} and type {rgb.dtype}; '
                         'expected (height, width, 3) uint8, red first')
    if not 0 < rgb.shape[0] * rgb.shape[1] <= MAX_PIXELS:
        raise ValueError(f'image is {rgb.shape[1]}x{rgb.shape[0]}; '
                         f'expected 1 to {MAX_PIXELS} pixels')
    if not 0.1 < image.horizontal_fov_rad < math.pi:
        raise ValueError(f'horizontal field of view is {image.horizontal_fov_rad} rad; '
                         'expected 0.1 to pi (is the CameraInfo right?)')
    if rgb.shape[:2] == (HEIGHT, WIDTH):
        return rgb
    return cv2.resize(rgb, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.uint8)


def focal_pixels(horizontal_fov_rad: float) -> float:
    """Focal length in pixels of the prepared image."""
    return WIDTH / 2 / math.tan(horizontal_fov_rad / 2)


class Sight(NamedTuple):
    """What the eye makes of B images, patch by patch."""

    features: Tensor      # (B, FEATURES, ROWS, COLUMNS): what is where, for the core
    identity: Tensor      # (B, IDENTITY, ROWS, COLUMNS): what tells one thing from another


class _Residual(nn.Module):
    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width)
        self.first = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False)
        self.middle = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(x))
        return x + self.second(F.relu(self.middle(self.first(x))))


class Eye(nn.Module):
    """uint8 pixels -> patch features and identities. Fully convolutional, 1.5M weights.

    Names of colours and kinds are read from deep features. A thing nobody has a word for is told
    by its identity, for which colour and early layers are kept beside the deep ones.
    """

    def __init__(self, early: int = 64, features: int = FEATURES,
                 identity: int = IDENTITY) -> None:
        super().__init__()
        self.early = nn.Sequential(
            nn.Conv2d(3, early, 7, stride=4, padding=3, bias=False),
            _Residual(early), _Residual(early), nn.BatchNorm2d(early), nn.ReLU())
        self.deep = nn.Sequential(
            nn.Conv2d(early, features, 3, stride=2, padding=1, bias=False),
            _Residual(features), _Residual(features, 2), _Residual(features),
            _Residual(features, 2), nn.BatchNorm2d(features))
        self.identity = nn.Sequential(
            nn.Conv2d(features + early + 3, 160, 1), nn.ReLU(), nn.Conv2d(160, identity, 1))

    def forward(self, pixels: Tensor) -> Sight:
        """(B, HEIGHT, WIDTH, 3) uint8, or float in 0..255."""
        features, beside = self.look(pixels)
        return Sight(features, self.identity(beside))

    def look(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels as for `forward` -> features, and what the identity head is given."""
        x = pixels.permute(0, 3, 1, 2).to(torch.float32) / 128 - 1
        early = self.early(x)
        features = self.deep(early)
        return features, torch.cat([features, F.avg_pool2d(early, 2),
                                    F.avg_pool2d(x, PATCH).to(early.dtype)], 1)


def coarse(features: Tensor) -> Tensor:
    """(B, F, ROWS, COLUMNS) -> (B, TOKEN_ROWS * TOKEN_COLUMNS, F): patches pooled to tokens."""
    pooled = F.avg_pool2d(features, (ROWS // TOKEN_ROWS, COLUMNS // TOKEN_COLUMNS))
    return pooled.flatten(2).transpose(1, 2)


def spread(tokens: Tensor) -> Tensor:
    """The way back: (B, TOKEN_ROWS * TOKEN_COLUMNS, F) -> (B, F, ROWS, COLUMNS)."""
    grid = tokens.transpose(1, 2).unflatten(2, (TOKEN_ROWS, TOKEN_COLUMNS))
    return grid.repeat_interleave(ROWS // TOKEN_ROWS, 2).repeat_interleave(
        COLUMNS // TOKEN_COLUMNS, 3)


def patches(grid: Tensor) -> Tensor:
    """(B, F, ROWS, COLUMNS) -> (B, ROWS * COLUMNS, F), row by row."""
    return grid.flatten(2).transpose(1, 2)
