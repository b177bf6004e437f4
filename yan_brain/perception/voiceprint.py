"""Whose voice it is: an utterance to one row that stays about the same whatever is said.

The row is made by the speaker encoder of Wan et al. (Generalized end-to-end loss for speaker
verification, ICASSP 2018, arXiv:1710.10467): three LSTM layers over 40 mel bands, trained on
thousands of speakers. Its weights come with the package `resemblyzer` (Apache-2.0), of which
nothing but that file is used. What is ours comes before: the noise of the room, heard in the
pauses of the utterance, is taken off band by band (Boll, IEEE TASSP 27, 1979), pauses are left
out, and what is too short for a window is said again. `yan_brain.learning` tells the rows apart.
"""
from __future__ import annotations

import importlib.util
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yan_brain.perception.sound import RATE_HZ, SoundError

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

CORE = 'voice-1'         # rises whenever the rows below change their meaning
WIDTH = 256
SHORTEST_S = 0.5         # of speech; a shorter word says too little of who said it
LONGEST_S = 12.0         # what comes after tells nothing new
WINDOW = 160             # frames of 10 ms that the encoder was trained on
STEP = 80                # frames from one window to the next
_FRAME, _HOP, _BANDS = 400, 160, 40
_SMOOTH = 5              # frames over which loudness is told
_DILATE = 5              # frames kept before and after speech
_RANGE_DB = 30.0         # below the loudest tenth of the frames it is a pause ...
_ABOVE_NOISE = 2.0       # ... and below so many times the quietest tenth
_LEVEL = 0.39            # sum of the bands of speech at -30 dBFS, as the encoder was trained on


class EncoderMissing(RuntimeError):
    """The encoder's file is not on this machine. The text says how to get it."""


class VoiceEncoder:
    """The encoder; 1.4 million weights. For one thread; PyTorch is loaded with it.

    Args:
        path: of the weights; None: those of the package `resemblyzer`.

    Raises:
        EncoderMissing: there are none, or they are of something else.
    """

    def __init__(self, path: Path | None = None) -> None:
        import pickle

        import torch

        path = path or _model_file()
        self._torch: Any = torch
        self._net = torch.nn.ModuleDict({
            'lstm': torch.nn.LSTM(_BANDS, WIDTH, 3, batch_first=True),
            'linear': torch.nn.Linear(WIDTH, WIDTH)})
        try:
            found = torch.load(path, map_location='cpu', weights_only=True)['model_state']
            self._net.load_state_dict({name: found[name] for name in self._net.state_dict()})
        except (OSError, RuntimeError, KeyError, TypeError, pickle.UnpicklingError) as error:
            raise EncoderMissing(f'voices are not told apart: {path} cannot be read ({error}); '
                                 'install resemblyzer again') from error

    def row(self, samples: NDArray[np.int16]) -> Floats | None:
        """(WIDTH,) of unit length for an utterance, (n,) int16 at 16 kHz with its pauses.

        None when less than SHORTEST_S of it is speech. Takes about 10 ms of one core for each
        second.

        Raises:
            SoundError: it is no (n,) int16.
        """
        if not isinstance(samples, np.ndarray) or samples.dtype != np.int16 or samples.ndim != 1:
            raise SoundError('a voice to be told apart must be (n,) int16 at 16 kHz')
        spoken = _spoken(samples[:round(LONGEST_S * RATE_HZ)])
        if len(spoken) < round(SHORTEST_S * RATE_HZ / _HOP):
            return None
        with self._torch.inference_mode():
            _, (state, _) = self._net['lstm'](self._torch.from_numpy(_windows(spoken)))
            rows = self._net['linear'](state[-1]).relu().numpy()
        mean = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).mean(0)
        return np.asarray(mean / np.linalg.norm(mean), np.float32)


def _spoken(samples: NDArray[np.int16]) -> Floats:
    """(frames, bands) power of what is speech, without the noise, at one level."""
    if samples.size < _FRAME:
        return np.zeros((0, _BANDS), np.float32)
    wave = np.pad(samples.astype(np.float64) / 32768.0, _FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(wave, _FRAME)[::_HOP]
    bands = np.abs(np.fft.rfft(frames * np.hanning(_FRAME + 1)[:-1])) ** 2 @ _mel()
    loud = np.convolve(bands.sum(1), np.ones(_SMOOTH) / _SMOOTH, 'same')
    order, tenth = np.sort(loud), max(1, len(loud) // 10)
    least = max(order[-tenth:].mean() * 10 ** (-_RANGE_DB / 10),
                order[:tenth].mean() * _ABOVE_NOISE)
    speech = np.convolve(loud > least, np.ones(2 * _DILATE + 1), 'same') > 0
    noise = bands[np.argsort(loud)[:max(_SMOOTH, len(loud) // 8)]].mean(0)
    clean = np.maximum(bands - noise, 0.0)[speech]
    level = clean.sum(1).mean() if len(clean) else 0.0
    if level <= 0.0:
        return np.zeros((0, _BANDS), np.float32)
    return np.asarray(clean * (_LEVEL / level), np.float32)


def _windows(spoken: Floats) -> Floats:
    """(n, WINDOW, bands): pieces that overlap; what is shorter than one is repeated."""
    if len(spoken) < WINDOW:
        spoken = np.tile(spoken, (math.ceil(WINDOW / len(spoken)), 1))[:WINDOW]
    starts = list(range(0, len(spoken) - WINDOW + 1, STEP))
    if len(spoken) - WINDOW - starts[-1] > STEP // 2:
        starts.append(len(spoken) - WINDOW)
    return np.stack([spoken[start:start + WINDOW] for start in starts])


@cache
def _mel() -> Doubles:
    """(bins, bands): triangles of equal area on Slaney's mel scale, as librosa makes them."""
    linear, octave = 200.0 / 3.0, math.log(6.4) / 27.0       # below and above 1 kHz
    top = 15.0 + math.log(RATE_HZ / 2000.0) / octave
    at = np.linspace(0.0, top, _BANDS + 2)
    edges = np.where(at < 15.0, at * linear, 1000.0 * np.exp(octave * (at - 15.0)))
    hertz = np.fft.rfftfreq(_FRAME, 1.0 / RATE_HZ)[:, None]
    rise = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0.0, np.minimum(rise, fall)) * 2.0 / (edges[2:] - edges[:-2]))


def _model_file() -> Path:
    spec = importlib.util.find_spec('resemblyzer')   # found, not imported: it pulls in much
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / 'pretrained.pt').is_file():
            return Path(place) / 'pretrained.pt'
    raise EncoderMissing('voices are not told apart: the package resemblyzer is not installed; '
                         'pip install --no-deps resemblyzer==0.1.4')
