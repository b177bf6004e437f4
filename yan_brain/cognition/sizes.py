"""The sizes a language model comes in, and what each will cost before a weight is made.

`3b` and `1b` take width, channels and layers from the published MCSD models (arXiv 2406.12230:
2560, 10, and 20 or 12); the others are ours.
"""
from __future__ import annotations

from dataclasses import dataclass

import torch

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.core import state_bytes
from yan_brain.cognition.text import TextConfig, TextModel

SIZES = {
    # A Pi Zero's class: 3 MB awake a token.
    'tiny': TextConfig(vocabulary=2048, core=CoreConfig(
        width=64, layers=2, channels=4, memory_heads=2, memory_key=16, memory_value=32,
        partitions=8, partition_width=64, awake=2)),
    # The default brain's core.
    'small': TextConfig(vocabulary=8192, core=CoreConfig()),
    # The size that the benchmarks compare: about 135M, of which a sixth is read for a token.
    'base': TextConfig(vocabulary=8192, core=CoreConfig(
        width=512, layers=12, channels=8, memory_heads=2, memory_key=64, memory_value=64,
        partitions=102, partition_width=64, awake=4)),
    '1b': TextConfig(vocabulary=8192, core=CoreConfig(
        width=2560, layers=12, channels=10, memory_heads=4, memory_key=128, memory_value=128,
        partitions=56, partition_width=256, awake=4)),
    '3b': TextConfig(vocabulary=8192, core=CoreConfig(
        width=2560, layers=20, channels=10, memory_heads=4, memory_key=128, memory_value=128,
        partitions=64, partition_width=256, awake=4)),
}


def size(name: str) -> TextConfig:
    """The configuration of a size.

    Raises:
        ValueError: no such size.
    """
    try:
        return SIZES[name]
    except KeyError:
        raise ValueError(f'there is no size {name!r}; choose from {", ".join(SIZES)}') from None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What a model takes; exact, as counted from its shapes. All float32."""

    parameters: int
    active: int             # parameters that one token reads, the head's among them
    weight_bytes: int
    state_bytes: int        # of one stream, at any age
    bytes_per_token: int    # read or written to decode one token

    def tokens_per_second(self, bytes_per_second: float) -> float:
        """The limit of batch-1 decode where memory gives `bytes_per_second`."""
        return bytes_per_second / self.bytes_per_token


def cost(config: TextConfig) -> Cost:
    """Count without allocating: the model is made on the meta device."""
    with torch.device('meta'):
        model = TextModel(config)
        state = model.initial_state(1)
    parameters = sum(p.numel() for p in model.parameters())
    asleep = 1 - config.core.awake / config.core.partitions
    sleeping = sum(round(p.numel() * asleep) for name, p in model.named_parameters()
                   if name.endswith(('.into', '.back')))
    if config.core.slots:
        sleeping += (config.core.slots - config.core.slots_awake) * config.core.width
    untied_rows = 0 if config.tied else (config.vocabulary - 1) * config.core.width
    active = parameters - sleeping - untied_rows       # of an embedding one row is read
    carried = state_bytes(state.core)
    return Cost(parameters=parameters, active=active, weight_bytes=4 * parameters,
                state_bytes=carried, bytes_per_token=4 * active + 2 * carried)
