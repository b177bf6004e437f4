"""`yan-brain train`: from generated frames and utterances to the brain in `models/small`.

Four phases (see `phases`), each resumable and deterministic by seed on one machine. What they
carry lies in a folder of work; a run that was stopped goes on there.
"""
from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.model import Brain, BrainConfig
from yan_brain.mind.checkpoint import DEFAULT_FOLDER, load_checkpoint, save_checkpoint
from yan_brain.perception import sight
from yan_brain.perception.language import Words
from yan_brain.settings import check, setting
from yan_brain.signals import Skill
from yan_brain.simulation.things import COLOURS, KINDS
from yan_brain.training.drawing import Drawing, to_device
from yan_brain.training.frames import FrameSet
from yan_brain.training.identity import IdentityPhase
from yan_brain.training.meanings import Meanings, folded, give_meaning
from yan_brain.training.phases import (
    Phase,
    SightPhase,
    TogetherPhase,
    WordsPhase,
    looking,
)
from yan_brain.training.speech import Talk

PHASES = ('sight', 'identity', 'words', 'together')
CORPUS = 60_000         # utterances that word pieces are learned from
PIECES, PIECES_MEANT = 2048, 8192      # the most, without and with a table of meanings
# Settings that are options of the command.
_WHOLE = ('sight_steps', 'identity_steps', 'word_steps', 'together_steps', 'told', 'seed',
          'threads', 'workers')
