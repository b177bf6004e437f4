"""What the brain is trained for: seeing patches rightly and understanding utterances."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from yan_brain.cognition.model import Understanding, View


@dataclass(frozen=True, slots=True)
class SightTargets:
    """Labels of B images of N patches."""

    instance: Tensor      # (B, N) int64, -1 where no thing is
    colour: Tensor        # (B, N) int64
    kind: Tensor          # (B, N) int64
    offset: Tensor        # (B, N, 2) patches
    log_range: Tensor     # (B, N) log(metres / focal pixels)


@dataclass(frozen=True, slots=True)
class WordTargets:
    """Labels of B utterances of T pieces; `mask` (B, T) is 0 at the padding."""

    ids: Tensor
    mask: Tensor
    inside: Tensor        # (B, T) float: piece names the target
    skill: Tensor
    direction: Tensor     # 0, 1, 2
    has_amount: Tensor
    digits: Tensor        # (B, DIGITS)
    colour: Tensor
    kind: Tensor
    language: Tensor


def sight_losses(view: View, want: SightTargets) -> dict[str, Tensor]:
    """Losses by name. Every instance counts by the square root of its patches."""
    on = want.instance >= 0
    there = on.float()
    weight = _instance_weight(want.instance)
    losses = {'thing': F.binary_cross_entropy_with_logits(view.thing, there)}
    for name, logits, label in (('colour', view.colour, want.colour),
                                ('kind', view.kind, want.kind)):
        hot = F.one_hot(label.clamp_min(0), logits.shape[-1]).float() * there[..., None]
        every = F.binary_cross_entropy_with_logits(logits, hot, reduction='none').sum(-1)
        losses[f'{name}_bits'] = every.mean() + 0.5 * (every[on] * weight[on]).mean()
        if on.any():
            losses[name] = (F.cross_entropy(logits[on], label[on], reduction='none')
                            * weight[on]).mean()
    if on.any():
        losses['offset'] = 0.5 * F.smooth_l1_loss(view.offset[on], want.offset[on])
        losses['range'] = 0.5 * F.smooth_l1_loss(view.log_range[on], want.log_range[on], beta=0.1)
    return losses


def _instance_weight(instance: Tensor) -> Tensor:
    """1 / sqrt(patches of the instance), scaled to mean 1 over patches on things."""
    rows, _ = instance.shape
    most = int(instance.max()) + 2
    key = instance + 1 + torch.arange(rows)[:, None] * most
    count = torch.bincount(key.flatten(), minlength=rows * most)[key].float()
    weight = count.rsqrt()
    on = instance >= 0
    return weight / weight[on].mean() if on.any() else weight


def word_losses(got: Understanding, want: WordTargets) -> dict[str, Tensor]:
    """Losses by name."""
    losses = {
        'skill': F.cross_entropy(got.skill, want.skill),
        'direction': 0.5 * F.cross_entropy(got.direction, want.direction),
        'has_amount': 0.5 * F.binary_cross_entropy_with_logits(got.has_amount, want.has_amount),
        'word_colour': F.cross_entropy(got.colour, want.colour),
        'word_kind': F.cross_entropy(got.kind, want.kind),
        'language': 0.2 * F.binary_cross_entropy_with_logits(got.language, want.language)}
    tags = F.binary_cross_entropy_with_logits(got.inside, want.inside, reduction='none')
    losses['inside'] = 2 * (tags * want.mask).sum() / want.mask.sum()
    said = want.has_amount > 0
    if said.any():
        losses['digits'] = F.cross_entropy(got.digits[said].flatten(0, 1),
                                           want.digits[said].flatten())
    return losses
