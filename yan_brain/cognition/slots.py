"""Sparse memory slots: much to know, little to read.

A token's query finds its few best among `slots` keys and gets their values, weighted. Product
keys (arXiv 1907.05242) make the search cheap: a key is a pair of two half keys, so the best of
n * n pairs are among the pairs of the best halves. The output gate is that of Memory Layers
(arXiv 2412.09764). Slots that no token chose get no gradient.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yan_brain.cognition.config import CoreConfig


class SparseSlots(nn.Module):
    """`slots` value vectors, of which `slots_awake` are read for a token."""

    sleepy = ('values',)        # first axis: slots that may sleep (see optimiser.py)

    def __init__(self, config: CoreConfig) -> None:
        super().__init__()
        self.config = config
        d, side, half = config.width, config.slot_side, config.slot_key
        self.query = nn.Linear(d, 2 * half, bias=False)
        self.keys = nn.Parameter(torch.randn(2, side, half))
        self.values = nn.Parameter(torch.randn(config.slots, d) * d ** -0.5)
        self.gate = nn.Linear(d, d, bias=False)
        self.out = nn.Linear(d, d, bias=False)

    def find(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(..., D) -> the best slots (..., slots_awake), best first, and their weights."""
        top, side = self.config.slots_awake, self.config.slot_side
        half = self.query(x).unflatten(-1, (2, -1))
        # Unit rms instead of the papers' batch norm: a stream must not depend on its neighbours.
        half = F.rms_norm(half.float(), half.shape[-1:], eps=1e-6)
        scores = torch.einsum('...hk,hsk->...hs', half, self.keys.float())
        best, which = (scores * half.shape[-1] ** -0.5).topk(min(top, side), -1)
        pairs = best[..., 0, :, None] + best[..., 1, None, :]
        weights, flat = pairs.flatten(-2).topk(top, -1)
        n = best.shape[-1]
        first = which[..., 0, :].gather(-1, flat.div(n, rounding_mode='floor'))
        second = which[..., 1, :].gather(-1, flat % n)
        return first * side + second, weights.softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        slots, weights = self.find(x)
        with torch.autocast(x.device.type, enabled=False):
            read = F.embedding_bag(
                slots.flatten(0, -2), self.values, mode='sum',
                per_sample_weights=weights.flatten(0, -2).to(self.values.dtype))
        return self.out(F.silu(self.gate(x)) * read.view_as(x))
