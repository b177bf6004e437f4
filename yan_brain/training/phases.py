"""The phases of training: to see, to understand words, and both in one life.

- sight: eye and looking heads learn from frames alone, without the core: most show named things,
  the others things without names, which teach what tells things apart.
- words: the core learns to understand what is said, by itself.
- together: the eye rests; frames pass through the core between utterances, as they will on the
  robot, and thoughts learn to flow back to the patches.

Sight and words do not need each other and may run side by side. The stream of the core is never
cut: a row lives through one utterance after the other and its state is carried from step to step
(truncated back-propagation), so that the core learns to work after whatever came before.
"""
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from yan_brain.cognition.core import CoreState, detach, select
from yan_brain.cognition.model import BODY_FLOATS, SOUND_FLOATS, Brain
from yan_brain.perception import sight
from yan_brain.perception.language import Words
from yan_brain.training.frames import NAMED_PAIRS, FrameSet, draw
from yan_brain.training.language import Utterance
from yan_brain.training.losses import (
    IdentityLoss,
    SightTargets,
    WordTargets,
    sight_losses,
    word_losses,
)
from yan_brain.training.speech import Talk
from yan_brain.training.utterances import collate

Losses = dict[str, Tensor]
Batch = TypeVar('Batch')
BALANCE = 0.01          # weight of an even use of partitions
_DRAWN = 1024           # utterances drawn, of which one group of like length is told
IDENTITY = 0.35         # weight of telling thousands of things apart


class Phase(Protocol[Batch]):
    """One phase: what it trains, and how a step's losses come about."""

    state: CoreState | None

    @property
    def modules(self) -> dict[str, nn.Module]:
        """What is trained, by name; kept in checkpoints."""

    def draw(self, rng: np.random.Generator) -> Batch:
        """What one step learns from; made beside the step before, in another thread."""

    def losses(self, batch: Batch) -> Losses:
        """The losses of one step, by name."""


@dataclass(frozen=True, slots=True)
class Told:
    """Utterances of one step, and what comes from the random generator beside them."""

    words: WordTargets
    rows: Tensor          # (told,) which stream hears an utterance
    heard: Tensor         # (streams,) utterances after which the streams go on
    keep: Tensor          # (streams,) 0 where a stream begins anew


@dataclass(frozen=True, slots=True)
class Lived:
    """Frames, senses and utterances of one step in one life."""

    pixels: Tensor
    targets: SightTargets
    body: Tensor          # (frames, BODY_FLOATS) of no meaning: the core must not mind it yet
    sound: Tensor         # (frames, SOUND_FLOATS), likewise
    told: Told


def looking(brain: Brain) -> nn.ModuleDict:
    """What asks the patches, apart from the core."""
    return nn.ModuleDict({name: module for name, module in brain.named_children()
                          if name in ('blend', 'look', 'colours', 'kinds')})


class SightPhase:
    """Eye and looking heads, without the core."""

    state: CoreState | None = None      # it has none

    def __init__(self, brain: Brain, eye: sight.Eye, named: FrameSet, unnamed: FrameSet, *,
                 frames: int, unnamed_share: float, designs: int, bf16: bool) -> None:
        self.brain, self.eye, self.named, self.unnamed = brain, eye, named, unnamed
        self.frames, self.unnamed_share, self.bf16 = frames, unnamed_share, bf16
        self.identity = IdentityLoss(NAMED_PAIRS + designs, brain.config.identity)
        for weight in eye.parameters():                 # channels last: faster on a CPU
            if weight.ndim == 4:
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {'eye': self.eye, 'looking': looking(self.brain), 'identity': self.identity}

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, SightTargets]:
        return draw(self.named, self.unnamed, rng, self.frames, self.unnamed_share)

    def losses(self, batch: tuple[Tensor, SightTargets]) -> Losses:
        pixels, targets = batch
        with torch.autocast('cpu', torch.bfloat16, enabled=self.bf16):
            seen = self.eye.train()(pixels)
        fine = sight.patches(seen.features.float())
        thoughts = fine.new_zeros(*fine.shape[:2], self.brain.config.core.width)
        return {**sight_losses(self.brain.view(fine, thoughts), targets),
                'identity': IDENTITY * self.identity(
                    sight.patches(seen.identity.float()), targets)}


