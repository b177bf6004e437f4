"""Persons taught by one sentence: known again in other sentences, and strangers refused.

Everything goes the way of the robot: the home's microphone in pieces of 0.1 s, the ear's
utterances, the voice's row, the concept memory; only words are not recognised. Speakers are
programs (`simulation.voice.PEOPLE`), or people: one folder of WAV files for each (`--recordings`).
No speaker of PEOPLE was used for finding settings.
"""
from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yan_brain.evaluation.hearing import AFTER_S, BEFORE_S, PIECE_S, instructions
from yan_brain.evaluation.report import Result, fraction
from yan_brain.evaluation.tally import Tally
from yan_brain.mind.persons import Persons
from yan_brain.perception.hearing import Ear
from yan_brain.perception.microphone import read_wav
from yan_brain.perception.voiceprint import EncoderMissing, VoiceEncoder
from yan_brain.signals import Sound
from yan_brain.simulation.voice import PEOPLE, RATE_HZ, available, mix, synthesise

FIGURES = ('voice_taught_once', 'voice_unknown_refused', 'voice_taught_thrice', 'voice_ms')
TAUGHT = 5               # persons in the room
ASKED = 4                # sentences of each, known or not
TOLD = 3                 # sentences that tell who it is, at most
SNR_DB = 20.0
APART_S = 20.0
LONGEST_S = 3.0          # of a recording: a sentence, not a chapter
NAMES = ('Anna', 'Tom', 'Maria', 'Peter', 'Julia')


class _Words:
    """Stands for the recogniser."""

    def transcribe(self, samples: NDArray[np.int16]) -> str:
        return 'words'


class Room:
    """One life of the ears with persons around them."""

    def __init__(self, encoder: VoiceEncoder, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 79])
        self.milliseconds: list[float] = []
        self.persons = Persons(encode=lambda samples: self._timed(encoder, samples),
                               steady_s=lambda: self._at_s)
        self._ear, self._at_s = Ear(recogniser=_Words()), 0.0

    def hear(self, speech: NDArray[np.int16]) -> str:
        """Who it takes a sentence for, said at a metre; '' for nobody."""
        self._at_s += APART_S
        silence = [np.zeros(round(s * RATE_HZ), np.int16) for s in (BEFORE_S, AFTER_S)]
        heard = mix(np.concatenate([silence[0], speech, silence[1]]), SNR_DB, 1.0, self.rng)
        names, piece = [], round(PIECE_S * RATE_HZ)
        for begin in range(0, heard.size, piece):
            if self._ear.hear(Sound(stamp_s=self._at_s, samples=heard[begin:begin + piece],
                                    rate_hz=RATE_HZ)):
                names.append(self.persons.hear(self._ear.utterance))
            self._at_s += PIECE_S
        return next(filter(None, names), '')

    def teach(self, name: str, speech: NDArray[np.int16]) -> bool:
        """A sentence, then its speaker's name; False: no voice was heard."""
        self.hear(speech)
        rows = self.persons.listen(0.0)
        if rows is not None:
            self.persons.memory.learn(name, rows)
        return rows is not None

    def _timed(self, encoder: VoiceEncoder,
               samples: NDArray[np.int16]) -> NDArray[np.float32] | None:
        began = time.perf_counter()
        row = encoder.row(samples)
        self.milliseconds.append((time.perf_counter() - began) * 1e3)
        return row


class Recordings:
    """People, as they were recorded: one folder of WAV files for each.

    Raises:
        ValueError: too few people, or too few recordings of one.
    """

    def __init__(self, folder: Path) -> None:
        self._files = {place.name: sorted(place.rglob('*.wav'))
                       for place in sorted(folder.iterdir()) if place.is_dir()}
        least = TOLD + ASKED
        short = [name for name, files in self._files.items() if len(files) < least]
        if len(self._files) <= TAUGHT or short:
            raise ValueError(
                f'{folder} has {len(self._files)} folders, with less than {least} WAV files in '
                f'{short or "none"}; it needs more than {TAUGHT} folders, one for each person')

    @property
    def people(self) -> tuple[str, ...]:
        """Names of the folders."""
        return tuple(self._files)

    def draw(self, who: str, count: int, rng: np.random.Generator) -> list[NDArray[np.int16]]:
        """Different recordings of one person, each LONGEST_S at most."""
        files = [self._files[who][i] for i in rng.permutation(len(self._files[who]))[:count]]
        return [read_wav(path)[:round(LONGEST_S * RATE_HZ)]
                for path in files]


class Programs:
    """Speakers that are programs, saying who they are and what to do."""

    people = available(tuple(PEOPLE))

    def draw(self, who: str, count: int, rng: np.random.Generator) -> list[NDArray[np.int16]]:
        """Sentences of one speaker; the first TOLD tell a name."""
        names = [str(name) for name in rng.permutation(NAMES)[:min(TOLD, count)]]
        texts = [f'hello robot, my name is {name}' for name in names]
        texts += list(instructions(count - len(texts), int(rng.integers(1 << 30))))
        return [synthesise(text, who) for text in texts]


def measure(wanted: set[str], args: argparse.Namespace) -> Iterator[Result]:
    """The figures that are wanted."""
    if not wanted & set(FIGURES):
        return
    try:
        encoder = VoiceEncoder()
    except EncoderMissing as error:
        yield from (Result(name=f'lessons.{name}', value=None, note=str(error))
                    for name in FIGURES if name in wanted)
        return
    source = Recordings(args.recordings) if args.recordings else Programs()
    once, thrice, mistaken, took = Tally(), Tally(), 0, list[float]()
    for number in range(args.voice_rounds):
        room = Room(encoder, args.seed * 1000 + number)
        order = [str(who) for who in room.rng.permutation(source.people)]
        said = {who: source.draw(who, TOLD + ASKED, room.rng) for who in order}
        for lessons in (1, TOLD):
            tally = once if lessons == 1 else thrice
            for who in order[:TAUGHT]:
                for sentence in said[who][0 if lessons == 1 else 1:lessons]:
                    room.teach(who, sentence)
            for who in order:
                for sentence in said[who][TOLD:]:
                    found = room.hear(sentence)
                    if who in order[:TAUGHT]:
                        tally.known(who, found == who.casefold())
                        mistaken += tally is once and found not in ('', who.casefold())
                    else:
                        tally.stranger(who, bool(found))
        took += room.milliseconds
    yield from (one for name, one in _results(once, thrice, mistaken, took, source.people)
                if name in wanted)


def _results(once: Tally, thrice: Tally, mistaken: int, took: list[float],
             people: tuple[str, ...]) -> Iterator[tuple[str, Result]]:
    about = f'{TAUGHT} of {len(people)} speakers taught, other sentences at {SNR_DB:g} dB'
    yield FIGURES[0], fraction(
        'lessons.voice_taught_once', successes=once.right, n=once.asked,
        note=f'{about}; taken for another: {mistaken}; not known again: {once.missed}')
    yield FIGURES[1], fraction(
        'lessons.voice_unknown_refused', successes=once.refused, n=once.unknown,
        note=f'speakers never taught; taken for one that was: {once.taken}')
    yield FIGURES[2], fraction(
        'lessons.voice_taught_thrice', successes=thrice.right, n=thrice.asked,
        note=f'the same after {TOLD} sentences of each; strangers refused: {thrice.refused} of '
             f'{thrice.unknown}')
    yield FIGURES[3], Result(name='lessons.voice_ms', value=float(np.median(took)), unit='ms',
                             n=len(took), note=f'a sentence, median; 99%: '
                             f'{np.percentile(took, 99):.0f}')
