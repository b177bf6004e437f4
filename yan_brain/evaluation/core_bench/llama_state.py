"""Fills the key-value cache of llama.cpp to any length without reading a prompt of that length.

Reading 32,768 tokens takes minutes on a small machine, and the speed of the tokens after them
does not depend on what they were. So the saved state of a short real prompt is written again
with its rows repeated, and llama.cpp loads that: every cell holds real keys and values, and
the attention computes over all of them.

The layout (llama.cpp, `llama_state_seq_save_file`, version 4) is checked to the last byte.
"""
from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC, VERSION = 0x67677371, 4
CELL = struct.Struct('<iii')            # position, number of sequences, sequence


class StateFormatError(RuntimeError):
    """A saved state looks different from what is known here."""


@dataclass
class _Reader:
    data: memoryview
    at: int = 0

    def take(self, kind: str) -> tuple[int, ...]:
        found = struct.unpack_from('<' + kind, self.data, self.at)
        self.at += struct.calcsize('<' + kind)
        return found

    def rows(self, size: int) -> memoryview:
        part = self.data[self.at:self.at + size]
        if len(part) != size:
            raise StateFormatError('a saved llama.cpp state ends too early')
        self.at += size
        return part


def stretch(source: Path, target: Path, cells: int, repeated: list[int]) -> list[int]:
    """Write `source` again with `cells` tokens; returns their ids.

    Args:
        source: what llama.cpp saved of a slot.
        cells: tokens that the new state holds, at least one.
        repeated: the ids that the slot held may be fewer than the cells; they are repeated.

    Raises:
        StateFormatError: the file is of another layout.
    """
    with source.open('rb') as file:
        data = memoryview(file.read())
    reader = _Reader(data)
    try:
        magic, version, count = reader.take('III')
        if (magic, version) != (MAGIC, VERSION):
            raise StateFormatError(f'saved state has magic {magic:#x} and version {version}; '
                                   f'known: {MAGIC:#x}, {VERSION}')
        tokens = list(reader.take(f'{count}i'))
        streams, held = reader.take('II')
        if streams != 1 or tokens[:3] != [-1, 1, held] or tokens[-1] != 0:
            raise StateFormatError('saved state does not hold one stream of tokens')
        ids = [repeated[i % len(repeated)] for i in range(cells)]
        with target.open('wb') as out:
            new = [-1, 1, cells, *ids, 0]
            out.write(struct.pack('<III', MAGIC, VERSION, len(new)))
            out.write(struct.pack(f'<{len(new)}i', *new))
            out.write(struct.pack('<II', 1, cells))
            for position in range(held):
                if reader.take('iii') != (position, 1, 0):
                    raise StateFormatError('saved state has cells out of order')
            out.write(b''.join(CELL.pack(position, 1, 0) for position in range(cells)))
            _copy_layers(reader, out.write, held, cells)
    except struct.error as error:
        raise StateFormatError(f'saved state cannot be read: {error}') from error
    if reader.at != len(data):
        raise StateFormatError(f'saved state has {len(data) - reader.at} bytes more than known')
    return ids


def _copy_layers(reader: _Reader, write: object, held: int, cells: int) -> None:
    """Keys of all layers, then values: by row, or transposed when flash attention is off."""
    assert callable(write)
    transposed, layers, *rest = reader.take('IIII')
    if rest != [0, 0] or transposed not in (0, 1):
        raise StateFormatError(f'saved state has marks {transposed}, {rest}; known: 0 or 1, 0, 0')
    write(struct.pack('<IIII', transposed, layers, 0, 0))
    for part in range(2 * layers):
        if part < layers or not transposed:
            kind, size = reader.take('iQ')
            write(struct.pack('<iQ', kind, size))
            write(_tile(reader.rows(held * size), size, cells))
        else:
            kind, size, width = reader.take('iII')
            write(struct.pack('<iII', kind, size, width))
            for _ in range(width):
                write(_tile(reader.rows(held * size), size, cells))


def _tile(rows: memoryview, size: int, cells: int) -> bytes:
    """`cells` rows of `size` bytes, taken round and round from `rows`."""
    whole, left = divmod(cells * size, len(rows))
    return bytes(rows) * whole + bytes(rows[:left])
