"""Body, touch and sound as short vectors for the core."""
from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from yan_brain.signals import Body, Sound, Touch

ZONES = ('front_left', 'front_right', 'rear')
BANDS_HZ = (100, 200, 400, 800, 1600, 3200, 5600, 8000)


def body_vector(body: Body | None, touch: Touch | None) -> NDArray[np.float32]:
    """(8,): speed, turn rate, three touch zones, any other zone, has body, has touch."""
    pressed = touch.pressed if touch else frozenset()
    values = [body.speed_mps if body else 0.0, body.turn_rate_radps if body else 0.0,
              *(float(zone in pressed) for zone in ZONES), float(bool(pressed - set(ZONES))),
              float(body is not None), float(touch is not None)]
    return np.nan_to_num(np.clip(values, -2, 2)).astype(np.float32)


def sound_vector(sound: Sound | None) -> NDArray[np.float32]:
    """(8,): loudness of seven bands and of all, log scale, about -1 (silence) to 1 (loud)."""
    if sound is None or len(sound.samples) < 64 or sound.rate_hz <= 0:
        return np.full(8, -1, np.float32)
    wave = sound.samples.astype(np.float32) / 32768
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2 / len(wave)
    edges = np.searchsorted(np.fft.rfftfreq(len(wave), 1 / sound.rate_hz), BANDS_HZ)
    bands = [power[low:high].sum() for low, high in pairwise(edges)]
    return np.clip(np.log10(np.array([*bands, power.sum()]) + 1e-8) / 4 + 1, -1, 1).astype(
        np.float32)
