"""Voices for the simulated person and the robot: offline text to speech, noise and distance.

Three engines, all offline. `pico` (SVOX Pico by the package py-nanotts, Apache-2.0) comes with
pip. `flite` and `espeak` (Debian flite and espeak-ng, the latter GPL-3) are optional and only
ever run as programs.

`TRAIN_VOICES` and `TEST_VOICES` share no speaker, and Pico is an engine that training never
hears: spoken evaluations use the latter alone.
"""
from __future__ import annotations

import io
import math
import shutil
import subprocess
import wave
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
LONGEST_TEXT = 400                      # characters
ENGINE_LIMIT_S = 20.0                   # of waiting for a program
NEAREST_M = 0.3                         # nobody speaks from nearer
ACTIVE_DB = 35.0                        # frames this far below the loudest count as pauses
_FRAME = 320                            # 20 ms


class VoiceError(RuntimeError):
    """No speech could be made. The text says what is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One speaker: the engine and its own name for the speaker."""

    engine: str
    speaker: str


VOICES: dict[str, Voice] = {
    'pico-gb': Voice('pico', 'en-GB'),
    'pico-us': Voice('pico', 'en-US'),
    'flite-slt': Voice('flite', 'slt'),
    'flite-awb': Voice('flite', 'awb'),
    'flite-rms': Voice('flite', 'rms'),
    'flite-kal': Voice('flite', 'kal16'),
    'espeak-us': Voice('espeak', 'en-us'),
    'espeak-us-f2': Voice('espeak', 'en-us+f2'),
    'espeak-us-m3': Voice('espeak', 'en-us+m3'),
    'espeak-gb': Voice('espeak', 'en-gb'),
    'espeak-gb-f4': Voice('espeak', 'en-gb+f4'),
    'espeak-gb-m7': Voice('espeak', 'en-gb+m7'),
}
TEST_VOICES: tuple[str, ...] = ('pico-gb', 'pico-us', 'flite-slt')
TRAIN_VOICES: tuple[str, ...] = tuple(name for name in VOICES if name not in TEST_VOICES)
# Speakers that differ by their voice, not by accent alone, for telling persons apart.
PEOPLE: dict[str, Voice] = {
    **{name: voice for name, voice in VOICES.items() if name != 'espeak-gb'},
    'pico-de': Voice('pico', 'de-DE'), 'pico-es': Voice('pico', 'es-ES'),
    'pico-fr': Voice('pico', 'fr-FR'), 'pico-it': Voice('pico', 'it-IT'),
}
ROBOT_VOICE = 'pico-us'
PERSON_VOICE = 'pico-gb'


