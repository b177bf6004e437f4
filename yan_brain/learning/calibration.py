"""From scores to chances: where a concept begins, told from one showing.

Two things bound it: how the parts of a showing score when they are left out of the lesson, and
how the ordinary world scores. With so few examples nothing finer is estimated.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from yan_brain.learning.knowledge import Doubles
from yan_brain.learning.ridge import RecursiveRidge

BLOCKS = 4               # a showing is cut into this many parts, in time, to test one by the rest
RARE = 0.02              # share of the ordinary world that may score higher than `low`
RARE_NORMAL = 2.05       # the same as standard deviations of a normal distribution
BEGINS = 0.35            # of the way from `low` to the showing's own score
SURE = 4.0               # log odds at the showing's own score
REACH = 0.58             # of the showing's cosine to itself
LEAST_WORLD = 50         # rows that tell a share of 0.02
LEAST_GAP = 0.05


@dataclass(frozen=True)
class Fit:
    """How the scores of one concept are to be read; see `Knowledge`."""

    centre: float
    slope: float
    reach: float
    certainty: float


def fit(ridge: RecursiveRidge, showings: Sequence[tuple[Doubles, float]], weights: Doubles,
        world: Doubles) -> Fit:
    """Find where a concept begins.

    Args:
        ridge: with all lessons in.
        showings: rows (n, F + 1) of each lesson on the concept, and the weight of each row.
        weights: (F + 1,) of the concept.
        world: (R, F + 1) rows of the ordinary world, R may be 0.
    """
    left_out, cosines = [], []
    for rows, share in showings:
        toward = direction(rows)
        cosines.append(float((rows @ toward).mean()))
        for block in np.array_split(rows, min(BLOCKS, len(rows))):
            left_out.append(1 - ridge.left_out(block, share, 1 - block @ weights))
    own = np.concatenate(left_out)
    reach = max(0.05, REACH * float(np.mean(cosines)))
    low = _low(weights, world, np.max([world @ direction(rows) for rows, _ in showings], 0), reach)
    high = max(float(own.mean()), low + LEAST_GAP)
    centre = low + BEGINS * (high - low)
    slope = SURE / (high - centre)
    chance = 1 / (1 + np.exp(-np.clip((own - centre) * slope, -40, 40)))
    return Fit(centre, slope, reach, float(chance.mean()))


def direction(rows: Doubles) -> Doubles:
    """(n, F + 1) -> (F + 1,) such that row @ direction is the cosine to the rows' mean."""
    mean = rows[:, :-1].mean(0)
    scale = max(float(np.linalg.norm(mean)), 1e-12) * np.sqrt(len(mean))
    return np.append(mean / scale, 0.0)


def _low(weights: Doubles, world: Doubles, nearness: Doubles, reach: float) -> float:
    """A score that the ordinary world seldom reaches.

    What is near to a showing is left out: a red ball of one's own may well be taught.
    """
    other = world[nearness < reach] if len(world) else world
    if len(other) < LEAST_WORLD:
        return float(weights[-1] + RARE_NORMAL * np.linalg.norm(weights[:-1]))
    return float(np.quantile(other @ weights, 1 - RARE))
