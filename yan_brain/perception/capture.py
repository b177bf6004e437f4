"""A sensor that is read by a thread of its own and comes back after it vanished.

A `Source` opens, is read until it fails, and is opened again after a while. What it gives is
handed to a function at once; when nothing comes for too long the source counts as vanished.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

T = TypeVar('T')
T_co = TypeVar('T_co', covariant=True)

CLOSE_LIMIT_S = 2.0


class CaptureError(RuntimeError):
    """A sensor cannot be opened or read. The text names it and says what to do."""


class CaptureEnded(CaptureError):
    """There is no more: the file was read to its end."""


class Source(Protocol[T_co]):
    """A device or file. Used from one thread."""

    name: str

    def open(self) -> None:
        """Raises CaptureError."""
        ...

    def read(self, limit_s: float) -> T_co | None:
        """The next piece, or None when none came within `limit_s`. Raises CaptureError."""
        ...

    def close(self) -> None:
        """Frees the device; may be called at any time, also twice."""
        ...


class Capture(Generic[T]):
    """Reads a source on a thread, and opens it again when it fails.

    `given` gets every piece and `said` every change of state ('' is well), both on that thread.
    """

    def __init__(self, source: Source[T], given: Callable[[T], None], *,
                 said: Callable[[str], None] = lambda _: None, retry_s: float = 1.0,
                 stale_s: float = 2.0) -> None:
        self.pieces = 0
        self.openings = 0
        self.fault = f'{source.name}: not opened yet'   # '' while pieces come
        self._source, self._given, self._said = source, given, said
        self._retry_s, self._stale_s = retry_s, stale_s
        self._ending = threading.Event()
        self._newest_s: float | None = None
        self._thread = threading.Thread(target=self._run, name=f'capture {source.name}',
                                        daemon=True)

    def start(self) -> Capture[T]:
        """Begins to read."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Ends within 2 s; a driver that hangs longer is left to its (daemon) thread."""
        self._ending.set()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(CLOSE_LIMIT_S)

    @property
    def age_s(self) -> float:
        """Seconds since the newest piece; infinite before the first."""
        return float('inf') if self._newest_s is None else time.monotonic() - self._newest_s

    @property
    def running(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._source.open()
                self.openings += 1
                self._read()
            except CaptureEnded as end:
                self._tell(str(end))
                self._ending.set()
            except CaptureError as error:
                self._tell(str(error))
            finally:
                self._source.close()
            self._ending.wait(self._retry_s)

    def _read(self) -> None:
        heard_s = time.monotonic() + self._stale_s      # a device may take a while to begin
        while not self._ending.is_set():
            piece = self._source.read(min(0.2, self._stale_s))
            if self._ending.is_set():
                return
            if piece is None:
                if time.monotonic() - heard_s > self._stale_s:
                    raise CaptureError(f'{self._source.name} gives nothing for {self._stale_s:g} s'
                                       '; it is opened again')
                continue
            heard_s = self._newest_s = time.monotonic()
            self.pieces += 1
            self._tell('')
            self._given(piece)

    def _tell(self, fault: str) -> None:
        if fault != self.fault:
            self.fault = fault
            self._said(fault)
