"""From patch logits to things in view: where each is, and how well a target's words fit it."""
from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from yan_brain.cognition.model import View
from yan_brain.learning.concepts import ConceptConfig
from yan_brain.perception.sight import COLUMNS, PATCH, ROWS, WIDTH, focal_pixels
from yan_brain.signals import Image, Percept, Sighting

Floats = NDArray[np.float32]

CONCEPTS = ConceptConfig(begins=-0.3)     # things are seen from more sides than are shown
THING = 0.35          # chance from which a patch counts as part of a thing ...
FAINT = 0.1           # ... and of something that is only looked for because it was shown
REACH = 1.6           # patches: whose middles lie this near are one thing
RANGE_LIMITS_M = (0.1, 20.0)
LOOKS_KEPT = 4        # images that ticks looked at last
TICKING_S = 0.5       # after the last tick, for which another is waited for


@dataclass(frozen=True, slots=True)
class Scene:
    """All things in one image; M things, N patches."""

    probability: Floats      # (M,) that something is there
    colour: Floats           # (M, colours) chances
    kind: Floats             # (M, kinds) chances
    features: Floats         # (M, F) identity: of unit length, mean over the thing's patches
    bearing_rad: Floats      # (M,)
    range_m: Floats          # (M,)
    patches: NDArray[np.int64]   # (N,) which thing a patch belongs to, -1: none
    patch_features: Floats   # (N, F) identity of every patch, of unit length
    patch_colour: Floats     # (N, colours) chances that a patch shows a thing of this colour
    patch_kind: Floats       # (N, kinds)


