"""Blocks that sleep: the optimiser leaves them alone, none dies, slots are found."""
from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.core import YanCore
from yan_brain.cognition.optimiser import SleepyAdamW, parameter_groups
from yan_brain.cognition.partitions import Usage
from yan_brain.cognition.slots import SparseSlots
from yan_brain.cognition.text import TextConfig, TextModel

CORE = CoreConfig(width=32, layers=2, channels=4, memory_heads=1, memory_key=8, memory_value=8,
                  partitions=6, partition_width=8, awake=2, slots=64, slots_awake=4, slot_key=8)


def _step(core: YanCore, optimiser: torch.optim.Optimizer, tokens: int) -> list[set[int]]:
    out, _, wakes = core(torch.randn(1, tokens, 32), core.initial_state(),
                         torch.arange(tokens)[None] == 0)
    optimiser.zero_grad(set_to_none=True)
    out.square().sum().backward()
    optimiser.step()
    return [set(w.chosen.unique().tolist()) for w in wakes]


def test_asleep_blocks_and_their_moments_do_not_move() -> None:
    torch.manual_seed(0)
    core = YanCore(CORE)
    optimiser = SleepyAdamW(parameter_groups(core, weight_decay=0.5), lr=0.05)
    for _ in range(5):                                       # momentum everywhere
        _step(core, optimiser, 3)
    watched = [w for b in core.blocks for w in (b.neurons.into, b.neurons.back)]
    watched.append(core.blocks[1].slots.values)
    old = [(w.detach().clone(), {k: v.clone() for k, v in optimiser.state[w].items()})
           for w in watched]
    awake = _step(core, optimiser, 2)
    seen = 0
    for i, (weight, (was, state)) in enumerate(zip(watched, old, strict=True)):
        moved = {b for b in range(len(was)) if not torch.equal(weight[b], was[b])}
        if i < 4:
            assert moved == awake[i // 2]
        else:
            assert 0 < len(moved) <= 2 * CORE.slots_awake
        for block in set(range(len(was))) - moved:
            for name, before in state.items():
                assert torch.equal(optimiser.state[weight][name][block], before[block])
            seen += 1
        for block in moved:
            assert optimiser.state[weight]['step'][block] == state['step'][block] + 1
    assert seen > CORE.partitions


def test_what_is_always_awake_moves_as_under_adamw() -> None:
    torch.manual_seed(1)
    mine, theirs = (YanCore(replace(CORE, partitions=2, slots=4)) for _ in range(2))
    theirs.load_state_dict(mine.state_dict())
    ours = SleepyAdamW(parameter_groups(mine, 0.1), lr=0.01, betas=(0.9, 0.98))
    plain = torch.optim.AdamW(
        [{k: v for k, v in g.items() if k != 'blocks'} for g in parameter_groups(theirs, 0.1)],
        lr=0.01, betas=(0.9, 0.98))
    for _ in range(4):
        for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
            a.grad = torch.randn_like(a)
            b.grad = a.grad.clone()
        ours.step()
        plain.step()
    for (name, a), b in zip(mine.named_parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5, msg=name)


def test_the_optimiser_goes_on_from_its_saved_state() -> None:
    torch.manual_seed(2)
    core = YanCore(CORE)
    optimiser = SleepyAdamW(parameter_groups(core, 0.1))
    _step(core, optimiser, 3)
    twin = YanCore(CORE)
    twin.load_state_dict(core.state_dict())
    again = SleepyAdamW(parameter_groups(twin, 0.1))
    again.load_state_dict(deepcopy(optimiser.state_dict()))
    for one, other in ((core, optimiser), (twin, again)):
        torch.manual_seed(3)
        _step(one, other, 3)
    assert all(torch.equal(a, b) for a, b in zip(core.parameters(), twin.parameters(),
                                                 strict=True))


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(ValueError, match=r'lr 0\.0'):
        SleepyAdamW([torch.nn.Parameter(torch.ones(1))], lr=0.0)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """With several threads sums come in any order, and bits that are compared here differ."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _trained(balance: float) -> Usage:
    """A language model whose selectors began in favour of two blocks, after some training."""
    torch.manual_seed(5)
    core = replace(CORE, slots=0, partitions=8)
    model = TextModel(TextConfig(core=core, vocabulary=32, segment=1))
    with torch.no_grad():
        model.embedding.weight += 0.1
        for block in model.core.blocks:
            block.neurons.selector.weight[:2] += 0.5
    optimiser = SleepyAdamW(parameter_groups(model, 0.0), lr=3e-3)
    step = torch.tensor([1, 3, 7, 12])
    for _ in range(200):
        ids = (torch.randint(32, (4, 1)) + step[torch.randint(4, (4, 1))] * torch.arange(17)) % 32
        loss, _, wakes = model.loss(ids[:, :-1], ids[:, 1:], model.initial_state(4))
        (loss + balance * torch.stack([w.balance for w in wakes]).sum()).backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
    usage = Usage(core.layers, core.partitions)
    for _ in range(4):
        usage.add(model(torch.randint(32, (8, 16)), model.initial_state(8))[2])
    return usage


def test_balance_keeps_every_block_alive() -> None:
    with_it, without = _trained(0.1), _trained(0.0)
    assert not with_it.dead()
    assert with_it.evenness.min() > 0.9
    assert without.evenness.min() < with_it.evenness.min() - 0.05
    torch.testing.assert_close(with_it.shares.sum(1), torch.full((2,), float(CORE.awake)))


def test_product_keys_find_the_best_of_all_slots() -> None:
    torch.manual_seed(6)
    slots = SparseSlots(CORE)
    x = torch.randn(2, 5, 32)
    found, weights = slots.find(x)
    half = torch.nn.functional.rms_norm(slots.query(x).unflatten(-1, (2, -1)), (8,), eps=1e-6)
    scores = torch.einsum('bthk,hsk->bths', half, slots.keys) * 8 ** -0.5
    every = (scores[..., 0, :, None] + scores[..., 1, None, :]).flatten(-2)
    best, where = every.topk(CORE.slots_awake, -1)
    assert torch.equal(found, where)
    torch.testing.assert_close(weights, best.softmax(-1))
    want = torch.einsum('btk,btkd->btd', weights, slots.values[found])
    torch.testing.assert_close(slots(x), slots.out(torch.nn.functional.silu(slots.gate(x)) * want))


@pytest.mark.parametrize('wrong', [{'slots': 60}, {'slots': 16, 'slots_awake': 17}])
def test_impossible_slots_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match='slots'):
        CoreConfig(**wrong)
