"""A language model on the core: pieces of text in, chances of the next piece out.

    ids -> embedding -> core -> head

Partitions are chosen once a segment of `segment` tokens, by its first token, which has read all
that came before: no choice ever looks ahead. The place within the segment is part of the state,
so `step` and `forward` choose alike, wherever a stream is cut. `segment=1` chooses at each token.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.core import CoreState, YanCore
from yan_brain.cognition.head_loss import head_loss
from yan_brain.cognition.partitions import Wake


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """Shape of a language model."""

    core: CoreConfig
    vocabulary: int = 8192
    segment: int = 32           # tokens that share one choice of partitions
    tied: bool = True           # the head reads with the embedding's own weights

    def __post_init__(self) -> None:
        for name in ('vocabulary', 'segment'):
            if getattr(self, name) < 1:
                raise ValueError(f'{name} is {getattr(self, name)}; it must be at least 1')


class TextState(NamedTuple):
    """What a model carries from token to token; its size never grows."""

    core: CoreState
    position: Tensor    # (B,) int64, 0 .. segment - 1: place within the segment


class TextModel(nn.Module):
    """Embedding, core, head."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        width = config.core.width
        self.embedding = nn.Embedding(config.vocabulary, width)
        self.core = YanCore(config.core)
        self.head = nn.Linear(width, config.vocabulary, bias=False)
        nn.init.normal_(self.embedding.weight, std=0.02)
        if config.tied:
            self.head.weight = self.embedding.weight
        else:
            nn.init.normal_(self.head.weight, std=0.02)

    def initial_state(self, rows: int = 1) -> TextState:
        """An empty past for `rows` streams."""
        start = torch.zeros(rows, dtype=torch.int64, device=self.embedding.weight.device)
        return TextState(self.core.initial_state(rows), start)

    def forward(
        self, ids: Tensor, state: TextState, segment: int | None = None,
    ) -> tuple[Tensor, TextState, list[Wake]]:
        """Read a piece of text.

        Args:
            ids: (B, T) int64, T at least 1.
            state: what the last call returned, or `initial_state(B)`.
            segment: tokens that share one choice of partitions; None: as configured.

        Returns:
            (B, T, vocabulary) logits of the token after each, the next state, and which
            partitions woke in each layer.
        """
        thoughts, state, wakes = self.think(ids, state, segment)
        return self.head(thoughts), state, wakes

    def think(
        self, ids: Tensor, state: TextState, segment: int | None = None,
    ) -> tuple[Tensor, TextState, list[Wake]]:
        """`forward` without the head: (B, T, D) thoughts instead of logits."""
        if ids.ndim != 2 or not ids.shape[1]:
            raise ValueError(
                f'ids have shape {tuple(ids.shape)}; expected (rows, tokens), at least one token')
        segment = segment or self.config.segment
        places = state.position[:, None] + torch.arange(ids.shape[1], device=ids.device)
        thoughts, core, wakes = self.core(
            self.embedding(ids), state.core, places % segment == 0)
        return thoughts, TextState(core, (places[:, -1] + 1) % segment), wakes

    def loss(
        self, ids: Tensor, targets: Tensor, state: TextState, segment: int | None = None,
        piece: int = 1024,
    ) -> tuple[Tensor, TextState, list[Wake]]:
        """Mean cross entropy of `targets` (B, T), in nats a token.

        The head runs over `piece` tokens at a time (see head_loss.py), so that (B, T, vocabulary)
        never stands in memory.
        """
        thoughts, state, wakes = self.think(ids, state, segment)
        return head_loss(thoughts, self.head.weight, targets, piece), state, wakes

    def step(self, ids: Tensor, state: TextState) -> tuple[Tensor, TextState]:
        """One token of each stream (B,) -> logits (B, vocabulary) and the next state."""
        logits, state, _ = self(ids[:, None], state)
        return logits[:, 0], state

