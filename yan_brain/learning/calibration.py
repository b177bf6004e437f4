"""From scores to chances: where each concept begins, told from one showing.

Two things bound it: how the parts of a showing score when they are left out of the lesson, and
how the ordinary world scores. With so few examples nothing finer is estimated. All concepts are
done in one go, since every lesson shifts the scores of all.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.knowledge import Doubles
from yan_brain.learning.ridge import RecursiveRidge

BLOCKS = 4               # a showing is cut into this many parts, in time, to test one by the rest
RARE = 0.02              # share of the ordinary world that may score higher than `low`
RARE_NORMAL = 2.05       # the same as standard deviations of a normal distribution
SURE = 4.0               # log odds at the showing's own score
LEAST_WORLD = 50         # rows that tell a share of 0.02
LEAST_GAP = 0.05
TOGETHER = 256           # concepts or blocks worked on at once: they stay in the processor's cache


@dataclass(frozen=True, eq=False)
class Shown:
    """One showing, ready for use. W floats of a row."""

    rows: Doubles            # (n, W)
    share: float             # weight of each row
    direction: Doubles       # (W,) such that row @ direction is the cosine to the mean row
    cosine: float            # mean of its own rows' cosines

    @classmethod
    def of(cls, rows: Doubles, share: float) -> Shown:
        """From rows (n, W)."""
        mean = rows[:, :-1].mean(0)
        scale = max(float(np.linalg.norm(mean)), 1e-12) * np.sqrt(len(mean))
        toward = np.append(mean / scale, 0.0)
        return cls(rows, share, toward, float((rows @ toward).mean()))


@dataclass(frozen=True, eq=False)
class Fits:
    """How the scores of C concepts are to be read, (C,) each; see `Knowledge`."""

    centre: Doubles
    slope: Doubles
    reach: Doubles
    certainty: Doubles


def fit(ridge: RecursiveRidge, showings: Sequence[Shown], first: NDArray[np.intp],
        weights: Doubles, world: Doubles, near: float, begins: float) -> Fits:
    """Find where each concept begins.

    Args:
        ridge: with all lessons in.
        showings: L of them, those of one concept next to one another.
        first: (C,) where the showings of each concept begin.
        weights: (W, C) of the concepts.
        world: (R, W) rows of the ordinary world, R may be 0.
        near: share of a showing's cosine to itself below which it is rather something else.
        begins: of the way from what the world scores to the showing's own score.
    """
    count = len(first)
    if not count:
        return Fits(*(np.zeros(0) for _ in range(4)))
    lessons = np.diff(np.append(first, len(showings)))
    owner = np.repeat(np.arange(count), lessons)
    cosines = np.array([shown.cosine for shown in showings])
    reach = np.maximum(0.05, near * np.add.reduceat(cosines, first) / lessons)
    own, whose = _left_out(ridge, showings, owner, weights)
    rows = np.bincount(whose, minlength=count)
    low = _low(weights, world, np.array([shown.direction for shown in showings]), first, reach)
    high = np.maximum(np.bincount(whose, own, count) / rows, low + LEAST_GAP)
    centre = low + begins * (high - low)
    slope = SURE / (high - centre)
    chance = 1 / (1 + np.exp(-np.clip((own - centre[whose]) * slope[whose], -40, 40)))
    return Fits(centre, slope, reach, np.bincount(whose, chance, count) / rows)


def _left_out(ridge: RecursiveRidge, showings: Sequence[Shown], owner: NDArray[np.intp],
              weights: Doubles) -> tuple[Doubles, NDArray[np.intp]]:
    """Scores of all shown rows with their block not learned, and whose they are."""
    rows = np.concatenate([shown.rows for shown in showings])
    share = np.array([shown.share for shown in showings])
    begins, sizes, whose = _blocks(np.array([len(shown.rows) for shown in showings], np.intp))
    scores, owners = [], []
    for size in np.unique(sizes):
        alike = np.flatnonzero(sizes == size)
        for some in np.split(alike, range(TOGETHER, len(alike), TOGETHER)):
            shown, concept = rows[begins[some, None] + np.arange(size)], owner[whose[some]]
            predicted = np.matmul(shown, weights.T[concept][:, :, None])[:, :, 0]
            left = ridge.left_out(shown, share[whose[some]], 1 - predicted)
            scores.append((1 - left).ravel())
            owners.append(np.repeat(concept, size))
    return np.concatenate(scores), np.concatenate(owners)


def _blocks(lengths: NDArray[np.intp]) -> tuple[NDArray[np.intp], ...]:
    """Cut L showings, one after the other, into blocks: begins, sizes and showings (B,)."""
    starts = np.cumsum(lengths) - lengths
    parts = np.minimum(BLOCKS, lengths)
    whose = np.repeat(np.arange(len(lengths)), parts)
    part = np.arange(len(whose)) - np.repeat(np.cumsum(parts) - parts, parts)
    begins, ends = (lengths[whose] * (part + one) // parts[whose] for one in (0, 1))
    return starts[whose] + begins, ends - begins, whose


def _low(weights: Doubles, world: Doubles, directions: Doubles, first: NDArray[np.intp],
         reach: Doubles) -> Doubles:
    """(C,) scores that the ordinary world seldom reaches.

    What is near to a showing is left out: a red ball of one's own may well be taught.
    """
    white = weights[-1] + RARE_NORMAL * np.linalg.norm(weights[:-1], axis=0)
    if len(world) < LEAST_WORLD:
        return np.asarray(white, np.float64)
    low = white.copy()
    edges = np.append(first, len(directions))
    for begin in range(0, len(first), TOGETHER):
        end = min(begin + TOGETHER, len(first))
        cosines = directions[edges[begin]:edges[end]] @ world.T             # (L, R)
        if len(cosines) > end - begin:
            cosines = np.maximum.reduceat(cosines, first[begin:end] - first[begin], axis=0)
        near = cosines >= reach[begin:end, None]
        scores = weights[:, begin:end].T @ world.T
        scores[near] = -np.inf
        enough = np.flatnonzero(len(world) - near.sum(1) >= LEAST_WORLD)
        low[begin + enough] = _rare(scores[enough])
    return low


def _rare(scores: Doubles) -> Doubles:
    """(n,) quantile 1 - RARE of the finite scores, one at least, in each row (n, R)."""
    places = np.maximum(np.isfinite(scores).sum(1) - 1, 0) * RARE          # from the top
    most = int(scores.shape[1] * RARE) + 2
    top = -np.sort(-np.partition(scores, -most, axis=1)[:, -most:], axis=1)
    above = places.astype(np.intp)
    row = np.arange(len(scores))
    higher, share = top[row, above], places - above
    lower = np.where(share > 0, top[row, above + 1], higher)     # the last finite one has no next
    return np.asarray(higher - (higher - lower) * share, np.float64)
