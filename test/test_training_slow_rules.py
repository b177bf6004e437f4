"""The rules of sleep: what sleeps stays bit for bit, traces are exact, losses fall."""
from __future__ import annotations

import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import fields

import pytest
import torch
from torch import Tensor

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.mixers import Mixer
from yan_brain.cognition.model import Brain, BrainConfig, Understanding
from yan_brain.mind.checkpoint import DEFAULT_FOLDER
from yan_brain.perception.language import Words
from yan_brain.signals import Skill
from yan_brain.simulation.things import COLOURS, KINDS
from yan_brain.training.language import draw_utterance
from yan_brain.training.losses import WordTargets, kept_losses
from yan_brain.training.slow_rules import READOUT_STEPS, RULES, Batch, Forward, Trace, blocks_of
from yan_brain.training.utterances import collate

CORE = CoreConfig(width=32, layers=2, channels=4, memory_heads=1, memory_key=8, memory_value=8,
                  partitions=6, partition_width=8, awake=2)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope='module')
def words() -> Words:
    return Words.load(DEFAULT_FOLDER / 'words.json')


def _brain(words: Words) -> Brain:
    return Brain(BrainConfig(
        core=CORE, vocabulary=words.size, features=8, identity=4, tokens=25,
        skills=tuple(s.value for s in Skill), colours=tuple(COLOURS), kinds=tuple(KINDS)))


def _told(brain: Brain, words: Words, count: int = 6) -> WordTargets:
    rng = random.Random(3)
    return collate([draw_utterance(rng) for _ in range(count)], words, brain.config)


@pytest.mark.parametrize('name', RULES)
def test_asleep_blocks_and_other_words_stay_bit_for_bit(name: str, words: Words) -> None:
    brain = _brain(words)
    plain = deepcopy(brain.state_dict())
    told = _told(brain, words)
    allowed = torch.zeros(2, 6, dtype=torch.bool)
    allowed[0, [1, 4]] = allowed[1, [0, 1, 2]] = True
    rows = told.ids[0, :3].tolist()
    rule = RULES[name](brain, allowed, rows, 1e-2)
    state = brain.core.initial_state(6)
    for _ in range(READOUT_STEPS + 3):
        _, state = rule.step(Batch(told, 6), state)
    moved = {key for key, weight in brain.state_dict().items()
             if not torch.equal(weight, plain[key])}
    for layer in range(2):
        for part in ('into', 'back'):
            key = f'core.blocks.{layer}.neurons.{part}'
            now, was = brain.state_dict()[key], plain[key]
            changed = {b for b in range(6) if not torch.equal(now[b], was[b])}
            assert changed and changed <= set(allowed[layer].nonzero().flatten().tolist())
            moved.discard(key)
    changed = {row for row in range(len(brain.words.weight))
               if not torch.equal(brain.words.weight[row], plain['words.weight'][row])}
    assert changed and changed <= set(rows)
    moved.discard('words.weight')
    channels = {f'core.blocks.{layer}.mixer.channel' for layer in range(2)}
    assert moved == (channels if name == 'forward' else set())
    if name == 'forward':            # values are learned, gates are not
        now, was = (b['core.blocks.0.mixer.channel'] for b in (brain.state_dict(), plain))
        half = now.shape[-1] // 2
        assert torch.equal(now[..., half:], was[..., half:])
        assert not torch.equal(now[..., :half], was[..., :half])


@pytest.mark.parametrize('name', RULES)
def test_losses_fall(name: str, words: Words) -> None:
    brain = _brain(words)
    told = _told(brain, words)
    rule = RULES[name](brain, torch.ones(2, 6, dtype=torch.bool), (), 1e-2)
    losses = [rule.step(Batch(told, 6), brain.core.initial_state(6))[0]
              for _ in range(READOUT_STEPS + 25)]
    losses = losses[0 if name == 'backprop' else READOUT_STEPS:]
    assert losses[-1] < 0.9 * losses[0]


def test_traces_equal_back_propagation_through_time() -> None:
    mixer = Mixer(CORE)
    with torch.no_grad():
        mixer.keep.weight.normal_(0, 0.3)
    x, present = torch.randn(3, 11, 32), torch.ones(3, 11)
    present[1, 7:] = 0
    past = mixer.initial_state(3)
    past = past._replace(sums=torch.randn_like(past.sums), weight=torch.rand_like(past.weight))
    aim = torch.randn(3, 11, 32) * present[..., None]

    def gradient() -> Tensor:
        mixer.zero_grad()
        with torch.no_grad():
            recalled, _ = mixer.memory(x * present[..., None], past.memory, present)
        mixed, _ = mixer(x, past, present)
        ((mixed - recalled - aim) * present[..., None]).square().sum().backward()
        assert mixer.channel.grad is not None
        return mixer.channel.grad.clone()

    through_time = gradient()
    mixer.zero_grad()
    trace = Trace(mixer, x, past, present)
    ((trace.read() - aim) * present[..., None]).square().sum().backward()
    trace.learn()
    assert mixer.channel.grad is not None
    half = mixer.channel.shape[-1] // 2
    torch.testing.assert_close(mixer.channel.grad[..., :half], through_time[..., :half],
                               rtol=1e-3, atol=1e-3)
    assert through_time[..., :half].abs().max() > 0.1


def test_the_forward_rule_thinks_as_the_brain_does(words: Words) -> None:
    brain = _brain(words)
    told = _told(brain, words)
    start = brain.core.initial_state(6)
    with torch.no_grad():
        _, want, _ = brain.read(told.ids, told.mask, start)
    rule = Forward(brain, torch.ones(2, 6, dtype=torch.bool), (), 1e-12)
    _, found = rule.step(Batch(told, 6), start)
    for one, other in zip(want, found, strict=True):
        for a, b in zip((*one.mixer, one.selector), (*other.mixer, other.selector), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
    assert len(blocks_of(brain)) == 2


def test_others_must_be_read_as_before(words: Words) -> None:
    brain = _brain(words)
    told = _told(brain, words)
    start = brain.core.initial_state(6)
    with torch.no_grad():
        before, _, _ = brain.read(told.ids, told.mask, start)
    alike = sum(kept_losses(before, before, told.mask).values())
    assert abs(float(alike)) < 1e-5
    other = Understanding(**{f.name: getattr(before, f.name) + torch.randn_like(
        getattr(before, f.name)) for f in fields(before)})
    assert all(float(loss) > 0 for loss in kept_losses(other, before, told.mask).values())
    dreams = Batch(told, 2, before)
    labels = Batch(told, 2)
    torch.testing.assert_close(dreams.loss(before), labels.loss(before))
    assert float(dreams.loss(other)) > float(labels.loss(other))
