"""When to think next: at a steady rate, in step with the camera."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable

EAGER = 0.75        # of a period after the last tick, a new image starts the next one
PATIENT = 1.35      # of a period, an image that is due is waited for
CAMERA_ALIVE_S = 0.5


class Pace:
    """Ticks every `period_s`, each started by a new image where there is a camera.

    With free-running clocks an image would wait half a period on average before it is looked
    at; in step it does not wait. Words start a tick at once. A tick that comes late is not made
    up for: what was left out is counted in `missed`.

    `clock_s` measures the gaps (simulated time when the world is simulated); waiting without
    images is always on the steady clock. `wait` belongs to one thread, all else to any.
    """

    def __init__(self, period_s: float, *, clock_s: Callable[[], float] = time.monotonic,
                 steady_s: Callable[[], float] = time.monotonic) -> None:
        if not 0.001 <= period_s <= 10.0:
            raise ValueError(f'period_s is {period_s}; allowed: 0.001 to 10 seconds')
        self.period_s = period_s
        self.ticks = 0
        self.missed = 0
        self._clock_s, self._steady_s = clock_s, steady_s
        self._wake = threading.Condition()
        self._closed = self._words = self._image = False
        self._image_steady_s = float('-inf')
        self._last_s: float | None = None
        self._last_steady_s = steady_s()

    def saw(self) -> None:
        """A new image is there."""
        with self._wake:
            self._image, self._image_steady_s = True, self._steady_s()
            self._wake.notify()

    def heard(self) -> None:
        """Words are there: think now."""
        with self._wake:
            self._words = True
            self._wake.notify()

    def close(self) -> None:
        """No more ticks; `wait` returns False."""
        with self._wake:
            self._closed = True
            self._wake.notify()

    def wait(self) -> bool:
        """Returns True when the next tick is due, False when closed."""
        with self._wake:
            while not self._closed and not self._due():
                self._wake.wait(max(0.0005, self._patience_s()))
            if self._closed:
                return False
            now_s = self._clock_s()
            if self._last_s is not None:
                gap = (now_s - self._last_s) / self.period_s
                self.missed += max(0, round(gap) - 1) if gap > 1.5 else 0
            self._last_s, self._last_steady_s = now_s, self._steady_s()
            self._words = self._image = False
            self.ticks += 1
            return True

    def _due(self) -> bool:
        if self._words or self._last_s is None:
            return True
        if self._image:
            gap_s = self._clock_s() - self._last_s
            if not 0.0 <= gap_s < EAGER * self.period_s:     # below 0: the clock was set back
                return True
        return self._patience_s() <= 0.0

    def _patience_s(self) -> float:
        """Seconds on the steady clock until the next tick, whatever arrives."""
        now_s = self._steady_s()
        if self._image:
            share = EAGER
        elif now_s - self._image_steady_s < CAMERA_ALIVE_S:
            share = PATIENT
        else:
            share = 1.0
        return self._last_steady_s + share * self.period_s - now_s
