"""The phase that learns to tell new things apart, on what the eye makes of them.

Telling thousands of things apart needs many looks at each. The eye is by far the dearest part of
a look, so it rests: what its identity head is given for each thing in view is worked out once and
kept (patches as float16, about 500 bytes each), and the head alone learns from it. A step costs a
hundredth of one of the whole eye, and runs on the very features that the robot has.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from yan_brain.cognition.core import CoreState
from yan_brain.perception import sight
from yan_brain.training.frames import NAMED_PAIRS, FrameSet
from yan_brain.training.losses import IdentityLoss

LEAST_PIXELS = 25        # a smaller view tells nothing
_FRAMES = 64             # looked at together


@dataclass(frozen=True, slots=True)
class Views:
    """Things in view, their patches one after the other."""

    patches: NDArray[np.float16]     # (P, inputs of the identity head)
    first: NDArray[np.int64]         # (V + 1,) where the patches of each view begin
    label: NDArray[np.int64]         # (V,) what is seen

    def take(self, which: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
        """Patches (p, inputs), their views (p,) from 0 on, and labels (v,) of some views."""
        count = self.first[which + 1] - self.first[which]
        ends = np.cumsum(count)
        rows = np.arange(ends[-1]) + np.repeat(self.first[which] - (ends - count), count)
        return (torch.from_numpy(self.patches[rows].astype(np.float32)),
                torch.from_numpy(np.repeat(np.arange(len(which)), count)),
                torch.from_numpy(self.label[which]))


def look(eye: sight.Eye, sets: list[tuple[FrameSet, int]], rng: np.random.Generator,
         bf16: bool = False) -> Views:
    """What the eye makes of all things in every n-th frame of each set, varied as in training."""
    patches, counts, labels = [], [], []
    for frames, every in sets:
        rows = np.arange(0, len(frames), every)
        for some in np.split(rows, range(_FRAMES, len(rows), _FRAMES)):
            pixels, want = frames.varied(some, rng)
            with torch.inference_mode(), torch.autocast('cpu', torch.bfloat16, enabled=bf16):
                beside = sight.patches(eye.eval().look(pixels)[1].float())
            things = np.asarray(frames.arrays['thing_pixels'][some], np.int64) >= LEAST_PIXELS
            for image, owner, seen, label in zip(
                    beside.numpy(), want.instance.numpy(), things, want.identity.numpy(),
                    strict=True):
                for thing in np.flatnonzero(seen & (label >= 0)):
                    mine = owner == thing
                    if mine.any():
                        patches.append(image[mine].astype(np.float16))
                        counts.append(int(mine.sum()))
                        labels.append(int(label[thing]))
    return Views(np.concatenate(patches), np.cumsum([0, *counts]), np.array(labels))


class IdentityPhase:
    """The identity head of an eye that rests."""

    state: CoreState | None = None      # it has none

    def __init__(self, eye: sight.Eye, named: FrameSet, unnamed: FrameSet, *, views: int,
                 designs: int, seed: int, bf16: bool) -> None:
        self.eye, self.views = eye.eval().requires_grad_(False), views
        eye.identity.requires_grad_(True)
        # Few things have names, so few looks at them are enough.
        self.seen = look(eye, [(unnamed, 1), (named, 8)], np.random.default_rng(seed), bf16)
        self.identity = IdentityLoss(NAMED_PAIRS + designs, self.width)

    @property
    def width(self) -> int:
        """Floats of an identity."""
        last = self.eye.identity[-1]
        assert isinstance(last, nn.Conv2d)
        return last.out_channels

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {'eye': self.eye, 'identity': self.identity}

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        return self.seen.take(rng.integers(len(self.seen.label), size=self.views))

    def losses(self, batch: tuple[Tensor, Tensor, Tensor]) -> dict[str, Tensor]:
        patches, view, label = batch
        identity = self.eye.identity(patches[:, :, None, None]).flatten(1)
        pooled = identity.new_zeros(len(label), self.width).index_add(0, view, identity)
        return {'identity': self.identity.told(pooled, label)}
