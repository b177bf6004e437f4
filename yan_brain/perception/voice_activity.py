"""Does somebody speak? Silero VAD (MIT) by onnxruntime, without PyTorch.

Only the model file of the package `silero-vad` is used. It takes 512 samples at a time, with the
last 64 of the piece before in front, and carries a state of (2, 1, 128).
"""
from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yan_brain.perception.sound import RATE_HZ

WINDOW = 512                            # samples: 32 ms
_CONTEXT = 64
_FILE = 'silero_vad_16k_op15.onnx'


class DetectorMissing(RuntimeError):
    """The model's file is not on this machine. The text says how to get it."""


class VoiceDetector:
    """The chance of speech, window by window. Takes 0.2 ms for 32 ms of sound."""

    def __init__(self) -> None:
        """Raises DetectorMissing."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(_model_file()), options, providers=['CPUExecutionProvider'])
        self._rate = np.array(RATE_HZ, np.int64)
        self.reset()

    def reset(self) -> None:
        """Forgets what was heard."""
        self._state = np.zeros((2, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)
        self._rest = np.zeros(0, np.int16)

    def chance(self, window: NDArray[np.int16]) -> float:
        """The chance of speech in (512,) int16 at 16 kHz, 0 to 1. Raises ValueError otherwise."""
        if window.shape != (WINDOW,) or window.dtype != np.int16:
            raise ValueError(f'window is {window.dtype} of shape {window.shape}; allowed: int16 '
                             f'of shape ({WINDOW},)')
        wave = np.concatenate([self._context, window.astype(np.float32) / 32768.0])
        self._context = wave[-_CONTEXT:]
        chance, self._state = self._session.run(
            None, {'input': wave[None], 'state': self._state, 'sr': self._rate})
        return float(chance[0, 0])

    def feed(self, samples: NDArray[np.int16]) -> list[tuple[NDArray[np.int16], float]]:
        """Any number of samples: the windows they fill, each with its chance."""
        held = np.concatenate([self._rest, samples])
        whole = held.size // WINDOW * WINDOW
        self._rest = held[whole:]
        return [(window, self.chance(window)) for window in held[:whole].reshape(-1, WINDOW)]

    def newest(self, samples: NDArray[np.int16]) -> float | None:
        """The highest chance of the windows that `samples` fill; None when they fill none."""
        return max((chance for _, chance in self.feed(samples)), default=None)


def _model_file() -> Path:
    spec = importlib.util.find_spec('silero_vad')  # found, not imported: it imports torch
    for place in (spec.submodule_search_locations or []) if spec else []:
        path = Path(place) / 'data' / _FILE
        if path.is_file():
            return path
    raise DetectorMissing(f'no voice detector: the package silero-vad with its file data/{_FILE} '
                          'is not installed; pip install --no-deps silero-vad==6.2.3')
