"""What was learned, ready for use: immutable, so that readers never wait for the learner.

The mean of all features is taken off (and, where their scales differ, they are whitened), then
rows are brought to length sqrt(F); a word is a direction in that space. Two questions are asked
of every row of features: how much does it look like the word rather than like anything else
(ridge score), and is it near to something that was shown at all (cosine to the nearest showing).
Both must be answered with yes for it to be known.
"""
from __future__ import annotations

import logging
from collections.abc import Container
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.expansion import Expansion
from yan_brain.signals import Concept

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
_LOG = logging.getLogger(__name__)


def checked(features: object, width: int, name: str = 'features', least: int = 0) -> Floats:
    """(n, width) float32, or a ValueError that says what is wrong with it."""
    rows = np.asarray(features)
    if rows.ndim != 2 or rows.shape[1] != width or rows.dtype.kind not in 'fiu':
        raise ValueError(f'{name} have shape {rows.shape} and type {rows.dtype}; '
                         f'expected (n, {width}) numbers, from the core these lessons belong to')
    if len(rows) < least:
        raise ValueError(f'{name} are empty; at least {least} row is needed: '
                         'was the thing in view?')
    with np.errstate(over='ignore'):
        rows = rows.astype(np.float32)
    if not np.isfinite(rows).all():
        raise ValueError(f'{name} hold NaN or infinity in {int((~np.isfinite(rows)).sum())} '
                         'places; they must be finite')
    return rows


@dataclass(frozen=True, eq=False)
class Spread:
    """How features are spread over everything: `mean` (F,) and `whiten` (F, F), float64.

    `whiten` is None where the mean is all there is to take off. `expansion` adds random Fourier
    features of the row (see `Expansion`).
    """

    mean: Doubles
    whiten: Doubles | None = None
    expansion: Expansion | None = None

    @property
    def width(self) -> int:
        """F, floats of a row of features."""
        return len(self.mean)

    @property
    def rows_width(self) -> int:
        """W, floats of a row that `apply` gives."""
        return self.width + 1 + (self.expansion.size if self.expansion else 0)

    @classmethod
    def plain(cls, width: int) -> Spread:
        """For features that have mean 0 and unit variance already."""
        return cls(np.zeros(width))

    @classmethod
    def centred(cls, mean: NDArray[np.floating]) -> Spread:
        """For features whose cosines tell things apart already, once `mean` (F,) is taken off."""
        return cls(np.asarray(mean, np.float64))

    @classmethod
    def of(cls, mean: NDArray[np.floating], covariance: NDArray[np.floating],
           shrink: float = 0.1) -> Spread:
        """From mean (F,) and covariance (F, F) of the core's features over many scenes.

        Directions of little variance are not blown up beyond `shrink` of the mean variance.
        """
        values, vectors = np.linalg.eigh(np.asarray(covariance, np.float64))
        values = np.maximum(values, 0) + shrink * values.mean()
        whiten = (vectors / np.sqrt(values)) @ vectors.T
        if not np.isfinite(whiten).all():
            raise ValueError('the covariance of the features is not finite or all zero')
        return cls(np.asarray(mean, np.float64), whiten)

    def apply(self, features: Floats) -> Doubles:
        """(n, F) -> (n, W) rows for the regression; the last is the constant 1."""
        white = features - self.mean
        if self.whiten is not None:
            white = white @ self.whiten
        length = np.linalg.norm(white, axis=1, keepdims=True)
        white *= np.sqrt(white.shape[1]) / np.maximum(length, 1e-12)
        parts = [white, np.ones((len(white), 1))]
        if self.expansion is not None:
            parts.insert(1, self.expansion.apply(white))
        return np.concatenate(parts, 1)


@dataclass(frozen=True, eq=False)
class World:
    """What a core's features look like for ordinary things and places, from its training.

    It tells a learner what is common before the first lesson: how features spread, and what a
    new word must not be confused with. `rows` is (n, F) float32; none: nothing is known.
    """

    rows: Floats
    spread: Spread

    @classmethod
    def of(cls, rows: NDArray[np.floating], *, whiten: bool = True) -> World:
        """From typical rows, some hundreds at least; `whiten`: floats of a row differ in scale.

        Raises:
            ValueError: too few rows, or not finite.
        """
        good = checked(rows, np.shape(rows)[-1] if np.ndim(rows) else 0, 'rows of the world')
        if len(good) <= 2 * good.shape[1]:
            raise ValueError(f'the world has {len(good)} rows of {good.shape[1]} floats; it needs '
                             f'more than {2 * good.shape[1]}')
        mean = good.mean(0, dtype=np.float64)
        return cls(good, Spread.of(mean, np.cov(good.T)) if whiten else Spread.centred(mean))

    @classmethod
    def plain(cls, width: int) -> World:
        """For features of mean 0 and unit variance of which no more is known."""
        return cls(np.empty((0, width), np.float32), Spread.plain(width))


