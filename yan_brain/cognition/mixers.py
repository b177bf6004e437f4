"""What mixes tokens over time: slope and decay of MCSD, and gated-delta memory heads.

Source: MCSD (arXiv 2406.12230) and the gated delta rule (arXiv 2412.06464). Where MCSD leaves
gaps we decide: both states include the token itself (as its recurrent form prints), fusion is
a concatenation followed by one projection, and slope's weights are normalised by carrying the
sum of weights beside the sum of values.
"""
from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.recurrence import decaying_sum, gated_delta, unit


class MixerState(NamedTuple):
    """All that a mixer remembers; its size never grows."""

    sums: Tensor      # (B, 2C, Dc) slope sums, then decay sums
    weight: Tensor    # (B, C) sum of slope's weights
    memory: Tensor    # (B, heads, key, value)


class RMSNorm(nn.Module):
    """x / rms(x) * gain, over the last axis."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> (..., width)."""
        return F.rms_norm(x, (x.shape[-1],), self.gain, 1e-6)


class Mixer(nn.Module):
    """Slope (short horizon), decay (long horizon) and exact recall, fused to one output."""

    def __init__(self, config: CoreConfig) -> None:
        super().__init__()
        self.config = config
        c, dc, d = config.channels, config.channel_width, config.width
        # V, E, U, F of every channel, side by side.
        self.channel = nn.Parameter(torch.randn(c, dc, 4 * dc) * dc ** -0.5)
        self.decay_norm = RMSNorm(dc)
        self.fuse = nn.Linear(2 * d, d, bias=False)
        index = torch.arange(c, dtype=torch.float32)
        slope = (2.0 ** (-8.0 / c)) ** (index + 1)                       # beta_i
        decay = -torch.log1p(-(2.0 ** (-5.0 - index)))                   # -log alpha_i
        self.register_buffer('rate', torch.cat([slope, decay]), persistent=False)
        if config.memory_heads:
            self.memory = MemoryHeads(config)

    def initial_state(self, rows: int) -> MixerState:
        """An empty past for `rows` streams."""
        cfg = self.config
        like = self.channel
        return MixerState(
            like.new_zeros(rows, 2 * cfg.channels, cfg.channel_width),
            like.new_zeros(rows, cfg.channels),
            like.new_zeros(rows, cfg.memory_heads, cfg.memory_key, cfg.memory_value))

    def forward(
        self, x: Tensor, state: MixerState, mask: Tensor,
    ) -> tuple[Tensor, MixerState]:
        """Mix (B, T, D) against the past; `mask` (B, T) is 0 where a token is absent."""
        rows, length, _ = x.shape
        c, dc = self.config.channels, self.config.channel_width
        parts = torch.einsum('btci,cio->btco', x.view(rows, length, c, dc), self.channel)
        v, e, u, f = parts.chunk(4, -1)
        present = mask[..., None, None]
        inputs = torch.cat([torch.cat([v, e], 2) * present,
                            present.expand(rows, length, 2 * c, 1)], -1)
        carried = torch.cat([state.sums, F.pad(state.weight, (0, c))[..., None]], -1)
        log_decay = -self.get_buffer('rate') * mask[..., None]
        sums, last = decaying_sum(inputs, log_decay, carried, self.config.chunk)
        slope = sums[:, :, :c, :dc] / sums[:, :, :c, dc:].clamp_min(1e-6)
        decay = self.decay_norm(sums[:, :, c:, :dc])
        fused = torch.cat([F.silu(slope) * u, decay * torch.sigmoid(f)], -1)
        out = self.fuse(fused.reshape(rows, length, -1))
        memory = state.memory
        if self.config.memory_heads:
            recalled, memory = self.memory(x, memory, mask)
            out = out + recalled
        return out, MixerState(last[..., :dc], last[:, :c, dc], memory)


class MemoryHeads(nn.Module):
    """A small associative memory written by the delta rule, with learned forgetting."""

    def __init__(self, config: CoreConfig) -> None:
        super().__init__()
        self.config = config
        d, h = config.width, config.memory_heads
        self.qk = nn.Linear(d, 2 * h * config.memory_key, bias=False)
        self.vg = nn.Linear(d, 2 * h * config.memory_value, bias=False)
        self.gates = nn.Linear(d, 2 * h)
        self.norm = RMSNorm(config.memory_value)
        self.out = nn.Linear(h * config.memory_value, d, bias=False)
        with torch.no_grad():      # start by keeping much and writing half
            self.gates.weight.mul_(0.1)
            self.gates.bias.copy_(torch.tensor([-4.0] * h + [0.0] * h))

    def forward(self, x: Tensor, state: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, D) -> (B, T, D) recalled, and the next memory."""
        rows, length, _ = x.shape
        h = self.config.memory_heads
        q, k = self.qk(x).view(rows, length, 2 * h, -1).chunk(2, 2)
        v, gate = self.vg(x).view(rows, length, 2 * h, -1).chunk(2, 2)
        forget, write = self.gates(x).chunk(2, -1)
        present = mask[..., None]
        recalled, state = gated_delta(
            unit(F.silu(q)), unit(F.silu(k)), v, -F.softplus(forget) * present,
            torch.sigmoid(write) * present, state, self.config.chunk)
        recalled = self.norm(recalled) * F.silu(gate)
        return self.out(recalled.reshape(rows, length, -1)), state
