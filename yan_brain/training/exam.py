"""What must not get worse in a sleep, and what must get better.

The guard is a fixed set of utterances of the training grammar, what was praised, and what the
core makes of pictures: the same neurons serve eyes and ears. Better must be the sayings that
were corrected, and fresh dreams of them.
"""
from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from yan_brain.cognition.model import BODY_FLOATS, SOUND_FLOATS, Brain
from yan_brain.learning.sayings import Saying
from yan_brain.mind.checkpoint import Checkpoint
from yan_brain.mind.goal import SURE, argument_of, side_of, size_of, skill_of
from yan_brain.perception import sight
from yan_brain.perception.language import Words
from yan_brain.signals import TARGET_SKILLS, Skill
from yan_brain.training.dreams import Idiom
from yan_brain.training.faults import faults
from yan_brain.training.language import draw_utterance

DREAMS = 8               # fresh ones of each saying
PICTURES = 12
ALIKE = 0.99             # share of patches that must look as before
_SEED = 20_011           # of the guard: the same for every robot and every sleep
_CLOSE = 0.02            # amounts that differ by less, as a share, mean the same


@dataclass(frozen=True)
class Marks:
    """How a brain did, of how many."""

    guard: int
    praised: int
    corrected: int
    dreams: int
    alike: float         # share of patches that look as to the brain before

    def keeps(self, before: Marks) -> bool:
        """Whether nothing that was known got worse."""
        return (self.guard >= before.guard and self.praised >= before.praised
                and self.alike >= ALIKE)

    def beats(self, before: Marks) -> bool:
        """Whether what was corrected is understood better, and nothing got worse."""
        return self.keeps(before) and self.corrected >= before.corrected and (
            self.corrected + self.dreams > before.corrected + before.dreams)


class Exam:
    """Questions for a brain.

    Args:
        plain: the brain as it was trained.
        idioms: what was corrected.
        praised: what must be understood as it was when it was praised.
        guard: utterances of the training grammar.
    """

    def __init__(self, plain: Checkpoint, idioms: Sequence[Idiom], praised: Sequence[Saying],
                 guard: int) -> None:
        self._words, self._praised = plain.words, praised
        rng = random.Random(_SEED)
        self._guard = [draw_utterance(rng, noise=False) for _ in range(guard)]
        self._corrected = [idiom.saying for idiom in idioms]
        self._dreams = [idiom.dream(rng, noise=False) for idiom in idioms for _ in range(DREAMS)]
        self._pictures = _pictures(plain)
        self._seen = _look(plain.brain, *self._pictures)

    @property
    def most(self) -> Marks:
        """Everything right."""
        return Marks(len(self._guard), len(self._praised), len(self._corrected),
                     len(self._dreams), 1.0)

    def take(self, brain: Brain) -> Marks:
        """Ask a brain everything."""
        brain.eval()
        return Marks(
            sum(not fault for fault in faults(brain, self._words, self._guard, SURE)),
            sum(means(brain, self._words, saying) for saying in self._praised),
            sum(means(brain, self._words, saying) for saying in self._corrected),
            sum(not fault for fault in faults(brain, self._words, self._dreams, SURE)),
            float((_look(brain, *self._pictures) == self._seen).float().mean()))


def means(brain: Brain, words: Words, saying: Saying) -> bool:
    """Whether a brain takes a saying as it was meant: skill, words of the target, amount."""
    pieces = words.pieces(saying.text)
    with torch.inference_mode():
        got, _, _ = brain.read(torch.tensor([pieces.ids]), torch.ones(1, len(pieces.ids)),
                               brain.core.initial_state())
    skill, chance = skill_of(got, brain.config, pieces.text)
    if skill is not saying.skill or chance < SURE:
        return False
    if skill in TARGET_SKILLS:
        return argument_of(skill, got, pieces).casefold() == saying.argument.casefold()
    if skill in (Skill.MOVE, Skill.TURN) and saying.amount is not None:
        size = size_of(skill, got, pieces.text)
        amount = -size if side_of(skill, got, pieces.text) < 0 else size
        return abs(amount - saying.amount) <= _CLOSE * abs(saying.amount)
    return True


@torch.no_grad()
def _pictures(plain: Checkpoint) -> tuple[Tensor, Tensor]:
    """Features of pictures (fine and coarse): plain shapes on a floor before a wall."""
    rng = np.random.default_rng(_SEED)
    made = np.empty((PICTURES, sight.HEIGHT, sight.WIDTH, 3), np.uint8)
    rows, columns = np.mgrid[:sight.HEIGHT, :sight.WIDTH]
    for picture in made:
        horizon = rng.integers(sight.HEIGHT // 3, sight.HEIGHT // 2)
        picture[:] = np.where((rows < horizon)[..., None], rng.integers(120, 220, 3),
                              rng.integers(60, 160, 3))
        for _ in range(4):
            middle = rng.integers(horizon, sight.HEIGHT), rng.integers(sight.WIDTH)
            size = rng.integers(6, 28)
            away = np.abs(rows - middle[0]), np.abs(columns - middle[1])
            inside = (np.hypot(*away) if rng.random() < 0.5 else np.maximum(*away)) < size
            picture[inside] = rng.choice([30, 128, 220], 3)
    features = plain.eye(torch.from_numpy(made)).features
    return sight.patches(features), sight.coarse(features)


@torch.no_grad()
def _look(brain: Brain, fine: Tensor, coarse: Tensor) -> Tensor:
    """(pictures, patches): one number for what a patch is taken for."""
    rows = len(coarse)
    tokens, starts = brain.sense_tokens(
        torch.zeros(rows, BODY_FLOATS), torch.zeros(rows, SOUND_FLOATS), coarse)
    thoughts, _, _ = brain.core(tokens, brain.core.initial_state(rows), starts)
    view = brain.view(fine, sight.patches(sight.spread(thoughts[:, 3:])))
    named = view.colour.argmax(-1) * view.kind.shape[-1] + view.kind.argmax(-1)
    return torch.where(view.thing > 0, named, -1)
