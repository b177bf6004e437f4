"""What is said in training: generated utterances, some as a recogniser heard them."""
from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from yan_brain.training.language import Utterance, draw_utterance, heard_pairs


class Talk:
    """Draws utterances. `heard` is a file of (said, heard) pairs; it may be missing."""

    def __init__(self, heard: Path | None, heard_share: float = 0.12) -> None:
        self._heard = list(heard_pairs(heard)) if heard and heard.exists() else []
        self._share = heard_share if self._heard else 0.0

    def draw(self, rng: np.random.Generator, count: int) -> list[Utterance]:
        """`count` utterances; the same for the same generator state."""
        own = random.Random(int(rng.integers(2 ** 62)))
        return [own.choice(self._heard) if own.random() < self._share
                else draw_utterance(own) for _ in range(count)]

    def corpus(self, count: int, seed: int) -> Iterator[str]:
        """Texts to learn word pieces from."""
        rng = np.random.default_rng((seed, 7))
        for utterance in self.draw(rng, count):
            yield utterance.text
