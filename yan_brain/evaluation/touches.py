"""Touches taught once, each by one showing: felt again among others, and unknown ones refused.

Everything goes the way of the robot: readings of its zones, patterns, rows, the concept memory.
People are made by code (`yan_brain.simulation.touches`): in every round some kinds of touch are
taught, with parameters drawn for that round; the others, and what befalls a robot, are unknown.
"""
from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

from yan_brain.evaluation.report import Result, fraction
from yan_brain.evaluation.tally import Tally
from yan_brain.mind.touches import Touches
from yan_brain.simulation.touches import KINDS, ORDINARY, Source, do, draw

FIGURES = ('touch_taught_once', 'touch_unknown_refused')
TAUGHT = 6               # kinds of a round; the others of it are unknown
ASKED = 3                # times that each is done again
APART_S = 20.0


class Skin:
    """One life of the skin, feeling one touch after another."""

    def __init__(self, seed: int) -> None:
        self._at_s = 0.0
        self.touches = Touches(steady_s=lambda: self._at_s)
        self.rng = np.random.default_rng([seed, 78])

    def feel(self, source: Source) -> set[str]:
        """What it took a touch for that was done once more."""
        self._at_s += APART_S
        found = set[str]()
        for touch in do(source, self.rng, self._at_s):
            self._at_s = touch.stamp_s
            self.touches.feel(touch)
            found |= {name for name in self.touches.memory.names if self.touches.holds(name)}
        return found

    def teach(self, name: str, source: Source) -> bool:
        """One showing, then its name; False: it felt nothing."""
        self.feel(source)
        rows = self.touches.listen(0.0)
        if rows is not None:
            self.touches.memory.learn(name, rows)
        return rows is not None


def measure(wanted: set[str], args: argparse.Namespace) -> Iterator[Result]:
    """The figures that are wanted."""
    if not wanted & set(FIGURES):
        return
    tally = Tally()
    for number in range(args.touch_rounds):
        skin = Skin(args.seed * 1000 + number)
        kinds = [str(kind) for kind in skin.rng.permutation(list(KINDS))]
        known = {kind: draw(kind, skin.rng) for kind in kinds[:TAUGHT]}
        for name, source in known.items():
            skin.teach(name, source)
        for name, source in known.items():
            for _ in range(ASKED):
                tally.known(name, skin.feel(source) == {name})
        for kind in (*kinds[TAUGHT:], *ORDINARY):
            for _ in range(ASKED):
                tally.stranger(kind, bool(skin.feel(draw(kind, skin.rng))))
    if 'touch_taught_once' in wanted:
        yield fraction('lessons.touch_taught_once', successes=tally.right, n=tally.asked,
                       note=(
            f'of {TAUGHT} touches taught by one showing each, done again; missed: '
            f'{tally.missed}'))
    if 'touch_unknown_refused' in wanted:
        yield fraction('lessons.touch_unknown_refused', successes=tally.refused, n=tally.unknown,
                       note=(
            f'of kinds never taught, bumps and leaning; taken: {tally.taken}'))
