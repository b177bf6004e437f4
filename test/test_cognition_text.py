"""The language model: cuts, steps, causality."""
from __future__ import annotations

import pytest
import torch

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.head_loss import head_loss
from yan_brain.cognition.text import TextConfig, TextModel

CORE = CoreConfig(width=32, layers=2, channels=4, memory_heads=2, memory_key=8, memory_value=8,
                  partitions=6, partition_width=8, awake=2, chunk=16)


def model(segment: int = 8, core: CoreConfig = CORE) -> TextModel:
    torch.manual_seed(0)
    made = TextModel(TextConfig(core=core, vocabulary=50, segment=segment)).eval()
    with torch.no_grad():                   # a head that sees more than noise
        made.embedding.weight.normal_()
        for block in made.core.blocks:
            if core.decay == 'input':
                block.mixer.keep.weight.normal_()
    return made


@pytest.mark.parametrize('core', [CORE, CORE.mcsd()])
@pytest.mark.parametrize('segment', [1, 8])
@torch.no_grad()
def test_steps_and_cuts_equal_one_forward(segment: int, core: CoreConfig) -> None:
    brain = model(segment, core)
    ids = torch.randint(50, (2, 37))
    whole, end, _ = brain(ids, brain.initial_state(2))
    state = brain.initial_state(2)
    head, state, _ = brain(ids[:, :11], state)
    torch.testing.assert_close(head, whole[:, :11], rtol=1e-4, atol=1e-5)
    for t in range(11, 37):
        logits, state = brain.step(ids[:, t], state)
        torch.testing.assert_close(logits, whole[:, t], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(state.core[1].mixer.sums, end.core[1].mixer.sums,
                               rtol=1e-4, atol=1e-5)
    assert state.position.tolist() == end.position.tolist() == [37 % segment] * 2


@pytest.mark.parametrize('segment', [1, 8, 32])
@torch.no_grad()
def test_no_choice_and_no_logit_looks_ahead(segment: int) -> None:
    brain = model(segment)
    ids = torch.randint(50, (1, 40))
    logits, _, wakes = brain(ids, brain.initial_state())
    for t in (1, 9, 20, 39):
        other = ids.clone()
        other[:, t:] = (other[:, t:] + 1 + torch.randint(40, (40 - t,))) % 50
        changed, _, woke = brain(other, brain.initial_state())
        torch.testing.assert_close(changed[:, :t], logits[:, :t], rtol=0, atol=1e-5)
        assert not torch.allclose(changed[:, t], logits[:, t], atol=1e-3)
        for one, two in zip(wakes, woke, strict=True):
            assert torch.equal(one.chosen[:, :t], two.chosen[:, :t])


def test_partitions_are_chosen_once_a_segment() -> None:
    brain = model(8)
    _, _, wakes = brain(torch.randint(50, (1, 40)), brain.initial_state())
    for wake in wakes:
        chosen = wake.chosen.unflatten(1, (5, 8))
        assert torch.equal(chosen, chosen[:, :, :1].expand_as(chosen))
    assert any(wake.chosen.unique().numel() > CORE.awake for wake in wakes)


def test_loss_in_pieces_equals_cross_entropy() -> None:
    brain = model()
    ids, targets = torch.randint(50, (2, 20)), torch.randint(50, (2, 20))
    logits, _, _ = brain(ids, brain.initial_state(2))
    plain = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    plain.backward()
    want = [p.grad.clone() for p in brain.parameters()]
    brain.zero_grad()
    loss, _, _ = brain.loss(ids, targets, brain.initial_state(2), piece=7)
    loss.backward()
    torch.testing.assert_close(loss, plain)
    for parameter, grad in zip(brain.parameters(), want, strict=True):
        torch.testing.assert_close(parameter.grad, grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize('way', ['autocast', 'cast'])
def test_loss_in_pieces_stays_near_in_bfloat16(way: str) -> None:
    torch.manual_seed(0)
    thoughts, weight = torch.randn(2, 9, 16), torch.randn(50, 16)
    targets = torch.randint(50, (2, 9))
    leaves = [t.clone().requires_grad_() for t in (thoughts, weight)]
    want = torch.nn.functional.cross_entropy(
        (leaves[0] @ leaves[1].t()).flatten(0, 1), targets.flatten())
    want.backward()
    made = [t.to(torch.bfloat16 if way == 'cast' else torch.float32).requires_grad_()
            for t in (thoughts, weight)]
    with torch.autocast('cpu', torch.bfloat16, enabled=way == 'autocast'):
        got = head_loss(made[0], made[1], targets, piece=4)
    (3 * got).backward()
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, want, rtol=0.02, atol=0)
    for mine, theirs in zip(made, leaves, strict=True):
        assert mine.grad.dtype == mine.dtype
        assert (mine.grad.float() - 3 * theirs.grad).norm() < 0.05 * theirs.grad.norm()
    with torch.no_grad():
        torch.testing.assert_close(head_loss(thoughts, weight, targets), want.detach())


def test_empty_text_is_refused() -> None:
    brain = model()
    with pytest.raises(ValueError, match='at least one token'):
        brain(torch.zeros(1, 0, dtype=torch.int64), brain.initial_state())
