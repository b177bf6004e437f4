"""The size at which everybody is measured: about 135M parameters, a vocabulary of 8,192."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LlamaShape:
    """A Transformer of the LLaMA-2 structure: every head has its own keys and values."""

    width: int = 768
    layers: int = 18
    hidden: int = 2112
    heads: int = 12
    vocabulary: int = 8192

    @property
    def parameters(self) -> int:
        """In all; embedding and output head share their weights."""
        layer = 4 * self.width ** 2 + 3 * self.width * self.hidden + 2 * self.width
        return self.vocabulary * self.width + self.layers * layer + self.width


CONTEXTS = (32, 256, 8192, 32768)


def fitting_llama(width: int, total: int, vocabulary: int) -> LlamaShape:
    """A LLaMA of a width and about `total` weights: hidden layers near 8/3 of the width."""
    heads = max(1, width // 64)
    usual = LlamaShape(width=width, layers=1, heads=heads, vocabulary=vocabulary,
                       hidden=round(width * 8 / 3 / 32) * 32)
    body = total - vocabulary * width
    layers = max(1, round(body / (usual.parameters - vocabulary * width)))
    hidden = round((body / layers - 4 * width ** 2) / (3 * width) / 16) * 16
    return LlamaShape(width=width, layers=layers, heads=heads, vocabulary=vocabulary,
                      hidden=max(16, hidden))
