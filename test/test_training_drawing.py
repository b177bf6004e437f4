"""Batches drawn ahead: the same by whomever, however often a step is asked for."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from yan_brain.training.drawing import Drawing, to_device


def _draw(rng: np.random.Generator) -> int:
    return int(rng.integers(2 ** 31))


@pytest.mark.parametrize('workers', [0, 2])
def test_a_step_learns_from_the_same_by_whomever_it_is_drawn(workers: int) -> None:
    want = [_draw(np.random.default_rng((7, 1, step))) for step in range(12)]
    drawing = Drawing(_draw, (7, 1), workers)
    assert [drawing.take(step) for step in range(6)] == want[:6]
    assert drawing.take(2) == want[2]                       # again, after a stop
    assert [drawing.take(step) for step in range(9, 12)] == want[9:]
    assert len(set(want)) == 12


def test_what_cannot_be_drawn_is_said() -> None:
    def fails(rng: np.random.Generator) -> int:
        raise ValueError('no such frame')

    with pytest.raises(ValueError, match='no such frame'):
        Drawing(fails, (1,), 1).take(0)


@dataclass(frozen=True)
class _Inner:
    numbers: Tensor


@dataclass(frozen=True)
class _Outer:
    inner: _Inner
    name: str


def test_nested_batches_move() -> None:
    moved = to_device(_Outer(_Inner(torch.ones(2)), 'one'), 'meta')
    assert moved.inner.numbers.is_meta and moved.name == 'one'
    pair = (torch.ones(1), torch.ones(1))
    assert to_device(pair, 'meta') is pair                  # the phases on a CPU alone have these
