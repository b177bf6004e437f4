"""Train a core on text: `python -m yan_brain.training.text`, or the same under `torchrun`.

    python -m yan_brain.training.text --size tiny --steps 500
    torchrun --nproc-per-node 2 -m yan_brain.training.text --size 1b --device cuda --bf16

The text flows by in streams that never end; the state of each is carried from window to window
(truncated back-propagation). A run that was stopped goes on from its checkpoint exactly as if
it had not been: ids, state, weights and optimiser are all where they were. Under torchrun the
weights are sharded (FSDP2, arXiv 2304.11277) and every process reads its share of the streams.
"""
from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from yan_brain.cognition.optimiser import SleepyAdamW, parameter_groups
from yan_brain.training import text_shards as shards
from yan_brain.training.memory import keep_freed_memory
from yan_brain.training.text_corpus import DEFAULT_FOLDER, CorpusError
from yan_brain.training.text_stream import (
    Streams,
    TextPredictor,
    bits_per_byte,
    cross_entropy,
    detached,
    mapped,
    nats_per_token,
)
from yan_brain.training.text_vocabulary import Tokens, load_tokens

BETAS = (0.9, 0.95)


@dataclass(frozen=True, kw_only=True)
class TextTraining:
    """How to train."""

    steps: int = 2000
    streams: int = 8
    window: int = 256             # tokens of a stream a step
    rate: float = 3e-3
    warmup: int = 50
    weight_decay: float = 0.05
    clip: float = 1.0
    sleep: bool = True            # blocks that slept keep weights and moments (one process)
    decay: bool = True            # of the rate, after the warm-up, to a tenth
    seed: int = 0
    bf16: bool = False            # products in bfloat16; weights and sums stay float32
    device: str = 'cpu'

    def __post_init__(self) -> None:
        for name in ('steps', 'streams', 'window', 'warmup'):
            if getattr(self, name) < 1:
                raise ValueError(f'{name} is {getattr(self, name)}; it must be at least 1')
        for name in ('rate', 'clip'):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f'{name} is {value}; it must be a number above 0')


