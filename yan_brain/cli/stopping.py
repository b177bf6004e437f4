"""Ctrl-C, `kill` and a closed terminal as one exception, raised once."""
from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ASKED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked this program to end."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Within, being asked to end raises Stopped once; more such wishes change nothing."""
    def asked(number: int, _frame: FrameType | None) -> None:
        # What is tidied up now must not be cut short by a second Ctrl-C.
        for other in ASKED:
            signal.signal(other, signal.SIG_IGN)
        raise Stopped(signal.Signals(number).name)

    before = {number: signal.signal(number, asked) for number in ASKED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
