"""The Yan core: a stack of blocks, each a mixer over time and partitioned neurons.

    x = x + mixer(norm(x)); x = x + partitions(norm(x)) [+ slots(norm(x))]

`forward` takes any number of tokens against a state of fixed size; cutting a stream anywhere
and carrying the state gives the same outputs, so a `step` is a `forward` of one token.
"""
from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.mixers import Mixer, MixerState, RMSNorm
from yan_brain.cognition.partitions import PartitionedFeedForward, Wake
from yan_brain.cognition.slots import SparseSlots


class LayerState(NamedTuple):
    """What one layer carries from token to token."""

    mixer: MixerState
    selector: Tensor    # (B, P)


CoreState = tuple[LayerState, ...]


class Block(nn.Module):
    """One layer."""

    def __init__(self, config: CoreConfig, slots: bool = False) -> None:
        super().__init__()
        self.slots = SparseSlots(config) if slots else None
        self.mixer_norm = RMSNorm(config.width)
        self.mixer = Mixer(config)
        self.neurons_norm = RMSNorm(config.width)
        self.neurons = PartitionedFeedForward(config)

    def initial_state(self, rows: int) -> LayerState:
        """An empty past for `rows` streams."""
        return LayerState(self.mixer.initial_state(rows), self.neurons.initial_state(rows))

    def forward(
        self, x: Tensor, state: LayerState, starts: Tensor,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, LayerState, Wake]:
        """(B, T, D) -> (B, T, D), the next state, and which partitions woke."""
        mixed, mixer = self.mixer(self.mixer_norm(x), state.mixer, mask)
        x = x + mixed
        normed = self.neurons_norm(x)
        thought, selector, wake = self.neurons(normed, state.selector, starts, mask)
        if self.slots is not None:
            thought = thought + self.slots(normed)
        return x + thought, LayerState(mixer, selector), wake


class YanCore(nn.Module):
    """Tokens in, thoughts out, a state that never grows."""

    def __init__(self, config: CoreConfig) -> None:
        super().__init__()
        self.config = config
        self.blocks = nn.ModuleList(
            Block(config, slots=bool(config.slots) and layer == config.layers // 2)
            for layer in range(config.layers))
        self.norm = RMSNorm(config.width)

    def initial_state(self, rows: int = 1) -> CoreState:
        """The state of a brain that has lived nothing yet, for `rows` streams."""
        return tuple(block.initial_state(rows) for block in self._layers())

    def forward(
        self, x: Tensor, state: CoreState, starts: Tensor, mask: Tensor | None = None,
    ) -> tuple[Tensor, CoreState, list[Wake]]:
        """Think over a piece of the stream.

        Args:
            x: (B, T, D) tokens.
            state: what the last call returned, or `initial_state(B)`.
            starts: (B, T) bool, True where a segment starts and partitions are chosen anew.
            mask: (B, T) float, 0 where a token is absent; None: all are there.

        Returns:
            (B, T, D) thoughts, the next state, and the partitions awake in each layer.
        """
        if x.ndim != 3 or x.shape[-1] != self.config.width:
            raise ValueError(
                f'tokens have shape {tuple(x.shape)}; expected (rows, tokens, '
                f'{self.config.width})')
        states, wakes = [], []
        for block, past in zip(self._layers(), state, strict=True):
            x, now, wake = block(x, past, starts, mask)
            states.append(now)
            wakes.append(wake)
        return self.norm(x), tuple(states), wakes

    def _layers(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]

    def step(
        self, token: Tensor, state: CoreState, start: bool = True,
    ) -> tuple[Tensor, CoreState]:
        """One token (B, D) -> one thought (B, D) and the next state."""
        starts = torch.full((token.shape[0], 1), start, device=token.device)
        out, state, _ = self(token[:, None], state, starts)
        return out[:, 0], state


def detach(state: CoreState) -> CoreState:
    """The same state, cut from the graph that made it."""
    return tuple(
        LayerState(MixerState(*(t.detach() for t in layer.mixer)), layer.selector.detach())
        for layer in state)


def select(state: CoreState, rows: Tensor) -> CoreState:
    """The state of some of the streams: `rows` are indices, repeats allowed."""
    return tuple(
        LayerState(MixerState(*(t[rows] for t in layer.mixer)), layer.selector[rows])
        for layer in state)


def state_bytes(state: CoreState) -> int:
    """Bytes that a state holds: the same on the first tick and on the last."""
    return sum(t.numel() * t.element_size()
               for layer in state for t in (*layer.mixer, layer.selector))
