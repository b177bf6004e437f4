"""`yan-brain train`: first to see, then to understand, from generated frames and utterances.

Two phases, resumable and deterministic by seed on one machine:

- sight: eye and core learn from frames alone. Half of the frames pass through the core, the
  others are judged by the eye alone, so that either is of use without the other.
- words: the eye rests; the core learns to understand what is said between two frames, and
  goes on judging frames so that it forgets nothing.

The stream is never cut: a batch row lives through frame after frame and its state is carried
from one window to the next (truncated back-propagation). So the core learns to work after
whatever came before, and a tick on the robot's thousandth hour looks like one in training.
"""
from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.core import CoreState, detach, select
from yan_brain.cognition.model import BODY_FLOATS, SOUND_FLOATS, Brain, BrainConfig
from yan_brain.mind.checkpoint import DEFAULT_FOLDER, save_checkpoint
from yan_brain.perception import sight
from yan_brain.perception.language import Words
from yan_brain.signals import Skill
from yan_brain.simulation.things import COLOURS, KINDS
from yan_brain.training.frames import FrameSet
from yan_brain.training.losses import sight_losses, word_losses
from yan_brain.training.speech import Talk
from yan_brain.training.utterances import collate


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How long and how big. The defaults make the committed brain."""

    sight_steps: int = 1000
    sight_frames: int = 96        # a step; the first third passes through the core
    word_steps: int = 900
    streams: int = 16             # side by side; each sees two frames a step
    told: int = 256               # utterances a step, heard after the frames
    see_every: int = 4            # in the words phase, frames are seen in each such step
    rate: float = 2e-3
    weight_decay: float = 0.05
    warmup: int = 100
    forget: float = 0.05          # share of streams that begin anew at a step
    seed: int = 1
    threads: int = 2
    checkpoint_every: int = 100

    def __post_init__(self) -> None:
        if min(self.streams, self.threads, self.checkpoint_every, self.told) < 1 or (
                self.see_every < 1):
            raise ValueError('streams, threads, checkpoint_every, told and see_every must be '
                             'at least 1')
        if min(self.sight_steps, self.word_steps) < 0:
            raise ValueError('sight_steps and word_steps must not be negative')
        if self.sight_frames < 2 * self.streams:
            raise ValueError(f'sight_frames is {self.sight_frames}; it must be at least twice '
                             f'the streams ({2 * self.streams})')


def new_brain(vocabulary: int) -> Brain:
    """An untrained brain of the default size."""
    return Brain(BrainConfig(
        core=CoreConfig(), vocabulary=vocabulary, features=sight.FEATURES,
        tokens=sight.TOKEN_ROWS * sight.TOKEN_COLUMNS, skills=tuple(s.value for s in Skill),
        colours=tuple(COLOURS), kinds=tuple(KINDS)))


class Trainer:
    """Holds everything that a training run carries from step to step."""

    def __init__(self, config: TrainConfig, frames: FrameSet) -> None:
        torch.manual_seed(config.seed)
        self.config, self.frames = config, frames
        self.brain = new_brain(1)
        self.eye = sight.Eye()
        for weight in self.eye.parameters():        # channels last: faster on a CPU
            if weight.ndim == 4:
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        self.words: Words | None = None
        self.talk: Talk | None = None
        self.done = 0
        self.state = self.brain.core.initial_state(config.streams)
        self.optimiser = self._optimiser()

    @property
    def steps(self) -> int:
        """Of both phases."""
        return self.config.sight_steps + self.config.word_steps

    def learn_words(self, words: Words, talk: Talk) -> None:
        """Enter the second phase: word pieces get vectors, and the eye rests."""
        old = {k: v for k, v in self.brain.state_dict().items() if not k.startswith('words.')}
        self.brain = new_brain(words.size)
        self.brain.load_state_dict(old, strict=False)
        self.words, self.talk = words, talk
        self.eye.eval().requires_grad_(False)
        self.optimiser = self._optimiser()

    def step(self) -> dict[str, float]:
        """One step of the phase under way; losses by name."""
        cfg, rng = self.config, np.random.default_rng((self.config.seed, self.done))
        in_words = self.words is not None
        done, length = ((self.done - cfg.sight_steps, cfg.word_steps) if in_words
                        else (self.done, cfg.sight_steps))
        for group in self.optimiser.param_groups:
            group['lr'] = cfg.rate * _schedule(done, length, cfg.warmup)
        self.brain.train()
        losses: dict[str, Tensor] = {}
        if not in_words:
            losses = self._see(rng, cfg.sight_frames)
        else:
            if done % cfg.see_every == 0:
                losses = self._see(rng, 2 * cfg.streams)
            losses |= self._listen(rng)
        self.optimiser.zero_grad(set_to_none=True)
        total = torch.stack(list(losses.values())).sum()
        if not torch.isfinite(total):
            raise FloatingPointError(f'step {self.done}: the loss is {total.item()}')
        total.backward()
        torch.nn.utils.clip_grad_norm_(self._weights(), 2.0)
        self.optimiser.step()
        self.done += 1
        return {'total': total.item(), **{k: v.item() for k, v in losses.items()}}

    def _see(self, rng: np.random.Generator, count: int) -> dict[str, Tensor]:
        """Frames, two for every stream; the rest is judged by the eye alone."""
        streams = self.config.streams
        pixels, targets = self.frames.batch(rng, count)
        if self.words is None:
            features = self.eye.train()(pixels)
        else:
            with torch.no_grad():
                features = self.eye(pixels)
        fine = features.flatten(2).transpose(1, 2)
        state, balance, thoughts = self._forget(rng), [], []
        for part in features[:2 * streams].split(streams):
            tokens, starts = self.brain.sense_tokens(
                _noise(rng, streams, BODY_FLOATS), _noise(rng, streams, SOUND_FLOATS),
                sight.coarse(part))
            thought, state, wakes = self.brain.core(tokens, state, starts)
            thoughts.append(thought[:, 3:])
            balance += [w.balance for w in wakes]
        self.state = detach(state)
        coarse = torch.cat(thoughts)
        coarse = torch.cat([coarse, coarse.new_zeros(count - 2 * streams, *coarse.shape[1:])])
        view = self.brain.view(fine, sight.spread(coarse).flatten(2).transpose(1, 2))
        return {**sight_losses(view, targets), 'see_balance': 0.01 * torch.stack(balance).sum()}

    def _listen(self, rng: np.random.Generator) -> dict[str, Tensor]:
        """Utterances, each after what one of the streams lived through."""
        assert self.words is not None and self.talk is not None
        told = collate(self.talk.draw(rng, self.config.told), self.words, self.brain.config)
        rows = torch.from_numpy(rng.integers(self.config.streams, size=self.config.told))
        got, after, wakes = self.brain.read(told.ids, told.mask, select(self.state, rows))
        # A stream goes on after something it was told.
        self.state = select(detach(after), torch.arange(self.config.streams))
        return {**word_losses(got, told),
                'hear_balance': 0.01 * torch.stack([w.balance for w in wakes]).sum()}

    def _forget(self, rng: np.random.Generator) -> CoreState:
        """Some streams begin anew."""
        keep = torch.from_numpy(
            (rng.random(self.config.streams) >= self.config.forget).astype(np.float32))
        return tuple(type(layer)(
            type(layer.mixer)(*(t * keep.view(-1, *[1] * (t.ndim - 1)) for t in layer.mixer)),
            layer.selector * keep[:, None]) for layer in self.state)

    def _weights(self) -> list[torch.nn.Parameter]:
        return [p for m in (self.brain, self.eye) for p in m.parameters() if p.requires_grad]

    def _optimiser(self) -> torch.optim.AdamW:
        weights, decay = self._weights(), self.config.weight_decay
        return torch.optim.AdamW(
            [{'params': [w for w in weights if w.ndim > 1], 'weight_decay': decay},
             {'params': [w for w in weights if w.ndim < 2], 'weight_decay': 0.0}],
            lr=self.config.rate, betas=(0.9, 0.98))

    def save(self, folder: Path) -> None:
        """The brain, and beside it what a resume needs."""
        if self.words is not None:
            save_checkpoint(folder, self.brain, self.eye, self.words, steps=self.done)
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / 'resume.pt.partial'
        torch.save({'done': self.done, 'state': self.state, 'in_words': self.words is not None,
                    'optimiser': self.optimiser.state_dict(),
                    'brain': self.brain.state_dict(), 'eye': self.eye.state_dict()}, partial)
        partial.replace(folder / 'resume.pt')

    def resume(self, folder: Path, talk: Talk) -> None:
        """Go on where `save` stopped."""
        saved = torch.load(folder / 'resume.pt', weights_only=False)
        if saved['in_words']:
            self.learn_words(Words.load(folder / 'words.json'), talk)
        self.done, self.state = saved['done'], saved['state']
        self.brain.load_state_dict(saved['brain'])
        self.eye.load_state_dict(saved['eye'])
        self.optimiser.load_state_dict(saved['optimiser'])


def _noise(rng: np.random.Generator, rows: int, width: int) -> Tensor:
    """Body and sound of no meaning: the core must not mind them yet."""
    return torch.from_numpy(rng.normal(0, 0.5, (rows, width)).astype(np.float32))


def _schedule(step: int, steps: int, warmup: int) -> float:
    """Linear warm-up, then a cosine down to 1%."""
    if step < warmup:
        return (step + 1) / warmup
    share = (step - warmup) / max(steps - warmup, 1)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain train`."""
    parser.add_argument('--frames', type=Path, default=Path('data/frames_train'),
                        help='folder made by `python -m yan_brain.simulation.frames`')
    parser.add_argument('--heard', type=Path, default=Path('data/heard_en.jsonl'),
                        help='what the recogniser heard, made by '
                             '`python -m yan_brain.training.speech_text`; may be missing')
    parser.add_argument('--out', type=Path, default=DEFAULT_FOLDER)
    parser.add_argument('--sight-steps', type=int, default=TrainConfig.sight_steps)
    parser.add_argument('--word-steps', type=int, default=TrainConfig.word_steps)
    parser.add_argument('--seed', type=int, default=TrainConfig.seed)
    parser.add_argument('--resume', action='store_true', help='go on from --out')