class TextTrainer:
    """Holds everything that a run carries from step to step.

    `make` builds the model after the seed was set. `history` grows by one entry a validation:
    step, tokens, seconds of training alone, training loss, validation nats a token.
    """

    def __init__(self, config: TextTraining, make: Callable[[], nn.Module],
                 training: Tokens) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.streams = Streams(training.ids, config.streams, config.window)
        self.rows = shards.rows(config.streams)
        self.whole = make().to(config.device)
        self.model: TextPredictor = shards.shard(self.whole)
        groups = parameter_groups(self.whole, config.weight_decay)
        # Sharded blocks cannot be told apart by their first axis: there all of them move.
        self.optimiser: torch.optim.Optimizer = (
            SleepyAdamW(groups, lr=config.rate, betas=BETAS) if config.sleep and not
            shards.several() else torch.optim.AdamW(
                [{**group, 'blocks': False} for group in groups], lr=config.rate, betas=BETAS))
        self.state = self.model.initial_state(len(self.rows))
        self.done = 0
        self.seconds = 0.0
        self.loss = math.nan
        self.history: list[dict[str, float]] = []

    def step(self) -> float:
        """Read a window of every stream and learn from it; mean nats a token of all processes.

        Raises:
            FloatingPointError: the loss is not finite; weights are as they were.
        """
        config, began = self.config, time.perf_counter()
        for group in self.optimiser.param_groups:
            group['lr'] = config.rate * self._schedule()
        ids = self.streams.batch(self.done, self.rows).to(config.device)
        self.whole.train()
        with torch.autocast(torch.device(config.device).type, torch.bfloat16,
                            enabled=config.bf16):
            logits, state, added = self.model(ids[:, :-1], self.state)
        loss = cross_entropy(logits, ids[:, 1:])
        total = loss + added
        if not torch.isfinite(total):
            raise FloatingPointError(f'step {self.done}: the loss is {total.item()}; a lower '
                                     f'rate than {config.rate} may help')
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.whole.parameters(), config.clip)
        self.optimiser.step()
        self.state = detached(state)
        self.done += 1
        self.seconds += time.perf_counter() - began
        self.loss = shards.mean(loss.item())
        return self.loss

    def validate(self, ids: Any, *, rows: int = 8) -> float:
        """Mean nats a token on text it was not trained on; noted in `history`."""
        self.whole.eval()
        nats = nats_per_token(self.model, ids, window=self.config.window, rows=rows,
                              device=self.config.device)
        self.history.append({
            'step': self.done, 'tokens': self.done * self.config.streams * self.config.window,
            'seconds': round(self.seconds, 3), 'training': self.loss, 'validation': nats})
        return nats

    def save(self, path: Path) -> None:
        """Everything a resume needs, in one file; written beside and then renamed."""
        weights, optimiser = shards.gather_weights(self.whole, self.optimiser)
        state = shards.gather_state(self.state)
        if shards.rank() == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix('.partial')
            torch.save({'weights': weights, 'optimiser': optimiser, 'state': state,
                        'done': self.done, 'seconds': self.seconds, 'history': self.history,
                        'config': asdict(self.config)}, partial)
            partial.replace(path)
        shards.wait()

    def resume(self, path: Path) -> None:
        """Go on where `save` stopped, on any number of processes.

        Raises:
            ValueError: the checkpoint is of a run with other streams, window or seed.
        """
        # Our own file: it holds named tuples of the state, which weights_only would refuse.
        saved = torch.load(path, weights_only=False, map_location=self.config.device)
        for name in ('streams', 'window', 'seed', 'rate', 'steps'):
            mine, theirs = getattr(self.config, name), saved['config'][name]
            if mine != theirs:
                raise ValueError(f'{path} is of a run with {name} {theirs}, this one has {mine}; '
                                 'resume with the same, or begin anew in another folder')
        shards.scatter_weights(self.whole, self.optimiser, saved['weights'], saved['optimiser'])
        mine_rows = list(self.rows)
        self.state = mapped(saved['state'], lambda tensor: tensor[mine_rows])
        self.done, self.seconds = saved['done'], saved['seconds']
        self.history = saved['history']

    def _schedule(self) -> float:
        """Linear warm-up, then a cosine down to a tenth, or no change."""
        config = self.config
        if self.done < config.warmup:
            return (self.done + 1) / config.warmup
        if not config.decay:
            return 1.0
        share = min(1.0, (self.done - config.warmup) / max(config.steps - config.warmup, 1))
        return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * share))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options."""
    default = TextTraining()
    parser.add_argument('--text', type=Path, default=DEFAULT_FOLDER,
                        help='folder made by `python -m yan_brain.training.text_corpus`')
    parser.add_argument('--out', type=Path, default=Path('data/text_model'),
                        help='folder for checkpoint, curve and its picture')
    parser.add_argument('--model', default='ours',
                        help='ours, mcsd, or a peer: transformer, mamba')
    parser.add_argument('--size', default='study', help='name of a size; see text_models.py')
    for name in ('steps', 'streams', 'window', 'warmup', 'seed'):
        parser.add_argument(f'--{name}', type=int, default=getattr(default, name))
    parser.add_argument('--rate', type=float, default=default.rate, help='top learning rate')
    parser.add_argument('--plain', action='store_true',
                        help='plain AdamW, which moves sleeping blocks too')
    parser.add_argument('--bf16', action='store_true', help='autocast to bfloat16')
    parser.add_argument('--device', default='cpu', help='cpu or cuda')
    parser.add_argument('--threads', type=int, default=0, help='of torch; 0: all cores')
    parser.add_argument('--every', type=int, default=100,
                        help='validate and checkpoint each so many steps')
    parser.add_argument('--validation-tokens', type=int, default=65536)
    parser.add_argument('--resume', action='store_true', help='go on from --out')


def main(args: argparse.Namespace) -> int:
    """Train, validate, save, draw."""
    from yan_brain.training.text_models import build

    if args.threads:
        torch.set_num_threads(args.threads)
    keep_freed_memory()
    with shards.processes(args.device) as device:
        try:
            vocabulary, tokens = load_tokens(args.text)
            config = TextTraining(
                steps=args.steps, streams=args.streams, window=args.window, rate=args.rate,
                warmup=args.warmup, seed=args.seed, bf16=args.bf16, device=device,
                sleep=not args.plain)
            trainer = TextTrainer(config, lambda: build(args.model, args.size, vocabulary.size),
                                  tokens['training'])
            if args.resume:
                trainer.resume(args.out / 'resume.pt')
        except (CorpusError, ValueError, FileNotFoundError) as error:
            print(f'error: {error}', file=sys.stderr)
            return 1
        held = tokens['validation'].ids[:args.validation_tokens]
        held_bytes = len(vocabulary.decode(held.tolist()).encode())
        _run(trainer, args, held, held_bytes / len(held))
    return 0


def _run(trainer: TextTrainer, args: argparse.Namespace, held: Any, size: float) -> None:
    """Steps with validation and checkpoints between; `size` is bytes of text a token."""
    first = shards.rank() == 0
    if first:
        count = sum(weight.numel() for weight in trainer.whole.parameters())
        print(f'{args.model} {args.size}: {count / 1e6:.2f}M weights', flush=True)
    while trainer.done < trainer.config.steps:
        trainer.step()
        if first and sys.stderr.isatty():
            print(bar(trainer.done, trainer.config.steps, trainer.loss), end='\r',
                  file=sys.stderr, flush=True)
        if trainer.done % args.every and trainer.done != trainer.config.steps:
            continue
        nats = trainer.validate(held)
        trainer.save(args.out / 'resume.pt')
        if first:
            now = trainer.history[-1]
            print(f'step {trainer.done}/{trainer.config.steps}  {now["seconds"]:.0f} s  '
                  f'{now["tokens"] / max(now["seconds"], 1e-9):.0f} tokens/s  '
                  f'training {trainer.loss:.3f}  validation {nats:.3f} nats a token, '
                  f'{bits_per_byte(nats, size):.3f} bits a byte', flush=True)
            (args.out / 'curve.json').write_text(json.dumps(trainer.history, indent=1))
    if first:
        _draw(args.out, f'{args.model} {args.size}', trainer.history)


def _draw(folder: Path, name: str, history: list[dict[str, float]]) -> None:
    from yan_brain.training.text_curves import PictureError, curves

    try:
        curves(folder / 'curve.png', {
            f'{name}, {kind}': [(entry['tokens'], entry[kind]) for entry in history]
            for kind in ('training', 'validation')}, x='tokens', y='nats a token')
    except PictureError as error:
        print(error)


def bar(done: int, steps: int, loss: float, width: int = 30) -> str:
    """A line that shows how far it is."""
    full = width * done // steps
    return f'[{"#" * full}{"." * (width - full)}] {done}/{steps}  loss {loss:.3f} '


if __name__ == '__main__':
    _parser = argparse.ArgumentParser(description='Train a core on text.')
    add_arguments(_parser)
    sys.exit(main(_parser.parse_args()))
