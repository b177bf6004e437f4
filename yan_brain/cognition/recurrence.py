"""The two linear recurrences of the core, each as a visible loop and as a chunked fast form.

Both forms of a pair take the same arguments and return the same `(output, state)`. Shapes:
B rows, T tokens, H heads, K key floats, V value floats. `log_decay` is in log space and never
positive; a token with `log_decay` 0 and no input leaves the state untouched, which is how
masked tokens pass.
"""
from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def decaying_sum_reference(x: Tensor, log_decay: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """S <- exp(log_decay_t) S + x_t, read out after every token. The plain loop.

    Args:
        x: (B, T, H, V).
        log_decay: (B, T, H), <= 0.
        state: (B, H, V), S before the first token.

    Returns:
        (B, T, H, V) sums and the last state (B, H, V).
    """
    outputs = []
    for t in range(x.shape[1]):
        state = log_decay[:, t, :, None].exp() * state + x[:, t]
        outputs.append(state)
    return torch.stack(outputs, 1), state


def decaying_sum(
    x: Tensor, log_decay: Tensor, state: Tensor, chunk: int = 64,
) -> tuple[Tensor, Tensor]:
    """Chunked form of `decaying_sum_reference`: O(T chunk) work, dense products."""
    outputs = []
    for start in range(0, x.shape[1], chunk):
        piece = x[:, start:start + chunk].transpose(1, 2)                 # (B, H, L, V)
        total = log_decay[:, start:start + chunk].transpose(1, 2).cumsum(-1)   # (B, H, L)
        weights = _decay_between(total)
        out = weights @ piece + total[..., None].exp() * state[:, :, None]
        state = out[:, :, -1]
        outputs.append(out.transpose(1, 2))
    return torch.cat(outputs, 1), state


def gated_delta_reference(
    q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, write: Tensor, state: Tensor,
) -> tuple[Tensor, Tensor]:
    """S <- a (I - b k k') S + b k v', read by q: the gated delta rule (arXiv 2412.06464).

    Args:
        q: (B, T, H, K) queries.
        k: (B, T, H, K) keys, of unit length.
        v: (B, T, H, V) values.
        log_decay: (B, T, H), log of a, <= 0.
        write: (B, T, H), b in 0..1; 0 writes nothing.
        state: (B, H, K, V).

    Returns:
        (B, T, H, V) what was recalled, and the last state (B, H, K, V).
    """
    outputs = []
    for t in range(q.shape[1]):
        state = log_decay[:, t, :, None, None].exp() * state
        error = v[:, t] - torch.einsum('bhk,bhkv->bhv', k[:, t], state)
        state = state + torch.einsum('bhk,bhv->bhkv', k[:, t], write[:, t, :, None] * error)
        outputs.append(torch.einsum('bhk,bhkv->bhv', q[:, t], state))
    return torch.stack(outputs, 1), state


def gated_delta(
    q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, write: Tensor, state: Tensor,
    chunk: int = 64,
) -> tuple[Tensor, Tensor]:
    """Chunked form of `gated_delta_reference` (the WY form of arXiv 2412.06464, section 3)."""
    outputs = []
    for start in range(0, q.shape[1], chunk):
        part = slice(start, start + chunk)
        qs, ks, vs = (a[:, part].transpose(1, 2) for a in (q, k, v))      # (B, H, L, .)
        b = write[:, part].transpose(1, 2)[..., None]                      # (B, H, L, 1)
        total = log_decay[:, part].transpose(1, 2).cumsum(-1)              # (B, H, L)
        between = _decay_between(total)
        since = total[..., None].exp()
        # Each token's write depends on the writes before it: one triangular system a chunk.
        system = (b * between * (ks @ ks.transpose(-1, -2))).tril(-1)
        eye = torch.eye(system.shape[-1], dtype=system.dtype, device=system.device)
        writes = torch.linalg.solve_triangular(
            system + eye, b * (vs - since * (ks @ state)), upper=False, unitriangular=True)
        out = since * (qs @ state) + (between * (qs @ ks.transpose(-1, -2))) @ writes
        left = (total[..., -1:] - total)[..., None].exp()                  # until the chunk's end
        state = since[:, :, -1:] * state + (left * ks).transpose(-1, -2) @ writes
        outputs.append(out.transpose(1, 2))
    return torch.cat(outputs, 1), state


def _decay_between(total: Tensor) -> Tensor:
    """(..., L) running log decay -> (..., L, L) decay from token s to token t, 0 where s > t."""
    gap = total[..., :, None] - total[..., None, :]
    length = total.shape[-1]
    future = torch.ones(length, length, dtype=torch.bool, device=total.device).triu(1)
    return gap.masked_fill(future, -torch.inf).exp()


def unit(x: Tensor) -> Tensor:
    """Scale the last axis to length one; a zero vector stays zero."""
    return F.normalize(x, dim=-1, eps=1e-6)
