"""The Yan core as the benchmarks run it."""
from __future__ import annotations

import random
from collections.abc import Iterator

import torch
from torch import Tensor

from yan_brain.cognition import sizes
from yan_brain.cognition.stepper import TextStepper
from yan_brain.cognition.text import TextConfig, TextModel, TextState
from yan_brain.evaluation.core_bench.peer_decode import Step
from yan_brain.training.text_models import core_config

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


def steppers(brain: TextModel, state: TextState, threads: int) -> list[tuple[str, Step]]:
    """Ways to write one more token, each with its name; the best counts.

    The compiled one comes last; it is left out where there is no compiler.
    """
    found = [('torch', _eager(brain, state))]
    compiled = TextStepper(brain, threads=threads)
    if compiled.native:
        compiled.state = state
        found.append(('one C++ op', _compiled(compiled)))
    return found


def _compiled(stepper: TextStepper) -> Step:
    tokens = _told(stepper.model)

    def step() -> Tensor:
        logits = stepper.step(next(tokens))
        logits.argmax()
        return logits
    return step


def _eager(brain: TextModel, state: TextState) -> Step:
    tokens = _told(brain)

    def step() -> Tensor:
        nonlocal state
        with torch.inference_mode():
            logits, state = brain.step(torch.tensor([next(tokens)]), state)
            logits.argmax(-1)
        return logits
    return step


def _told(brain: TextModel) -> Iterator[int]:
    """Tokens to write, any of them: random weights left to themselves would repeat one word,
    and the blocks that it wakes would stay in the processor's cache.
    """
    rng = random.Random(0)
    while True:
        yield rng.randrange(brain.config.vocabulary)


def bytes_per_token(brain: TextModel) -> int:
    """Bytes read for one token of decode: awake weights in float32, and the state."""
    found = sizes.cost(brain.config)
    return 4 * found.active + found.state_bytes
