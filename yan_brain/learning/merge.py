"""Two brains become one: their lessons add up, so that the merged one equals a brain taught both.

A lesson that both have (they were merged before, or one is a copy) counts once. The same word
for different things is a conflict: both meanings are kept, and it is named. Tricks of the same
name that do different things cannot both be kept under it: the older gets another name.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.places import APART_M, apart
from yan_brain.learning.sayings import Sayings
from yan_brain.learning.store import Lesson, LessonStore, StoreError, sense_of
from yan_brain.learning.tricks import Trick, TrickBook
from yan_brain.signals import Sense

ALIKE = 0.5              # chance from which what one brain was shown is the other's concept

MakeMemory = Callable[[str, int], ConceptMemory]     # an empty one, of a core and a width


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """The same name in both stores for what does not look, or is not done, alike."""

    name: str
    what: str                # 'concept', 'place' or 'trick'
    detail: str
    moved: str = ''          # name that the older trick has now


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What came of a merge."""

    lessons: int
    shared: int              # lessons that both had
    tricks: int
    conflicts: tuple[Conflict, ...]
    damaged: tuple[str, ...]
    cores: tuple[str, ...]   # more than one: some lessons will not be used by a brain


def merge(first: Path, second: Path, out: Path, *, memory: MakeMemory | None = None,
          rename: str = '') -> Merged:
    """Write a new store that holds the lessons and tricks of both; neither of them is changed.

    Args:
        first, second: stores to read.
        out: file to make.
        memory: makes what judges lessons of a core as the brain itself does; helps to tell
            conflicts.
        rename: what is put behind the second's name in a conflict of concepts; empty: both
            meanings stay under one name.

    Raises:
        StoreError: a store cannot be read, `out` exists, or it cannot be written.
    """
    if out.exists():
        raise StoreError(f'{out} exists already; choose another name')
    for path in (first, second):
        if not path.is_file():
            raise StoreError(f'there is no lesson store {path}')
    try:
        with closing(LessonStore(first, read_only=True)) as one, \
                closing(LessonStore(second, read_only=True)) as other, \
                closing(LessonStore(out)) as made:
            return _merge(one, other, made, memory or plain, rename)
    except StoreError:
        with suppress(OSError):
            out.unlink()
        raise


def plain(core: str, width: int) -> ConceptMemory:
    """A memory that knows nothing of what is ordinary."""
    return ConceptMemory(width=width, core=core)


def _merge(one: LessonStore, other: LessonStore, made: LessonStore, memory: MakeMemory,
           rename: str) -> Merged:
    mine, theirs = one.lessons(), other.lessons()
    damaged = one.damaged + other.damaged
    here = {lesson.checksum() for lesson in mine}
    fresh = [lesson for lesson in theirs if lesson.checksum() not in here]
    conflicts = _conflicts(mine, fresh, memory)
    clashing = {conflict.name for conflict in conflicts}
    if rename:
        fresh = [replace(lesson, concept=f'{lesson.concept} {rename}')
                 if lesson.concept in clashing else lesson for lesson in fresh]
    for store, lessons in ((one, mine), (other, fresh)):
        made.take_over(lessons, str(store.path))
    tricks, clashes = joined(TrickBook(one.database).tricks(), TrickBook(other.database).tricks())
    book = TrickBook(made.database)
    for trick in tricks:
        book.teach(trick)
    for store in (one, other):
        Sayings(made.database).take_over(Sayings(store.database).known(counting=False))
    return Merged(
        lessons=len(mine) + len(fresh), shared=len(theirs) - len(fresh), tricks=len(tricks),
        conflicts=tuple(conflicts) + tuple(clashes), damaged=damaged,
        cores=tuple(sorted({lesson.core for lesson in (*mine, *fresh)})))


