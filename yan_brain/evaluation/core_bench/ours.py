"""The Yan core as the benchmarks run it."""
from __future__ import annotations

import torch
from torch import Tensor

from yan_brain.cognition.core import state_bytes
from yan_brain.cognition.text import TextConfig, TextModel, TextState
from yan_brain.evaluation.core_bench.peers import Step
from yan_brain.training.text_models import active, core_config

WINDOW = 1024            # tokens read at once while a context is filled


def model(size: str, vocabulary: int, seed: int = 0) -> TextModel:
    """A core with random weights."""
    torch.manual_seed(seed)
    return TextModel(TextConfig(core=core_config(size), vocabulary=vocabulary)).eval()


def read(brain: TextModel, state: TextState, tokens: int, seed: int = 0) -> TextState:
    """The state after reading random tokens."""
    source = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        while tokens > 0:
            piece = min(WINDOW, tokens)
            ids = torch.randint(brain.config.vocabulary, (1, piece), generator=source)
            _, state, _ = brain.think(ids, state)
            tokens -= piece
    return state


def steppers(brain: TextModel, state: TextState) -> list[tuple[str, Step]]:
    """Ways to write one more token, each with its name; the best counts."""
    return [('eager', _eager(brain, state))]


def _eager(brain: TextModel, state: TextState) -> Step:
    def step() -> Tensor:
        nonlocal state, ids
        with torch.inference_mode():
            logits, state = brain.step(ids, state)
            ids = logits.argmax(-1)
        return logits
    ids = torch.tensor([300 % brain.config.vocabulary])
    return step


def bytes_per_token(brain: TextModel) -> int:
    """Bytes read for one token of decode: awake weights in float32, and the state."""
    return 4 * active(brain) + state_bytes(brain.initial_state().core)
