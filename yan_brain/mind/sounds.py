"""Sounds that were taught: found in what is heard, named, and kept at hand to be taught.

`python -m yan_brain.mind.sounds` writes the world of sounds, which tells what a new name must not
be confused with: speech, steps, hum, rustling, and sounds of no kind at all.
"""
from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.knowledge import World, read_world
from yan_brain.learning.store import LessonStore
from yan_brain.perception.sound_events import Event, Events
from yan_brain.perception.timbre import CORE, WIDTH, WINDOW_S, timbre, versions
from yan_brain.perception.voice_activity import DetectorMissing, VoiceDetector
from yan_brain.signals import Sound

FILE = Path(__file__).parent.parent / 'models' / 'sounds.npz'
KNOWN = 0.5              # chance from which a sound is taken for what was taught
HOLDS_S = 1.0            # how long what was heard counts as heard now
RECENT_S = 8.0           # a sound may be named so long after it, the words themselves included
SPOKEN = 0.3             # share of an event that is speech, from which it is nothing to be named
BESIDE_S = 3.0           # within so much of a sound that is louder ...
FAINT_DB = 12.0          # ... by this, another is a rustle beside it and not what was meant
FAINTEST_DB = 20.0       # the same beside speech: a breath
SILENT_S = 1.0           # without a piece of sound after which no microphone is waited for
_KEPT = 16
_LOG = logging.getLogger(__name__)

Spoken = Callable[[NDArray[np.int16]], float]     # share of (n,) int16 at 16 kHz that is speech


@dataclass(frozen=True, slots=True)
class _Heard:
    event: Event
    spoken: float


class Sounds:
    """What is heard beside words. `hear` belongs to one thread, `listen` may wait in another.

    Args:
        store: of the lessons, shared with those of what is seen.
        fault: why nothing can be kept, as of that memory.
        world: what sounds are like; None: the one of the package.
        spoken: tells speech; None: a voice detector, where there is one, loaded at the first
            sound: many robots have no microphone.
    """

    def __init__(self, store: LessonStore | None = None, *, fault: str = '',
                 world: World | None = None, spoken: Spoken | None = None) -> None:
        self.memory = ConceptMemory(width=WIDTH, core=CORE, store=store,
                                    world=world or load_world())
        self.memory.fault = fault
        self._spoken = spoken
        self._events = Events()
        self._named: dict[str, float] = {}       # when each was last heard
        self._changed = threading.Condition()
        self._recent: deque[_Heard] = deque(maxlen=_KEPT)
        self._now_s = -np.inf
        self._closed = False

    def hear(self, sound: Sound) -> None:
        """A piece of sound.

        Raises:
            SoundError: it cannot be used; nothing was changed.
        """
        found = self._events.feed(sound)
        spoken = self._spoken = self._spoken or _speech()
        heard = [_Heard(event, spoken(event.samples)) for event in found]
        knowledge = self.memory.knowledge
        for one in heard:
            if knowledge.names and one.spoken < SPOKEN:
                chances = knowledge.probability(timbre(one.event.samples)[None])[0]
                if chances.max() >= KNOWN:
                    self._named[knowledge.names[int(chances.argmax())]] = one.event.end_s
        with self._changed:
            if sound.stamp_s < self._now_s - RECENT_S:       # the clock was set back
                self._recent.clear()
                self._named.clear()
            self._now_s = self._events.now_s
            self._recent += heard
            self._changed.notify_all()

    def named_in(self, words: str) -> str:
        """The longest name of a taught sound among words; '' when there is none."""
        return self.memory.knowledge.named_in(words)

    def holds(self, name: str) -> bool:
        """Whether this taught sound is heard now."""
        return abs(self._now_s - self._named.get(name, -np.inf)) <= HOLDS_S

    def listen(self, seconds: float) -> NDArray[np.float32] | None:
        """Rows of the newest sound that was no speech, to be taught; None when there was none.

        One of the last RECENT_S counts, once; else it waits `seconds` for one, by the stamps.
        """
        with self._changed:
            began_s = self._now_s
            while (event := self._newest()) is None:
                if self._closed or self._now_s - began_s > seconds + WINDOW_S \
                        or not self._changed.wait(SILENT_S):
                    return None
                began_s = began_s if np.isfinite(began_s) else self._now_s
            self._recent.clear()
        return versions(event.samples)

    def close(self) -> None:
        """End all listening at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _newest(self) -> Event | None:
        for one in reversed(self._recent):
            if self._now_s - one.event.end_s <= RECENT_S and one.event.fresh \
                    and one.spoken < SPOKEN and not self._outshone(one.event):
                return one.event
        return None

    def _outshone(self, event: Event) -> bool:
        """Whether something much louder was heard just before or after."""
        return any(other.event.level_db - event.level_db
                   > (FAINT_DB if other.spoken < SPOKEN else FAINTEST_DB)
                   and abs(other.event.end_s - event.end_s) <= BESIDE_S
                   for other in self._recent)


def load_world(path: Path = FILE) -> World | None:
    """The world of sounds; None (and a warning) when there is none for these features."""
    return read_world(path, CORE, maker='yan_brain.mind.sounds', whiten=True)


def _speech() -> Spoken:
    try:
        detector = VoiceDetector()
    except (DetectorMissing, ImportError) as error:
        _LOG.warning('speech is not told from other sounds: %s', error)
        return lambda _: 0.0

    def spoken(samples: NDArray[np.int16]) -> float:
        detector.reset()
        chances = [chance for _, chance in detector.feed(samples)]
        return float(np.mean(np.array(chances) > 0.5)) if chances else 0.0

    return spoken


def main() -> None:
    """Write the world of sounds."""
    from yan_brain.simulation.sounds import ordinary_sounds

    rows = np.array([timbre(event.samples) for sound in ordinary_sounds(seed=0)
                     for event in _events(sound)], np.float16)
    with FILE.open('wb') as file:
        np.savez_compressed(file, rows=rows, version=np.array(CORE))
    print(f'{len(rows)} rows of {rows.shape[1]} floats for {CORE}')


def _events(samples: NDArray[np.int16]) -> list[Event]:
    return Events().feed(Sound(stamp_s=0.0, samples=samples, rate_hz=16_000))


if __name__ == '__main__':
    main()