def main(args: argparse.Namespace) -> int:
    """Train and save."""
    config = replace(TrainConfig(), sight_steps=args.sight_steps, word_steps=args.word_steps,
                     seed=args.seed)
    torch.set_num_threads(config.threads)
    trainer, talk = Trainer(config, FrameSet(args.frames)), Talk(args.heard)
    if args.resume:
        trainer.resume(args.out, talk)
    print(f'{len(trainer.frames)} frames; weights: '
          f'{sum(p.numel() for p in trainer.brain.parameters()) / 1e6:.2f}M in the core, '
          f'{sum(p.numel() for p in trainer.eye.parameters()) / 1e6:.2f}M in the eye', flush=True)
    began, first, mean = time.monotonic(), trainer.done, dict[str, float]()
    while trainer.done < trainer.steps:
        if trainer.done >= config.sight_steps and trainer.words is None:
            trainer.learn_words(Words.train(talk.corpus(60_000, config.seed)), talk)
            began, first = time.monotonic(), trainer.done
        for name, value in trainer.step().items():
            mean[name] = 0.95 * mean.get(name, value) + 0.05 * value
        done = trainer.done
        if done % 50 == 0 or done == trainer.steps:
            pace = (time.monotonic() - began) / (done - first)
            print(f'step {done}/{trainer.steps}  {pace:.2f} s a step  '
                  + ' '.join(f'{k} {v:.3f}' for k, v in mean.items()), flush=True)
        if done % config.checkpoint_every == 0 or done in (config.sight_steps, trainer.steps):
            trainer.save(args.out)
    return 0


if __name__ == '__main__':
    _parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(_parser)
    sys.exit(main(_parser.parse_args()))
