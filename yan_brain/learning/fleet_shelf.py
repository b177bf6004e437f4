"""What a robot of a fleet knows, knew once, and takes over from others.

A robot remembers the checksums of all it ever knew. What it knew and knows no more, it forgot,
undid, or replaced by something newer: that is its own business, and it does not take it back
from others. Others keep it until they are told to forget it too.
"""
from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.database import digest
from yan_brain.learning.fleet_messages import sendable
from yan_brain.learning.merge import Conflict, clash, joined, places_apart
from yan_brain.learning.store import Lesson, StoreError
from yan_brain.learning.tricks import Trick, TrickBook

AHEAD_S = 86400.0        # what was taught later than that from now has a wrong clock
_TABLES = (
    # Beside the lessons, so that a robot that comes back still knows what it forgot.
    'CREATE TABLE IF NOT EXISTS fleet_known (checksum BLOB PRIMARY KEY, robot TEXT NOT NULL) '
    'WITHOUT ROWID',
    # So that listing the lessons does not read them.
    'CREATE INDEX IF NOT EXISTS lessons_by_checksum ON lessons (checksum) WHERE active')


class News(NamedTuple):
    """Something came from another robot: kind is taught, trick or conflict."""

    kind: str
    concept: str
    message: str


class Shelf:
    """Lessons and tricks of one robot by checksum. For one thread.

    Args:
        memory: of what is seen, over the store that is shared.
        refresh: has all memories over that store take over what is new in it; None: `memory`.

    Attributes:
        have: what it knows and can send.
        known: all it ever knew.
        taken: what of that came from other robots; the set itself stays the same.
        conflicts: what means two things since something was taken over, a sentence each.
    """

    def __init__(self, memory: ConceptMemory, tricks: TrickBook,
                 refresh: Callable[[], object] | None = None,
                 clock: Callable[[], float] = time.time) -> None:
        self._memory, self._book, self._clock = memory, tricks, clock
        self._refresh = refresh or memory.refresh
        self._database = memory.store.database
        self._looked = -1
        self._remembered = False
        self._lessons: dict[bytes, int] = {}
        self._tricks: dict[bytes, Trick] = {}
        self._broken: set[bytes] = set()
        self.have: frozenset[bytes] = frozenset()
        self.known: set[bytes] = set()
        self.taken: set[bytes] = set()
        self.conflicts: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """Rises with everything learned, forgotten or restored."""
        return self._memory.store.version

    @property
    def summary(self) -> bytes:
        """16 bytes that are equal for robots that know the same."""
        return digest(b''.join(sorted(self.have)))

    def look(self) -> frozenset[bytes]:
        """See what was learned or forgotten since the last look; what is there now and was not."""
        version, before = self.version, self.have
        if version == self._looked:
            return frozenset()
        self._refresh()                     # another process may have written it
        self._book.reload()
        with self._database.reading():
            rows = self._database.run(
                'SELECT checksum, id FROM lessons WHERE active').fetchall()
        self._lessons = {bytes(checksum): number for checksum, number in rows}
        self._tricks = {trick.checksum(): trick for trick in self._book.tricks()
                        if sendable(trick)}
        self.have = frozenset({*self._lessons, *self._tricks} - self._broken)
        self._note(self.have, '')
        self._settle()
        self._looked = version
        return self.have - before

    def item(self, checksum: bytes) -> Lesson | Trick | None:
        """What has that checksum; None when it is not here, or cannot be sent."""
        if checksum in self._tricks:
            return self._tricks[checksum]
        number = self._lessons.get(checksum)
        found = self._read([number]) if number is not None and checksum in self.have else ()
        if found and sendable(found[0]):
            return found[0]
        if checksum in self.have:           # damaged, or too large: others need not ask for it
            self._broken.add(checksum)
            self.have -= {checksum}
        return None

    def refusal(self, item: Lesson | Trick) -> str:
        """Why a well-formed thing is not taken; empty when it is."""
        name = item.name if isinstance(item, Trick) else item.concept
        if item.taught_s > self._clock() + AHEAD_S:
            return f'{name!r} was taught in the future: set the clocks of the robots'
        if isinstance(item, Lesson) and item.core == self._memory.core \
                and item.features.shape[1] != self._memory.width:
            return (f'the lesson on {name!r} has rows of {item.features.shape[1]} floats; this '
                    f'core has {self._memory.width}')
        return ''

    def take(self, items: Iterable[Lesson | Trick], robot: str) -> list[News]:
        """Learn what another robot knows and this one never knew; what came of it.

        Raises:
            StoreError: something could not be kept; what was kept before it stays.
        """
        fresh = {checksum: item for item in items
                 if (checksum := item.checksum()) not in self.known}
        lessons = [item for item in fresh.values() if isinstance(item, Lesson)]
        news = self._take_lessons(lessons, robot) if lessons else []
        self._note([lesson.checksum() for lesson in lessons], robot)
        for checksum, item in fresh.items():
            if isinstance(item, Trick):
                news += self._take_trick(item, robot)
                self._note([checksum], robot)
        return news

    def _take_lessons(self, lessons: Sequence[Lesson], robot: str) -> list[News]:
        most = self._memory.config.most_lessons
        if len(self._lessons) + len(lessons) > most:
            raise StoreError(f'{len(self._lessons)} lessons are kept, {len(lessons)} more of '
                             f'{robot!r} would be above the most allowed (most_lessons: {most}): '
                             'forget something first')
        conflicts = self._clashes(lessons)
        self._memory.take_over(lessons, robot)
        self._refresh()                     # some may be of sounds
        news = []
        for name in sorted({lesson.concept for lesson in lessons}):
            count = sum(lesson.concept == name for lesson in lessons)
            news.append(News('taught', name, f'took over {count} lesson'
                             f'{"s" if count > 1 else ""} on {name!r} from {robot!r}'))
        return news + [self._conflict(conflict, robot) for conflict in conflicts]

    def _clashes(self, lessons: Sequence[Lesson]) -> list[Conflict]:
        """By the rule of a merge: names whose showings here and there do not look alike."""
        memory = self._memory
        theirs = [le for le in lessons if le.core == memory.core]
        names = sorted({lesson.concept for lesson in theirs} & set(memory.names))
        found = places_apart(self._read(n for name in {le.concept for le in lessons}
                                        for n in memory.store.ids(name)), lessons)
        if not names:
            return found
        other = ConceptMemory(width=memory.width, core=memory.core, world=memory.world,
                              config=memory.config)
        other.take_over(theirs, 'fleet')
        for name in names:
            mine = [le for le in self._read(memory.store.ids(name)) if le.core == memory.core]
            conflict = clash(name, memory, mine, other,
                             [le for le in theirs if le.concept == name])
            found += [conflict] if conflict is not None else []
        return found

    def _take_trick(self, trick: Trick, robot: str) -> list[News]:
        if self._memory.fault:
            raise StoreError(f'nothing can be learned: {self._memory.fault}')
        here = {known.key: known for known in self._book.tricks()}
        kept, conflicts = joined(here.values(), [trick])
        # What gets another name first: it must be safe before its old name is taken.
        changed = sorted((one for one in kept if here.get(one.key) is not one),
                         key=lambda one: one.key in here)
        for one in changed:
            self._book.teach(one)
        self._refresh()
        same = here.get(trick.key)
        if not changed or (same is not None and same.does_as(trick)):
            return []
        news = [] if conflicts else [News('trick', trick.name, f'took over the trick '
                                          f'{trick.name!r} from {robot!r}')]
        return news + [self._conflict(conflict, robot) for conflict in conflicts]

    def _conflict(self, conflict: Conflict, robot: str) -> News:
        told = f'{conflict.name!r} means something else to {robot!r}, both are kept: ' \
               f'{conflict.detail}'
        with self._database.writing(f'the conflict on {conflict.name!r}'):
            self._database.note('conflict', conflict.name, {
                'what': conflict.what, 'told': told, 'moved': conflict.moved})
        return News('conflict', conflict.name, told)

    def _settle(self) -> None:
        """Conflicts end when a name is forgotten that was in them."""
        there = {trick.name for trick in self._book.tricks()}
        with self._database.reading():
            there |= {row[0] for row in self._database.run(
                'SELECT DISTINCT concept FROM lessons WHERE active')}
            rows = self._database.run("SELECT entry, concept, detail FROM journal WHERE kind = "
                                      "'conflict' ORDER BY entry").fetchall()
        lasting, over = [], []
        for entry, name, text in rows:
            detail = json.loads(text)
            if {name, detail['moved'] or name} <= there:
                lasting.append(detail['told'])
            else:
                over.append(entry)
        self.conflicts = tuple(lasting)
        if over and not self._database.read_only:
            with self._database.writing('the end of a conflict'):
                self._database.run('DELETE FROM journal WHERE entry IN '
                                   '(SELECT value FROM json_each(?))', (json.dumps(over),))

    def _remember(self) -> None:
        with self._database.writing('the list of what was known'):
            for statement in _TABLES:
                self._database.run(statement)
            rows = self._database.run('SELECT checksum, robot FROM fleet_known').fetchall()
        self.known |= {bytes(checksum) for checksum, _ in rows}
        self.taken.update(bytes(checksum) for checksum, robot in rows if robot)
        self._remembered = True

    def _note(self, checksums: Collection[bytes], robot: str) -> None:
        if not self._remembered and not self._database.read_only:
            self._remember()
        fresh = set(checksums) - self.known
        if fresh and not self._database.read_only:
            with self._database.writing('the list of what was known'):
                for checksum in fresh:
                    self._database.run('INSERT OR IGNORE INTO fleet_known VALUES (?, ?)',
                                       (checksum, robot))
        self.known |= fresh
        self.taken.update(fresh if robot else ())

    def _read(self, numbers: Iterable[int]) -> tuple[Lesson, ...]:
        """Lessons by id; the store goes on naming the damaged ones it knew of."""
        store = self._memory.store
        before = store.damaged
        found = store.lessons(numbers)
        store.damaged = tuple(dict.fromkeys(before + store.damaged))
        return found
