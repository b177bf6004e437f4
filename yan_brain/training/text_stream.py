"""A text as endless streams side by side, and how well a model predicts text it never saw."""
from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

State = Any          # nested tuples of tensors whose first axis are the streams; None: no state


class TextPredictor(Protocol):
    """A model of text. `carries` tells whether its state outlives a window."""

    @property
    def carries(self) -> bool: ...
    def initial_state(self, rows: int) -> State: ...
    def __call__(self, ids: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        """(B, T) ids -> (B, T, vocabulary) logits, the next state, an added loss term."""
        ...


@dataclass(frozen=True)
class Streams:
    """`count` streams through one array of ids; each reads its own part and starts over.

    What stream `row` reads at a step follows from step and row alone, so training can stop and
    go on anywhere, on any number of processes.
    """

    ids: NDArray[np.uint16]
    count: int
    window: int

    def __post_init__(self) -> None:
        if min(self.count, self.window) < 1:
            raise ValueError(f'{self.count} streams of {self.window} tokens; allowed: 1 or more')
        if len(self.ids) < self.count * (self.window + 1):
            raise ValueError(f'the text has {len(self.ids)} tokens; {self.count} streams of '
                             f'{self.window} need at least {self.count * (self.window + 1)}')

    def batch(self, step: int, rows: range) -> Tensor:
        """(rows, window + 1) ids: what to read, and one further to predict the last."""
        part = len(self.ids) // self.count
        at = step * self.window
        places = (at + np.arange(self.window + 1)) % part
        found = np.stack([self.ids[row * part + places] for row in rows])
        return torch.from_numpy(found.astype(np.int64))


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean nats a token, in float32."""
    return F.cross_entropy(logits.float().flatten(0, -2), targets.flatten())


def detached(state: State) -> State:
    """The same state, cut from the graph that made it."""
    return mapped(state, Tensor.detach)


def mapped(state: State, change: Any) -> State:
    """A state of the same shape with `change` applied to every tensor."""
    if isinstance(state, Tensor):
        return change(state)
    if isinstance(state, tuple):
        parts = [mapped(part, change) for part in state]
        return type(state)(*parts) if hasattr(state, '_fields') else tuple(parts)
    return state


def tensors_of(state: State) -> Iterator[Tensor]:
    """All tensors of a state, in order."""
    if isinstance(state, Tensor):
        yield state
    elif isinstance(state, tuple):
        for part in state:
            yield from tensors_of(part)


def nats_per_token(model: TextPredictor, ids: NDArray[np.uint16], *, window: int,
                   rows: int = 8, device: str = 'cpu') -> float:
    """Mean loss on ids that follow one another; every id but the first of a row counts once.

    A model that carries its state reads window after window. One that does not reads windows
    that overlap by half and is judged on the later half, so that it always has a past.
    """
    part = len(ids) // rows
    if part < 2:
        raise ValueError(f'{len(ids)} ids for {rows} rows; at least 2 a row')
    table = torch.from_numpy(ids[:rows * part].astype(np.int64)).view(rows, part).to(device)
    total, count = 0.0, 0
    state = model.initial_state(rows)
    step = window if model.carries else max(1, window // 2)
    done = 0                                    # targets up to here were judged
    with torch.inference_mode():
        for start in range(0, part - 1, step):
            end = min(start + window, part - 1)
            logits, after, _ = model(table[:, start:end], state)
            state = after if model.carries else state
            fresh = slice(max(done, start) - start, None)
            targets = table[:, start + 1:end + 1][:, fresh]
            if targets.shape[1]:
                total += float(F.cross_entropy(
                    logits[:, fresh].float().flatten(0, 1), targets.flatten(), reduction='sum'))
                count += targets.numel()
            done = end
            if end == part - 1:
                break
    return total / count


def bits_per_byte(nats: float, bytes_per_token: float) -> float:
    """Nats a token as bits a byte of text: the same scale for every vocabulary."""
    return nats / math.log(2) / bytes_per_token
