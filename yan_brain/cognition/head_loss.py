"""Cross entropy of a large head, without its logits ever standing in memory as a whole.

The gradient of a token's cross entropy needs nothing that comes after it, so it is made while
the logits of its piece are at hand (chunked linear cross entropy, as in Liger Kernel, arXiv
2410.10989): three products in all, and no logits are kept for the backward pass.
"""
from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class _HeadLoss(torch.autograd.Function):
    """Mean over tokens; gradients are made by `forward` and only scaled by `backward`."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, thoughts: Tensor, weight: Tensor, targets: Tensor, piece: int,
    ) -> Tensor:
        total = thoughts.new_zeros((), dtype=torch.float32)
        learning = any(ctx.needs_input_grad)
        if learning:
            to_thoughts = torch.empty_like(thoughts)
            to_weight = torch.zeros_like(weight, dtype=torch.float32)
        for start in range(0, len(thoughts), piece):
            part, wanted = thoughts[start:start + piece], targets[start:start + piece, None]
            logits = (part @ weight.t()).float()
            top = logits.amax(-1, keepdim=True)
            total -= (logits.gather(1, wanted) - top).sum()
            chances = logits.sub_(top).exp_()
            mass = chances.sum(-1, keepdim=True)
            total += mass.log().sum()
            if learning:                # softmax - one-hot
                error = chances.div_(mass).scatter_add_(
                    1, wanted, -torch.ones_like(mass)).to(weight.dtype)
                torch.mm(error, weight, out=to_thoughts[start:start + piece])
                if weight.dtype == torch.float32:
                    to_weight.addmm_(error.t(), part)
                else:
                    to_weight += error.t() @ part
        if learning:
            ctx.save_for_backward(to_thoughts, to_weight)
            ctx.kind = weight.dtype
        return total / len(thoughts)

    @staticmethod
    @once_differentiable
    def backward(  # type: ignore[override]
        ctx: Any, grad: Tensor,
    ) -> tuple[Tensor, Tensor, None, None]:
        to_thoughts, to_weight = ctx.saved_tensors
        scale = grad / len(to_thoughts)
        return to_thoughts * scale.to(ctx.kind), (to_weight * scale).to(ctx.kind), None, None


def head_loss(thoughts: Tensor, weight: Tensor, targets: Tensor, piece: int = 1024) -> Tensor:
    """Mean cross entropy of `thoughts @ weight.T` against `targets`, in nats a token.

    Args:
        thoughts: (..., D), at least one.
        weight: (vocabulary, D) of the head.
        targets: (...) int64.
        piece: tokens whose logits are in memory at a time.
    """
    kind, device = thoughts.dtype, thoughts.device.type
    if torch.is_autocast_enabled(device):
        kind = torch.get_autocast_dtype(device)
    with torch.autocast(device, enabled=False):
        loss: Tensor = _HeadLoss.apply(
            thoughts.flatten(0, -2).to(kind), weight.to(kind), targets.flatten(), piece)
    return loss
