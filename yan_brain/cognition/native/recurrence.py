"""The compiled recurrences as functions of torch, with gradients: CPU, float32.

Same arguments and results as in `cognition/recurrence.py`; the arithmetic is in recurrence.cpp.
"""
from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from yan_brain.cognition.native import library

SPAN = 32       # tokens between two states that the gradient of the delta rule starts from


class _Strides(ctypes.Structure):
    _fields_ = [(name, ctypes.c_long) for name in ('row', 'token', 'head')]


def usable(*tensors: Tensor) -> bool:
    """True when the compiled form can take these."""
    return all(t.device.type == 'cpu' and not torch.compiler.is_compiling() for t in tensors) and (
        library() is not None)


def call(name: str, *arguments: Tensor | _Strides | int | None) -> None:
    """Run one compiled function: pointers, longs and strides, then the number of threads."""
    found = library()
    assert found is not None
    wrong = [a.dtype for a in arguments if isinstance(a, Tensor) and a.dtype != torch.float32]
    if wrong:
        raise TypeError(f'{name} takes float32 alone, not {wrong[0]}')
    getattr(found, name)(*(
        ctypes.c_void_p(a.data_ptr()) if isinstance(a, Tensor)
        else ctypes.c_long(a) if isinstance(a, int) else a for a in arguments),
        ctypes.c_int(torch.get_num_threads()))


def strides(x: Tensor) -> _Strides:
    """Of the first three axes, in floats."""
    return _Strides(*x.stride()[:3])


def rowwise(x: Tensor) -> Tensor:
    """The same values with a contiguous last axis; most tensors come that way."""
    return x if x.shape[-1] == 1 or x.stride(-1) == 1 else x.contiguous()


class DecayingSum(torch.autograd.Function):
    """`decaying_sum`, compiled."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, x: Tensor, log_decay: Tensor, state: Tensor,
    ) -> tuple[Tensor, Tensor]:
        x = rowwise(x)
        out = torch.empty_like(x)                       # laid out in memory as x is
        last = state.clone(memory_format=torch.contiguous_format)
        call('decaying_sum', x, strides(x), log_decay, strides(log_decay), out, strides(out),
              last, *x.shape)
        ctx.save_for_backward(x, log_decay, out)
        return out, last

    @staticmethod
    @once_differentiable
    def backward(  # type: ignore[override]
        ctx: Any, to_out: Tensor, to_last: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        x, log_decay, out = ctx.saved_tensors
        if to_out.stride() != out.stride():
            to_out = torch.empty_like(out).copy_(to_out)
        to_x, to_decay = torch.empty_like(out), torch.empty(x.shape[:3])
        to_state = to_last.clone(memory_format=torch.contiguous_format)
        call('decaying_sum_back', x, strides(x), log_decay, strides(log_decay), out, to_out,
              strides(out), to_x, strides(to_x), to_decay, to_state, *x.shape)
        return to_x, to_decay, to_state


class GatedDelta(torch.autograd.Function):
    """`gated_delta`, compiled."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, write: Tensor,
        state: Tensor,
    ) -> tuple[Tensor, Tensor]:
        q, k, v, log_decay, write = (t.contiguous() for t in (q, k, v, log_decay, write))
        rows, length, heads, keys = q.shape
        out = torch.empty_like(v)
        last = state.clone(memory_format=torch.contiguous_format)
        saved = None
        if any(ctx.needs_input_grad):
            saved = q.new_empty(rows * heads, -(-length // SPAN), keys, v.shape[-1])
            ctx.save_for_backward(q, k, v, log_decay, write, saved)
        call('gated_delta', q, k, v, log_decay, write, out, last, saved, *q.shape, v.shape[-1])
        return out, last

    @staticmethod
    @once_differentiable
    def backward(  # type: ignore[override]
        ctx: Any, to_out: Tensor, to_last: Tensor,
    ) -> tuple[Tensor, ...]:
        q, k, v, log_decay, write, saved = ctx.saved_tensors
        grads = [torch.empty_like(t) for t in (q, k, v, log_decay, write)]
        to_state = to_last.clone(memory_format=torch.contiguous_format)
        call('gated_delta_back', q, k, v, log_decay, write, saved, to_out.contiguous(), *grads,
              to_state, *q.shape, v.shape[-1])
        return *grads, to_state
