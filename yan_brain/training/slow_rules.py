"""Three rules by which awake partitions learn in sleep, behind one contract.

- `BackProp`: back-propagation through layers and time, kept to the awake blocks.
- `Forward`: nothing runs backward through time or from layer to layer. Each layer has a readout
  of its own and a loss there; a layer's blocks get the gradient of the token at hand, and what
  its channels write into their sums gets real-time recurrent learning (Williams and Zipser,
  1989). Slope and decay are diagonal, so this is exact at the size of the parameters (Zucchet et
  al., arXiv 2305.15947): the trace of a weight is the decaying sum of its inputs.
- `Local`: the same without the traces: the losses of each layer, nothing from the past.

All move the same blocks: those that `allowed` names and that woke. A block that sleeps keeps
its weights bit for bit (`SleepyAdamW`).
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from yan_brain.cognition.core import Block, CoreState, LayerState, detach
from yan_brain.cognition.mixers import Mixer, MixerState, RMSNorm, read_sums
from yan_brain.cognition.model import Brain, Understanding
from yan_brain.cognition.optimiser import SleepyAdamW
from yan_brain.cognition.recurrence import decaying_sum
from yan_brain.training.losses import WordTargets, kept_losses, word_losses

READOUT_RATE = 2e-3      # of readouts that are made for the sleep and dropped after it
READOUT_STEPS = 40       # that they have for themselves, before anything else moves


@dataclass(frozen=True)
class Batch:
    """Utterances of one step: the first `dreams` teach, the others keep what was known."""

    told: WordTargets
    dreams: int
    before: Understanding | None = None  # what the plain brain makes of all of them

    def loss(self, got: Understanding) -> Tensor:
        """Labels count for the dreams, the plain brain's own reading for the others."""
        n = self.dreams
        parts = [*word_losses(_rows(got, slice(n)), _rows(self.told, slice(n))).values()]
        if self.before is not None and n < len(self.told.mask):
            parts += kept_losses(_rows(got, slice(n, None)), _rows(self.before, slice(n, None)),
                                 self.told.mask[n:]).values()
        return torch.stack(parts).sum()


class Rule(Protocol):
    """Moves the weights of a brain a little, utterance by utterance."""

    def step(self, batch: Batch, state: CoreState) -> tuple[float, CoreState]:
        """Learn from utterances told in `state`; their loss, and the state after them."""


class Plasticity:
    """What may change: some blocks of each layer, some rows of the word embedding.

    Args:
        brain: its weights are moved in place; all others are frozen.
        allowed: (layers, P) bool, blocks that may learn.
        rows: pieces whose embedding may learn.
        rate: step size of SleepyAdamW.
        pull: share of the way back to the trained weights that each step goes, where blocks and
            rows may learn (L2-SP, arXiv 1802.01483): what no saying needs is undone.
        channels: values that channels write may learn too; they never sleep.
    """

    def __init__(self, brain: Brain, allowed: Tensor, rows: Sequence[int], rate: float,
                 pull: float, *, channels: bool = False) -> None:
        brain.requires_grad_(False)
        self._masks: list[tuple[Tensor, Tensor]] = []
        for block, awake in zip(blocks_of(brain), allowed, strict=True):
            self._masks += [(block.neurons.into, awake), (block.neurons.back, awake)]
        words = torch.zeros(len(brain.words.weight), dtype=torch.bool)
        words[list(rows)] = True
        self._masks.append((brain.words.weight, words))
        always = [b.mixer.channel for b in blocks_of(brain)] if channels else []
        for weight in (*(weight for weight, _ in self._masks), *always):
            weight.requires_grad_(True)
        self._optimiser = SleepyAdamW(
            [{'params': [weight for weight, _ in self._masks], 'blocks': True},
             {'params': always}][:1 + channels], lr=rate, weight_decay=0.0)
        self._pull = pull
        self._trained = [weight.detach()[allowed].clone() for weight, allowed in self._masks]

    def step(self, *, still: bool = False) -> None:
        """Move what is allowed by the gradients that were left, and drop these.

        `still`: only drop them.
        """
        for weight, allowed in self._masks:
            if weight.grad is not None:
                weight.grad[~allowed] = 0
        if not still:
            self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        if self._pull and not still:
            with torch.no_grad():
                for (weight, allowed), start in zip(self._masks, self._trained, strict=True):
                    weight[allowed] = torch.lerp(weight[allowed], start, self._pull)


class BackProp:
    """The gradient of the brain's own losses, through all layers and all pieces."""

    def __init__(self, brain: Brain, allowed: Tensor, rows: Sequence[int], rate: float,
                 pull: float = 0.0) -> None:
        self._brain, self._plastic = brain, Plasticity(brain, allowed, rows, rate, pull)

    def step(self, batch: Batch, state: CoreState) -> tuple[float, CoreState]:
        got, after, _ = self._brain.read(batch.told.ids, batch.told.mask, state)
        loss = batch.loss(got)
        loss.backward()
        self._plastic.step()
        return loss.item(), detach(after)


