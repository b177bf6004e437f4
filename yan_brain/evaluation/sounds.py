"""Sounds taught once, each in one hearing: found again among others, and unknown ones refused.

Everything goes the way of the robot: a stream in pieces of 0.1 s, its events, the rows, the
concept memory. Sounds are made by code (`yan_brain.simulation.sounds`), two of each kind in every
round, with parameters drawn for that round; the world of sounds holds none of these kinds, and
its speech is of another voice.
"""
from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from yan_brain.evaluation.report import Result, fraction
from yan_brain.evaluation.tally import Tally
from yan_brain.mind.sounds import Sounds
from yan_brain.signals import Sound
from yan_brain.simulation.sounds import KINDS, ORDINARY, Source, draw, in_room, loudness, play
from yan_brain.simulation.voice import PERSON_VOICE, RATE_HZ, synthesise

FIGURES = ('sound_once', 'sound_unknown_refused')
TAUGHT = 12              # sounds of a round; the others of it are the unknown ones
ASKED = 2                # hearings of each that was taught
TEACH_DB, ASK_DB = 25.0, 20.0            # signal to noise
APART_S = 20.0
SAID = ('this is the bell', 'come over here please', 'when you hear the whistle turn left', 'yes')
_PIECE = RATE_HZ // 10


class Listener:
    """One life of the ears, hearing one recording after another."""

    def __init__(self, seed: int) -> None:
        self.sounds = Sounds()
        self.rng = np.random.default_rng([seed, 77])
        self._at_s = 0.0

    def hear(self, samples: NDArray[np.int16]) -> set[str]:
        """What it took (n,) int16 at 16 kHz for."""
        self._at_s += APART_S
        names, found = self.sounds.memory.names, set[str]()
        for begin in range(0, len(samples), _PIECE):
            self.sounds.hear(Sound(stamp_s=self._at_s + begin / RATE_HZ,
                                   samples=samples[begin:begin + _PIECE], rate_hz=RATE_HZ))
            found |= {name for name in names if self.sounds.holds(name)}
        return found

    def play(self, source: Source, snr_db: float) -> set[str]:
        """What it took one hearing of a sound for, at some loudness."""
        return self.hear(in_room(play(source, self.rng), loudness(self.rng), snr_db, self.rng))

    def teach(self, name: str, source: Source) -> bool:
        """One hearing, then its name; False: it heard nothing."""
        self.play(source, TEACH_DB)
        rows = self.sounds.listen(0.0)
        if rows is not None:
            self.sounds.memory.learn(name, rows)
        return rows is not None


def measure(wanted: set[str], args: argparse.Namespace) -> Iterator[Result]:
    """The figures that are wanted."""
    if not wanted & set(FIGURES):
        return
    tally = Tally()
    for number in range(args.sound_rounds):
        ear = Listener(args.seed * 1000 + number)
        sources = [draw(kind, ear.rng) for kind in KINDS for _ in range(2)]
        order = [int(i) for i in ear.rng.permutation(len(sources))]
        known = {f'sound {i}': sources[i] for i in order[:TAUGHT]}
        for name, source in known.items():
            ear.teach(name, source)
        for name, source in known.items():
            for _ in range(ASKED):
                tally.known(source.kind, ear.play(source, ASK_DB) == {name})
        others = [(sources[i].kind, ear.play(sources[i], ASK_DB)) for i in order[TAUGHT:]]
        others += [(kind, ear.play(draw(kind, ear.rng), ASK_DB)) for kind in ORDINARY]
        others += [('speech', ear.hear(in_room(synthesise(text, PERSON_VOICE), 1.0, ASK_DB,
                                               ear.rng))) for text in SAID]
        for kind, found in others:
            tally.stranger(kind, bool(found))
    if 'sound_once' in wanted:
        yield fraction('lessons.sound_once', successes=tally.right, n=tally.asked,
                       note=(
            f'of {TAUGHT} sounds taught in one hearing each, new hearings at {ASK_DB:g} dB; '
            f'missed: {tally.missed}'))
    if 'sound_unknown_refused' in wanted:
        yield fraction('lessons.sound_unknown_refused', successes=tally.refused, n=tally.unknown,
                       note=(
            'sounds never taught, most of them of the kinds that were taught, steps, hum, speech; '
            f'taken: {tally.taken}'))
