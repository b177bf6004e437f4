"""What robots of a fleet say to one another, and whether it can be believed.

Everything that comes from outside is judged here or in `Shelf.refusal`: sizes, numbers, names
and checksums. What is wrong raises ValueError with the cause; nothing of it is used.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.concepts import clean_name
from yan_brain.learning.store import Lesson
from yan_brain.learning.tricks import Trick, trick_of

CHECKSUM = 16                       # bytes of a checksum
LISTED_AT_ONCE = 1024               # checksums in one message
MOST_LISTED = 100_000               # checksums that one robot may have
MOST_FLOATS = 2**20                 # of one lesson: 4 MiB
MOST_WIDTH = 4096                   # floats of a row
MOST_CHARACTERS = 200               # of the names of robots, cores and tricks
MOST_CONTENT = 100_000              # characters of a trick


@dataclass(frozen=True, kw_only=True)
class _Said:
    """`sender` is drawn when a process starts; `robot` is its name for people."""

    sender: int
    robot: str

    def __post_init__(self) -> None:
        _printable('the name of a robot', self.robot)


@dataclass(frozen=True, kw_only=True)
class Have(_Said):
    """A summary of all that a robot knows, and a piece of the list (possibly empty)."""

    summary: bytes
    count: int
    checksums: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.checksums) <= self.count <= MOST_LISTED:
            raise ValueError(f'{self.robot!r} says that it knows {self.count} things and lists '
                             f'{len(self.checksums)}; at most {MOST_LISTED} are believed')


@dataclass(frozen=True, kw_only=True)
class Want(_Said):
    """`asked` shall send these; none: the list of what it knows."""

    asked: int
    checksums: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Parcel(_Said):
    """A lesson or trick on its way, under the checksum that it was asked for by.

    Raises:
        ValueError: what is inside does not fit the checksum.
    """

    checksum: bytes
    item: Lesson | Trick

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.item.checksum() != self.checksum:
            raise ValueError(f'what {self.robot!r} sent does not fit its checksum: it was damaged '
                             'on the way')


Message = Have | Want | Parcel


def listed(data: bytes) -> tuple[bytes, ...]:
    """Checksums that were sent one behind the other.

    Raises:
        ValueError: not a whole number of them, or too many.
    """
    if len(data) % CHECKSUM or len(data) > CHECKSUM * LISTED_AT_ONCE:
        raise ValueError(f'a list of checksums has {len(data)} bytes; allowed: multiples of '
                         f'{CHECKSUM} up to {CHECKSUM * LISTED_AT_ONCE}')
    return tuple(data[begin:begin + CHECKSUM] for begin in range(0, len(data), CHECKSUM))


def lesson_of(*, concept: str, core: str, taught_s: float, width: int,
              features: NDArray[np.float32], background: NDArray[np.float32]) -> Lesson:
    """A lesson from flat arrays of n * width and m * width floats.

    Raises:
        ValueError: anything about it that cannot be right.
    """
    _printable('the core of a lesson', core)
    if clean_name(concept) != concept:
        raise ValueError(f'a lesson is on {concept[:40]!r}, which is no name as it is kept')
    if not 1 <= width <= MOST_WIDTH or features.size + background.size > MOST_FLOATS:
        raise ValueError(f'the lesson on {concept!r} has {features.size + background.size} '
                         f'floats in rows of {width}; allowed: up to {MOST_FLOATS} in rows of 1 '
                         f'to {MOST_WIDTH}')
    if features.size % width or background.size % width or not features.size:
        raise ValueError(f'the lesson on {concept!r} has {features.size} and {background.size} '
                         f'floats, which are no whole rows of {width}, or none')
    if not (np.isfinite(features).all() and np.isfinite(background).all()):
        raise ValueError(f'the lesson on {concept!r} holds NaN or infinity')
    return Lesson(concept=concept, core=core, taught_s=_time(concept, taught_s),
                  features=features.reshape(-1, width), background=background.reshape(-1, width))


def sent_trick(*, name: str, content: str, taught_s: float) -> Trick:
    """A trick from what was sent.

    Raises:
        ValueError: anything about it that cannot be right.
    """
    _printable('the name of a trick', name)
    if len(content) > MOST_CONTENT:
        raise ValueError(f'the trick {name!r} has {len(content)} characters; allowed: '
                         f'{MOST_CONTENT}')
    try:
        trick = trick_of(name, content, _time(name, taught_s))
        whole = trick.content() == content
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError,
            RecursionError) as error:
        raise ValueError(f'the trick {name!r} cannot be read: {error}') from error
    if not whole:
        raise ValueError(f'the trick {name!r} holds more than this version knows of')
    return trick


def sendable(item: Lesson | Trick) -> bool:
    """Whether others would believe it."""
    try:
        if isinstance(item, Trick):
            sent_trick(name=item.name, content=item.content(), taught_s=item.taught_s)
        else:
            lesson_of(concept=item.concept, core=item.core, taught_s=item.taught_s,
                      width=item.features.shape[1], features=item.features.ravel(),
                      background=item.background.ravel())
    except ValueError:
        return False
    return True


def _time(name: str, taught_s: float) -> float:
    if not (math.isfinite(taught_s) and taught_s >= 0.0):
        raise ValueError(f'{name!r} was taught at {taught_s}; allowed: seconds since 1970')
    return taught_s


def _printable(what: str, text: str) -> None:
    if not 1 <= len(text) <= MOST_CHARACTERS or not text.isprintable():
        raise ValueError(f'{what} is {text[:40]!r}; allowed: 1 to {MOST_CHARACTERS} printable '
                         'characters')
