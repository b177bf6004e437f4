"""Gathers what the senses sent into one Moment a tick. Safe to call from any thread."""
from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

from yan_brain.mind.tasks import Task
from yan_brain.settings import check, setting
from yan_brain.signals import Body, Image, Moment, Sound, Touch

WORDS_WAITING = 16       # more than that at once is not a person
SOUND_KEPT_S = 1.0       # between two ticks


@dataclass(frozen=True, kw_only=True)
class GatherConfig:
    """What still counts as now."""

    image_max_age_s: float = setting(
        0.5, 'an older image is not looked at', minimum=0.05, maximum=10.0)
    sense_max_age_s: float = setting(
        0.5, 'older touch and odometry are not felt', minimum=0.05, maximum=10.0)

    def __post_init__(self) -> None:
        check(self)


class Gatherer:
    """The newest of each sense, all sound since the last Moment, and words one at a time."""

    def __init__(self, config: GatherConfig) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._image: Image | None = None
        self._touch: Touch | None = None
        self._body: Body | None = None
        self._sounds: list[Sound] = []
        self._words: deque[Task] = deque()

    def see(self, image: Image, now_s: float) -> None:
        """A new image.

        Raises:
            ValueError: it is late or from the future; it is not used.
        """
        age_s = now_s - image.stamp_s
        if not math.isfinite(age_s) or abs(age_s) > self.config.image_max_age_s:
            raise ValueError(
                f'image is {age_s:.2f} s old on the clock here; allowed: up to '
                f'{self.config.image_max_age_s:g} s (image_max_age_s) either way: is the camera '
                'late, or are the clocks of two machines apart?')
        with self._lock:
            self._image = image

    def feel(self, touch: Touch) -> None:
        """What is pressed now."""
        with self._lock:
            self._touch = touch

    def move(self, body: Body) -> None:
        """How the body moves now."""
        with self._lock:
            self._body = body

    def listen(self, sound: Sound) -> None:
        """A piece of sound; a change of rate drops what was heard before."""
        with self._lock:
            if self._sounds and self._sounds[-1].rate_hz != sound.rate_hz:
                self._sounds.clear()
            self._sounds.append(sound)
            while sum(s.samples.size for s in self._sounds[1:]) > SOUND_KEPT_S * sound.rate_hz:
                self._sounds.pop(0)

    def read(self, task: Task) -> None:
        """Words for the next free tick.

        Raises:
            ValueError: too many are waiting already.
        """
        with self._lock:
            if len(self._words) >= WORDS_WAITING:
                raise ValueError(f'{len(self._words)} instructions are waiting already; '
                                 'say them one after the other')
            self._words.append(task)

    def read_first(self, task: Task) -> list[Task]:
        """Words before all others, which are dropped and returned."""
        with self._lock:
            dropped = list(self._words)
            self._words = deque([task])
            return dropped

    def moment(self, now_s: float) -> tuple[Moment, Task | None]:
        """All that is known now, and the words in it; more words wait for the next tick."""
        with self._lock:
            task = next((t for t in iter(self._next_words, None) if not t.ended), None)
            sounds, self._sounds = self._sounds, []
            image, touch, body = self._image, self._touch, self._body
        limit = self.config.sense_max_age_s
        return Moment(
            stamp_s=now_s, text=task.text if task else None, order=task.order if task else None,
            sound=_joined(sounds),
            image=image if image and now_s - image.stamp_s <= self.config.image_max_age_s
            else None,
            touch=touch if touch and abs(now_s - touch.stamp_s) <= limit else None,
            body=body if body and abs(now_s - body.stamp_s) <= limit else None), task

    @property
    def words_wait(self) -> bool:
        """Whether words are left for another tick."""
        return bool(self._words)

    def clear(self) -> None:
        """Forget all senses, as before the first."""
        with self._lock:
            self._image = self._touch = self._body = None
            self._sounds.clear()
            self._words.clear()

    def _next_words(self) -> Task | None:
        return self._words.popleft() if self._words else None


def _joined(sounds: list[Sound]) -> Sound | None:
    if not sounds:
        return None
    voices = [s.voice for s in sounds if s.voice is not None]
    return Sound(stamp_s=sounds[0].stamp_s, rate_hz=sounds[0].rate_hz,
                 samples=np.concatenate([s.samples for s in sounds]),
                 voice=max(voices) if voices else None)
