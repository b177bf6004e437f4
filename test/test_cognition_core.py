"""The core's fast forms equal their plain loops, and a stream may be cut anywhere."""
from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.core import YanCore, select, state_bytes
from yan_brain.cognition.mixers import RMSNorm, read_channels, read_channels_eager
from yan_brain.cognition.partitions import PartitionedFeedForward, dense_geglu
from yan_brain.cognition.recurrence import (
    decaying_sum,
    decaying_sum_chunked,
    decaying_sum_reference,
    gated_delta,
    gated_delta_chunked,
    gated_delta_reference,
    unit,
)

SMALL = CoreConfig(width=32, layers=2, channels=4, memory_heads=2, memory_key=8,
                   memory_value=8, partitions=6, partition_width=8, awake=2, chunk=16)


Form = Callable[..., tuple[Tensor, Tensor]]


def _same(fast: Form, slow: Form, inputs: list[Tensor], chunk: int) -> None:
    """Outputs, final state and gradients of both forms agree."""
    results = []
    for form in (lambda *a: fast(*a, chunk), slow):
        leaves = [t.clone().requires_grad_() for t in inputs]
        out, state = form(*leaves)
        (out.sin().sum() + state.cos().sum()).backward()
        results.append([out, state, *(leaf.grad for leaf in leaves)])
    for mine, reference in zip(*results, strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('form', [decaying_sum, decaying_sum_chunked])
@pytest.mark.parametrize('length', [1, 7, 16, 63, 130, 500])
def test_decaying_sum_equals_its_loop(length: int, form: Form) -> None:
    torch.manual_seed(length)
    x = torch.randn(2, length, 3, 5)
    log_decay = -torch.rand(2, length, 3)
    _same(form, decaying_sum_reference, [x, log_decay, torch.randn(2, 3, 5)], 16)


@pytest.mark.parametrize('form', [gated_delta, gated_delta_chunked])
@pytest.mark.parametrize('length', [1, 7, 16, 63, 130, 500])
def test_gated_delta_equals_its_loop(length: int, form: Form) -> None:
    torch.manual_seed(length)
    q, k = unit(torch.randn(2, length, 3, 4)), unit(torch.randn(2, length, 3, 4))
    v = torch.randn(2, length, 3, 5)
    log_decay, write = -torch.rand(2, length, 3), torch.rand(2, length, 3)
    state = torch.randn(2, 3, 4, 5)
    _same(form, gated_delta_reference, [q, k, v, log_decay, write, state], 16)


@pytest.mark.parametrize('masked', [False, True])
@pytest.mark.parametrize('length', [1, 33, 64])
def test_compiled_channels_equal_torch(length: int, masked: bool) -> None:
    torch.manual_seed(length)
    both = torch.randn(6, 2, length, 10).permute(1, 2, 0, 3)           # as a product leaves it
    mask = (torch.rand(2, length) < 0.7).float() if masked else None
    log_decay = -torch.rand(2, length, 6) * (1.0 if mask is None else mask[..., None])
    leaves = [both, log_decay, torch.rand(5), torch.randn(2, 6, 5), torch.rand(2, 3)]
    results = []
    for form in (read_channels, read_channels_eager):
        x, decay, gain, sums, weight = inputs = [t.clone().requires_grad_() for t in leaves]
        ends = form(x, decay, mask, gain, sums, weight)
        sum(end.sin().sum() for end in ends).backward()
        results.append([*ends, *(t.grad for t in inputs)])
    for mine, reference in zip(*results, strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-4, atol=1e-5)


def test_compiled_norm_equals_torch() -> None:
    torch.manual_seed(0)
    norm = RMSNorm(33)
    results = []
    x = torch.randn(4, 3, 33)
    for form in (norm, lambda x: F.rms_norm(x, (33,), norm.gain, 1e-6)):
        leaf = x.clone().requires_grad_()
        norm.zero_grad()
        out = form(leaf)
        out.sin().sum().backward()
        results.append([out, leaf.grad, norm.gain.grad.clone()])
    for mine, reference in zip(*results, strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-4, atol=1e-5)


def test_memory_recalls_exactly_what_it_was_told_last() -> None:
    k = torch.eye(4)[None, :, None]                                  # four keys, one head
    k = torch.cat([k, k[:, :1]], 1)                                   # the first one again
    v = torch.randn(1, 5, 1, 3)
    _, state = gated_delta(k, k, v, torch.zeros(1, 5, 1), torch.ones(1, 5, 1),
                           torch.zeros(1, 1, 4, 3))
    torch.testing.assert_close(state[0, 0, 0], v[0, 4, 0])
    torch.testing.assert_close(state[0, 0, 2], v[0, 2, 0])


@pytest.mark.parametrize('cuts', [[1], [5, 6, 30], [16], [49]])
def test_a_stream_may_be_cut_anywhere(cuts: list[int]) -> None:
    torch.manual_seed(1)
    core = YanCore(SMALL).eval()
    x = torch.randn(3, 50, 32)
    starts = torch.rand(3, 50) < 0.3
    whole, end, _ = core(x, core.initial_state(3), starts)
    state, pieces, at = core.initial_state(3), [], 0
    for cut in [*cuts, 50]:
        piece, state, _ = core(x[:, at:cut], state, starts[:, at:cut])
        pieces.append(piece)
        at = cut
    torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(state[1].mixer.memory, end[1].mixer.memory, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(state[1].mixer.sums, end[1].mixer.sums, rtol=1e-4, atol=1e-5)


def test_step_equals_forward() -> None:
    torch.manual_seed(2)
    core = YanCore(SMALL).eval()
    x = torch.randn(2, 9, 32)
    whole, _, _ = core(x, core.initial_state(2), torch.ones(2, 9, dtype=torch.bool))
    state = core.initial_state(2)
    for t in range(9):
        out, state = core.step(x[:, t], state)
        torch.testing.assert_close(out, whole[:, t], rtol=1e-4, atol=1e-5)


def test_absent_tokens_leave_no_trace() -> None:
    torch.manual_seed(3)
    core = YanCore(SMALL).eval()
    x = torch.randn(1, 12, 32)
    mask = torch.ones(1, 12)
    mask[0, [0, 4, 5, 11]] = 0
    starts = torch.zeros(1, 12, dtype=torch.bool)
    starts[0, [0, 1, 6]] = True
    padded, padded_end, _ = core(x, core.initial_state(), starts, mask)
    kept = mask[0] > 0
    short, short_end, _ = core(x[:, kept], core.initial_state(), starts[:, kept])
    torch.testing.assert_close(padded[:, kept], short, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(padded_end[0].mixer.sums, short_end[0].mixer.sums,
                               rtol=1e-4, atol=1e-5)


def test_asleep_partitions_get_no_gradient() -> None:
    torch.manual_seed(4)
    core = YanCore(SMALL)
    x = torch.randn(1, 5, 32)
    starts = torch.tensor([[True, False, False, False, False]])
    out, _, wakes = core(x, core.initial_state(), starts)
    out.sum().backward()
    for block, wake in zip(core.blocks, wakes, strict=True):
        awake = set(wake.chosen.unique().tolist())
        assert len(awake) == SMALL.awake
        grad = block.neurons.into.grad
        assert {i for i in range(SMALL.partitions) if grad[i].abs().sum() > 0} == awake


def test_the_state_never_grows() -> None:
    core = YanCore(SMALL).eval()
    state = core.initial_state()
    sizes = set()
    with torch.no_grad():
        for _ in range(20):
            _, state, _ = core(torch.randn(1, 40, 32), state, torch.ones(1, 40) > 0)
            sizes.add(state_bytes(state))
    assert len(sizes) == 1
    assert all(torch.isfinite(t).all() for layer in state for t in layer.mixer)


def test_rows_do_not_mix() -> None:
    torch.manual_seed(5)
    core = YanCore(SMALL).eval()
    x = torch.randn(3, 20, 32)
    starts = torch.ones(3, 20, dtype=torch.bool)
    whole, state, _ = core(x, core.initial_state(3), starts)
    alone, end, _ = core(x[1:2], core.initial_state(1), starts[1:2])
    torch.testing.assert_close(whole[1:2], alone, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(select(state, torch.tensor([1]))[0].mixer.sums,
                               end[0].mixer.sums, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('wrong', [{'width': 30, 'channels': 4}, {'awake': 20}, {'layers': 0}])
def test_impossible_sizes_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r'must be|not a multiple'):
        CoreConfig(**wrong)


def test_wrong_token_width_is_named() -> None:
    core = YanCore(SMALL)
    with pytest.raises(ValueError, match=r'expected \(rows, tokens, 32\)'):
        core(torch.randn(1, 4, 31), core.initial_state(), torch.ones(1, 4) > 0)


@pytest.mark.parametrize('masked', [False, True])
def test_a_gpu_that_runs_all_partitions_computes_the_same(masked: bool) -> None:
    torch.manual_seed(0)
    config = CoreConfig()
    layer, tokens = PartitionedFeedForward(config), 40
    x = torch.randn(tokens, config.width, requires_grad=True)
    chosen = torch.stack([torch.randperm(config.partitions)[:config.awake]
                          for _ in range(tokens)])
    gates = torch.rand(tokens, config.awake, requires_grad=True)
    mask = (torch.rand(tokens) > 0.3).float() if masked else None
    sorted_by_block = layer._run(x, chosen, gates, mask)
    dense = dense_geglu(x, layer.into, layer.back, gates, chosen, mask)
    assert torch.allclose(dense, sorted_by_block, atol=1e-5)
    learned = [x, gates, layer.into, layer.back]
    for one, other in zip(
            torch.autograd.grad(sorted_by_block.square().sum(), learned),
            torch.autograd.grad(dense.square().sum(), learned), strict=True):
        assert torch.allclose(one, other, atol=1e-3, rtol=1e-4)
