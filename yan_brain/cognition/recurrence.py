"""The two linear recurrences of the core, each as a visible loop and as a chunked fast form.

Both forms of a pair take the same arguments and return the same `(output, state)`. Shapes:
B rows, T tokens, H heads, K key floats, V value floats, N chunks of L tokens. `log_decay` is in
log space and never positive, and only differences that are not positive are exponentiated, so
nothing overflows however fast or slow a head forgets. A token with `log_decay` 0 and no input
leaves the state untouched, which is how masked tokens and padding pass. Everything is float32,
under autocast too: a state that lives for a million tokens cannot be rounded to 8 bits.
"""
from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from yan_brain.cognition.native import recurrence as native


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
    """`decaying_sum_reference`, fast: compiled on a CPU, else chunked. Computes in float32."""
    if native.usable(x):
        with torch.autocast(x.device.type, enabled=False):
            out, last = native.DecayingSum.apply(x.float(), log_decay.float(), state.float())
            return out, last
    return decaying_sum_chunked(x, log_decay, state, chunk)


def decaying_sum_chunked(
    x: Tensor, log_decay: Tensor, state: Tensor, chunk: int = 64,
) -> tuple[Tensor, Tensor]:
    """Chunked form of `decaying_sum_reference`: O(T chunk) work, dense products.

    Inside a chunk a product with the (L, L) decays between tokens; over the chunks' ends the
    same recurrence again, of T / chunk tokens.
    """
    length = x.shape[1]
    with torch.autocast(x.device.type, enabled=False):
        pieces = _chunks(x.float(), chunk)                                # (H, B, N, L, V)
        total = _chunks(log_decay.float(), chunk).cumsum(-1)              # (H, B, N, L)
        out = _decay_between(total) @ pieces
        state = state.float()
        if out.shape[2] == 1:
            before = state.transpose(0, 1)[:, :, None]                    # (H, B, 1, V)
        else:
            ends, _ = decaying_sum_chunked(out[..., -1, :].permute(1, 2, 0, 3),
                                   total[..., -1].permute(1, 2, 0), state, chunk)
            before = torch.cat([state[:, None], ends[:, :-1]], 1).permute(2, 0, 1, 3)
        out = torch.addcmul(out, total.exp()[..., None], before[..., None, :])
        return _joined(out, length), out[:, :, -1, -1].transpose(0, 1)


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
    """`gated_delta_reference`, fast: compiled on a CPU, else chunked. Computes in float32."""
    if native.usable(q):
        with torch.autocast(q.device.type, enabled=False):
            out, last = native.GatedDelta.apply(
                *(t.float() for t in (q, k, v, log_decay, write, state)))
            return out, last
    return gated_delta_chunked(q, k, v, log_decay, write, state, chunk)


def gated_delta_chunked(
    q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, write: Tensor, state: Tensor,
    chunk: int = 64,
) -> tuple[Tensor, Tensor]:
    """Chunked form of `gated_delta_reference` (the WY form of arXiv 2412.06464, section 3).

    Each token's write depends on the writes before it: one triangular system a chunk, solved
    for all chunks at once. Only the state passes from chunk to chunk in a loop.
    """
    length = q.shape[1]
    with torch.autocast(q.device.type, enabled=False):
        qs, ks, vs = (_chunks(a.float(), chunk) for a in (q, k, v))       # (H, B, N, L, .)
        b = _chunks(write.float(), chunk)[..., None]                       # (H, B, N, L, 1)
        total = _chunks(log_decay.float(), chunk).cumsum(-1)
        between = _decay_between(total)                                    # (H, B, N, L, L)
        since = total.exp()[..., None]
        kt = ks.transpose(-1, -2)
        # solve_triangular reads below the diagonal only, and takes the diagonal as ones.
        solved = torch.linalg.solve_triangular(
            b * between * (ks @ kt), b * torch.cat([vs, since * ks], -1),
            upper=False, unitriangular=True)
        values, keys = solved.split([vs.shape[-1], ks.shape[-1]], -1)
        reads = between * (qs @ kt)
        queries = since * qs
        left = kt * (total[..., -1:] - total).exp()[..., None, :]          # until the chunk's end
        state = state.float().transpose(0, 1)                              # (H, B, K, V)
        outputs = []
        for n in range(qs.shape[2]):
            writes = values[:, :, n] - keys[:, :, n] @ state
            outputs.append(queries[:, :, n] @ state + reads[:, :, n] @ writes)
            state = since[:, :, n, -1:] * state + left[:, :, n] @ writes
        return _joined(torch.stack(outputs, 2), length), state.transpose(0, 1)


def _chunks(x: Tensor, chunk: int) -> Tensor:
    """(B, T, H, ...) -> (H, B, N, L, ...), padded with zeros: absent tokens."""
    length = x.shape[1]
    size = min(chunk, length)
    count = -(-length // size)
    if count * size > length:
        x = F.pad(x, (0, 0) * (x.ndim - 2) + (0, count * size - length))
    return x.unflatten(1, (count, size)).movedim(3, 0)


def _joined(x: Tensor, length: int) -> Tensor:
    """(H, B, N, L, V) -> (B, T, H, V), without the padding."""
    return x.flatten(2, 3)[:, :, :length].permute(1, 2, 0, 3)


def _decay_between(total: Tensor) -> Tensor:
    """(..., L) running log decay -> (..., L, L) decay from token s to token t, 0 where s > t."""
    gap = total[..., :, None] - total[..., None, :]
    length = total.shape[-1]
    future = torch.ones(length, length, dtype=torch.bool, device=total.device).triu(1)
    return gap.masked_fill_(future, -torch.inf).exp_()


def unit(x: Tensor) -> Tensor:
    """Scale the last axis to length one; a zero vector stays zero."""
    return F.normalize(x, dim=-1, eps=1e-6)
