"""What the robot's microphone hears: the person's voice fading with distance, in room noise."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from yan_brain.simulation.voice import (
    RATE_HZ,
    active_rms,
    room_noise,
    synthesise,
    to_int16,
)

Voice = Callable[[str], NDArray[np.int16]]   # text to mono speech at 16 kHz

SPEECH_LEVEL = 3000.0                        # rms of speech at 1 m, in steps of int16
_NEAREST_M = 0.3
_LOOP_S = 8                                  # of noise, which repeats without a seam


class Microphone:
    """A continuous stream of 16 kHz sound, read piece by piece."""

    def __init__(self, *, snr_db: float, rng: np.random.Generator, voice: Voice | None = None,
                 at_ear: bool = False) -> None:
        """Noise lies `snr_db` below speech at 1 m; with `at_ear` below what arrives of it.

        `voice` is by default `voice.synthesise`.
        """
        self._voice: Voice = voice if voice is not None else synthesise
        level = SPEECH_LEVEL * 10 ** (-snr_db / 20)
        # By FFT, so the loop's end meets its beginning.
        self._noise = room_noise(_LOOP_S * RATE_HZ, rng) * level
        self._at_ear, self._share = at_ear, 1.0
        self._at = 0
        self._coming: list[tuple[int, NDArray[np.float64]]] = []

    def speaking(self, now_s: float) -> bool:
        """Return whether speech goes on or waits."""
        return any(at + len(s) > now_s * RATE_HZ for at, s in self._coming)

    def say(self, text: str, distance_m: float, now_s: float,
            speech: NDArray[np.int16] | None = None, *, at_once: bool = False) -> float:
        """Speak from `distance_m` after what is being said; return the speech's seconds.

        With `at_once` it is not the person who speaks, and nobody is waited for.
        """
        speech = np.asarray(self._voice(text) if speech is None else speech)
        if speech.dtype != np.int16 or speech.ndim != 1 or not speech.size:
            raise ValueError(
                f'the voice gave {speech.dtype} of shape {speech.shape} for {text!r}; it must '
                'give (n,) int16 at 16 kHz')
        loudness = active_rms(speech.astype(np.float64))
        if loudness <= 0:
            raise ValueError(f'the voice gave silence for {text!r}; it must give speech')
        fading = 1.0 / max(distance_m, _NEAREST_M)
        gain = SPEECH_LEVEL / loudness * fading
        begin = round(now_s * RATE_HZ)
        if not at_once:
            # Half a second of breath after what is still being said.
            begin = max([begin, *(at + len(s) + RATE_HZ // 2 for at, s in self._coming)])
            # Whatever the distance, speech then stands out from the noise by the same ratio.
            self._share = fading if self._at_ear else 1.0
        self._coming.append((begin, speech.astype(np.float64) * gain))
        return len(speech) / RATE_HZ

    def listen(self, until_s: float) -> NDArray[np.int16]:
        """Return the samples from where the last piece ended up to `until_s`."""
        end = round(until_s * RATE_HZ)
        here = np.arange(self._at, max(end, self._at))
        heard = self._share * self._noise[here % len(self._noise)]
        for at, speech in self._coming:
            first, last = max(at, self._at), min(at + len(speech), end)
            if first < last:
                heard[first - self._at:last - self._at] += speech[first - at:last - at]
        self._at = max(end, self._at)
        self._coming = [(at, s) for at, s in self._coming if at + len(s) > self._at]
        return to_int16(heard)
