"""Touches as patterns: from the first contact until nothing was touched for a moment.

A pattern becomes a row of floats without any training: when something was touched, how often,
how long and with what pauses, and which zones in which order. How hard is not told by a zone.
"""
from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yan_brain.signals import Touch

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

CORE = 'touch-1'         # rises whenever the rows below change their meaning
WINDOW_S = 2.0           # what is longer is cut
PAUSE_S = 0.7            # nothing touched for so long ends a pattern
ZONES = 12               # into which the names of zones are put by a checksum
COUNTED = 8              # contacts that are told apart by number
VERSIONS = 16            # of one touch, that are learned together
_BIN_S = 0.02
_BINS = round(WINDOW_S / _BIN_S)
_SHAPE = 20              # pieces of the timeline in a row
_APART_S = 0.03          # contacts nearer than that are one that trembled
WIDTH = _SHAPE + COUNTED + 7 + 2 * ZONES + 2


@dataclass(frozen=True, slots=True)
class Contact:
    """One zone touched: seconds from the onset of the pattern."""

    zone: str
    begin_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Pattern:
    """A touch. `end_s` is the stamp of its end."""

    contacts: tuple[Contact, ...]
    end_s: float


class Patterns:
    """Cuts a stream of readings into patterns. Not for several threads at once."""

    def __init__(self) -> None:
        self._onset_s = math.nan
        self._down: dict[str, float] = {}        # since when each zone is touched
        self._done: list[Contact] = []
        self._last_s = -math.inf                 # when anything was touched last
        self._over = False                       # cut: what is still touched belongs to it

    def feed(self, touch: Touch) -> Pattern | None:
        """The pattern that ended with this reading."""
        now_s, pressed = touch.stamp_s, touch.pressed
        if not math.isfinite(now_s) or now_s < self._last_s:     # the clock was set back
            self.__init__()  # type: ignore[misc]
            return None
        if self._over:
            self._over = bool(pressed)
            return None
        if pressed and math.isnan(self._onset_s):
            self._onset_s = now_s
        for zone in [zone for zone in self._down if zone not in pressed]:
            self._done.append(Contact(zone, self._down.pop(zone), now_s - self._onset_s))
        for zone in pressed - self._down.keys():
            self._down[zone] = now_s - self._onset_s
        if pressed:
            self._last_s = now_s
        return self._ended(now_s)

    def _ended(self, now_s: float) -> Pattern | None:
        if math.isnan(self._onset_s):
            return None
        long = now_s - self._onset_s >= WINDOW_S
        if not long and (self._down or now_s - self._last_s < PAUSE_S):
            return None
        contacts = [*self._done, *(Contact(zone, begin, now_s - self._onset_s)
                                   for zone, begin in self._down.items())]
        over = bool(self._down)
        self.__init__()  # type: ignore[misc]
        self._over, self._last_s = over, now_s
        return Pattern(tuple(contacts), now_s)


def row(contacts: tuple[Contact, ...]) -> Floats:
    """(WIDTH,) of a pattern.

    Raises:
        ValueError: nothing was touched.
    """
    if not contacts:
        raise ValueError('a touch has no contact; at least one is needed')
    zones = np.zeros((ZONES, _BINS))
    for one in contacts:
        first = min(_BINS - 1, max(0, round(one.begin_s / _BIN_S)))
        last = min(_BINS, max(first + 1, round(one.end_s / _BIN_S)))
        zones[zlib.crc32(one.zone.encode()) % ZONES, first:last] = 1.0
    touched = zones.max(0)
    begins, ends = _episodes(touched)
    lengths, gaps = (ends - begins) * _BIN_S, (begins[1:] - ends[:-1]) * _BIN_S
    share = zones.sum(1) / zones.sum()
    when = zones @ np.linspace(-1.0, 1.0, _BINS) / np.maximum(zones.sum(1), 1.0)
    span = float(ends[-1] * _BIN_S)
    shape = touched.reshape(_SHAPE, -1).mean(1)
    shape = np.convolve(shape, [0.25, 0.5, 0.25], 'same')
    numbers = [np.log(lengths.mean()), np.log(lengths.max()), lengths.std() * 3,
               np.log(gaps.mean()) if len(gaps) else 0.0, gaps.std() * 3 if len(gaps) else 0.0,
               span, 2 * touched.sum() * _BIN_S / span]
    return np.concatenate([
        shape, np.arange(COUNTED) < len(lengths), numbers, 8 * share,
        4 * share * when, [zones.sum(0).max(), zones.sum() / touched.sum()]]).astype(np.float32)


def versions(contacts: tuple[Contact, ...]) -> Floats:
    """(VERSIONS, WIDTH): a touch as it was and as it may be another time, the first as it was.

    Faster or slower, each contact a little earlier or longer. The same touch gives the same rows.
    """
    rng = np.random.default_rng(0)
    rows = [row(contacts)]
    while len(rows) < VERSIONS:
        pace = math.exp(rng.normal(0.0, 0.2))
        rows.append(row(tuple(_another(one, pace, rng) for one in contacts)))
    return np.array(rows)


def _another(one: Contact, pace: float, rng: np.random.Generator) -> Contact:
    begin = max(0.0, one.begin_s * pace + rng.normal(0.0, 0.03))
    length = (one.end_s - one.begin_s) * pace * math.exp(rng.normal(0.0, 0.25))
    return Contact(one.zone, begin, begin + max(_BIN_S, length))


def _episodes(touched: Doubles) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First bins of contact, and first bins after it; short breaks do not count."""
    edges = np.diff(np.concatenate([[0.0], touched, [0.0]]))
    begins, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    apart = begins[1:] - ends[:-1] > _APART_S / _BIN_S
    return begins[np.concatenate([[True], apart])], ends[np.concatenate([apart, [True]])]