class Forward:
    """Losses of each layer by its own readout; `traces` tell what channels wrote in the past."""

    traces = True

    def __init__(self, brain: Brain, allowed: Tensor, rows: Sequence[int], rate: float,
                 pull: float = 0.0) -> None:
        self._brain = brain
        self._plastic = Plasticity(brain, allowed, rows, rate, pull,
                                   channels=self.traces)
        heads = sum(brain.sizes.values())
        width = brain.config.core.width
        self.readouts = [Readout(RMSNorm(width), nn.Linear(width, heads), nn.Linear(width, 1))
                         for _ in blocks_of(brain)[:-1]]
        self._fitting = torch.optim.Adam(
            [w for readout in self.readouts for w in readout.parameters()], lr=READOUT_RATE)
        self._steps = 0
        self.readouts.append(Readout(brain.core.norm, brain.understand, brain.inside))

    def step(self, batch: Batch, state: CoreState) -> tuple[float, CoreState]:
        length = batch.told.ids.shape[1]
        ids, present = self._brain.twice(batch.told.ids, batch.told.mask)
        x, states, loss = self._brain.words(ids), [], 0.0
        for block, past, readout in zip(blocks_of(self._brain), state, self.readouts, strict=True):
            middle, mixer, trace = self._mix(block, x, past.mixer, present)
            thought, selector, _ = block.neurons(
                block.neurons_norm(middle), past.selector,
                torch.ones_like(ids, dtype=torch.bool), present)
            x = middle + thought
            here = batch.loss(self._brain.answer(
                readout.norm(x), length, readout.understand, readout.inside))
            here.backward()
            if trace is not None:
                trace.learn()
            loss, x = here.item(), x.detach()
            states.append(LayerState(MixerState(*(t.detach() for t in mixer)),
                                     selector.detach()))
        self._plastic.step(still=self._steps < READOUT_STEPS)
        self._steps += 1
        self._fitting.step()
        self._fitting.zero_grad(set_to_none=True)
        return loss, tuple(states)

    def _mix(self, block: Block, x: Tensor, past: MixerState, present: Tensor,
             ) -> tuple[Tensor, MixerState, Trace | None]:
        """The stream after a layer's mixer. In the first layer x itself may learn."""
        with torch.no_grad():
            normed = block.mixer_norm(x)
            mixed, after = block.mixer(normed, past, present)
        if not self.traces:
            return x + mixed, after, None
        trace = Trace(block.mixer, normed, past, present)
        told = trace.read()
        return x + mixed - told.detach() + told, after, trace


class Local(Forward):
    """Losses of each layer by its own readout, and nothing from the past."""

    traces = False


class Readout(nn.Module):
    """Heads of one layer."""

    def __init__(self, norm: RMSNorm, understand: nn.Linear, inside: nn.Linear) -> None:
        super().__init__()
        self.norm, self.understand, self.inside = norm, understand, inside


class Trace:
    """Real-time recurrent learning of what one mixer's channels write.

    A sum is S_t = a_t S_(t-1) + x_t V, so dS_t/dV = a_t dS_(t-1)/dV + x_t: the same recurrence,
    run forward over the inputs, one number for each input of each channel.

    Args:
        mixer: its `channel` is learned.
        x: (B, T, D) what it reads.
        past: its state before.
        present: (B, T), 0 where a token is absent.
    """

    def __init__(self, mixer: Mixer, x: Tensor, past: MixerState, present: Tensor) -> None:
        self._mixer, self._past = mixer, past
        channels, width = mixer.config.channels, mixer.config.channel_width
        with torch.no_grad():
            x = x * present[..., None]
            value, self._gate = mixer.project(x).float().chunk(2, -1)
            decay = mixer.log_decay(x, present)
            inputs = x.unflatten(-1, (channels, width)).repeat(1, 1, 2, 1)
            chunk = mixer.config.chunk
            self._inputs, _ = decaying_sum(inputs, decay, torch.zeros_like(past.sums), chunk)
            self._sums, _ = decaying_sum(value, decay, past.sums, chunk)
            self._weights, _ = decaying_sum(
                present[..., None, None].expand(-1, -1, channels, 1), decay[:, :, :channels],
                past.weight[..., None], chunk)
        self._sums.requires_grad_(True)

    def read(self) -> Tensor:
        """(B, T, D) what the sums say; a loss of it leaves its gradient with the sums."""
        fused = read_sums(self._sums, self._weights, self._gate, self._mixer.decay_norm.gain)
        told: Tensor = self._mixer.fuse(fused.flatten(2))
        return told

    def learn(self) -> None:
        """Turn the sums' gradient, token by token, into that of the weights."""
        assert self._sums.grad is not None
        weight = self._mixer.channel
        found = torch.einsum('bthi,bthj->hij', self._inputs, self._sums.grad)
        channels, width, _ = weight.shape
        grad = torch.zeros_like(weight)
        # (C, Dc, [value gate], [slope decay], Dc), as `Mixer.project` takes it.
        grad.view(channels, width, 2, 2, width)[:, :, 0] = found.view(
            2, channels, width, width).permute(1, 2, 0, 3)
        weight.grad = grad if weight.grad is None else weight.grad + grad


RULES: dict[str, type[BackProp] | type[Forward]] = {
    'backprop': BackProp, 'forward': Forward, 'local': Local}


Row = TypeVar('Row', Understanding, WordTargets)


def _rows(all_of: Row, some: slice) -> Row:
    return type(all_of)(**{f.name: getattr(all_of, f.name)[some] for f in fields(all_of)})


def blocks_of(brain: Brain) -> list[Block]:
    """The layers of a brain."""
    return [block for block in brain.core.blocks if isinstance(block, Block)]