def read_world(path: Path, version: str, *, maker: str, whiten: bool) -> World | None:
    """A file of typical rows; None (and a warning) when there is none for these features.

    Args:
        version: of the features.
        maker: the module that writes the file.
        whiten: as of `World.of`.
    """
    try:
        with np.load(path) as found:
            rows, made_by = found['rows'], str(found['version'])
        if made_by != version:
            raise ValueError(f'it belongs to {made_by}, not {version}')
        return World.of(rows, whiten=whiten)
    except (OSError, ValueError, KeyError) as error:
        _LOG.warning('%s cannot be used (%s): lessons will be told apart less well; make it by '
                     'python -m %s', path, error, maker)
        return None


@dataclass(frozen=True, eq=False, kw_only=True)
class Knowledge:
    """All that was learned up to `version`. C concepts, L showings; W floats of a row.

    A question about n rows costs n (C + L) W multiplications whatever was learned before.
    """

    version: int
    concepts: tuple[Concept, ...]          # by name
    spread: Spread
    weights: Doubles                       # (W, C)
    centre: Doubles                        # (C,) score that is as likely as not the concept
    slope: Doubles                         # (C,) log odds for each unit of score
    shown: Doubles                         # (W, L) mean rows of showings, for the cosine
    first: NDArray[np.intp]                # (C,) where the showings of each concept begin in L
    reach: Doubles                         # (C,) cosine below which it is rather something else

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What there is a word for; the order of the columns below."""
        return tuple(concept.name for concept in self.concepts)

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {name: column for column, name in enumerate(self.names)}

    def column(self, name: str) -> int:
        """The column of a name in `predict` and `probability`.

        Raises:
            KeyError: a name that was never taught.
        """
        return self._columns[name]

    def named_in(self, words: str) -> str:
        """The longest taught name among words; '' when there is none."""
        return named_in(words, self._columns)

    def predict(self, features: NDArray[np.floating]) -> Floats:
        """Ridge scores: about 1 for the concept, about 0 for all else; (n, F) -> (n, C).

        Raises:
            ValueError: features of another width, or not finite.
        """
        rows = self.spread.apply(checked(features, self.spread.width))
        return (rows @ self.weights).astype(np.float32)

    def probability(self, features: NDArray[np.floating]) -> Floats:
        """Chance that a row shows the concept, also when it may show nothing ever taught.

        Raises:
            ValueError: features of another width, or not finite.
        """
        rows = self.spread.apply(checked(features, self.spread.width))
        if not len(self.first):
            return np.zeros((len(rows), 0), np.float32)
        score = _sigmoid((rows @ self.weights - self.centre) * self.slope)
        return (score * self._near(rows)).astype(np.float32)

    def rivalled(self, features: NDArray[np.floating], column: int) -> Floats:
        """(n,) chance of one concept, less where another concept fits better.

        What looks a little like the blorp and very much like the glim is rather a glim.
        """
        chance = self.probability(features)
        rivals = np.delete(chance, column, 1)
        if not rivals.shape[1]:
            return chance[:, column]
        ahead = _odds(chance[:, column]) / _odds(rivals.max(1))
        return np.asarray(chance[:, column] * np.minimum(1.0, ahead ** RIVALRY), np.float32)

    def _near(self, rows: Doubles) -> Doubles:
        """(n, C) how near each row is to something shown, 0 to 1."""
        nearest = np.maximum.reduceat(rows @ self.shown, self.first, axis=1)
        return _sigmoid(NEAR_STEEPNESS * (nearest / self.reach - 1))


NAME_LIMIT = 64
NEAR_STEEPNESS = 6.0     # log odds from reach to twice the reach
RIVALRY = 0.25           # power of the odds against a better fitting concept


def _odds(chance: Floats) -> Floats:
    sane = np.clip(chance, 1e-4, 1 - 1e-4)
    return sane / (1 - sane)


def named_in(words: str, names: Container[str]) -> str:
    """The longest of some names among words; '' when there is none.

    English names stand between blanks; names in other scripts anywhere.
    """
    text = ' '.join(words.casefold().split())
    parts = text.split(' ')
    found = [name for begin in range(len(parts)) for end in range(begin + 1, len(parts) + 1)
             if (name := ' '.join(parts[begin:end])) in names]
    if not text.isascii():
        found += [name for begin in range(len(text))
                  for end in range(begin + 1, min(len(text), begin + NAME_LIMIT) + 1)
                  if not (name := text[begin:end]).isascii() and name in names]
    return max(found, key=len, default='')


def _sigmoid(x: Doubles) -> Doubles:
    return 1 / (1 + np.exp(-np.clip(x, -40, 40)))
