"""What is perceived, for tricks that are done when something is: seen, heard, felt, light, loud.

Things in view are named by the percepts (known things and taught ones), sounds and touches by
what was taught of them; touch, darkness and noise are felt without a name.
"""
from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np

from yan_brain.learning.tricks import Trick
from yan_brain.mind.voice import WORDS_ZH
from yan_brain.signals import Image, Percept, Sound, Touch

SEEN = 0.6               # chance from which a thing counts as seen
DARK, BRIGHT = 40.0, 200.0       # mean grey level of 255
LOUD = 0.1               # root mean square of full scale
AGAIN_S = 2.0            # it must have been otherwise for that long before it counts anew
_FELT = {
    'touch': re.compile(r'touch|bump|hit|push|碰|撞|摸|推'),
    'dark': re.compile(r'\bdark(?:er|ness)?$|暗|^天?黑了?$'),
    'bright': re.compile(r'\b(?:bright|light)(?:er)?$|亮'),
    'noise': re.compile(r'noise|sound|loud|bang|clap|响|声音|吵'),
}
_ARTICLES = re.compile(r'^(?:the|a|an|my|your|some|any)\s+')


class Named(Protocol):
    """What was taught of one sense."""

    def named_in(self, words: str) -> str: ...
    def holds(self, name: str) -> bool: ...


class Heard(Named, Protocol):
    """Sounds that were taught; `yan_brain.mind.sounds.Sounds` are."""

    def hear(self, sound: Sound) -> None: ...


class Felt(Named, Protocol):
    """Touches that were taught; `yan_brain.mind.touches.Touches` are."""

    def feel(self, touch: Touch) -> None: ...


class Occasions:
    """Holds what is perceived now and tells which tricks it calls for."""

    def __init__(self, sounds: Heard | None = None,
                 steady_s: Callable[[], float] = time.monotonic,
                 touches: Felt | None = None) -> None:
        self._sounds, self._touches, self._steady_s = sounds, touches, steady_s
        self._named: list[Named] = [one for one in (sounds, touches) if one is not None]
        self._percepts: tuple[Percept, ...] = ()
        self._felt: dict[str, bool] = {}
        self._absent_s: dict[str, float] = {}    # since when each occasion does not hold

    def see(self, image: Image) -> None:
        """How light it is."""
        level = float(image.rgb[::8, ::8].mean())
        self._felt['dark'], self._felt['bright'] = level < DARK, level > BRIGHT

    def feel(self, touch: Touch) -> None:
        """Whether anything is pressed, and in which way."""
        if self._touches is not None:
            self._touches.feel(touch)
        self._felt['touch'] = bool(touch.pressed)

    def hear(self, sound: Sound) -> None:
        """How loud it is, and what it is. ValueError for sound that cannot be used."""
        if sound.samples.size:
            if self._sounds is not None:
                self._sounds.hear(sound)
            level = float(np.sqrt(np.mean((sound.samples / 32768.0) ** 2)))
            self._felt['noise'] = level > LOUD

    def notice(self, percepts: Iterable[Percept]) -> None:
        """What is in view."""
        self._percepts = tuple(percepts)

    def knows(self, words: str, is_thing: bool) -> bool:
        """Whether the words of an occasion mean something that can be perceived."""
        return is_thing or bool(self.taught_in(words)) or self._kind(words) is not None

    def taught_in(self, words: str) -> str:
        """The longest name of a taught sound or touch among words; '' when there is none."""
        return max((one.named_in(words) for one in self._named), key=len, default='')

    def holds(self, words: str) -> bool:
        """Whether it is so now."""
        taught, kind = self.taught_in(words), self._kind(words)
        if taught and any(one.holds(taught) for one in self._named):
            return True
        if kind is not None and not taught:
            return self._felt.get(kind, False)
        wanted = _things(words)
        return any(p.probability >= SEEN and (p.label == words or wanted <= set(p.label.split()))
                   for p in self._percepts)

    def due(self, tricks: Iterable[Trick]) -> Trick | None:
        """The first trick whose occasion has just come about."""
        now_s = self._steady_s()
        for trick in tricks:
            since = self._absent_s.setdefault(trick.name, now_s - 2 * AGAIN_S)
            if not self.holds(trick.name):
                if since == np.inf:
                    self._absent_s[trick.name] = now_s
            else:
                self._absent_s[trick.name] = np.inf
                if now_s - since >= AGAIN_S:
                    return trick
        return None

    @staticmethod
    def _kind(words: str) -> str | None:
        return next((kind for kind, pattern in _FELT.items() if pattern.search(words)), None)


def things_in(words: str) -> set[str]:
    """Colours and kinds that words name, as percepts label them."""
    if words.isascii():
        return set(words.split()) & WORDS_ZH.keys()
    return {label for label, word in WORDS_ZH.items() if word.removesuffix('色') in words}


def _things(words: str) -> set[str]:
    """The words of a percept's label that a name asks for."""
    if words.isascii():
        return set(_ARTICLES.sub('', words).split())
    return things_in(words) or {words}
