"""One token at a time with the peers on PyTorch: Llama, Mamba and RWKV of `transformers`."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from yan_brain.training.peers import LlamaShape, llama, mamba, rwkv, transformers

Step = Callable[[], Any]


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
