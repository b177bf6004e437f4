"""Raw sound to what the ear works on: checked, mono int16 at 16 kHz."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from yan_brain.signals import Sound

RATE_HZ = 16_000
LOWEST_HZ, HIGHEST_HZ = 8_000, 48_000
LONGEST_S = 60.0                        # of one piece
CLIPPED_SHARE = 0.005                   # of samples at the rail: the microphone is overdriven
_RAIL = 32_700


class SoundError(ValueError):
    """Sound that cannot be used. The text says why and what is allowed."""


def checked(sound: Sound) -> NDArray[np.int16]:
    """The samples of `sound`, or SoundError: wrong type or shape, empty, too long, odd rate."""
    samples, rate = sound.samples, sound.rate_hz
    if not isinstance(samples, np.ndarray) or samples.dtype != np.int16 or samples.ndim != 1:
        kind = (f'{samples.dtype} of shape {samples.shape}' if isinstance(samples, np.ndarray)
                else type(samples).__name__)
        raise SoundError(f'sound is {kind}; allowed: (n,) int16. Scale floats of -1 to 1 by '
                         '32767 after replacing NaN, and average channels')
    if not isinstance(rate, int | np.integer) or not LOWEST_HZ <= rate <= HIGHEST_HZ:
        raise SoundError(f'sound has a rate of {rate!r} Hz; allowed: {LOWEST_HZ} to {HIGHEST_HZ}. '
                         'Set the microphone to 16000')
    if samples.size == 0:
        raise SoundError('sound holds no samples; leave it out when nothing was recorded')
    if samples.size > LONGEST_S * rate:
        raise SoundError(f'sound lasts {samples.size / rate:.0f} s; allowed: {LONGEST_S:.0f} s a '
                         'piece. Hand it over in pieces of 0.1 s')
    return samples


def clipped_share(samples: NDArray[np.int16]) -> float:
    """The share of samples at the end of the int16 range, 0 to 1."""
    if samples.size == 0:
        return 0.0
    return float(np.count_nonzero(np.abs(samples.astype(np.int32)) >= _RAIL) / samples.size)


class Resampler:
    """A stream of any rate from 8 to 48 kHz to 16 kHz, by soxr; the rate may change on the way."""

    def __init__(self) -> None:
        self._rate = RATE_HZ
        self._stream: Any = None

    def feed(self, samples: NDArray[np.int16], rate_hz: int) -> NDArray[np.int16]:
        """What is ready at 16 kHz. A few milliseconds stay inside; a change of rate drops them."""
        if rate_hz != self._rate:
            self._rate, self._stream = rate_hz, None
        if rate_hz == RATE_HZ:
            return samples
        if self._stream is None:
            import soxr
            self._stream = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype='int16')
        made: NDArray[np.int16] = self._stream.resample_chunk(samples)
        return made.reshape(-1)


def resample(samples: NDArray[np.int16], rate_hz: int) -> NDArray[np.int16]:
    """A whole recording at 16 kHz."""
    if rate_hz == RATE_HZ:
        return samples
    import soxr
    made: NDArray[np.int16] = soxr.resample(samples, rate_hz, RATE_HZ)
    return made
