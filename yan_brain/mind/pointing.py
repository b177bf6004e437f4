"""What "this" means: the thing before the eye, however faint, and what is around it."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yan_brain.mind.seeing import Floats, Scene
from yan_brain.perception.sight import COLUMNS, ROWS

AROUND = 8               # every so many patches stand for what is around a thing shown
BEFORE_RAD = 0.3         # from straight ahead: what is farther aside is not meant
# What speaks against a thing: how far aside it stands, how far away, and how faint it is.
ASIDE, AWAY, FAINTNESS = 2.0, 0.1, 0.3


@dataclass(frozen=True, slots=True)
class Showing:
    """A thing held before the eye: its features (1, F), and those of all around it (m, F)."""

    features: Floats
    background: Floats
    probability: float


def pointed(seen: Scene) -> Showing:
    """The thing that is shown in an image: the one before the eye.

    That somebody shows it tells that something is there: a pale thing that is hardly seen, right
    ahead, is meant rather than a bright one aside or nothing at all.
    """
    cost = ASIDE * np.abs(seen.bearing_rad) + AWAY * seen.range_m - FAINTNESS * seen.probability
    cost = np.where(np.abs(seen.bearing_rad) <= BEFORE_RAD, cost, np.inf)
    if not len(cost) or not np.isfinite(cost.min()):
        return _middle(seen)
    shown = int(cost.argmin())
    away = ~_beside(seen.patches == shown)
    # A thing that is hardly seen falls apart: its other parts are not what is around it.
    others = [index for index in range(len(cost))
              if index != shown and away[seen.patches == index].all()]
    around = seen.patch_features[away][::AROUND]
    return Showing(seen.features[shown:shown + 1],
                   np.concatenate([seen.features[others], around]),
                   float(seen.probability[shown]))


def _middle(seen: Scene) -> Showing:
    """Unlike all that is known: what is in the middle of the image."""
    row, column = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
    mine = (np.abs(row - ROWS * 0.55) < 2) & (np.abs(column - (COLUMNS - 1) / 2) < 2)
    return Showing(seen.patch_features[mine].mean(0, keepdims=True),
                   seen.patch_features[~mine][::AROUND], 0.0)


def _beside(mine: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(N,) the patches of a thing and all within a patch of the rectangle around it."""
    row, column = np.divmod(np.arange(len(mine)), COLUMNS)
    inside = np.ones(len(mine), np.bool_)
    for place in (row, column):
        inside &= (place >= place[mine].min() - 1) & (place <= place[mine].max() + 1)
    return inside
