"""Partitions: a feed-forward layer cut into neuron blocks, of which a selector wakes a few.

A token that starts a segment (the gist of an image, or every word piece) chooses the blocks;
the tokens of its segment follow. Asleep blocks are neither read nor computed, and get no
gradient. The idea is Yan 1.2's "neuron selection"; its method was never published, so the
selector here is ours: top-k logits, softmax over the chosen, a load term for balance
(Switch Transformer, arXiv 2101.03961).
"""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yan_brain.cognition.config import CoreConfig


@dataclass(frozen=True, slots=True)
class Wake:
    """Which blocks woke: `chosen` (B, T, awake) indices, and the balance loss term."""

    chosen: Tensor
    balance: Tensor


class Usage:
    """How often each block of each layer wakes: add what `forward` returned, then look."""

    def __init__(self, layers: int, partitions: int) -> None:
        self.counts = torch.zeros(layers, partitions, dtype=torch.int64)
        self.tokens = 0

    def add(self, wakes: list[Wake]) -> None:
        """Count the tokens of one call."""
        self.tokens += wakes[0].chosen.shape[0] * wakes[0].chosen.shape[1]
        for layer, wake in enumerate(wakes):
            self.counts[layer] += wake.chosen.flatten().bincount(
                minlength=self.counts.shape[1]).cpu()

    @property
    def shares(self) -> Tensor:
        """(layers, P): share of the tokens that woke a block; a layer sums to `awake`."""
        return self.counts / max(self.tokens, 1)

    @property
    def evenness(self) -> Tensor:
        """(layers,): entropy of the use over its greatest value; 1: all alike, 0: one alone."""
        chance = self.counts / self.counts.sum(1, keepdim=True).clamp_min(1)
        entropy = torch.special.entr(chance).sum(1)
        return entropy / math.log(max(self.counts.shape[1], 2))

    def dead(self) -> list[tuple[int, int]]:
        """(layer, block) of every block that never woke."""
        return [(layer, block) for layer, block in (self.counts == 0).nonzero().tolist()]