class WordsPhase:
    """The core and its word heads: utterances, each after what a stream lived through."""

    def __init__(self, brain: Brain, words: Words, talk: Talk, *, streams: int, told: int,
                 forget: float, unheard: float = 0.0) -> None:
        self.brain, self.words, self.talk = brain, words, talk
        self.streams, self.told, self.forget, self.unheard = streams, told, forget, unheard
        self.state: CoreState | None = brain.core.initial_state(streams)

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {'brain': self.brain}

    def draw(self, rng: np.random.Generator) -> Told:
        """Utterances of like length together, so that little is padded; `told` bytes of text."""
        drawn = sorted(self.talk.draw(rng, _DRAWN), key=lambda said: len(said.text.encode()))
        groups: list[list[Utterance]] = [[]]
        for said in drawn:
            if len(groups[-1]) >= self.streams and (
                    (len(groups[-1]) + 1) * len(said.text.encode()) > self.told):
                groups.append([])
            groups[-1].append(said)
        if len(groups) > 1 and len(groups[-1]) < self.streams:
            few = groups.pop()
            groups[-1] += few
        # By their number of utterances, so that long ones are not told more often than drawn.
        share = np.array([len(group) for group in groups]) / _DRAWN
        group = groups[int(rng.choice(len(groups), p=share))]
        return Told(
            collate(group, self.words, self.brain.config),
            torch.from_numpy(rng.integers(self.streams, size=len(group))),
            torch.from_numpy(rng.permutation(len(group))[:self.streams]),
            torch.from_numpy((rng.random(self.streams) >= self.forget).astype(np.float32)))

    def losses(self, batch: Told) -> Losses:
        assert self.state is not None
        self.brain.train()
        self.state = _kept(self.state, batch.keep)
        return self.listen(batch)

    def listen(self, told: Told) -> Losses:
        """Each utterance is told to one of the streams."""
        assert self.state is not None
        heard = told.words
        if self.unheard:
            heard = replace(heard, mask=heard.mask * (torch.rand_like(heard.mask)
                                                      >= self.unheard))
        got, after, wakes = self.brain.read(
            heard.ids, heard.mask, select(self.state, told.rows))
        self.state = select(detach(after), told.heard)
        return {**word_losses(got, heard),
                'hear_balance': BALANCE * torch.stack([w.balance for w in wakes]).sum()}


class TogetherPhase:
    """Frames and words in one stream; the eye rests."""

    def __init__(self, brain: Brain, eye: sight.Eye, named: FrameSet, unnamed: FrameSet,
                 words: Words, talk: Talk, *, streams: int, told: int, forget: float,
                 unnamed_share: float) -> None:
        self.talking = WordsPhase(brain, words, talk, streams=streams, told=told, forget=forget)
        self.brain, self.words, self.streams = brain, words, streams
        self.eye, self.named, self.unnamed = eye.eval().requires_grad_(False), named, unnamed
        self.unnamed_share = unnamed_share

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {'brain': self.brain, 'eye': self.eye}

    @property
    def state(self) -> CoreState | None:
        return self.talking.state

    @state.setter
    def state(self, state: CoreState | None) -> None:
        self.talking.state = state

    def draw(self, rng: np.random.Generator) -> Lived:
        count = 2 * self.streams                        # two frames a stream
        pixels, targets = draw(self.named, self.unnamed, rng, count, self.unnamed_share)
        return Lived(pixels, targets, _noise(rng, count, BODY_FLOATS),
                     _noise(rng, count, SOUND_FLOATS), self.talking.draw(rng))

    def losses(self, batch: Lived) -> Losses:
        assert self.state is not None
        self.brain.train()
        with torch.no_grad():
            features = self.eye(batch.pixels).features
        state, thoughts, balance = _kept(self.state, batch.told.keep), [], []
        for part, body, sound in zip(*(x.split(self.streams) for x in (
                features, batch.body, batch.sound)), strict=True):
            tokens, starts = self.brain.sense_tokens(body, sound, sight.coarse(part))
            thought, state, wakes = self.brain.core(tokens, state, starts)
            thoughts.append(thought[:, 3:])
            balance += [w.balance for w in wakes]
        self.state = state
        view = self.brain.view(sight.patches(features),
                               sight.patches(sight.spread(torch.cat(thoughts))))
        return {**sight_losses(view, batch.targets), **self.talking.listen(batch.told),
                'see_balance': BALANCE * torch.stack(balance).sum()}


def _kept(state: CoreState, keep: Tensor) -> CoreState:
    """The state, with nothing left of the streams that begin anew."""
    return tuple(type(layer)(
        type(layer.mixer)(*(t * keep.view(-1, *[1] * (t.ndim - 1)) for t in layer.mixer)),
        layer.selector * keep[:, None]) for layer in state)


def _noise(rng: np.random.Generator, rows: int, width: int) -> Tensor:
    return torch.from_numpy(rng.normal(0, 0.5, (rows, width)).astype(np.float32))