_SHARES = ('rate', 'together_rate', 'unheard')


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How long and how big. The defaults make the committed brain."""

    sight_steps: int = setting(3400, 'steps of the sight phase', minimum=0)
    identity_steps: int = setting(12_000, 'steps of the identity phase', minimum=0)
    word_steps: int = setting(1800, 'steps of the words phase', minimum=0)
    together_steps: int = setting(300, 'steps of the phase of both', minimum=0)
    frames: int = setting(128, 'frames of a step of sight', minimum=2)
    views: int = setting(256, 'things of a step of identity', minimum=2)
    unnamed_share: float = setting(
        0.3, 'share of frames that show things without names', minimum=0.0, maximum=0.9)
    recoloured: float = setting(
        0.4, 'share of frames of named things whose colours are exchanged', minimum=0.0,
        maximum=1.0)
    designs: int = setting(8000, 'design numbers in the frames of things without names',
                           minimum=1)
    told: int = setting(10_000, 'bytes of text of a step', minimum=1000)
    streams: int = setting(16, 'lives side by side', minimum=1)
    own_dropped: float = setting(
        0.3, 'share of the words with a meaning that are known by it alone in a step',
        minimum=0.0, maximum=1.0)
    unheard: float = setting(0.0, 'share of word pieces that are not heard in a step',
                             minimum=0.0, maximum=0.5)
    forget: float = setting(0.05, 'share of lives that begin anew at a step', minimum=0.0,
                            maximum=1.0)
    rate: float = setting(2e-3, 'highest learning rate', minimum=1e-6, maximum=1.0)
    together_rate: float = setting(5e-4, 'the same in the phase of both', minimum=1e-6,
                                   maximum=1.0)
    weight_decay: float = setting(0.05, 'of AdamW', minimum=0.0, maximum=1.0)
    warmup: int = setting(100, 'steps of rising learning rate', minimum=0)
    seed: int = setting(1, 'of everything drawn', minimum=0)
    threads: int = setting(2, 'CPU threads', minimum=1)
    workers: int = setting(0, 'processes that draw what is learned from; 0: a thread', minimum=0)
    device: str = setting('cpu', 'what computes words and together', choices=('cpu', 'cuda'))
    checkpoint_every: int = setting(200, 'steps between checkpoints', minimum=1)

    def __post_init__(self) -> None:
        check(self)

    def steps(self, phase: str) -> int:
        """Of one phase."""
        return {'sight': self.sight_steps, 'identity': self.identity_steps,
                'words': self.word_steps, 'together': self.together_steps}[phase]


def new_brain(vocabulary: int) -> Brain:
    """An untrained brain of the default size."""
    return Brain(BrainConfig(
        core=CoreConfig(), vocabulary=vocabulary, features=sight.FEATURES,
        identity=sight.IDENTITY, tokens=sight.TOKEN_ROWS * sight.TOKEN_COLUMNS,
        skills=tuple(s.value for s in Skill), colours=tuple(COLOURS), kinds=tuple(KINDS)))


class Trainer:
    """Runs one phase: schedule, optimiser, checkpoints."""

    def __init__(self, name: str, phase: Phase[Any], config: TrainConfig, work: Path) -> None:
        self.name, self.phase, self.config = name, phase, config
        self.path = work / f'{name}.pt'
        self.done = 0
        self.steps = config.steps(name)
        self.rate = config.together_rate if name == 'together' else config.rate
        self.optimiser = _optimiser(self._weights(), config.weight_decay)
        self._drawing = Drawing(phase.draw, (config.seed, PHASES.index(name)), config.workers)

    def step(self) -> dict[str, float]:
        """One step; losses by name.

        Raises:
            FloatingPointError: a loss that is not finite; the weights are as before.
        """
        for group in self.optimiser.param_groups:
            group['lr'] = self.rate * _schedule(self.done, self.steps, self.config.warmup)
        losses = self.phase.losses(
            to_device(self._drawing.take(self.done), self.config.device))
        self.optimiser.zero_grad(set_to_none=True)
        total = torch.stack(list(losses.values())).sum()
        if not torch.isfinite(total):
            raise FloatingPointError(f'step {self.done} of {self.name}: the losses are '
                                     + str({k: v.item() for k, v in losses.items()}))
        total.backward()
        nn.utils.clip_grad_norm_(self._weights(), 2.0)
        self.optimiser.step()
        self.done += 1
        return {'total': total.item(), **{k: v.item() for k, v in losses.items()}}

    def save(self) -> None:
        """Write all that a resume needs, by rename."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix('.partial')
        torch.save({'done': self.done, 'steps': self.steps, 'state': self.phase.state,
                    'optimiser': self.optimiser.state_dict(),
                    'modules': {k: m.state_dict() for k, m in self.phase.modules.items()}},
                   partial)
        partial.replace(self.path)

    def resume(self) -> None:
        """Go on where `save` stopped; at the beginning where nothing was saved."""
        if not self.path.exists():
            return
        saved = torch.load(self.path, self.config.device, weights_only=False)
        for name, module in self.phase.modules.items():
            module.load_state_dict(saved['modules'][name])
        self.done, self.phase.state = saved['done'], saved['state']
        self.optimiser.load_state_dict(saved['optimiser'])

    def run(self) -> None:
        """Train to the end."""
        mean: dict[str, float] = {}
        began, first = time.monotonic(), self.done
        while self.done < self.steps:
            for name, value in self.step().items():
                mean[name] = 0.95 * mean.get(name, value) + 0.05 * value
            if self.done % 50 == 0 or self.done == self.steps:
                pace = (time.monotonic() - began) / (self.done - first)
                print(f'{self.name} {self.done}/{self.steps}  {pace:.2f} s a step, '
                      f'{pace * (self.steps - self.done) / 60:.0f} min left  '
                      + ' '.join(f'{k} {v:.3f}' for k, v in mean.items()), flush=True)
            if self.done % self.config.checkpoint_every == 0 or self.done == self.steps:
                self.save()

    def _weights(self) -> list[nn.Parameter]:
        return [p for m in self.phase.modules.values() for p in m.parameters()
                if p.requires_grad]


def _optimiser(weights: list[nn.Parameter], decay: float) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        [{'params': [w for w in weights if w.ndim > 1], 'weight_decay': decay},
         {'params': [w for w in weights if w.ndim < 2], 'weight_decay': 0.0}],
        betas=(0.9, 0.98))


