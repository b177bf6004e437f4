"""From scores to chances: where each concept begins, told from one showing.

Two things bound it: how the parts of a showing score when they are left out of the lesson, and
how the ordinary world scores. With so few examples nothing finer is estimated. All concepts are
done in one go, since every lesson shifts the scores of all.
"""
from __future__ import annotations

import itertools
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
TOGETHER = 2048          # concepts or blocks worked on at once, to bound memory


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
    blocks: dict[int, list[tuple[Doubles, float, int]]] = {}
    for shown, concept in zip(showings, owner, strict=True):
        parts = min(BLOCKS, len(shown.rows))
        edges = [len(shown.rows) * part // parts for part in range(parts + 1)]
        for begin, end in itertools.pairwise(edges):
            blocks.setdefault(end - begin, []).append(
                (shown.rows[begin:end], shown.share, int(concept)))
    scores, whose = [], []
    for size in sorted(blocks):
        alike = blocks[size]
        for begin in range(0, len(alike), TOGETHER):
            some = alike[begin:begin + TOGETHER]
            rows = np.array([block for block, _, _ in some])                 # (B, n, W)
            concepts = np.array([concept for _, _, concept in some], np.intp)
            predicted = np.matmul(rows, weights.T[concepts][:, :, None])[:, :, 0]
            left = ridge.left_out(rows, np.array([share for _, share, _ in some]), 1 - predicted)
            scores.append((1 - left).ravel())
            whose.append(np.repeat(concepts, size))
    return np.concatenate(scores), np.concatenate(whose)


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
        near = np.maximum.reduceat(cosines, first[begin:end] - first[begin], axis=0) \
            >= reach[begin:end, None]
        scores = weights[:, begin:end].T @ world.T
        scores[near] = np.inf
        scores.sort(axis=1)
        others = len(world) - near.sum(1)
        place = np.maximum(others - 1, 0) * (1 - RARE)
        below = place.astype(np.intp)
        row = np.arange(end - begin)
        under = scores[row, below]
        above = scores[row, np.minimum(below + 1, np.maximum(others - 1, 0))]
        enough = others >= LEAST_WORLD
        low[begin:end][enough] = (under + (above - under) * (place - below))[enough]
    return low
