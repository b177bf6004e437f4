"""What a sound is like: a second of it to one row of features, the same at any loudness.

Log-mel bands (Davis and Mermelstein, IEEE TASSP 28, 1980) and how they go in time: their mean and
spread, the shape of the loudness with its attack, its modulations (McDermott and Simoncelli,
Neuron 71, 2011), and how tonal it is. All energy is told relative to the strongest band and
FLOOR_DB below it everything is alike, so that neither loudness nor quiet noise matters. Nothing is
trained here; `yan_brain.learning` tells the rows apart.
"""
from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from yan_brain.perception.sound import RATE_HZ, SoundError

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

CORE = 'sound-1'         # rises whenever the rows below change their meaning
WINDOW_S = 1.0
SHORTEST_S = 0.05
BANDS = 40
FLOOR_DB = 30.0
_WINDOW = round(WINDOW_S * RATE_HZ)
_FRAME, _HOP, _FFT = 400, 160, 512
_LOWEST_HZ, _HIGHEST_HZ = 100.0, 7600.0
_FRAMES = 1 + (_WINDOW - _FRAME) // _HOP
_SHAPE = 14              # pieces of the loudness in time
_MODULATIONS = 16        # cycles in a window, 1 to 16
_GROUPS = 4              # parts of the spectrum whose tonality is told
WIDTH = BANDS + BANDS // 2 + _SHAPE + _MODULATIONS + _GROUPS + 6
SNRS_DB = (30.0, 20.0, 15.0)             # of the versions of a sound that are learned together
PITCHES = (1.0, 0.98, 1.02, 1.0)


def timbre(samples: NDArray[np.int16]) -> Floats:
    """(WIDTH,) of the first WINDOW_S of a sound at 16 kHz, which begins with its onset.

    Raises:
        SoundError: it is no (n,) int16, shorter than SHORTEST_S, or silent.
    """
    return _row(_wave(samples))


def versions(samples: NDArray[np.int16]) -> Floats:
    """(n, WIDTH): the sound as it is and as it may be heard another time, the first as it is.

    With more noise, a little higher or lower, noticed a little earlier or later: so one hearing
    stands for many. The same samples give the same rows. Errors as of `timbre`.
    """
    wave = _wave(samples)
    rng = np.random.default_rng(0)
    level = float(np.sqrt(np.mean(wave ** 2)))
    rows = [_row(wave)]
    for snr_db in SNRS_DB:
        for pitch in PITCHES:
            at = np.arange(_WINDOW) * pitch + rng.uniform(-0.02, 0.02) * RATE_HZ
            other = np.interp(at, np.arange(_WINDOW), wave, left=0.0, right=0.0)
            rows.append(_row(other + _noise(rng) * level * 10 ** (-snr_db / 20)))
    return np.array(rows)


def _wave(samples: NDArray[np.int16]) -> Doubles:
    if not isinstance(samples, np.ndarray) or samples.dtype != np.int16 or samples.ndim != 1:
        raise SoundError('a sound to be told apart must be (n,) int16 at 16 kHz')
    if samples.size < SHORTEST_S * RATE_HZ:
        raise SoundError(f'a sound of {samples.size / RATE_HZ:.3f} s is too short to be told '
                         f'apart; allowed: at least {SHORTEST_S} s')
    wave = np.zeros(_WINDOW)
    taken = samples[:_WINDOW].astype(np.float64)
    wave[:taken.size] = taken - taken.mean()
    if not wave.any():
        raise SoundError('there is nothing to hear in this sound: all samples are alike')
    return wave


def _row(wave: Doubles) -> Floats:
    frames = np.lib.stride_tricks.sliding_window_view(wave, _FRAME)[::_HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), _FFT)) ** 2         # (T, bins)
    bands = power @ _mel()                                                      # (T, BANDS)
    floor = 10.0 ** (-FLOOR_DB / 10)
    log = np.log10(bands / bands.max() + floor)
    mean = bands.mean(0)
    spectrum = np.log10(mean / mean.max() + floor)
    loud = bands.sum(1)
    loudness = np.log10(loud / loud.max() + floor)
    shape = loudness[:_SHAPE * (_FRAMES // _SHAPE)].reshape(_SHAPE, -1).mean(1)
    waves = np.abs(np.fft.rfft(loudness - loudness.mean()))[1:_MODULATIONS + 1] / _FRAMES
    weight = loud / loud.sum()
    place = bands @ np.arange(BANDS) / np.maximum(loud, 1e-12) / BANDS
    middle = weight @ place
    time = np.linspace(-1.0, 1.0, _FRAMES)
    when = weight @ time
    drift = weight @ ((time - when) * (place - middle)) / (weight @ (time - when) ** 2 + 1e-2)
    scalars = [3 * middle, 6 * np.sqrt(weight @ (place - middle) ** 2), 3 * drift, when,
               2 * float(np.mean(loudness > -1.0)), 2 * loudness.argmax() / _FRAMES]
    return np.concatenate([
        spectrum, log.std(0).reshape(-1, 2).mean(1), shape, 8 * waves, _tonality(power, weight),
        scalars]).astype(np.float32)


def _tonality(power: Doubles, weight: Doubles) -> Doubles:
    """(_GROUPS,) how far the spectrum is from flat, in tens of dB, while it is loud."""
    mean = weight @ power[:, 4:4 + _GROUPS * 60]
    parts = (mean + 1e-6 * mean.max() + 1e-12).reshape(_GROUPS, -1)
    return np.asarray(np.log10(parts.mean(1)) - np.log10(parts).mean(1))


def _noise(rng: np.random.Generator) -> Doubles:
    """A window of room noise of unit level: it falls by 5 dB an octave (Hoth 1941)."""
    spectrum = np.fft.rfft(rng.standard_normal(_WINDOW))
    at = np.maximum(np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ), 100.0)
    noise = np.fft.irfft(spectrum * (at / 100.0) ** -0.83, _WINDOW)
    return np.asarray(noise / noise.std())


@cache
def _mel() -> Doubles:
    """(bins, BANDS): overlapping triangles, evenly spaced in mel."""
    def mel(hz: float) -> float:
        return 2595.0 * float(np.log10(1.0 + hz / 700.0))

    edges = 700.0 * (10 ** (np.linspace(mel(_LOWEST_HZ), mel(_HIGHEST_HZ), BANDS + 2) / 2595) - 1)
    at = np.fft.rfftfreq(_FFT, 1 / RATE_HZ)[:, None]
    rise = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    bank = np.maximum(0.0, np.minimum(rise, fall))
    return np.asarray(bank / np.maximum(bank.sum(0), 1e-9))