def _schedule(step: int, steps: int, warmup: int) -> float:
    """Linear warm-up, then a cosine down to 1%."""
    if step < warmup:
        return (step + 1) / warmup
    share = (step - warmup) / max(steps - warmup, 1)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))


class Workshop:
    """Builds each phase on what the phases before left in the folder of work."""

    def __init__(self, config: TrainConfig, args: argparse.Namespace) -> None:
        self.config, self.work = config, Path(args.work)
        self.named, self.unnamed = Path(args.frames), Path(args.designs)
        self.talk = Talk(args.heard)
        self.meanings = Meanings.load(args.meanings) if (
            args.meanings and args.meanings.exists()) else None
        self.begun = load_checkpoint(args.begin) if args.begin else None
        self.goes_on = None if args.anew else self.begun

    def trainer(self, name: str) -> Trainer:
        """The trainer of a phase, resumed where it was stopped."""
        torch.manual_seed(self.config.seed)
        trainer = Trainer(name, self._phase(name), self.config, self.work)
        trainer.resume()
        return trainer

    def _phase(self, name: str) -> Phase[Any]:
        cfg = self.config
        if name == 'sight':
            return SightPhase(new_brain(1), sight.Eye(),
                              FrameSet(self.named, cfg.recoloured),
                              FrameSet(self.unnamed), frames=cfg.frames,
                              unnamed_share=cfg.unnamed_share, designs=cfg.designs,
                              bf16=fast_bf16())
        if name == 'identity':
            eye = sight.Eye()
            eye.load_state_dict(self._left_by('sight', 'eye'))
            return IdentityPhase(eye, FrameSet(self.named), FrameSet(self.unnamed),
                                 views=cfg.views, designs=cfg.designs, seed=cfg.seed,
                                 bf16=fast_bf16())
        words = self.words()
        brain = self.goes_on.brain if self.goes_on else new_brain(words.size)
        if name == 'words':
            if self.meanings is not None and self.goes_on is None:
                give_meaning(brain.words, self.meanings.table(words, words.size + 2),
                             cfg.own_dropped)
            return WordsPhase(brain, words, self.talk, streams=cfg.streams, told=cfg.told,
                              forget=cfg.forget, unheard=cfg.unheard)
        learned = self._left_by('words', 'brain')
        brain.load_state_dict(
            learned if self.goes_on else folded(learned, self._table(brain, words)))
        if self.begun:
            eye, looks = self.begun.eye, looking(self.begun.brain).state_dict()
        else:
            eye, looks = sight.Eye(), self._left_by('sight', 'looking')
            eye.load_state_dict(self._left_by('identity', 'eye'))
        if not self.goes_on:
            brain.load_state_dict(looks, strict=False)
            # Thoughts begin to flow back from nothing, so that sight starts where it ended.
            nn.init.zeros_(brain.back.weight)
        return TogetherPhase(brain, eye, FrameSet(self.named, cfg.recoloured),
                             FrameSet(self.unnamed), words, self.talk, streams=cfg.streams,
                             told=cfg.told, forget=cfg.forget, unnamed_share=cfg.unnamed_share)

    def words(self) -> Words:
        """The word pieces, learned once."""
        if self.goes_on:
            return self.goes_on.words
        path = self.work / 'words.json'
        if not path.exists():
            self.work.mkdir(parents=True, exist_ok=True)
            texts, size = self.talk.corpus(CORPUS, self.config.seed), PIECES
            if self.meanings is not None:
                texts, size = chain(texts, self.meanings.text()), PIECES_MEANT
            Words.train(texts, size).save(path)
        return Words.load(path)

    def _table(self, brain: Brain, words: Words) -> NDArray[np.float32] | None:
        """What the pieces mean; None without meanings."""
        rows = brain.words.num_embeddings
        return None if self.meanings is None else self.meanings.table(words, rows)

    def finish(self, trainer: Trainer, out: Path) -> None:
        """Write the brain of the last phase."""
        phase = trainer.phase
        assert isinstance(phase, TogetherPhase)
        save_checkpoint(out, phase.brain.eval(), phase.eye, phase.words,
                        steps=sum(self.config.steps(p) for p in PHASES))

    def _left_by(self, phase: str, module: str) -> dict[str, Tensor]:
        path = self.work / f'{phase}.pt'
        if not path.exists():
            raise FileNotFoundError(f'{path} is missing: train the phase {phase!r} first')
        saved = torch.load(path, self.config.device, weights_only=False)
        if saved['done'] < saved['steps']:
            print(f'note: the phase {phase!r} stopped at {saved["done"]} of {saved["steps"]}')
        weights: dict[str, Tensor] = saved['modules'][module]
        return weights


