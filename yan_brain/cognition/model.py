"""Senses in, thoughts out: what surrounds the core.

A Moment becomes one stream of tokens: body, sound, the gist of the image, its coarse tokens,
then the words that arrived. The words are read twice ("just read twice", arXiv 2407.05483): a
core that only looks back cannot know at the first word what the last will be, and reading
again costs less than attention would.

Skill, amount, colour and kind are read from the last token of the second reading; which words
name the target is tagged word by word during it. Coarse thoughts flow back to the fine patches,
and a patch is asked "are you red?" by a dot product with the concept's vector.
"""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.core import CoreState, YanCore
from yan_brain.cognition.partitions import Wake

BODY_FLOATS = 8
SOUND_FLOATS = 8
DIGITS = 4            # an amount: thousands to ones, in centimetres or degrees


@dataclass(frozen=True, kw_only=True)
class BrainConfig:
    """What a trained brain knows of itself; saved beside its weights."""

    core: CoreConfig
    vocabulary: int
    features: int                     # floats of one patch
    identity: int                     # floats that tell things apart, outside the core
    tokens: int                       # coarse tokens of one image
    skills: tuple[str, ...]
    colours: tuple[str, ...]
    kinds: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ('vocabulary', 'features', 'identity', 'tokens'):
            if getattr(self, name) < 1:
                raise ValueError(f'{name} is {getattr(self, name)}; it must be at least 1')
        for name in ('skills', 'colours', 'kinds'):
            if not getattr(self, name):
                raise ValueError(f'{name} is empty; the brain would know none')


@dataclass(frozen=True, slots=True)
class Understanding:
    """Logits read at the end of an utterance; B rows."""

    skill: Tensor         # (B, skills)
    direction: Tensor     # (B, 3): backward or right, none, forward or left
    has_amount: Tensor    # (B,)
    digits: Tensor        # (B, DIGITS, 10)
    colour: Tensor        # (B, colours + 2): ..., any, unknown
    kind: Tensor          # (B, kinds + 2): ..., any, unknown
    language: Tensor      # (B,): positive for Chinese
    inside: Tensor        # (B, T): chance (logit) that a word names the target


@dataclass(frozen=True, slots=True)
class View:
    """Logits of every patch; B images of N patches, row by row."""

    thing: Tensor         # (B, N): part of a thing
    colour: Tensor        # (B, N, colours)
    kind: Tensor          # (B, N, kinds)
    offset: Tensor        # (B, N, 2): from the patch to the thing's middle, in patches
    log_range: Tensor     # (B, N): log of range over focal length (metres a pixel)


class Brain(nn.Module):
    """The core with its embeddings and heads. The eye and the learned lessons are outside."""

    def __init__(self, config: BrainConfig) -> None:
        super().__init__()
        self.config = config
        d, f = config.core.width, config.features
        self.core = YanCore(config.core)
        self.words = nn.Embedding(config.vocabulary + 2, d)     # two marks end the readings
        self.body = nn.Linear(BODY_FLOATS, d)
        self.sound = nn.Linear(SOUND_FLOATS, d)
        self.gist = nn.Linear(f, d)
        self.patch = nn.Linear(f, d)
        self.place = nn.Parameter(torch.randn(config.tokens, d) * 0.02)
        self.sizes = {'skill': len(config.skills), 'direction': 3, 'has_amount': 1,
                      'digits': 10 * DIGITS, 'colour': len(config.colours) + 2,
                      'kind': len(config.kinds) + 2, 'language': 1}
        self.understand = nn.Linear(d, sum(self.sizes.values()))
        self.inside = nn.Linear(d, 1)
        self.back = nn.Linear(d, f, bias=False)
        self.blend = nn.Sequential(nn.Linear(f, 2 * f), nn.GELU(), nn.Linear(2 * f, f))
        self.look = nn.Linear(f, 4)                              # thing, offset, log range
        self.colours = nn.Linear(f, len(config.colours))         # one vector a concept
        self.kinds = nn.Linear(f, len(config.kinds))

    @property
    def end_marks(self) -> tuple[int, int]:
        """Token ids that end the first and the second reading."""
        return self.config.vocabulary, self.config.vocabulary + 1

    def sense_tokens(
        self, body: Tensor, sound: Tensor, patches: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Tokens of the senses, and which of them start a segment.

        Args:
            body: (B, BODY_FLOATS).
            sound: (B, SOUND_FLOATS).
            patches: (B, tokens, features) coarse patches, None when nothing is seen.

        Returns:
            (B, T, D) tokens and (B, T) bool starts.
        """
        parts = [self.body(body)[:, None], self.sound(sound)[:, None]]
        if patches is not None:
            parts += [self.gist(patches.mean(1, keepdim=True)), self.patch(patches) + self.place]
        tokens = torch.cat(parts, 1)
        starts = torch.zeros(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        starts[:, :3] = True
        return tokens, starts

    def view(self, fine: Tensor, thoughts: Tensor) -> View:
        """Let the core's thoughts flow back to the patches and ask each what it is.

        Args:
            fine: (B, N, features) from the eye.
            thoughts: (B, N, D) of the coarse token that each patch lies in.
        """
        features = fine + self.back(thoughts)
        features = features + self.blend(features)
        look = self.look(features)
        return View(look[..., 0], self.colours(features), self.kinds(features),
                    look[..., 1:3], look[..., 3])

    def read(
        self, ids: Tensor, mask: Tensor, state: CoreState,
    ) -> tuple[Understanding, CoreState, list[Wake]]:
        """Read an utterance twice.

        Args:
            ids: (B, T) word pieces, padded on the right.
            mask: (B, T), 0 at the padding; every row has at least one piece.
            state: of the core, after the senses.
        """
        length = ids.shape[1]
        twice, present = self.twice(ids, mask)
        starts = torch.ones_like(twice, dtype=torch.bool)
        thoughts, state, wakes = self.core(self.words(twice), state, starts, present)
        return self.answer(thoughts, length, self.understand, self.inside), state, wakes

    def answer(
        self, thoughts: Tensor, length: int, understand: nn.Module, inside: nn.Module,
    ) -> Understanding:
        """What heads make of the thoughts (B, 2 T + 2, D) on `length` (T) pieces read twice."""
        parts = understand(thoughts[:, -1]).split(list(self.sizes.values()), -1)
        skill, direction, has, digits, colour, kind, language = parts
        tags = inside(thoughts[:, length + 1:2 * length + 1])[..., 0]
        return Understanding(skill, direction, has[:, 0], digits.unflatten(-1, (DIGITS, 10)),
                             colour, kind, language[:, 0], tags)

    def twice(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Pieces (B, T) and their mask as the core reads them: (B, 2 T + 2) ids and mask."""
        rows = ids.shape[0]
        first, second = (torch.full((rows, 1), m, device=ids.device) for m in self.end_marks)
        one = mask.new_ones(rows, 1)
        return torch.cat([ids, first, ids, second], 1), torch.cat([mask, one, mask, one], 1)
