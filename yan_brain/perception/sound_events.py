"""Where in a stream of sound something is heard: an onset above the noise, and what follows it."""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yan_brain.perception.sound import RATE_HZ, Resampler, checked
from yan_brain.perception.timbre import SHORTEST_S, WINDOW_S
from yan_brain.signals import Sound

ABOVE_DB = 10.0          # an onset is louder than the noise by this
LEAP_DB = 10.0           # so much louder than all of an event before: another one begins
QUIET_S = 0.35           # an event ends when nothing was loud for so long
LEAD_S = 0.02            # kept from before the onset
FOLLOWS = 0.05           # share by which the noise floor follows a frame that is not loud
CREEP_DB = 0.03          # a frame, 3 dB a second: what stays loud becomes the noise
LEAST_DB = 10.0          # of int16 steps: a frame below is silence
_FRAME = 160             # 10 ms
_LEAD = round(LEAD_S * RATE_HZ / _FRAME)
_ATTACK = 10             # frames in which an event may still grow
_GAP_S = 0.5             # sound missing for this long begins a new stream


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event:
    """Something heard. `samples` is (n,) int16 at 16 kHz from its onset, at most WINDOW_S."""

    begin_s: float
    end_s: float
    samples: NDArray[np.int16]
    level_db: float          # of its loudest 10 ms, against one int16 step
    fresh: bool              # False: it only goes on from the event before


class Events:
    """Cuts a stream into events. Not for several threads at once."""

    def __init__(self) -> None:
        self.now_s = -math.inf           # stamp of the end of what was heard
        self._resampler = Resampler()
        self._rest = np.zeros(0, np.int16)       # less than a frame
        self._restart()

    def feed(self, sound: Sound) -> list[Event]:
        """What ended with this piece, oldest first.

        Raises:
            SoundError: sound that cannot be used; nothing was changed.
        """
        samples = checked(sound)
        if abs(sound.stamp_s - self.now_s) > _GAP_S:
            self._restart()
        self.now_s = sound.stamp_s + samples.size / sound.rate_hz
        held = np.concatenate([self._rest, self._resampler.feed(samples, sound.rate_hz)])
        whole = held.size // _FRAME * _FRAME
        self._rest = held[whole:]
        frames = held[:whole].reshape(-1, _FRAME)
        power = np.mean((frames - frames.mean(1, keepdims=True)) ** 2, axis=1, dtype=np.float64)
        levels = 10 * np.log10(power + 1e-3)
        found = []
        for index, (frame, level) in enumerate(zip(frames, levels, strict=True)):
            late_s = ((len(frames) - 1 - index) * _FRAME + self._rest.size) / RATE_HZ
            event = self._frame(frame, float(level), self.now_s - late_s)
            if event is not None:
                found.append(event)
        return found

    def _restart(self) -> None:
        self._rest = np.zeros(0, np.int16)
        self._floor = math.nan
        self._lead: list[NDArray[np.int16]] = []
        self._open: list[NDArray[np.int16]] = []
        self._quiet, self._fresh = 0, True
        self._peak = self._before = -math.inf    # of the event that is open, and of the last

    def _frame(self, frame: NDArray[np.int16], level: float, end_s: float) -> Event | None:
        heard = level >= LEAST_DB
        if heard and math.isnan(self._floor):
            self._floor = level
        loud = heard and level > self._floor + ABOVE_DB
        if heard:                        # exact silence, as of a muted piece, tells no floor
            self._floor += CREEP_DB if loud else FOLLOWS * (level - self._floor)
        if not self._open:
            self._lead = [*self._lead, frame][-_LEAD - 1:]
            if loud:
                self._open, self._quiet, self._peak = self._lead, 0, level
                self._lead = []
            else:
                self._fresh = True
            return None
        self._open.append(frame)
        self._quiet = 0 if loud else self._quiet + 1
        if level > self._peak + LEAP_DB and len(self._open) > _ATTACK:
            self._open, self._fresh = self._open[-_LEAD - 1:], True
        self._peak = max(self._peak, level)
        full = len(self._open) * _FRAME >= WINDOW_S * RATE_HZ
        if not full and self._quiet * _FRAME < QUIET_S * RATE_HZ:
            return None
        return self._end(end_s)

    def _end(self, end_s: float) -> Event | None:
        samples = np.concatenate(self._open[:len(self._open) - self._quiet or None])
        fresh = self._fresh or self._peak > self._before + LEAP_DB
        self._fresh, self._before, self._open = self._quiet > 0, self._peak, []
        if samples.size < SHORTEST_S * RATE_HZ:
            samples = np.concatenate([samples, np.zeros(round(SHORTEST_S * RATE_HZ), np.int16)])
        return Event(begin_s=end_s - (samples.size + self._quiet * _FRAME) / RATE_HZ,
                     end_s=end_s, samples=samples, level_db=self._peak, fresh=fresh)
