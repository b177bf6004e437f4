"""What people tend to say: a small word trigram that helps the recogniser between like sounds.

Learned from texts (`yan_brain.training.speech_text` draws them), never from rules. It reads text
piece by piece, as a recogniser writes it, and is open: a word never met has a probability too.
Interpolation after Witten and Bell (1991); below the words stands a uniform model of letters.
"""
from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

END = '\uffff'                          # after every word: sorts behind any letter
LETTER = 1.0 / 38.0                     # of a word never met: letters, digits, ', its end
_START, _STOP = '<s>', '</s>'
_NOT_WORD = re.compile(r"[^a-z0-9' ]+")


class Said(NamedTuple):
    """Where a text stands: its last two whole words, and the word being written."""

    before: str = _START
    last: str = _START
    partial: str = ''


def words_of(text: str) -> list[str]:
    """Lower-case words without punctuation; a hyphen parts words."""
    return _NOT_WORD.sub(' ', text.lower().replace('\u2019', "'")).split()


class Phrasing:
    """A word trigram over prefixes of words. Make one with `learn` or `load`."""

    def __init__(self, vocabulary: list[str], grams: NDArray[np.int32]) -> None:
        """`vocabulary` sorted; `grams` is (n, 4): ids of two words before, the word, its count."""
        self._vocabulary = vocabulary
        self._grams = grams
        self._tables: dict[tuple[int, ...], tuple[NDArray[np.int32], NDArray[np.int64]]] = {}
        for order in (1, 2, 3):
            self._add(grams, order)
        self._prefix_chance = lru_cache(maxsize=65_536)(self._chance)
        self._span = lru_cache(maxsize=16_384)(self._find_span)

    @classmethod
    def learn(cls, texts: Iterable[str]) -> Phrasing:
        """Counts the words of `texts`. Raises ValueError when they hold none."""
        counts: Counter[tuple[str, str, str]] = Counter()
        for text in texts:
            spoken = words_of(text)
            if spoken:
                line = [_START, _START, *spoken, _STOP]
                counts.update(zip(line, line[1:], line[2:], strict=False))
        if not counts:
            raise ValueError('no words to learn from: give at least one text with a word')
        vocabulary = sorted({word for gram in counts for word in gram})
        ids = {word: at for at, word in enumerate(vocabulary)}
        grams = np.array([[*(ids[word] for word in gram), count]
                          for gram, count in sorted(counts.items())], np.int32)
        return cls(vocabulary, grams)

    @classmethod
    def load(cls, path: Path) -> Phrasing:
        """Reads what `save` wrote. Raises OSError, or ValueError for another kind of file."""
        with np.load(path, allow_pickle=False) as file:
            if not {'vocabulary', 'grams'} <= set(file.files):
                raise ValueError(f'{path} holds {sorted(file.files)}, not a phrasing')
            return cls(str(file['vocabulary']).split('\n'), file['grams'].astype(np.int32))

    def save(self, path: Path) -> None:
        """Writes the counts as a compressed .npz."""
        np.savez_compressed(path, vocabulary=np.array('\n'.join(self._vocabulary)),
                            grams=self._grams)

    def knows(self, word: str) -> bool:
        """Whether the word stood in the texts."""
        return self._find_span(word + END)[1] > 0

    def write(self, said: Said, piece: str) -> tuple[Said, float]:
        """Adds a piece of text: where it stands then, and the natural log of its chance."""
        total = 0.0
        for letter in piece.lower():
            if letter.isascii() and (letter.isalnum() or letter == "'"):
                longer = Said(said.before, said.last, said.partial + letter)
                total += self._step(said, longer.partial)
                said = longer
            elif said.partial:
                total += self._step(said, said.partial + END)
                said = Said(said.last, said.partial, '')
        return said, total

    def close(self, said: Said) -> float:
        """The natural log of the chance that the text ends here."""
        total = 0.0
        if said.partial:
            total += self._step(said, said.partial + END)
            said = Said(said.last, said.partial, '')
        return total + self._step(said, _STOP + END)

    def chance(self, text: str) -> float:
        """The natural log of the chance of a whole text."""
        said, total = self.write(Said(), ' '.join(words_of(text)))
        return total + self.close(said)

    def _step(self, said: Said, prefix: str) -> float:
        now = self._prefix_chance(said.before, said.last, prefix)
        base = self._prefix_chance(said.before, said.last, said.partial) if said.partial else 1.0
        return math.log(now / base)

    def _chance(self, before: str, last: str, prefix: str) -> float:
        """The chance that the next word begins with `prefix`, given the two before it."""
        chance = LETTER ** len(prefix)
        history = (self._id(before), self._id(last))
        for context in ((), history[1:], history):
            table = self._tables.get(context)
            if table is None:
                continue
            ids, sums = table
            low, high = self._span(prefix)
            count = 0
            if high > low:
                at, end = np.searchsorted(ids, (low, high))
                count = int(sums[end] - sums[at])
            kinds = ids.size
            chance = (count + kinds * chance) / (int(sums[-1]) + kinds)
        return chance

    def _id(self, word: str) -> int:
        at = bisect_left(self._vocabulary, word)
        found = at < len(self._vocabulary) and self._vocabulary[at] == word
        return at if found else -1

    def _find_span(self, prefix: str) -> tuple[int, int]:
        """The ids of the words that begin with `prefix`; with END, of that word alone."""
        if prefix.endswith(END):
            at = self._id(prefix[:-1])
            return (at, at + 1) if at >= 0 else (0, 0)
        return (bisect_left(self._vocabulary, prefix),
                bisect_left(self._vocabulary, prefix + END))

    def _add(self, grams: NDArray[np.int32], order: int) -> None:
        """The followers of every context of `order` - 1 words: sorted ids and summed counts."""
        columns = grams[:, 3 - order:3]
        keys, where = np.unique(columns, axis=0, return_inverse=True)
        counts = np.bincount(where.reshape(-1), weights=grams[:, 3]).astype(np.int64)
        starts = [0]
        if order > 1:
            changes = np.any(keys[1:, :-1] != keys[:-1, :-1], axis=1)
            starts += [int(at) + 1 for at in np.flatnonzero(changes)]
        for first, last in zip(starts, [*starts[1:], len(keys)], strict=True):
            context = tuple(int(word) for word in keys[first, :-1])
            sums = np.concatenate([[0], np.cumsum(counts[first:last])])
            self._tables[context] = (keys[first:last, -1].copy(), sums)
