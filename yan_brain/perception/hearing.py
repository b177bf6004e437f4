"""Sound to words: voice activity, the end of an utterance, recognition.

    ear = Ear()
    words = ear.hear(sound)         # each piece as it comes: None, or what was said

`hear` recognises within the call that brings the end of an utterance (0.1 to 0.5 s of one core),
so it belongs on a thread of its own: `yan_brain.mind.listener.Listener` is that thread, with
its bounded queue and its sentinel. In lockstep evaluation `hear` is called directly and `flush`
ends what is still open.
"""
from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from yan_brain.perception.recogniser import (
    Moonshine,
    MoonshineConfig,
    Recogniser,
    RecogniserMissing,
    bundled_phrasing,
)
from yan_brain.perception.sound import (
    CLIPPED_SHARE,
    RATE_HZ,
    Resampler,
    SoundError,
    checked,
    clipped_share,
)
from yan_brain.perception.voice_activity import WINDOW, DetectorMissing, VoiceDetector
from yan_brain.settings import SettingError, check, setting
from yan_brain.signals import Sound

__all__ = ['DetectorMissing', 'Ear', 'HearingConfig', 'Moonshine', 'MoonshineConfig',
           'Recogniser', 'RecogniserMissing', 'SoundError', 'VoiceDetector']

_LOG = logging.getLogger(__name__)
WINDOW_S = WINDOW / RATE_HZ


@dataclass(frozen=True, kw_only=True)
class HearingConfig:
    """When speech begins and ends, and how it is recognised."""

    begin_chance: float = setting(0.5, 'chance of speech above which an utterance begins',
                                  minimum=0.05, maximum=0.99)
    end_chance: float = setting(0.3, 'chance of speech below which it pauses',
                                minimum=0.01, maximum=0.95)
    pause_s: float = setting(0.6, 'a pause of this length ends an utterance',
                             minimum=0.1, maximum=5.0)
    lead_s: float = setting(0.3, 'sound kept from before speech was noticed',
                            minimum=0.0, maximum=2.0)
    shortest_s: float = setting(0.12, 'speech shorter than this is a click, not a word',
                                minimum=0.0, maximum=2.0)
    longest_s: float = setting(12.0, 'an utterance is cut after this', minimum=1.0, maximum=30.0)
    gap_s: float = setting(0.5, 'sound missing for this long ends an utterance',
                           minimum=0.05, maximum=10.0)
    moonshine: MoonshineConfig = field(default_factory=MoonshineConfig)

    def __post_init__(self) -> None:
        check(self)
        if self.end_chance > self.begin_chance:
            raise SettingError(f'HearingConfig.end_chance is {self.end_chance}; allowed: at most '
                               f'begin_chance, {self.begin_chance}')


class Ear:
    """Hears a stream of Sound in pieces of any length. Not for several threads at once.

    The recogniser is loaded when the first utterance ends (about 0.6 s, 120 MiB).
    """

    def __init__(self, config: HearingConfig | None = None,
                 recogniser: Recogniser | None = None) -> None:
        """`recogniser`: another one than Moonshine. Raises DetectorMissing."""
        self.config = config or HearingConfig()
        self.voice = 0.0                # chance of speech in the newest window
        self.utterances = 0             # ended so far
        self.clipped = 0                # pieces that were overdriven
        self.utterance = np.zeros(0, np.int16)      # at 16 kHz, what the newest words were said in
        self._given = recogniser
        self._detector = VoiceDetector()
        self._resampler = Resampler()
        self._segments = Segmenter(self.config)
        self._ends_s: float | None = None

    def hear(self, sound: Sound) -> str | None:
        """What was said in utterances that ended with this piece, else None.

        Sound of 8 to 48 kHz is resampled. Raises SoundError (a ValueError) for sound that cannot
        be used, which changes nothing that was heard before; RecogniserMissing without the model.
        """
        samples = checked(sound)
        ended = self._gap(sound, samples.size / sound.rate_hz)
        if clipped_share(samples) > CLIPPED_SHARE:
            self.clipped += 1
            if self.clipped == 1:
                _LOG.warning('sound is clipped: turn the microphone down, or speech is misheard')
        for window, chance in self._detector.feed(
                self._resampler.feed(samples, sound.rate_hz)):
            self.voice = chance
            utterance = self._segments.feed(window, chance)
            if utterance is not None:
                ended.append(utterance)
        return self._words(ended)

    def flush(self) -> str | None:
        """What was said in an utterance that is still open; it ends here."""
        utterance = self._segments.end()
        return self._words([] if utterance is None else [utterance])

    def load(self) -> Recogniser:
        """Loads the recogniser if need be; called early, the first utterance need not wait."""
        if self._given is None:
            self._given = Moonshine(self.config.moonshine, bundled_phrasing())
        return self._given

    def _words(self, utterances: list[NDArray[np.int16]]) -> str | None:
        said, sound = [], []
        for utterance in utterances:
            self.utterances += 1
            words = self.load().transcribe(utterance).strip()
            if words:
                said.append(words)
                sound.append(utterance)
        if sound:
            self.utterance = np.concatenate(sound)
        return ' '.join(said) or None

    def _gap(self, sound: Sound, seconds: float) -> list[NDArray[np.int16]]:
        """An utterance that missing sound has ended; stamps that jump back start afresh."""
        late_s = 0.0 if self._ends_s is None else sound.stamp_s - self._ends_s
        self._ends_s = sound.stamp_s + seconds
        if abs(late_s) <= self.config.gap_s + seconds:
            return []
        utterance = self._segments.end()
        self._detector.reset()
        return [] if utterance is None else [utterance]


class Segmenter:
    """Cuts windows of sound into utterances by their chance of speech."""

    def __init__(self, config: HearingConfig) -> None:
        self._config = config
        self._lead: deque[NDArray[np.int16]] = deque(maxlen=1 + round(config.lead_s / WINDOW_S))
        self._open: list[NDArray[np.int16]] = []
        self._spoken = 0                # windows with speech in the open utterance
        self._quiet = 0                 # windows since the last of them

    def feed(self, window: NDArray[np.int16], chance: float) -> NDArray[np.int16] | None:
        """The utterance that ended with this window, or None."""
        if not self._open:
            self._lead.append(window)
            if chance >= self._config.begin_chance:
                self._open, self._spoken, self._quiet = list(self._lead), 1, 0
                self._lead.clear()
            return None
        self._open.append(window)
        if chance >= self._config.end_chance:
            self._spoken, self._quiet = self._spoken + 1, 0
        else:
            self._quiet += 1
        if (self._quiet * WINDOW_S >= self._config.pause_s
                or len(self._open) * WINDOW_S >= self._config.longest_s):
            return self.end()
        return None

    def end(self) -> NDArray[np.int16] | None:
        """What is open, or None when nothing is, or only a click."""
        windows, spoken = self._open, self._spoken
        self._open, self._spoken, self._quiet = [], 0, 0
        self._lead.extend(windows[-(self._lead.maxlen or 1):])
        if not windows or spoken * WINDOW_S < self._config.shortest_s:
            return None
        return np.concatenate(windows)
