"""Batches of the coming steps, drawn while the step before is learned.

What a step learns from depends on the seed and the step alone: by whom it is drawn, how far ahead
and after how many interruptions makes no difference.
"""
from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

_draw: Callable[[np.random.Generator], Any]        # of a process that draws


class Drawing:
    """Draws batches by step; `workers` processes do it, with 0 a thread of this one."""

    def __init__(self, draw: Callable[[np.random.Generator], Any], seed: tuple[int, ...],
                 workers: int) -> None:
        self._seed, self._ahead = seed, max(2 * workers, 1)
        self._call = _drawn if workers else draw
        # Forked, so that what draws (folders of frames, grammars) is shared and not sent.
        self._pool: Executor = ProcessPoolExecutor(
            workers, multiprocessing.get_context('fork'), _hold, (draw,)) if workers else (
                ThreadPoolExecutor(1, 'drawing'))
        self._coming: deque[tuple[int, Future[Any]]] = deque()

    def take(self, step: int) -> Any:
        """The batch of a step; those after it are begun."""
        if not self._coming or self._coming[0][0] != step:
            self._coming.clear()
            self._begin(step)
        batch = self._coming.popleft()[1].result()
        while len(self._coming) < self._ahead:
            self._begin(self._coming[-1][0] + 1 if self._coming else step + 1)
        return batch

    def _begin(self, step: int) -> None:
        rng = np.random.default_rng((*self._seed, step))
        self._coming.append((step, self._pool.submit(self._call, rng)))


def to_device(batch: Any, device: str) -> Any:
    """A dataclass of tensors, and of such dataclasses, moved."""
    if isinstance(batch, Tensor):
        return batch.to(device)
    if is_dataclass(batch) and not isinstance(batch, type):
        return replace(batch, **{f.name: to_device(getattr(batch, f.name), device)
                                 for f in fields(batch)})
    return batch


def _hold(draw: Callable[[np.random.Generator], Any]) -> None:
    """In a process that draws: one thread, and never the accelerator."""
    global _draw
    torch.set_num_threads(1)
    torch.set_default_device('cpu')
    _draw = draw


def _drawn(rng: np.random.Generator) -> Any:
    return _draw(rng)