def _conflicts(mine: Iterable[Lesson], theirs: Iterable[Lesson],
               memory: MakeMemory) -> list[Conflict]:
    """Names whose showings in one brain are not recognised by the other."""
    mine, theirs = list(mine), list(theirs)
    found = places_apart(mine, theirs)
    sides = [_memories(mine, memory), _memories(theirs, memory)]
    for key in sorted(sides[0].keys() & sides[1].keys()):
        (one, a), (other, b) = sides[0][key], sides[1][key]
        for name in sorted({le.concept for le in a} & {le.concept for le in b}):
            conflict = clash(name, one, [le for le in a if le.concept == name],
                             other, [le for le in b if le.concept == name])
            found += [conflict] if conflict is not None else []
    return found


def clash(name: str, one: ConceptMemory, mine: Sequence[Lesson], other: ConceptMemory,
          theirs: Sequence[Lesson]) -> Conflict | None:
    """The conflict on a name that two brains have lessons on; None when they look alike.

    Args:
        one, other: both brains, each with the lessons on the name: `mine` and `theirs`.
    """
    fits = [_fit(one, name, theirs), _fit(other, name, mine)]
    if max(fits) >= ALIKE:
        return None
    return Conflict(name=name, what='concept', detail=(
        f'{len(mine)} and {len(theirs)} lessons do not look alike: each brain takes what the '
        f'other was shown for it with a chance of {fits[0]:.2f} and {fits[1]:.2f}'))


def places_apart(mine: Iterable[Lesson], theirs: Iterable[Lesson]) -> list[Conflict]:
    """Conflicts on places: one name for two of one frame. Those of two frames do not differ."""
    found = []
    sides = [[le for le in some if sense_of(le.core) is Sense.PLACE] for some in (mine, theirs)]
    for name in sorted({le.concept for le in sides[0]} & {le.concept for le in sides[1]}):
        metres = apart(*([le for le in side if le.concept == name] for side in sides))
        if metres > APART_M:
            found.append(Conflict(name=name, what='place', detail=(
                f'the two places are {metres:.1f} metres apart; it is where the newer one is')))
    return found


Memories = dict[tuple[str, int], tuple[ConceptMemory, list[Lesson]]]


def _memories(lessons: Iterable[Lesson], memory: MakeMemory) -> Memories:
    """A memory for each core, with its lessons."""
    groups: dict[tuple[str, int], list[Lesson]] = {}
    for lesson in lessons:
        if sense_of(lesson.core) is not Sense.PLACE:
            groups.setdefault((lesson.core, lesson.features.shape[1]), []).append(lesson)
    made = {}
    for (core, width), some in groups.items():
        judge = memory(core, width)
        judge.take_over(some, 'merge')
        made[core, width] = judge, some
    return made


def _fit(memory: ConceptMemory, name: str, lessons: Iterable[Lesson]) -> float:
    rows = np.concatenate([lesson.features for lesson in lessons])
    return float(memory.probability(rows)[:, memory.knowledge.column(name)].mean())


def joined(mine: Iterable[Trick], theirs: Iterable[Trick]) -> tuple[list[Trick], list[Conflict]]:
    """The tricks of both, and where the older of two of one name got another name."""
    kept = {trick.key: trick for trick in mine}
    clashes = []
    for trick in theirs:
        same = kept.get(trick.key, trick)
        # Whoever joins them, in whatever order, comes to the same.
        older, newer = sorted((same, trick), key=lambda t: (t.taught_s, t.content()))
        kept[trick.key] = newer
        if not newer.does_as(older):
            moved = replace(older, name=_free(trick.name, (name for name, _ in kept)))
            kept[moved.key] = moved
            clashes.append(Conflict(
                name=trick.name, what='trick', moved=moved.name,
                detail=f'it is done in two ways; the older is called {moved.name!r} now'))
    return list(kept.values()), clashes


def _free(name: str, taken: Iterable[str]) -> str:
    number = 2
    counts = Counter(taken)
    while f'{name} {number}' in counts:
        number += 1
    return f'{name} {number}'
