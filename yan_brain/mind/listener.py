"""The thread that listens: sound in, words out, so that recognition never holds up a tick."""
from __future__ import annotations

import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from yan_brain.signals import Sound

PIECES_WAITING = 200     # of sound; about 20 s when the recogniser cannot keep up
CLOSE_LIMIT_S = 2.0
MUTES_KEPT = 16          # spans; sound that comes later than all of them is rare


class Hearing(Protocol):
    """What turns sound into words."""

    def hear(self, sound: Sound) -> str | None:
        """The words of an utterance that has just ended, else None."""
        ...

    @property
    def utterance(self) -> NDArray[np.int16]:
        """(n,) at 16 kHz: the sound that the newest words were said in."""
        ...


class Mutes:
    """Spans of time whose sound is taken for silence: the robot's own voice is no order."""

    def __init__(self) -> None:
        self._spans: deque[tuple[float, float]] = deque(maxlen=MUTES_KEPT)

    def add(self, begin_s: float, end_s: float) -> None:
        """Sound stamped between these times is silence from now on."""
        self._spans.append((begin_s, end_s))

    def apply(self, sound: Sound) -> Sound:
        """The sound with silence where it is to be."""
        samples = sound.samples
        for span in self._spans:
            first, last = (min(samples.size, max(0, round((at_s - sound.stamp_s) * sound.rate_hz)))
                           for at_s in span)
            if first < last:
                samples = samples.copy()
                samples[first:last] = 0
        return sound if samples is sound.samples else replace(sound, samples=samples)


class Listener:
    """Feeds an ear piece by piece and hands on what it understood.

    `heard` gets words and their sound, `failed` why a piece of sound could not be used, `broke`
    what ended the thread, which should end the process; all are called from the listening thread.
    """

    def __init__(self, ear: Hearing, *, heard: Callable[[str, NDArray[np.int16]], None],
                 failed: Callable[[str], None], broke: Callable[[BaseException], None]) -> None:
        self.dropped = 0
        self._ear, self._heard, self._failed, self._broke = ear, heard, failed, broke
        self._pieces: queue.Queue[Sound | None] = queue.Queue(PIECES_WAITING)
        self._closing = False
        self._thread = threading.Thread(target=self._run, name='listen', daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def put(self, sound: Sound) -> None:
        """A piece of sound; dropped and counted when too many wait."""
        try:
            self._pieces.put_nowait(sound)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """End after the piece under way; an utterance being recognised may outlast this call."""
        self._closing = True
        with contextlib.suppress(queue.Full):    # then it sees _closing at its next piece
            self._pieces.put_nowait(None)
        if self._thread.ident is not None:
            self._thread.join(CLOSE_LIMIT_S)

    def _run(self) -> None:
        try:
            while (sound := self._pieces.get()) is not None and not self._closing:
                try:
                    words = self._ear.hear(sound)
                except (ValueError, RuntimeError) as error:
                    self._failed(f'{type(error).__name__}: {error}')
                    continue
                if words and words.strip() and not self._closing:
                    self._heard(words.strip(), self._ear.utterance)
        except BaseException as error:
            self._broke(error)
            raise