class _GroupedGeGLU(torch.autograd.Function):
    """`grouped_geglu` block by block, with its gradient written out.

    Nothing is copied for blocks that sleep, and no token is gathered for all blocks at once: the
    piece a block works on stays in the cache from the first product to the last.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, x: Tensor, into: Tensor, back: Tensor, gates: Tensor, token: Tensor,
        counts: list[int],
    ) -> Tensor:
        out = torch.zeros_like(x)
        saved = []
        for block, own, gate in _pieces(counts, token, gates, _grain(x)):
            hidden = x.index_select(0, own) @ into[block]
            value, control = hidden.chunk(2, -1)
            out.index_add_(0, own, (F.gelu(control) * value * gate) @ back[block])
            saved.append(hidden)
        ctx.save_for_backward(x, into, back, gates, token, *saved)
        ctx.counts = counts
        return out

    @staticmethod
    def backward(  # type: ignore[override]
        ctx: Any, grad: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, None, None]:
        x, into, back, gates, token, *saved = ctx.saved_tensors
        to_x, to_into, to_back = (torch.zeros_like(t) for t in (x, into, back))
        to_gates = []
        pieces = _pieces(ctx.counts, token, gates, _grain(x))
        for (block, own, gate), hidden in zip(pieces, saved, strict=True):
            value, control = hidden.chunk(2, -1)
            bent = F.gelu(control)
            acted = bent * value
            piece = grad.index_select(0, own)
            torch.mm((acted * gate).t(), piece, out=to_back[block])
            to_acted = piece @ back[block].t()
            to_gates.append((to_acted * acted).sum(-1)[:ctx.counts[block]])
            to_acted *= gate
            to_hidden = torch.cat([
                to_acted * bent, torch.ops.aten.gelu_backward(to_acted * value, control)], -1)
            torch.mm(x.index_select(0, own).t(), to_hidden, out=to_into[block])
            to_x.index_add_(0, own, to_hidden @ into[block].t())
        return to_x, to_into, to_back, torch.cat(to_gates), None, None


def _pieces(
    counts: list[int], token: Tensor, gates: Tensor, grain: int,
) -> list[tuple[int, Tensor, Tensor]]:
    """Of every awake block: its index, the tokens that woke it, and their gates (n, 1).

    A large piece is filled up to a multiple of `grain` with token 0 at gate 0, which adds nothing.
    """
    awake = [block for block, count in enumerate(counts) if count]
    sizes = [counts[block] for block in awake]
    pieces = []
    for block, own, gate in zip(awake, token.split(sizes), gates[:, None].split(sizes),
                                strict=True):
        missing = -len(own) % grain if len(own) > grain else 0
        pieces.append((block, F.pad(own, (0, missing)), F.pad(gate, (0, 0, 0, missing)))
                      if missing else (block, own, gate))
    return pieces


def _grain(x: Tensor) -> int:
    """bfloat16 products on a CPU are compiled anew for each shape they meet: few shapes pay."""
    return 64 if x.dtype == torch.bfloat16 and x.device.type == 'cpu' else 1


def grouped_geglu(
    x: Tensor, into: Tensor, back: Tensor, gates: Tensor, token: Tensor, counts: list[int],
) -> Tensor:
    """Sum over the blocks that a token woke of gate * (x V * gelu(x W)) back.

    Args:
        x: (N, D) tokens.
        into: (P, D, 2 H), V and W of every block side by side.
        back: (P, H, D).
        gates: (M,) weight of each pair of token and block, sorted by block.
        token: (M,) the pair's token.
        counts: pairs of each block; they sum to M.

    Returns:
        (N, D), in the type of x.
    """
    if not token.numel():
        return torch.zeros_like(x)
    kind = x.dtype
    if torch.is_autocast_enabled(x.device.type):
        kind = torch.get_autocast_dtype(x.device.type)
    with torch.autocast(x.device.type, enabled=False):
        out: Tensor = _GroupedGeGLU.apply(
            x.to(kind), into.to(kind), back.to(kind), gates.to(kind), token, counts)
    return out.to(x.dtype)


def dense_geglu(
    x: Tensor, into: Tensor, back: Tensor, gates: Tensor, chosen: Tensor, mask: Tensor | None,
) -> Tensor:
    """What `grouped_geglu` gives, by running every block for every token.

    For training on a GPU, which multiplies all blocks at once sooner than it is told which to
    leave out.

    Args:
        x: (N, D) tokens.
        into, back: as in `grouped_geglu`.
        gates: (N, awake) weights of the blocks `chosen` (N, awake).
        mask: (N,), 0 where a token is absent; None: all are there.
    """
    share = gates.new_zeros(len(x), len(into)).scatter(1, chosen, gates)
    if mask is not None:
        share = share * (mask > 0)[:, None]
    value, control = torch.einsum('nd,pdh->nph', x, into.to(x.dtype)).chunk(2, -1)
    acted = F.gelu(control) * value * share[..., None].to(x.dtype)
    return torch.einsum('nph,phd->nd', acted, back.to(x.dtype))


class PartitionedFeedForward(nn.Module):
    """GeGLU over `partitions` blocks; only `awake` of them run for a token."""

    sleepy = ('into', 'back')       # first axis: blocks that may sleep (see optimiser.py)

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
        self, x: Tensor, state: Tensor, starts: Tensor, mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Wake]:
        """Run the awake blocks.

        Args:
            x: (B, T, D).
            state: (B, P) selector logits of the segment that was under way.
            starts: (B, T) bool, tokens that choose anew.
            mask: (B, T), 0 where a token is absent; None: all are there.

        Returns:
            (B, T, D), the logits to carry on (B, P), and what woke.
        """
        rows, length, width = x.shape
        if mask is not None:
            starts = starts & (mask > 0)
        own = self.selector(x[starts]).float()                    # (S, P): only who chooses
        table = torch.cat([state, own])                           # (B + S, P), carried ones first
        # A token follows the latest start of its row, or what was carried into the row.
        latest = starts.flatten().cumsum(0).view(rows, length) - 1 + rows
        carried = torch.arange(rows, device=x.device)[:, None]
        follows = torch.where(starts.cumsum(1) > 0, latest, carried)
        top, chosen = table.topk(self.config.awake, -1)
        gates = top.softmax(-1)[follows]
        balance = self._balance(own, chosen[rows:])
        chosen = chosen[follows]
        out = self._run(x.reshape(-1, width), chosen.flatten(0, 1), gates.flatten(0, 1),
                        None if mask is None else mask.flatten())
        return out.view(rows, length, width), table[follows[:, -1]], Wake(chosen, balance)

    def _run(
        self, x: Tensor, chosen: Tensor, gates: Tensor, mask: Tensor | None,
    ) -> Tensor:
        """Sort the tokens by block, so that each awake block is one dense product."""
        if x.is_cuda:
            return dense_geglu(x, self.into, self.back, gates, chosen, mask)
        if mask is None:
            order = chosen.flatten().argsort(stable=True)
        else:
            asleep = torch.where(mask[:, None] > 0, chosen, self.config.partitions).flatten()
            order = asleep.argsort(stable=True)[:int(asleep.lt(self.config.partitions).sum())]
        counts = chosen.flatten()[order].bincount(minlength=self.config.partitions)
        token = order.div(self.config.awake, rounding_mode='floor')
        return grouped_geglu(x, self.into, self.back, gates.flatten()[order], token,
                             counts.tolist())

    def _balance(self, own: Tensor, chosen: Tensor) -> Tensor:
        """P * sum(share of segments that woke a block * its mean chance): 1 when even.

        `own` (S, P) and `chosen` (S, awake) are of the segments that start here.
        """
        if not (self.training and len(own)):
            return own.new_zeros(())
        p = self.config.partitions
        share = F.one_hot(chosen, p).sum(1).float().mean(0) / self.config.awake
        return p * (share * own.softmax(-1).mean(0)).sum()
