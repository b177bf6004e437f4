"""Models of text by name and size: the core, its ablations, and peers to train beside it.

Peers need `transformers` (requirements/peers.txt); all else needs nothing more than the core.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from yan_brain.cognition import sizes
from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.text import TextConfig, TextModel
from yan_brain.training import peers
from yan_brain.training.text_stream import State, mapped

BALANCE = 0.01           # weight of the term that keeps partitions evenly used
# Small enough to be trained in minutes on two cores, wide enough to show differences; of its
# weights a sixth is awake, as of the size `base`.
STUDY = CoreConfig(width=256, layers=6, channels=8, memory_heads=2, memory_key=32,
                   memory_value=64, partitions=80, partition_width=80, awake=4)


class Streaming(nn.Module):
    """The core as a predictor of text; its state lives on from window to window."""

    carries = True

    def __init__(self, model: TextModel) -> None:
        super().__init__()
        self.model = model

    def initial_state(self, rows: int) -> State:
        """An empty past. Made like sharded weights (FSDP), it comes as a plain tensor."""
        return mapped(self.model.initial_state(rows), lambda tensor: getattr(
            tensor, 'full_tensor', lambda: tensor)())

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        """(B, T) ids -> (B, T, vocabulary) logits, the next state, the balance term."""
        logits, state, wakes = self.model(ids, state)
        return logits, state, BALANCE * torch.stack([wake.balance for wake in wakes]).sum()


class Windowed(nn.Module):
    """A peer that sees one window at a time."""

    carries = False

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def initial_state(self, rows: int) -> State:
        """There is none."""
        return None

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        """(B, T) ids -> (B, T, vocabulary) logits, None, 0."""
        return self.model(ids, use_cache=False).logits, None, torch.zeros((), device=ids.device)


def core_config(name: str) -> CoreConfig:
    """The core of a size: 'study', or one of `yan_brain.cognition.sizes`.

    Raises:
        ValueError: there is none of that name.
    """
    return STUDY if name == 'study' else sizes.size(name).core


def without_partitions(core: CoreConfig) -> CoreConfig:
    """One block as wide as all that are awake: the same compute a token, no choice."""
    return replace(core, partitions=1, awake=1, partition_width=core.awake * core.partition_width)


def without_memory(core: CoreConfig) -> CoreConfig:
    """No memory heads; the awake neurons are widened by what the heads cost."""
    heads = core.memory_heads * (2 * core.memory_key + 3 * core.memory_value) + 2
    return replace(core, memory_heads=0, partition_width=core.partition_width
                   + round(heads / (3 * core.awake)))


def published(core: CoreConfig) -> CoreConfig:
    """MCSD as published at the same compute a token."""
    plain = without_partitions(without_memory(core))
    return replace(plain, decay='fixed')


CHANGES: dict[str, Callable[[CoreConfig], CoreConfig]] = {
    'ours': lambda core: core, 'mcsd': published,
    'ours_without_partitions': without_partitions, 'ours_without_memory': without_memory,
    'ours_fixed_decay': lambda core: replace(core, decay='fixed'),
    'ours_with_slots': lambda core: replace(core, slots=4096)}
PEERS = ('transformer', 'transformer_same_total', 'mamba')


def build(name: str, size: str, vocabulary: int) -> nn.Module:
    """A model with new weights.

    Args:
        name: 'ours', an ablation of it ('ours_without_...'), 'mcsd', or a peer: 'transformer'
            and 'mamba' of the same compute a token, 'transformer_same_total' of the same total.

    Raises:
        ValueError: there is no such model or size.
        ImportError: `transformers` is not installed.
    """
    core = core_config(size)
    if name in CHANGES:
        return Streaming(TextModel(TextConfig(core=CHANGES[name](core), vocabulary=vocabulary)))
    if name not in PEERS:
        raise ValueError(f'there is no model {name!r}; there are: '
                         f'{", ".join([*CHANGES, *PEERS])}')
    return Windowed(_peer(name, core, vocabulary))


def _peer(name: str, core: CoreConfig, vocabulary: int) -> Any:
    ours = Streaming(TextModel(TextConfig(core=core, vocabulary=vocabulary)))
    if name == 'transformer_same_total':
        total = sum(weight.numel() for weight in ours.parameters())
        width = max(32, round(core.width * 1.5 / 32) * 32)
        return peers.llama(peers.fitting_llama(width, total, vocabulary), 4096)
    budget = active(ours)
    if name == 'transformer':
        return peers.llama(peers.fitting_llama(
            core.width, budget, vocabulary), 4096)
    layer = sum(w.numel() for w in peers.mamba(core.width, 1, vocabulary).backbone.layers
                .parameters())
    return peers.mamba(core.width, max(1, round((budget - vocabulary * core.width) / layer)),
                       vocabulary)


def active(model: nn.Module) -> int:
    """Weights that take part in one token: all but blocks and slots that sleep.

    The embedding counts once: as the head that reads with it.
    """
    for part in model.modules():
        if isinstance(part, TextModel):
            return sizes.cost(part.config).active
    return sum(weight.numel() for weight in model.parameters())
