"""`yan-brain eval hearing`: are spoken instructions heard word by word?

Instructions that training never phrases, spoken by voices that it never heard, in noise of a
fixed ratio at the robot's ear: through the home's microphone and the ear, as in the spoken
obedience evaluation, but without a room and a robot, so that it takes a minute. `--voices train`
is for finding good settings without looking at the voices of the test.
"""
from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator

import numpy as np

from yan_brain.evaluation.report import Report, Result, fraction
from yan_brain.perception.hearing import Ear
from yan_brain.perception.phrasing import words_of
from yan_brain.signals import TARGET_SKILLS, Skill, Sound
from yan_brain.simulation.microphone import Microphone
from yan_brain.simulation.things import COLOURS, KINDS
from yan_brain.simulation.voice import (
    RATE_HZ,
    TEST_VOICES,
    TRAIN_VOICES,
    available,
    synthesise,
)
from yan_brain.training.language import draw_utterance, evaluation_phrase
from yan_brain.training.speech_text import word_errors

PIECE_S = 0.1
BEFORE_S, AFTER_S = 0.3, 1.5
TARGETS = sorted(TARGET_SKILLS, key=lambda skill: skill.value)
MOTIONS = (Skill.MOVE, Skill.TURN, Skill.STOP)


def instructions(count: int, seed: int) -> Iterator[str]:
    """Held-out English instructions: three with a target to each motion, as people give them."""
    rng = random.Random(f'hearing {seed}')
    for number in range(count):
        if number % 4 < 3:
            yield evaluation_phrase(rng, TARGETS[number % len(TARGETS)], rng.choice(COLOURS),
                                    rng.choice(KINDS), 'en')
        else:
            yield draw_utterance(rng, 'en', skill=rng.choice(MOTIONS), held_out=True,
                                 noise=False).text


def through_the_air(ear: Ear, text: str, voice: str, *, snr_db: float, distance_m: float,
                    rng: np.random.Generator) -> str:
    """What the ear makes of a text spoken once, with a little of the room before and after."""
    microphone = Microphone(snr_db=snr_db, at_ear=True, rng=rng,
                            voice=lambda words: synthesise(words, voice))
    now_s, until_s, said, heard = 0.0, BEFORE_S, False, []
    while now_s < until_s:
        if now_s >= BEFORE_S - PIECE_S and not said:
            until_s += microphone.say(text, distance_m, now_s) + AFTER_S
            said = True
        now_s += PIECE_S
        words = ear.hear(Sound(stamp_s=now_s - PIECE_S, samples=microphone.listen(now_s),
                               rate_hz=RATE_HZ))
        heard.append(words or '')
    heard.append(ear.flush() or '')
    return ' '.join(words for words in heard if words)


def measure(args: argparse.Namespace) -> list[Result]:
    """Speak and hear all; print what went wrong."""
    voices = available(TRAIN_VOICES if args.voices == 'train' else TEST_VOICES)
    if not voices:
        return [Result(name='hearing.exact', value=None, note=f'no {args.voices} voice is '
                       'installed here: apt-get install flite espeak-ng')]
    rng = np.random.default_rng(args.seed)
    recogniser = Ear().load()
    exact: Counter[str] = Counter()
    spoken: Counter[str] = Counter()
    words = errors = 0
    for number, text in enumerate(instructions(args.count, args.seed)):
        voice = voices[number % len(voices)]
        heard = through_the_air(Ear(recogniser=recogniser), text, voice, snr_db=args.snr,
                                distance_m=args.distance, rng=rng)
        wrong = word_errors(text, heard)
        spoken[voice] += 1
        exact[voice] += wrong == 0
        words, errors = words + len(words_of(text)), errors + wrong
        if wrong:
            print(f'  {voice:<12} {text!r} heard as {heard!r}', flush=True)
    note = ', '.join(f'{voice} {exact[voice]} of {spoken[voice]}' for voice in voices)
    return [fraction('hearing.exact', successes=sum(exact.values()), n=sum(spoken.values()),
                     note=note),
            Result(name='hearing.word_errors', value=errors / max(words, 1), unit='fraction',
                   n=words, note='numbers written otherwise count as errors')]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain eval hearing`."""
    parser.add_argument('--count', type=int, default=120, help='instructions')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--snr', type=float, default=20.0, metavar='DB', help='at the ear')
    parser.add_argument('--distance', type=float, default=1.5, metavar='M', help='of the person')
    parser.add_argument('--voices', choices=('test', 'train'), default='test',
                        help='train: for finding settings')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def main(args: argparse.Namespace) -> int:
    """Print the report."""
    Report.run('eval hearing', args, lambda: measure(args))
    return 0
