"""Models of text trained side by side: same tokens, same order, same validation text."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yan_brain.evaluation.core_bench.groups import Budget
from yan_brain.training.text import TextTrainer, TextTraining
from yan_brain.training.text_models import active, build
from yan_brain.training.text_stream import bits_per_byte
from yan_brain.training.text_vocabulary import Tokens, load_tokens

# Top learning rates: the best that `python -m yan_brain.evaluation.core_bench.rates` found; for
# Mamba none were tried.
RATES = {'ours': 8e-3, 'mcsd': 8e-3, 'transformer': 2e-3, 'transformer_same_total': 4e-3,
         'mamba': 2e-3}


@dataclass(frozen=True)
class Text:
    """Training ids, and validation ids with how many bytes of text one of them stands for."""

    vocabulary: int
    training: Tokens
    held: NDArray[np.uint16]
    bytes_per_token: float


def text(budget: Budget, held_tokens: int) -> Text:
    """The text, with the first `held_tokens` of its validation part.

    Raises:
        CorpusError: there is none; says how to make it.
    """
    vocabulary, tokens = load_tokens(budget.text)
    held = np.asarray(tokens['validation'].ids[:held_tokens])
    size = len(vocabulary.decode(held.tolist()).encode())
    return Text(vocabulary.size, tokens['training'], held, size / len(held))


def trainer(name: str, size: str, found: Text, config: TextTraining) -> TextTrainer:
    """A model that has learned nothing yet."""
    return TextTrainer(config, lambda: build(name, size, found.vocabulary), found.training)


def rate(name: str) -> float:
    """Top learning rate of a model; an ablation has that of ours."""
    return RATES.get(name, RATES['ours'])


def learn(made: TextTrainer, found: Text, every: int) -> Iterator[float]:
    """Train to the last step; yields bits a byte at each validation."""
    while made.done < made.config.steps:
        made.step()
        if made.done % every == 0 or made.done == made.config.steps:
            yield bits_per_byte(made.validate(found.held), found.bytes_per_token)


def sizes(made: TextTrainer) -> str:
    """Weights of a model, for notes."""
    total = sum(weight.numel() for weight in made.whole.parameters())
    return f'{total / 1e6:.1f}M weights, {active(made.whole) / 1e6:.1f}M active'
