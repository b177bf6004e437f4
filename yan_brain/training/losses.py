"""What the brain is trained for: seeing patches rightly and understanding utterances."""
from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yan_brain.cognition.model import Understanding, View


@dataclass(frozen=True, slots=True)
class SightTargets:
    """Labels of B images of N patches and at most M things."""

    instance: Tensor      # (B, N) int64 index of the thing, -1 where no thing is
    colour: Tensor        # (B, N) int64, -1 where it has no name
    kind: Tensor          # (B, N) int64, -1 where it has no name
    identity: Tensor      # (B, M) int64 which thing of all there are, -1: none
    offset: Tensor        # (B, N, 2) patches
    log_range: Tensor     # (B, N) log(metres / focal pixels)


def joined(one: SightTargets, other: SightTargets) -> SightTargets:
    """The labels of two batches, one after the other."""
    return SightTargets(**{f.name: torch.cat([getattr(one, f.name), getattr(other, f.name)])
                           for f in fields(SightTargets)})


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
    """Losses by name. Every instance counts by the square root of its patches.

    A thing without a name is of no known kind; of which colour it is, is left open.
    """
    on = want.instance >= 0
    weight = _instance_weight(want.instance)
    losses = {'thing': F.binary_cross_entropy_with_logits(view.thing, on.float())}
    for name, logits, label in (('colour', view.colour, want.colour),
                                ('kind', view.kind, want.kind)):
        named = label >= 0
        hot = F.one_hot(label.clamp_min(0), logits.shape[-1]).float() * named[..., None]
        every = F.binary_cross_entropy_with_logits(logits, hot, reduction='none').sum(-1)
        judged = named if name == 'colour' else on
        every = every * (judged | ~on)
        losses[f'{name}_bits'] = every.mean() + 0.5 * (every * weight)[judged].sum() / (
            judged.sum().clamp_min(1))
        if named.any():
            losses[name] = (F.cross_entropy(logits[named], label[named], reduction='none')
                            * weight[named]).mean()
    if on.any():
        losses['offset'] = 0.5 * F.smooth_l1_loss(view.offset[on], want.offset[on])
        losses['range'] = 0.5 * F.smooth_l1_loss(view.log_range[on], want.log_range[on], beta=0.1)
    return losses


class IdentityLoss(nn.Module):
    """Tells thousands of things apart; only its gradient is of use, the classes are dropped.

    Softmax over cosines to one learned direction a class (NormFace, arXiv 1704.06369): features
    that must tell so many things apart also tell apart things they were never trained on.
    """

    def __init__(self, classes: int, width: int, sharpness: float = 16.0) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(classes, width) * width ** -0.5)
        self.sharpness = sharpness

    def forward(self, identity: Tensor, want: SightTargets) -> Tensor:
        """(B, N, width) identities of patches, pooled over each thing in view -> loss."""
        rows, things = want.identity.shape
        on = want.instance >= 0
        slot = (want.instance + torch.arange(rows)[:, None] * things)[on]
        pooled = identity.new_zeros(rows * things, identity.shape[-1]).index_add(
            0, slot, identity[on])
        seen = torch.bincount(slot, minlength=rows * things) > 0
        label = want.identity.flatten()
        seen &= label >= 0
        if not bool(seen.any()):
            return identity.sum() * 0
        return self.told(pooled[seen], label[seen])

    def told(self, pooled: Tensor, label: Tensor) -> Tensor:
        """(V, width) identities of things and (V,) what they are -> loss."""
        cosine = F.normalize(pooled, dim=-1) @ F.normalize(self.directions, dim=-1).t()
        return F.cross_entropy(self.sharpness * cosine, label)


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


def kept_losses(got: Understanding, before: Understanding, mask: Tensor) -> dict[str, Tensor]:
    """How far a reading is from one before, by name: learning without forgetting (1606.09282).

    Args:
        got: what is made of B utterances now.
        before: what was made of them, without gradient.
        mask: (B, T), 0 at the padding.
    """
    losses = {}
    for name in ('skill', 'direction', 'colour', 'kind'):
        losses[name] = _apart(getattr(got, name), getattr(before, name)).mean()
    said = torch.sigmoid(before.has_amount)
    losses['digits'] = (_apart(got.digits, before.digits).sum(-1) * said).mean()
    for name in ('has_amount', 'language'):
        losses[name] = _apart_bits(getattr(got, name), getattr(before, name)).mean()
    tags = _apart_bits(got.inside, before.inside)
    losses['inside'] = 2 * (tags * mask).sum() / mask.sum()
    return losses


def _apart(got: Tensor, before: Tensor) -> Tensor:
    """Kullback-Leibler divergence over the last axis of logits."""
    return F.kl_div(got.log_softmax(-1), before.log_softmax(-1), reduction='none',
                    log_target=True).sum(-1)


def _apart_bits(got: Tensor, before: Tensor) -> Tensor:
    """The same for logits of single bits."""
    chance = torch.sigmoid(before)
    return F.binary_cross_entropy_with_logits(got, chance, reduction='none') - (
        F.binary_cross_entropy_with_logits(before, chance, reduction='none'))
