"""What `yan-brain run` shows: events that scroll, a live status line, a prompt below it.

On a terminal the last two rows stand still (VT100 scroll region) while events scroll above and
the terminal itself edits the line typed. Elsewhere everything is plain lines.
"""
from __future__ import annotations

import os
import queue
import shutil
import sys
import threading
import time
import unicodedata
from types import TracebackType
from typing import TextIO

PROMPT = 'you> '
PLAIN_PERIOD_S = 5.0                    # of the status where there is no terminal
END = object()                          # in the queue of lines: there will be no more


class Screen:
    """Output and input of a conversation. Use as `with Screen() as screen`."""

    def __init__(self, out: TextIO = sys.stdout, inp: TextIO = sys.stdin) -> None:
        self._out, self._in = out, inp
        self.live = out.isatty() and inp.isatty() and os.environ.get('TERM', 'dumb') != 'dumb'
        self._size = (0, 0)
        self._status = ''
        self._told_s = time.monotonic()
        self._lines: queue.SimpleQueue[str | object] = queue.SimpleQueue()
        self.ended = False              # nothing more will be typed

    def __enter__(self) -> Screen:
        if self.live:
            self._layout()
        # Reading blocks and cannot be interrupted: the thread ends with the process.
        threading.Thread(target=self._read, name='keyboard', daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self.live:
            rows = self._size[1]
            self._write(f'\x1b[r\x1b[{rows - 1};1H\x1b[J')

    def event(self, text: str) -> None:
        """A line that stays."""
        if not self.live:
            print(text, file=self._out, flush=True)
            return
        self._fit()
        # Save the cursor, scroll the region up by one, write there, go back.
        self._write(f'\x1b7\x1b[{self._size[1] - 2};1H\n\x1b[2K{text}\x1b8')

    def status(self, text: str) -> None:
        """The line that shows how things stand."""
        if not self.live:
            if time.monotonic() - self._told_s >= PLAIN_PERIOD_S:
                self._told_s = time.monotonic()
                print(text, file=self._out, flush=True)
            return
        self._fit()
        if text != self._status:
            self._status = text
            columns, rows = self._size
            self._write(f'\x1b7\x1b[{rows - 1};1H\x1b[2K\x1b[7m{cut(text, columns)}\x1b[0m\x1b8')

    def typed(self, wait_s: float) -> str | None:
        """The next line that was typed, None when there is none within `wait_s`."""
        if self.ended:
            time.sleep(wait_s)
            return None
        try:
            line = self._lines.get(timeout=wait_s)
        except queue.Empty:
            return None
        if line is END:
            self.ended = True
            return None
        if self.live:
            self._prompt()
        return str(line).strip()

    def _read(self) -> None:
        for line in self._in:
            self._lines.put(line)
        self._lines.put(END)

    def _fit(self) -> None:
        if tuple(shutil.get_terminal_size()) != self._size:
            self._layout()

    def _layout(self) -> None:
        self._size = tuple(shutil.get_terminal_size())  # type: ignore[assignment]
        rows = self._size[1]
        self._status = ''
        self._write(f'\n\n\x1b[1;{rows - 2}r\x1b[{rows - 1};1H\x1b[J')
        self._prompt()

    def _prompt(self) -> None:
        self._write(f'\x1b[{self._size[1]};1H\x1b[2K{PROMPT}')

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def cut(text: str, columns: int) -> str:
    """`text` padded or cut to that many terminal columns; Chinese characters take two."""
    used, kept = 0, ''
    for character in text:
        wide = 2 if unicodedata.east_asian_width(character) in 'WF' else 1
        if used + wide > columns:
            break
        used, kept = used + wide, kept + character
    return kept + ' ' * (columns - used)