def fast_bf16() -> bool:
    """Whether this CPU multiplies bf16 itself: then the eye learns twice as fast."""
    try:
        flags = Path('/proc/cpuinfo').read_text()
        return 'amx_bf16' in flags or 'avx512_bf16' in flags
    except OSError:
        return False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain train`."""
    parser.add_argument('--frames', type=Path, default=Path('data/frames_train'),
                        help='folder of frames, see docs/training.md')
    parser.add_argument('--designs', type=Path, default=Path('data/designs_train'),
                        help='folder of frames of things without names')
    parser.add_argument('--heard', type=Path, default=Path('data/heard_en.jsonl'),
                        help='what the recogniser heard, made by '
                             '`python -m yan_brain.training.speech_text`; may be missing')
    parser.add_argument('--meanings', type=Path, default=Path('data/meanings.npz'),
                        help='what English words mean, made by '
                             '`python -m yan_brain.training.meanings`; may be missing')
    parser.add_argument('--work', type=Path, default=Path('data/training'),
                        help='folder of checkpoints; a run that was stopped goes on there')
    parser.add_argument('--out', type=Path, default=DEFAULT_FOLDER, help='folder of the brain')
    parser.add_argument('--begin', type=Path,
                        help='folder of a trained brain whose words go on learning: for the '
                             'phases words and together alone')
    parser.add_argument('--anew', action='store_true',
                        help='of the brain to begin with only the eye is kept: its words are '
                             'learned from nothing, with pieces of their own')
    parser.add_argument('--phase', choices=(*PHASES, 'all'), default='all',
                        help='one phase; sight and words may run side by side')
    for name in _WHOLE:
        parser.add_argument(f'--{name.replace("_", "-")}', type=int,
                            default=getattr(TrainConfig, name))
    for name in _SHARES:
        parser.add_argument(f'--{name.replace("_", "-")}', type=float,
                            default=getattr(TrainConfig, name))
    parser.add_argument('--device', default=TrainConfig.device,
                        help='cpu, or cuda for the phases words and together')


def main(args: argparse.Namespace) -> int:
    """Train and save."""
    config = TrainConfig(device=args.device,
                         **{name: getattr(args, name) for name in (*_WHOLE, *_SHARES)})
    if args.begin and args.phase not in ('words', 'together'):
        raise SystemExit('--begin goes on with the words alone: give --phase words, then '
                         '--phase together')
    if args.anew and not args.begin:
        raise SystemExit('--anew keeps the eye of a trained brain: say which by --begin')
    if config.device != 'cpu' and args.phase not in ('words', 'together'):
        raise SystemExit('--device is for words and together: give one of them as --phase')
    if config.device == 'cuda' and not torch.cuda.is_available():
        raise SystemExit('--device cuda: there is no GPU that this torch can use')
    torch.set_default_device(config.device)
    torch.set_num_threads(config.threads)
    workshop = Workshop(config, args)
    for name in PHASES if args.phase == 'all' else (args.phase,):
        trainer = workshop.trainer(name)
        print(f'{name}: {sum(p.numel() for p in trainer._weights()) / 1e6:.2f}M weights, '
              f'{trainer.done} of {trainer.steps} steps done', flush=True)
        trainer.run()
        if name == 'together':
            workshop.finish(trainer, args.out)
    return 0


if __name__ == '__main__':
    _parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(_parser)
    sys.exit(main(_parser.parse_args()))
