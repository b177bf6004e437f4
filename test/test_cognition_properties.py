"""Whatever the lengths, cuts, masks and types: fast forms, loops and streams agree."""
from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from yan_brain.cognition import mixers, recurrence
from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.core import YanCore
from yan_brain.cognition.mixers import Mixer

LENGTHS = st.one_of(st.sampled_from([1, 2, 31, 32, 33, 63, 64, 65]), st.integers(1, 100))
SEEDS = st.integers(0, 2**31)
QUICK = settings(max_examples=12, deadline=None, derandomize=True)
CONFIGS = {
    'input': CoreConfig(width=24, layers=2, channels=3, memory_heads=2, memory_key=6,
                        memory_value=10, partitions=5, partition_width=6, awake=2, chunk=16,
                        slots=16, slots_awake=3, slot_key=4),
    'mcsd': CoreConfig(width=24, layers=2, channels=3, partitions=4, partition_width=6,
                       chunk=16).mcsd()}


def _recurrences(seed: int, length: int, kind: torch.dtype) -> list[tuple[str, list[Tensor]]]:
    """Inputs of both recurrences, with heads that forget at once and heads that never do."""
    torch.manual_seed(seed)
    rate = torch.tensor([0.0, 1e-4, 30.0])
    log_decay = -torch.rand(2, length, 3) * rate
    q, k = recurrence.unit(torch.randn(2, 2, length, 3, 6)).unbind(0)
    v, write = torch.randn(2, length, 3, 10), torch.rand(2, length, 3)
    delta = [q, k, v, log_decay, write, torch.randn(2, 3, 6, 10)]
    sums = [v, log_decay, torch.randn(2, 3, 10)]
    return [(name, [t.to(kind) for t in inputs])
            for name, inputs in (('decaying_sum', sums), ('gated_delta', delta))]


def _with_grads(form: Any, inputs: list[Tensor]) -> list[Tensor]:
    leaves = [t.clone().requires_grad_() for t in inputs]
    out, state = form(*leaves)
    (out.float().sin().sum() + state.float().cos().sum()).backward()
    return [out, state, *(leaf.grad for leaf in leaves)]


@QUICK
@given(seed=SEEDS, length=LENGTHS, form=st.sampled_from(['', '_chunked']),
       kind=st.sampled_from([torch.float32, torch.bfloat16]))
def test_recurrences_equal_their_loops(
    seed: int, length: int, form: str, kind: torch.dtype,
) -> None:
    for name, inputs in _recurrences(seed, length, kind):
        fast = _with_grads(getattr(recurrence, name + form), inputs)
        slow = _with_grads(getattr(recurrence, name + '_reference'), [t.float() for t in inputs])
        close = {'rtol': 1e-3, 'atol': 1e-4} if kind == torch.float32 else {
            'rtol': 0.02, 'atol': 0.02}       # the gradients of bfloat16 inputs are bfloat16
        for mine, reference in zip(fast, slow, strict=True):
            assert mine.isfinite().all()
            torch.testing.assert_close(mine.float(), reference, **close)


@QUICK
@given(seed=SEEDS, length=LENGTHS, cut=st.integers(0, 100), kind=st.sampled_from(list(CONFIGS)),
       masked=st.booleans())
def test_a_core_is_the_same_however_its_stream_is_cut(
    seed: int, length: int, cut: int, kind: str, masked: bool,
) -> None:
    torch.manual_seed(seed)
    core = YanCore(CONFIGS[kind]).eval()
    x, starts = torch.randn(2, length, 24), torch.rand(2, length) < 0.3
    mask = (torch.rand(2, length) < 0.7).float() if masked else None
    cut = min(cut, length - 1)
    with torch.no_grad():
        whole, end, _ = core(x, core.initial_state(2), starts, mask)
        state, pieces = core.initial_state(2), []
        for part in (slice(0, cut), slice(cut, length)):
            if part.start == part.stop:
                continue
            piece, state, _ = core(x[:, part], state, starts[:, part],
                                   None if mask is None else mask[:, part])
            pieces.append(piece)
    here = slice(None) if mask is None else mask > 0
    torch.testing.assert_close(torch.cat(pieces, 1)[here], whole[here], rtol=1e-3, atol=1e-4)
    for one, other in zip(state, end, strict=True):
        for a, b in zip((*one.mixer, one.selector), (*other.mixer, other.selector), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def _gradients(mixer: Mixer, x: Tensor, mask: Tensor | None) -> list[Tensor]:
    mixer.zero_grad()
    leaf = x.clone().requires_grad_()
    state = mixer.initial_state(2)
    first, state = mixer(leaf[:, :5], state, None if mask is None else mask[:, :5])
    second, state = mixer(leaf[:, 5:], state, None if mask is None else mask[:, 5:])
    (torch.cat([first, second], 1).sin().sum() + sum(t.sin().sum() for t in state)).backward()
    return [first, second, *state, leaf.grad, *(p.grad.clone() for p in mixer.parameters())]


@QUICK
@given(seed=SEEDS, length=st.integers(6, 70), kind=st.sampled_from(list(CONFIGS)),
       masked=st.booleans())
def test_a_mixer_learns_the_same_with_loops(
    seed: int, length: int, kind: str, masked: bool,
) -> None:
    torch.manual_seed(seed)
    mixer = Mixer(CONFIGS[kind])
    x = torch.randn(2, length, 24)
    mask = (torch.rand(2, length) < 0.7).float() if masked else None
    fast = _gradients(mixer, x, mask)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mixers, 'usable', lambda *_: False)
        patch.setattr(mixers, 'decaying_sum',
                      lambda *a: recurrence.decaying_sum_reference(*a[:3]))
        patch.setattr(mixers, 'gated_delta', lambda *a: recurrence.gated_delta_reference(*a[:6]))
        slow = _gradients(mixer, x, mask)
    for mine, reference in zip(fast, slow, strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize('kind', list(CONFIGS))
@pytest.mark.parametrize('way', ['autocast', 'cast'])
def test_bfloat16_stays_near_float32(kind: str, way: str) -> None:
    torch.manual_seed(0)
    config = CONFIGS[kind]
    core = YanCore(config).train()
    x, starts = torch.randn(2, 65, 24), torch.zeros(2, 65, dtype=torch.bool)
    want, end, wakes = core(x, core.initial_state(2), starts)
    if way == 'cast':
        core, x = core.bfloat16(), x.bfloat16()
    with torch.autocast('cpu', torch.bfloat16, enabled=way == 'autocast'):
        got, state, woke = core(x, core.initial_state(2), starts)
    got.float().square().sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in core.parameters())
    assert all(t.dtype == torch.float32 for layer in state for t in layer.mixer)
    assert all(torch.equal(a.chosen, b.chosen) for a, b in zip(wakes, woke, strict=True))
    error = (got.float() - want).norm() / want.norm()
    assert error < 0.03
    assert (state[0].mixer.sums - end[0].mixer.sums).norm() < 0.02 * end[0].mixer.sums.norm()
