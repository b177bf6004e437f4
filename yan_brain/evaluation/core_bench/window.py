"""The sliding-window Transformer that recall is compared with.

Pre-norm, rotary positions (2104.09864), each token sees itself and the `window` - 1 before it:
its state are the keys and values of a window.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yan_brain.cognition.mixers import RMSNorm


class WindowTransformer(nn.Module):
    """A small language model with attention over a sliding window."""

    def __init__(self, *, vocabulary: int, width: int, layers: int, heads: int, window: int,
                 hidden: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.embedding = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(nn.ModuleDict({
            'norm': RMSNorm(width), 'qkv': nn.Linear(width, 3 * width, bias=False),
            'out': nn.Linear(width, width, bias=False), 'norm2': RMSNorm(width),
            'up': nn.Linear(width, hidden, bias=False),
            'down': nn.Linear(hidden, width, bias=False)}) for _ in range(layers))
        self.norm = RMSNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        """(B, T) ids -> (B, T, vocabulary) logits."""
        x = self.embedding(ids)
        length = ids.shape[1]
        place = torch.arange(length, device=ids.device)
        gap = place[:, None] - place[None]
        seen = (gap >= 0) & (gap < self.window)
        for block in self.blocks:
            assert isinstance(block, nn.ModuleDict)
            q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2)
                       for t in block['qkv'](block['norm'](x)).chunk(3, -1))
            mixed = F.scaled_dot_product_attention(_rotated(q), _rotated(k), v, attn_mask=seen)
            x = x + block['out'](mixed.transpose(1, 2).flatten(2))
            x = x + block['down'](F.gelu(block['up'](block['norm2'](x))))
        return self.head(self.norm(x))

    def state_bytes(self) -> int:
        """Keys and values of a full window, float32."""
        width = self.embedding.embedding_dim
        return len(self.blocks) * 2 * width * 4 * self.window


def window_for(state: int, width: int, layers: int) -> int:
    """The longest window whose keys and values fit into `state` bytes, rounded up to a token."""
    return max(1, -(-state // (layers * 2 * width * 4)))


def _rotated(x: Tensor) -> Tensor:
    """(B, H, T, d), each pair of halves turned by its position."""
    half = x.shape[-1] // 2
    rate = 10000.0 ** (-torch.arange(half, device=x.device) / half)
    angle = torch.arange(x.shape[-2], device=x.device)[:, None] * rate
    a, b = x.chunk(2, -1)
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)
