"""Partitions: a feed-forward layer cut into neuron blocks, of which a selector wakes a few.

A token that starts a segment (the gist of an image, or every word piece) chooses the blocks;
the tokens of its segment follow. Asleep blocks are neither read nor computed, and get no
gradient. The idea is Yan 1.2's "neuron selection"; its method was never published, so the
selector here is ours: top-k logits, softmax over the chosen, a load term for balance
(Switch Transformer, arXiv 2101.03961).
"""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yan_brain.cognition.config import CoreConfig


@dataclass(frozen=True, slots=True)
class Wake:
    """Which blocks woke: `chosen` (B, T, awake) indices, and the balance loss term."""

    chosen: Tensor
    balance: Tensor


class PartitionedFeedForward(nn.Module):
    """GeGLU over `partitions` blocks; only `awake` of them run for a token."""

    def __init__(self, config: CoreConfig) -> None:
        super().__init__()
        self.config = config
        d, p, h = config.width, config.partitions, config.partition_width
        self.selector = nn.Linear(d, p, bias=False)
        self.into = nn.Parameter(torch.randn(p, d, 2 * h) * d ** -0.5)
        self.back = nn.Parameter(torch.randn(p, h, d) * (h * config.awake) ** -0.5)

    def initial_state(self, rows: int) -> Tensor:
        """Selector logits of the segment under way: none yet."""
        return self.into.new_zeros(rows, self.config.partitions)

    def forward(
        self, x: Tensor, state: Tensor, starts: Tensor, mask: Tensor,
    ) -> tuple[Tensor, Tensor, Wake]:
        """Run the awake blocks.

        Args:
            x: (B, T, D).
            state: (B, P) selector logits of the segment that was under way.
            starts: (B, T) bool, tokens that choose anew.
            mask: (B, T), 0 where a token is absent.

        Returns:
            (B, T, D), the logits to carry on (B, P), and what woke.
        """
        rows, length, width = x.shape
        starts = starts & (mask > 0)
        own = self.selector(x)
        position = torch.arange(1, length + 1, device=x.device) * starts
        follows = position.cummax(1).values                       # 0: the carried segment
        table = torch.cat([state[:, None], own], 1)               # (B, 1 + T, P)
        logits = table.gather(1, follows[..., None].expand(-1, -1, table.shape[-1]))
        top, chosen = logits.topk(self.config.awake, -1)
        gates = top.softmax(-1)
        out = self._run(x.reshape(-1, width), chosen.flatten(0, 1), gates.flatten(0, 1),
                        mask.flatten())
        return out.view(rows, length, width), logits[:, -1], Wake(
            chosen, self._balance(own, chosen, starts))

    def _run(self, x: Tensor, chosen: Tensor, gates: Tensor, mask: Tensor) -> Tensor:
        """Sort the tokens by block, so that each awake block is one dense product."""
        token, slot = torch.nonzero(mask[:, None].expand_as(chosen), as_tuple=True)
        order = chosen[token, slot].argsort(stable=True)
        token, slot = token[order], slot[order]
        counts = chosen[token, slot].bincount(minlength=self.config.partitions).tolist()
        into, back = self.into.unbind(0), self.back.unbind(0)
        awake = [block for block, count in enumerate(counts) if count]
        pieces = x[token].split([counts[block] for block in awake])
        done = [self._block(piece, into[block], back[block])
                for piece, block in zip(pieces, awake, strict=True)]
        if not done:
            return torch.zeros_like(x)
        return torch.zeros_like(x).index_add(0, token, torch.cat(done) * gates[token, slot, None])

    @staticmethod
    def _block(x: Tensor, into: Tensor, back: Tensor) -> Tensor:
        value, gate = (x @ into).chunk(2, -1)
        return (value * F.gelu(gate)) @ back

    def _balance(self, own: Tensor, chosen: Tensor, starts: Tensor) -> Tensor:
        """P * sum(share of segments that woke a block * its mean chance): 1 when even."""
        if not (self.training and bool(starts.any())):
            return own.new_zeros(())
        p = self.config.partitions
        share = F.one_hot(chosen[starts], p).sum(1).float().mean(0) / self.config.awake
        return p * (share * own[starts].softmax(-1).mean(0)).sum()
