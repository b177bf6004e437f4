"""Persons that were taught by their voice: known in what is said, kept at hand to be taught."""
from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.concepts import ConceptConfig, ConceptMemory
from yan_brain.learning.store import LessonStore
from yan_brain.perception.voiceprint import CORE, WIDTH, EncoderMissing, VoiceEncoder

# Rows of all voices point the same way to some degree: two persons have a cosine of 0.55, one
# person twice 0.77. Taken for somebody else is worse than not known.
CONCEPTS = ConceptConfig(near=0.7)
KNOWN = 0.5              # chance from which a voice is taken for one that was taught
RECENT_S = 8.0           # a voice may be named so long after it was heard
SENTENCE_S = 4.0         # from the beginning of a sentence until its words are known

Encode = Callable[[NDArray[np.int16]], NDArray[np.float32] | None]      # (n,) to (WIDTH,)


class Persons:
    """Whose voices are known. `hear` belongs to one thread, `listen` may wait in another.

    Args:
        store: of the lessons, shared with those of what is seen.
        fault: why nothing can be kept, as of that memory.
        encode: what a voice is like; None: a VoiceEncoder, loaded at the first words that are
            heard: many robots have no microphone.
    """

    def __init__(self, store: LessonStore | None = None, *, fault: str = '',
                 encode: Encode | None = None,
                 steady_s: Callable[[], float] = time.monotonic) -> None:
        self.memory = ConceptMemory(width=WIDTH, core=CORE, store=store, config=CONCEPTS)
        self.memory.fault = fault
        self.missing = ''                # why no voice can be told apart
        self._encode, self._steady_s = encode, steady_s
        self._newest: tuple[NDArray[np.float32], float] | None = None
        self._changed = threading.Condition()
        self._closed = False

    def hear(self, samples: NDArray[np.int16]) -> str:
        """The name of who said this, (n,) int16 at 16 kHz; '' when that is not known."""
        row = self._row(samples)
        with self._changed:
            # A sentence that tells nothing takes the place of the one before: that may have been
            # somebody else's.
            self._newest = (row[None], self._steady_s()) if row is not None else None
            self._changed.notify_all()
        if row is None:
            return ''
        knowledge = self.memory.knowledge
        if not knowledge.names:
            return ''
        chances = knowledge.probability(row[None])[0]
        return knowledge.names[int(chances.argmax())] if chances.max() >= KNOWN else ''

    def named_in(self, words: str) -> str:
        """The longest name of a known person among words; '' when there is none."""
        return self.memory.knowledge.named_in(words)

    def listen(self, seconds: float) -> NDArray[np.float32] | None:
        """(1, WIDTH) of the newest voice, to be taught; None when there was none.

        One of the last RECENT_S counts, once; else it waits `seconds` for somebody to speak.

        Raises:
            ValueError: no voice can be told apart here; the text says why.
        """
        until_s = self._steady_s() + (seconds + SENTENCE_S if seconds else 0.0)
        with self._changed:
            while self._newest is None or self._steady_s() - self._newest[1] > RECENT_S:
                if self.missing:
                    raise ValueError(self.missing)
                left_s = until_s - self._steady_s()
                if self._closed or left_s <= 0.0:
                    return None
                self._changed.wait(left_s)
            rows, self._newest = self._newest[0], None
        return rows

    def close(self) -> None:
        """End all waiting at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _row(self, samples: NDArray[np.int16]) -> NDArray[np.float32] | None:
        if self.missing:
            return None
        try:
            self._encode = self._encode or VoiceEncoder().row
        except EncoderMissing as error:
            self.missing = str(error)
            logging.getLogger(__name__).warning('%s', error)
            return None
        return self._encode(samples)
