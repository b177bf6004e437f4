"""Compiled forms of the norm and of MCSD's channels, with gradients: CPU, float32.

Same arguments and results as `mixers.read_channels` and `F.rms_norm`; see channels.cpp.
"""
from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from yan_brain.cognition.native.recurrence import call, rowwise, strides


class Channels(torch.autograd.Function):
    """`mixers.read_channels`, compiled."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, both: Tensor, log_decay: Tensor, present: Tensor | None, gain: Tensor,
        sums: Tensor, weight: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        both = rowwise(both)
        log_decay = log_decay.contiguous()
        present = None if present is None else present.contiguous()
        rows, length, twice, width = both.shape
        c, width = twice // 2, width // 2
        out = both.new_empty(rows, length, c, 2 * width)
        sums, weight = (t.clone(memory_format=torch.contiguous_format) for t in (sums, weight))
        kept_sums = both.new_empty(rows, length, twice, width)
        kept_weight = both.new_empty(rows, length, c)
        call('channels', both, strides(both), log_decay, present, gain, sums, weight,
             kept_sums, kept_weight, out, rows, length, c, width)
        ctx.save_for_backward(both, log_decay, present, gain, kept_sums, kept_weight)
        return out, sums, weight

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        both, log_decay, present, gain, kept_sums, kept_weight = ctx.saved_tensors
        to_out, to_sums, to_weight = (
            t.clone(memory_format=torch.contiguous_format) if i else t.contiguous()
            for i, t in enumerate(grads))
        rows, length, twice, width = both.shape
        to_both = torch.empty_like(both)                # laid out in memory as `both` is
        to_decay = torch.empty_like(log_decay)
        to_gain = gain.new_zeros(torch.get_num_threads(), width // 2)
        call('channels_back', both, strides(both), log_decay, present, gain, kept_sums,
             kept_weight, to_out, to_both, strides(to_both), to_decay, to_gain,
             to_sums, to_weight, rows, length, twice // 2, width // 2)
        return to_both, to_decay, None, to_gain.sum(0), to_sums, to_weight


class RMSNormed(torch.autograd.Function):
    """`F.rms_norm` over the last axis, compiled."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, gain: Tensor) -> Tensor:  # type: ignore[override]
        x = x.contiguous()
        out = torch.empty_like(x)
        call('rms_norm', x, gain, out, x.numel() // x.shape[-1], x.shape[-1])
        ctx.save_for_backward(x, gain)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_out: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        x, gain = ctx.saved_tensors
        to_x = torch.empty_like(x)
        to_gain = gain.new_zeros(torch.get_num_threads(), x.shape[-1])
        call('rms_norm_back', x, gain, to_out.contiguous(), to_x, to_gain,
             x.numel() // x.shape[-1], x.shape[-1])
        return to_x, to_gain.sum(0)
