"""What training learns of speech: how people phrase, and how a recogniser mishears them.

    python -m yan_brain.training.speech_text phrasing
    python -m yan_brain.training.speech_text hear --count 2400 --out data/heard_en.jsonl

`phrasing` counts the words of drawn English instructions: what the recogniser expects to be
said (`yan_brain.perception.phrasing`). `hear` has instructions spoken by TRAIN_VOICES in noise
of 15 to 30 dB, transcribes them and writes what was said beside what was heard. With `--texts
FILE` (one instruction a line) it speaks those; otherwise it draws them, with their labels.
"""
from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from yan_brain.perception.phrasing import Phrasing, words_of
from yan_brain.perception.recogniser import (
    Moonshine,
    MoonshineConfig,
    RecogniserMissing,
    bundled_phrasing,
)
from yan_brain.simulation.voice import (
    RATE_HZ,
    TRAIN_VOICES,
    VoiceError,
    available,
    mix,
    synthesise,
)
from yan_brain.training.language import draw_utterance, record

PHRASING = Path(__file__).parent.parent / 'perception' / 'phrasing_en.npz'
PAUSE_S = 0.25                          # before and after the words
SNR_DB = (15.0, 30.0)
DISTANCE_M = (0.5, 4.0)
RATES, PITCHES = (0.85, 1.2), (0.85, 1.2)


def speak_and_hear(text: str, recogniser: Moonshine, voices: tuple[str, ...],
                   rng: np.random.Generator) -> tuple[str, str, float]:
    """One instruction through the air: (what was heard, voice, signal-to-noise ratio in dB)."""
    voice = voices[int(rng.integers(len(voices)))]
    snr_db = float(rng.uniform(*SNR_DB))
    speech = synthesise(text, voice, rate=float(rng.uniform(*RATES)),
                        pitch=float(rng.uniform(*PITCHES)))
    padded = np.pad(speech, round(PAUSE_S * RATE_HZ))
    heard = recogniser.transcribe(mix(padded, snr_db, float(rng.uniform(*DISTANCE_M)), rng))
    return heard, voice, snr_db


def word_errors(said: str, heard: str) -> int:
    """Words to change, add or drop (Levenshtein) to make `heard` of `said`."""
    one, other = words_of(said), words_of(heard)
    row = list(range(len(other) + 1))
    for i, word in enumerate(one, 1):
        corner, row[0] = row[0], i
        for j, against in enumerate(other, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (word != against))
    return row[-1]


def learn_phrasing(count: int, seed: int) -> Phrasing:
    """The phrasing of `count` drawn English instructions."""
    rng = random.Random(seed)
    return Phrasing.learn(draw_utterance(rng, 'en', noise=False).text for _ in range(count))


def _lines(texts: Path | None, count: int, seed: int) -> Iterator[tuple[str, str | None]]:
    """Texts, and for drawn ones the line that `record` makes with an empty `heard`."""
    if texts is not None:
        for line in texts.read_text(encoding='utf-8').splitlines():
            if line.strip():
                yield line.strip(), None
        return
    rng = random.Random(seed)
    for _ in range(count):
        drawn = draw_utterance(rng, 'en', noise=False)
        yield drawn.text, record(drawn, '')


def hear(out: Path, texts: Path | None, count: int, seed: int) -> int:
    """Writes the pairs, 50 at a time; returns an exit code."""
    voices = available(TRAIN_VOICES)
    if not voices:
        print('error: none of the training voices is on this machine; install them with: '
              'apt-get install flite espeak-ng', file=sys.stderr)
        return 1
    # A busy machine shall make the work slow, not wrong.
    recogniser = Moonshine(MoonshineConfig(limit_s=120.0), bundled_phrasing())
    rng = np.random.default_rng((seed, 11))
    out.parent.mkdir(parents=True, exist_ok=True)
    done = words = errors = exact = 0
    began_s = time.monotonic()
    partial = out.with_name(out.name + '.partial')
    with partial.open('w', encoding='utf-8', buffering=1) as file:
        for text, line in _lines(texts, count, seed):
            try:
                heard, voice, snr_db = speak_and_hear(text, recogniser, voices, rng)
            except (VoiceError, ValueError) as error:
                print(f'left out {text!r}: {error}', file=sys.stderr)
                continue
            row = json.loads(line) if line else {'text': text}
            row |= {'heard': heard, 'voice': voice, 'snr_db': round(snr_db, 1)}
            file.write(json.dumps(row, ensure_ascii=False) + '\n')
            wrong = word_errors(text, heard)
            done, words, errors = done + 1, words + len(words_of(text)), errors + wrong
            exact += wrong == 0
            if done % 50 == 0:
                shutil.copy(partial, out.with_name(out.name + '.new'))
                out.with_name(out.name + '.new').replace(out)   # usable while it grows
                print(f'{done} heard, word errors {errors / words:.3f}, '
                      f'{(time.monotonic() - began_s) / done:.2f} s each', flush=True)
    partial.replace(out)
    print(f'{out}: {done} pairs, word errors {errors / max(words, 1):.3f}, '
          f'{exact / max(done, 1):.3f} without any (numbers written otherwise count as errors)')
    return 0


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog='python -m yan_brain.training.speech_text',
                                     description=(__doc__ or '').split('\n\n')[0])
    commands = parser.add_subparsers(dest='command', required=True)
    one = commands.add_parser('phrasing', help='count what instructions sound like')
    one.add_argument('--count', type=int, default=60_000, help='instructions to draw')
    one.add_argument('--seed', type=int, default=1)
    one.add_argument('--out', type=Path, default=PHRASING)
    two = commands.add_parser('hear', help='speak, transcribe, write pairs')
    two.add_argument('--texts', type=Path, help='instructions, one a line, instead of drawn ones')
    two.add_argument('--count', type=int, default=2400, help='instructions to draw')
    two.add_argument('--seed', type=int, default=2)
    two.add_argument('--out', type=Path, default=Path('data/heard_en.jsonl'))
    chosen = parser.parse_args(arguments)
    if chosen.count < 1:
        parser.error(f'--count is {chosen.count}; allowed: at least 1')
    if chosen.command == 'phrasing':
        learn_phrasing(chosen.count, chosen.seed).save(chosen.out)
        print(f'{chosen.out}: {chosen.out.stat().st_size / 1024:.0f} KiB')
        return 0
    try:
        return hear(chosen.out, chosen.texts, chosen.count, chosen.seed)
    except (RecogniserMissing, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
