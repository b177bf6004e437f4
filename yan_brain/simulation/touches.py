"""People's touches, made by code: each kind drawn with parameters, and never done twice alike."""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from yan_brain.signals import Touch

ZONES = ('front_left', 'front_right', 'rear_left', 'rear_right', 'head', 'back')
PERIOD_S = 0.1           # between readings of a skin that does not change
_TICK_S = 0.02
_PACE, _LENGTH, _MOMENT = 0.1, 0.12, 0.015       # how much a person varies: shares, seconds

Span = tuple[str, float, float]                  # zone, from and to in seconds


@dataclass(frozen=True, slots=True)
class Source:
    """One person's way of doing one kind of touch."""

    kind: str
    spans: tuple[Span, ...]


def draw(kind: str, rng: np.random.Generator) -> Source:
    """A way of doing a kind of `KINDS` (or of `ORDINARY`)."""
    zones = [str(zone) for zone in rng.permutation(ZONES)]
    return Source(kind, tuple((KINDS | ORDINARY)[kind](zones, rng)))


def do(source: Source, rng: np.random.Generator, begin_s: float) -> list[Touch]:
    """The readings while a touch is done once more, from a moment before to a second after."""
    pace = math.exp(rng.normal(0.0, _PACE))
    spans = []
    for zone, begin, end in source.spans:
        first = 0.3 + max(0.0, begin * pace + rng.normal(0.0, _MOMENT))
        length = (end - begin) * pace * math.exp(rng.normal(0.0, _LENGTH))
        spans.append((zone, first, first + max(0.03, length)))
    readings, before, told_s = [], frozenset[str](), -math.inf
    for tick in range(round((max(end for _, _, end in spans) + 1.2) / _TICK_S)):
        at_s = tick * _TICK_S
        pressed = frozenset(zone for zone, begin, end in spans if begin <= at_s < end)
        if pressed != before or at_s - told_s >= PERIOD_S - 1e-6:
            readings.append(Touch(stamp_s=begin_s + at_s, pressed=pressed))
            before, told_s = pressed, at_s
    return readings


def _again(zone: str, count: int, length: float, gap: float) -> list[Span]:
    return [(zone, i * (length + gap), i * (length + gap) + length) for i in range(count)]


def _tap(zones: list[str], rng: np.random.Generator) -> list[Span]:
    return _again(zones[0], 1, rng.uniform(0.06, 0.18), 0.0)


def _pat(zones: list[str], rng: np.random.Generator) -> list[Span]:
    return _again(zones[0], int(rng.integers(2, 4)), rng.uniform(0.12, 0.25),
                  rng.uniform(0.15, 0.35))


def _drum(zones: list[str], rng: np.random.Generator) -> list[Span]:
    return _again(zones[0], int(rng.integers(5, 8)), rng.uniform(0.05, 0.1),
                  rng.uniform(0.08, 0.15))


def _press(zones: list[str], rng: np.random.Generator) -> list[Span]:
    return _again(zones[0], 1, rng.uniform(0.7, 1.5), 0.0)


def _hug(zones: list[str], rng: np.random.Generator) -> list[Span]:
    length = rng.uniform(0.8, 1.5)
    return [(zone, rng.uniform(0.0, 0.15), length) for zone in zones[:int(rng.integers(4, 7))]]


def _squeeze(zones: list[str], rng: np.random.Generator) -> list[Span]:
    length, gap = rng.uniform(0.2, 0.45), rng.uniform(0.2, 0.4)
    return [span for zone in zones[:2] for span in _again(zone, 2, length, gap)]


def _stroke(zones: list[str], rng: np.random.Generator) -> list[Span]:
    step = rng.uniform(0.15, 0.35)
    return [(zone, i * step, (i + 1.3) * step) for i, zone in enumerate(zones[:4])]


def _tickle(zones: list[str], rng: np.random.Generator) -> list[Span]:
    length, gap = rng.uniform(0.06, 0.12), rng.uniform(0.05, 0.12)
    return [(zones[i % 3], i * (length + gap), i * (length + gap) + length)
            for i in range(int(rng.integers(6, 10)))]


def _rhythm(zones: list[str], rng: np.random.Generator) -> list[Span]:
    """Long and short, as at a door."""
    short, gap = rng.uniform(0.06, 0.12), rng.uniform(0.15, 0.25)
    lengths = rng.permutation([short, short, 4 * short])
    begins = np.concatenate([[0.0], np.cumsum(lengths + gap)[:-1]])
    return [(zones[0], float(b), float(b + n)) for b, n in zip(begins, lengths, strict=True)]


def _bump(zones: list[str], rng: np.random.Generator) -> list[Span]:
    """The robot runs against something, and trembles."""
    spans = _again(zones[0], int(rng.integers(1, 4)), rng.uniform(0.04, 0.4),
                   rng.uniform(0.04, 0.2))
    return spans + [(zones[1], b, e) for _, b, e in spans if rng.random() < 0.3]


def _lean(zones: list[str], rng: np.random.Generator) -> list[Span]:
    return [(zone, 0.0, rng.uniform(1.5, 2.5)) for zone in zones[:int(rng.integers(1, 3))]]


Kind = Callable[[list[str], np.random.Generator], list[Span]]
KINDS: dict[str, Kind] = {
    'tap': _tap, 'pat': _pat, 'drum': _drum, 'press': _press, 'hug': _hug, 'squeeze': _squeeze,
    'stroke': _stroke, 'tickle': _tickle, 'rhythm': _rhythm}
ORDINARY: dict[str, Kind] = {'bump': _bump, 'lean': _lean}