class Looks:
    """What ticks looked at last, for lessons: they need not look again, nor beside a tick.

    A showing is made of the camera's images, and so are ticks. A lesson that asks for an image
    gets its scene when the tick that looks at it has ended, so that what the lesson does next
    falls between two ticks. `ticking` and `keep` belong to one thread, `of` and `between` to any.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._kept: deque[tuple[Image, Scene]] = deque(maxlen=LOOKS_KEPT)
        self._busy = False
        self._ticker = 0
        self._ended_s = float('-inf')

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """While a tick lasts."""
        with self._changed:
            self._busy, self._ticker = True, threading.get_ident()
        try:
            yield
        finally:
            with self._changed:
                self._busy, self._ended_s = False, time.monotonic()
                self._changed.notify_all()

    def between(self) -> None:
        """Wait for the end of the tick under way: what is done next does not slow it down."""
        with self._changed:
            if self._ticker != threading.get_ident():
                self._changed.wait_for(lambda: not self._busy, TICKING_S)

    def keep(self, image: Image, seen: Scene) -> None:
        """The tick under way looked at this image."""
        with self._changed:
            self._kept.append((image, seen))

    def of(self, image: Image) -> Scene | None:
        """What a tick saw in this very image; None: none looks at it, and none is under way.

        Waits while ticks go on, for the one that looks at this image or at a later one.
        """
        with self._changed:
            if self._ticker != threading.get_ident():
                self._changed.wait_for(lambda: not self._busy and self._past(image), TICKING_S)
            return next((seen for kept, seen in self._kept if kept is image), None)

    def _past(self, image: Image) -> bool:
        return time.monotonic() - self._ended_s >= TICKING_S or any(
            kept.stamp_s >= image.stamp_s for kept, _ in self._kept)


def scene(view: View, identity: Tensor, horizontal_fov_rad: float, row: int = 0,
          least: float = THING) -> Scene:
    """Group the patches of image `row` of a view into things by where their middles point.

    Args:
        view: of B images.
        identity: (B, F, ROWS, COLUMNS) of the eye.
        horizontal_fov_rad: of the camera.
        row: which image.
        least: chance from which it is a thing; what is fainter than THING comes on top, and
            changes nothing of the rest.
    """
    thing = _sigmoid(view.thing[row].numpy())
    offset = view.offset[row].numpy()
    features = identity[row].flatten(1).t().float().numpy()               # (N, F)
    colour, kind = view.colour[row].numpy(), view.kind[row].numpy()
    grid = np.stack([np.tile(np.arange(COLUMNS), ROWS), np.repeat(np.arange(ROWS), COLUMNS)], 1)
    middle = grid + offset                                            # (N, 2) column, row
    owner = np.full(len(thing), -1)
    votes: list[tuple[int, NDArray[np.bool_]]] = []
    for index in np.argsort(-thing):
        if thing[index] < least:
            break
        if owner[index] >= 0:
            continue
        near = ((middle - middle[index]) ** 2).sum(1) < REACH ** 2
        mine = near & (owner < 0) & (thing > min(THING, thing[index]) / 2)
        owner[mine] = len(votes)
        votes.append((index, mine))
    focal = focal_pixels(horizontal_fov_rad)
    log_range = view.log_range[row].numpy()
    rows: list[tuple[object, ...]] = []
    for index, mine in votes:
        weight = thing[mine] / thing[mine].sum()
        column = weight @ middle[mine, 0]
        bearing = math.atan2(WIDTH / 2 - (column + 0.5) * PATCH, focal)
        range_m = float(np.clip(math.exp(weight @ log_range[mine]) * focal, *RANGE_LIMITS_M))
        rows.append((thing[index], _sigmoid(weight @ colour[mine]), _sigmoid(weight @ kind[mine]),
                     _unit(weight @ features[mine]), np.float32(bearing), np.float32(range_m)))
    shapes = [(), (colour.shape[1],), (kind.shape[1],), (features.shape[1],), (), ()]
    chance, colours, kinds, means, bearings, ranges = (
        np.array([r[i] for r in rows], np.float32).reshape(len(rows), *shape)
        for i, shape in enumerate(shapes))
    return Scene(chance, colours, kinds, means, bearings, ranges, owner, _unit(features),
                 thing[:, None] * _sigmoid(colour), thing[:, None] * _sigmoid(kind))


def chances(seen: Scene, fit: Floats, taught: bool) -> Floats:
    """(M,) chance that each thing is the target; `fit` (M,) is how well its words fit each.

    What was trained on is seen as a thing or not at all. What was taught may be as faint as it
    was when it was shown: there its looks alone decide.
    """
    if taught:
        return fit
    return np.where(seen.probability >= THING, seen.probability * fit, np.float32(0))


def sightings(seen: Scene, chance: Floats, most: int = 3) -> tuple[Sighting, ...]:
    """The `most` likely things for a target, by the chance (M,) of each; none without any."""
    return tuple(
        Sighting(probability=float(chance[i]), bearing_rad=float(seen.bearing_rad[i]),
                 range_m=float(seen.range_m[i]))
        for i in np.argsort(-chance)[:most] if chance[i] > 0)


def percepts(
    seen: Scene, colours: tuple[str, ...], kinds: tuple[str, ...], taught: list[str],
    taught_fit: Floats, least: float = 0.5,
) -> tuple[Percept, ...]:
    """Name every thing that is surely there; `taught_fit` is (M, taught names)."""
    found = []
    for i in np.flatnonzero(seen.probability >= least):
        label = f'{colours[int(seen.colour[i].argmax())]} {kinds[int(seen.kind[i].argmax())]}'
        chance = seen.probability[i] * float(seen.colour[i].max()) * float(seen.kind[i].max())
        if taught and taught_fit[i].max() > max(0.5, chance):
            label, chance = taught[int(taught_fit[i].argmax())], float(taught_fit[i].max())
        found.append(Percept(label=label, probability=float(chance),
                             bearing_rad=float(seen.bearing_rad[i]),
                             range_m=float(seen.range_m[i])))
    return tuple(sorted(found, key=lambda p: -p.probability))


def _unit(x: Floats) -> Floats:
    """Scale the last axis to length one."""
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-9)


def _sigmoid(x: Floats) -> Floats:
    return (1 / (1 + np.exp(-np.clip(x, -30, 30)))).astype(np.float32)
