"""What mixes tokens over time: slope and decay of MCSD, and gated-delta memory heads.

Sources: MCSD (arXiv 2406.12230) and the gated delta rule (arXiv 2412.06464). Where MCSD leaves
gaps we decide: both states include the token itself (as its recurrent form prints; its parallel
form prints strictly earlier tokens, which would leave the first one nothing to read), fusion is
a concatenation followed by one projection, and slope's weights are normalised by carrying the
sum of weights beside the sum of values.

In MCSD a channel forgets at a fixed rate. Here (`decay='input'`) each token says how much of the
past a channel keeps: a = sigmoid(w . x + b), the forget gate of GLA (2312.06635), HGRN2
(2404.07904) and Griffin (2402.19427), with w = 0 and sigmoid(b) at MCSD's rate to begin with.
"""
from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.native import channels as native
from yan_brain.cognition.native.recurrence import usable
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
        if x.dtype == torch.float32 and x.numel() and usable(x):
            normed: Tensor = native.RMSNormed.apply(x, self.gain.float())
            return normed
        return F.rms_norm(x, (x.shape[-1],), self.gain.to(x.dtype), 1e-6)


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
        self.register_buffer('rate', published_rates(c), persistent=False)  # fixed decay's
        if config.decay == 'input':
            self.keep = nn.Linear(d, 2 * c)
            with torch.no_grad():       # log_sigmoid(bias) = -rate
                self.keep.weight.zero_()
                self.keep.bias.copy_(-torch.expm1(published_rates(c)).log())
        if config.memory_heads:
            self.memory = MemoryHeads(config)

    def reset_rate(self) -> None:
        """Make the rates anew: a module that came from the meta device has none."""
        self.rate = published_rates(self.config.channels).to(self.channel.device)

    def initial_state(self, rows: int) -> MixerState:
        """An empty past for `rows` streams."""
        cfg = self.config
        like = self.channel
        return MixerState(
            like.new_zeros(rows, 2 * cfg.channels, cfg.channel_width, dtype=torch.float32),
            like.new_zeros(rows, cfg.channels, dtype=torch.float32),
            like.new_zeros(rows, cfg.memory_heads, cfg.memory_key, cfg.memory_value,
                           dtype=torch.float32))

    def forward(
        self, x: Tensor, state: MixerState, mask: Tensor | None = None,
    ) -> tuple[Tensor, MixerState]:
        """Mix (B, T, D) against the past; `mask` (B, T) is 0 where a token is absent."""
        chunk = self.config.chunk
        if mask is not None:            # no projection has a bias: an absent token adds nothing
            x = x * mask[..., None]
        both = self.project(x)                                           # (B, T, 2C, 2 Dc)
        log_decay = self.log_decay(x, mask)                              # (B, T, 2C)
        fused, sums, weight = read_channels(
            both, log_decay, mask, self.decay_norm.gain, state.sums, state.weight, chunk)
        out = self.fuse(fused.flatten(2).to(x.dtype))
        memory = state.memory
        if self.config.memory_heads:
            recalled, memory = self.memory(x, memory, mask)
            out = out + recalled
        return out, MixerState(sums, weight, memory)

    def project(self, x: Tensor) -> Tensor:
        """V beside U of slope channels, then E beside F of decay channels: (B, T, 2C, 2 Dc)."""
        rows, length, _ = x.shape
        c, dc = self.config.channels, self.config.channel_width
        # (C, Dc, [V E U F]) -> (slope and decay, C, Dc, [value gate]): one product does all.
        weight = self.channel.view(c, dc, 2, 2, dc).permute(3, 0, 1, 2, 4).reshape(
            2 * c, dc, 2 * dc)
        channels = x.reshape(rows * length, c, dc).transpose(0, 1)
        both = torch.cat([channels, channels]) @ weight                   # (2C, B T, 2 Dc)
        return both.view(2 * c, rows, length, -1).permute(1, 2, 0, 3)

    def log_decay(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Log of what each channel keeps of its past: (B, T, 2C), 0 where a token is absent."""
        if self.config.decay == 'input':
            log_decay = F.logsigmoid(self.keep(x).float())
        else:
            log_decay = -self.get_buffer('rate').expand(*x.shape[:2], -1)
        return log_decay if mask is None else log_decay * mask[..., None]


def read_channels(
    both: Tensor, log_decay: Tensor, present: Tensor | None, gain: Tensor, sums: Tensor,
    weight: Tensor, chunk: int = 64,
) -> tuple[Tensor, Tensor, Tensor]:
    """Slope and decay of every channel, read out and gated: compiled on a CPU, else torch.

    Args:
        both: (B, T, 2C, 2 Dc), value V and gate U of slope, then E and F of decay.
        log_decay: (B, T, 2C), <= 0.
        present: (B, T), 0 where a token is absent; None: all are there.
        gain: (Dc,) of decay's norm.
        sums: (B, 2C, Dc) state.
        weight: (B, C) state: sum of slope's weights.

    Returns:
        (B, T, C, 2 Dc) slope beside decay, and the next sums and weight. All float32.
    """
    if usable(both):
        tensors = (both, log_decay, present, gain, sums, weight)
        with torch.autocast(both.device.type, enabled=False):
            out, sums, weight = native.Channels.apply(
                *(None if t is None else t.float() for t in tensors))
            return out, sums, weight
    return read_channels_eager(both, log_decay, present, gain, sums, weight, chunk)


def read_channels_eager(
    both: Tensor, log_decay: Tensor, present: Tensor | None, gain: Tensor, sums: Tensor,
    weight: Tensor, chunk: int = 64,
) -> tuple[Tensor, Tensor, Tensor]:
    """`read_channels` in plain torch: what the compiled form is tested against."""
    value, gate = both.float().chunk(2, -1)
    c = weight.shape[1]
    if present is None:
        present = log_decay.new_ones(log_decay.shape[:2])
    sums, last = decaying_sum(value, log_decay, sums, chunk)
    weights, last_weight = decaying_sum(
        present[..., None, None].expand(-1, -1, c, 1), log_decay[:, :, :c], weight[..., None],
        chunk)
    return read_sums(sums, weights, gate, gain), last, last_weight[..., 0]


def read_sums(sums: Tensor, weights: Tensor, gate: Tensor, gain: Tensor) -> Tensor:
    """What the sums of slope and decay (B, T, 2C, Dc) say, gated: (B, T, C, 2 Dc).

    `weights` (B, T, C, 1) are the sums of slope's weights.
    """
    near, far = sums.chunk(2, 2)
    near_gate, far_gate = gate.chunk(2, 2)
    slope = F.silu(near / weights.clamp_min(1e-6)) * near_gate
    decay = F.rms_norm(far, far.shape[-1:], gain.float(), 1e-6) * torch.sigmoid(far_gate)
    return torch.cat([slope, decay], -1)


def published_rates(channels: int) -> Tensor:
    """-log of MCSD's decay a token: (2C,), slope's beta_i, then decay's -log alpha_i."""
    index = torch.arange(channels, dtype=torch.float32)
    slope = (2.0 ** (-8.0 / channels)) ** (index + 1)
    decay = -torch.log1p(-(2.0 ** (-5.0 - index)))
    return torch.cat([slope, decay])


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

    def forward(
        self, x: Tensor, state: Tensor, mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """(B, T, D) -> (B, T, D) recalled, and the next memory."""
        rows, length, _ = x.shape
        h = self.config.memory_heads
        q, k = unit(F.silu(self.qk(x).view(rows, length, 2 * h, -1))).chunk(2, 2)
        v, gate = self.vg(x).view(rows, length, 2 * h, -1).chunk(2, 2)
        forget, write = self.gates(x).float().chunk(2, -1)
        log_decay, write = F.logsigmoid(-forget), torch.sigmoid(write)
        if mask is not None:
            log_decay, write = log_decay * mask[..., None], write * mask[..., None]
        recalled, state = gated_delta(q, k, v, log_decay, write, state, self.config.chunk)
        recalled = self.norm(recalled) * F.silu(gate)
        return self.out(recalled.flatten(2).to(x.dtype)), state