def available(names: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Those of `names` (default: all) whose engine is on this machine."""
    return tuple(name for name in (names or tuple(VOICES)) if _present(_voice(name).engine))


def synthesise(text: str, voice: str = PERSON_VOICE, *, rate: float = 1.0,
               pitch: float = 1.0) -> NDArray[np.int16]:
    """`text` spoken: (n,) int16 at 16 kHz.

    `rate` and `pitch` are factors, 0.5 to 2 (`pitch` has no effect on flite's rms, awb, slt).
    Raises ValueError for text that is empty or longer than 400 characters, an unknown voice or
    a factor out of range; VoiceError when the engine is absent or fails.
    """
    chosen = _voice(voice)
    words = ' '.join(text.replace('\0', ' ').split())
    if not words or len(words) > LONGEST_TEXT:
        raise ValueError(f'text to speak has {len(words)} characters; allowed: 1 to '
                         f'{LONGEST_TEXT}')
    for name, factor in (('rate', rate), ('pitch', pitch)):
        if not (math.isfinite(factor) and 0.5 <= factor <= 2.0):
            raise ValueError(f'{name} is {factor!r}; allowed: 0.5 to 2')
    if not _present(chosen.engine):
        raise VoiceError(f'voice {voice!r} needs {_SOURCES[chosen.engine]}; present here: '
                         + (', '.join(available()) or 'none'))
    samples = _ENGINES[chosen.engine](words, chosen.speaker, rate, pitch)
    if not samples.any():
        raise VoiceError(f'voice {voice!r} made no sound of {words!r}; it holds nothing that the '
                         'voice can pronounce')
    return samples


def mix(speech: NDArray[np.int16], snr_db: float, distance_m: float,
        rng: np.random.Generator) -> NDArray[np.int16]:
    """What a microphone hears of `speech` (1 m from the mouth) at `distance_m`, with room noise.

    Speech fades with 1/distance; the noise lies `snr_db` below what is left of it. (n,) int16
    in and out. Raises ValueError for a distance or a ratio that is not a finite number.
    """
    if not math.isfinite(snr_db) or not math.isfinite(distance_m) or distance_m < 0:
        raise ValueError(f'mix: snr_db {snr_db!r}, distance_m {distance_m!r}; allowed: finite, '
                         'distance at least 0')
    faded = speech.astype(np.float64) / max(distance_m, NEAREST_M)
    noise = room_noise(faded.size, rng)
    heard = faded + noise * active_rms(faded) * 10.0 ** (-snr_db / 20.0)
    return to_int16(heard)


def room_noise(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """`count` samples of noise with a mean square of 1, shaped as the noise of a room.

    Hoth (1941), as in ITU-T P.800 and IEEE 269: the power falls by 5 dB an octave, here from
    100 Hz up.
    """
    if count == 0:
        return np.zeros(0)
    spectrum = np.fft.rfft(rng.standard_normal(max(count, 2)))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(max(count, 2), 1.0 / RATE_HZ), 100.0) / 100.0)
    noise = np.fft.irfft(spectrum * 10.0 ** (-5.0 * octaves / 20.0), max(count, 2))[:count]
    return noise / max(float(np.sqrt(np.mean(noise ** 2))), 1e-12)


def active_rms(samples: NDArray[np.float64]) -> float:
    """The root mean square of what is spoken, pauses left out; 0 for silence."""
    whole = samples.size // _FRAME * _FRAME
    if whole == 0:
        return float(np.sqrt(np.mean(samples ** 2))) if samples.size else 0.0
    power = np.mean(samples[:whole].reshape(-1, _FRAME) ** 2, axis=1)
    loud = power[power > power.max() * 10.0 ** (-ACTIVE_DB / 10.0)]
    return float(np.sqrt(loud.mean())) if loud.size else 0.0


def to_int16(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    """Rounded, and clipped to what int16 holds."""
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def _pico(text: str, speaker: str, rate: float, pitch: float) -> NDArray[np.int16]:
    import py_nanotts

    # Pico reads markup between < and >; words are wanted, never commands.
    raw = py_nanotts.NanoTTS().speak(text.replace('<', ' ').replace('>', ' '), voice=speaker,
                                     speed=rate, pitch=pitch, volume=1.0)
    return np.frombuffer(raw, '<i2').astype(np.int16)


def _flite(text: str, speaker: str, rate: float, pitch: float) -> NDArray[np.int16]:
    command = ['flite', '-voice', speaker, '--setf', f'duration_stretch={1.0 / rate:.3f}']
    if speaker == 'kal16':              # the others carry their melody in their data
        command += ['--setf', f'int_f0_target_mean={105.0 * pitch:.1f}']
    return _run([*command, '-t', text, '-o', '/dev/stdout'])


def _espeak(text: str, speaker: str, rate: float, pitch: float) -> NDArray[np.int16]:
    return _run(['espeak-ng', '-v', speaker, '-s', str(round(165 * rate)),
                 '-p', str(min(99, round(50 * pitch))), '--stdout', '--stdin'], text)


_ENGINES: dict[str, Callable[[str, str, float, float], NDArray[np.int16]]] = {
    'pico': _pico, 'flite': _flite, 'espeak': _espeak}
_SOURCES = {'pico': 'the Python package py-nanotts', 'flite': 'the program flite (Debian: flite)',
            'espeak': 'the program espeak-ng (Debian: espeak-ng)'}


@cache
def _present(engine: str) -> bool:
    if engine == 'pico':
        from importlib.util import find_spec
        return find_spec('py_nanotts') is not None
    return shutil.which({'flite': 'flite', 'espeak': 'espeak-ng'}[engine]) is not None


def _run(command: list[str], text: str | None = None) -> NDArray[np.int16]:
    """Runs a program that writes a WAV to its standard output."""
    try:
        done = subprocess.run(command, input=None if text is None else text.encode(),
                              stdin=subprocess.DEVNULL if text is None else None,
                              capture_output=True, timeout=ENGINE_LIMIT_S, check=True)
    except subprocess.TimeoutExpired as error:
        raise VoiceError(f'{command[0]} took more than {ENGINE_LIMIT_S:g} s') from error
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, 'stderr', None) or b'').decode(errors='replace').strip()
        raise VoiceError(f'{command[0]} failed: {error}; it said: {said or "nothing"}') from error
    return _read_wav(done.stdout, command[0])


def _voice(name: str) -> Voice:
    found = VOICES.get(name) or PEOPLE.get(name)
    if found is None:
        raise ValueError(f'voice is {name!r}; allowed: {", ".join({**VOICES, **PEOPLE})}')
    return found


def _read_wav(raw: bytes, source: str) -> NDArray[np.int16]:
    import soxr

    try:
        # A program that writes to a pipe cannot know the length: the header may say too much.
        with wave.open(io.BytesIO(raw)) as file:
            hertz, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            samples = np.frombuffer(file.readframes(len(raw) // 2), '<i2')
    except (wave.Error, EOFError) as error:
        raise VoiceError(f'{source} did not write a WAV: {error}') from error
    if (width, channels) != (2, 1):
        raise VoiceError(f'{source} wrote {channels} channels of {8 * width} bits, not one of 16')
    if hertz == RATE_HZ:
        return samples.astype(np.int16)
    return to_int16(soxr.resample(samples.astype(np.float64), hertz, RATE_HZ))
