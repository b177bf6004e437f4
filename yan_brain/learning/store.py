"""Lessons on disk. A damaged lesson is left out and named.

Forgotten lessons are erased from the file unless a snapshot holds them.
"""
from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.database import Database, Entry, StoreError, digest
from yan_brain.signals import Sense

AT_ONCE = 250            # lessons read from the file together

# Cores begin so that are not of what is seen.
PREFIXES = {Sense.SOUND: 'sound-', Sense.TOUCH: 'touch-', Sense.PLACE: 'place-',
            Sense.VOICE: 'voice-'}

__all__ = ['KeptImage', 'Lesson', 'LessonStore', 'StoreError']


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesson:
    """One showing of a thing. `features` is (n, F) and `background` (m, F), float32."""

    concept: str
    core: str                             # whose features these are
    taught_s: float
    features: NDArray[np.float32]
    background: NDArray[np.float32]
    id: int = 0

    def data(self) -> bytes:
        """Both arrays, row by row, little endian."""
        return np.concatenate([self.features, self.background]).astype('<f4').tobytes()

    def checksum(self) -> bytes:
        """16 bytes that change with anything in the lesson."""
        about = json.dumps(
            [self.concept, self.core, float(self.taught_s), self.features.shape])
        return digest(about.encode() + self.data())


@dataclass(frozen=True, kw_only=True)
class KeptImage:
    """An image of a showing as it is kept: PNG bytes and the field of view."""

    png: bytes
    fov_rad: float


class LessonStore:
    """The lessons of one brain; arguments and errors as of Database."""

    def __init__(self, path: Path | None, *, read_only: bool = False,
                 clock: Callable[[], float] = time.time) -> None:
        self.database = Database(path, read_only=read_only, clock=clock)
        self.path = path
        self.damaged: tuple[str, ...] = ()

    @property
    def read_only(self) -> str:
        """Why nothing can be written; empty when it can."""
        return self.database.read_only

    @property
    def version(self) -> int:
        """Number of the last entry that changed what is known; 0: none did."""
        return self.database.version

    def state(self, sense: Sense) -> tuple[int, frozenset[int]]:
        """The version, and the ids of the lessons of one sense that count in it."""
        of_it = [f'{prefix}*' for other, prefix in PREFIXES.items()
                 if sense in (other, Sense.SIGHT)]
        any_of = ' OR '.join(['core GLOB ?'] * len(of_it))
        with self.database.transaction():
            ids = self.database.run(
                f'SELECT id FROM lessons WHERE active AND ({any_of}) = ?',
                (*of_it, sense is not Sense.SIGHT)).fetchall()
            return self.version, frozenset(row[0] for row in ids)

    def lessons(self, wanted: Iterable[int] | None = None) -> tuple[Lesson, ...]:
        """The lessons that count, oldest first; `wanted`: only those of these ids.

        Damaged ones are left out and named in `damaged`.
        """
        found, damaged = [], []
        some = '' if wanted is None else 'AND id IN (SELECT value FROM json_each(?)) '
        with self.database.reading():
            rows = self.database.run(
                'SELECT id, concept, core, taught_s, width, shown, data, checksum FROM lessons '
                f'WHERE active {some}ORDER BY id',
                () if wanted is None else (json.dumps(sorted(wanted)),)).fetchall()
        for number, concept, core, taught_s, width, shown, data, checksum in rows:
            lesson = _lesson(number, concept, core, taught_s, width, shown, data)
            if lesson is None or lesson.checksum() != checksum:
                damaged.append(f'{concept} (lesson {number})')
            else:
                found.append(lesson)
        self.damaged = tuple(damaged)
        return tuple(found)

    def each(self, wanted: Iterable[int]) -> Iterator[Lesson]:
        """The same, some hundreds at a time, so that thousands need little memory."""
        numbers, damaged = sorted(wanted), list[str]()
        for begin in range(0, max(1, len(numbers)), AT_ONCE):
            yield from self.lessons(numbers[begin:begin + AT_ONCE])
            damaged += self.damaged
        self.damaged = tuple(damaged)

    def append(self, lesson: Lesson, images: Sequence[KeptImage] = ()) -> int:
        """Keep a lesson; returns the new version once it is safe on disk."""
        with self.database.writing(f'the lesson on {lesson.concept!r}'):
            number = self._insert(lesson)
            for index, image in enumerate(images):
                self.database.run('INSERT INTO images VALUES (?, ?, ?, ?)',
                                  (number, index, image.fov_rad, image.png))
            return self.database.note('taught', lesson.concept, {
                'shown': len(lesson.features), 'lesson': number})

    def take_over(self, lessons: Sequence[Lesson], source: str) -> int:
        """Keep lessons of another store, all or none; those that are here already are left out.

        Returns how many were new.
        """
        with self.database.writing(f'the lessons of {source}'):
            here = {row[0] for row in self.database.run(
                'SELECT checksum FROM lessons WHERE active')}
            fresh = [lesson for lesson in lessons if lesson.checksum() not in here]
            for lesson in fresh:
                self._insert(lesson)
            if fresh:
                self.database.note('imported', '', {'source': source, 'lessons': len(fresh)})
            return len(fresh)

    def exchange(self, lessons: Sequence[Lesson], source: str) -> int:
        """Put other lessons into the place of all that count; returns the new version."""
        with self.database.writing(f'the lessons of {source}'):
            self.database.run('UPDATE lessons SET active = 0 WHERE active')
            self._sweep()
            for lesson in lessons:
                self._insert(lesson)
            return self.database.note('imported', '', {
                'source': source, 'lessons': len(lessons)})

    def replace(self, number: int, lesson: Lesson) -> int:
        """Put a lesson made anew from its images into the place of an old one."""
        with self.database.writing(f'the lesson on {lesson.concept!r}'):
            self.database.run(
                'UPDATE lessons SET core = ?, width = ?, shown = ?, data = ?, checksum = ? '
                'WHERE id = ?', (lesson.core, lesson.features.shape[1], len(lesson.features),
                                 lesson.data(), lesson.checksum(), number))
            return self.database.note('imported', lesson.concept, {
                'source': 'images', 'lesson': number})

    def images(self, lesson: int) -> tuple[KeptImage, ...]:
        """The images kept of a lesson; none unless they were asked to be kept."""
        with self.database.reading():
            if self.database.format < 2:
                return ()
            rows = self.database.run('SELECT data, fov_rad FROM images WHERE lesson = ? '
                                     'ORDER BY number', (lesson,)).fetchall()
        return tuple(KeptImage(png=data, fov_rad=fov) for data, fov in rows)

    def ids(self, concept: str) -> frozenset[int]:
        """Ids of the lessons on a concept that count."""
        with self.database.reading():
            rows = self.database.run('SELECT id FROM lessons WHERE active AND concept = ?',
                                     (concept,)).fetchall()
        return frozenset(row[0] for row in rows)

    def forget(self, concept: str) -> int:
        """Take back all lessons on a concept; how many there were."""
        with self.database.writing(f'the forgetting of {concept!r}'):
            count = self.database.run(
                'UPDATE lessons SET active = 0 WHERE active AND concept = ?', (concept,)).rowcount
            if count:
                self._sweep()
                self.database.note('forgotten', concept, {'lessons': count})
            return count

    def take_back(self, number: int) -> str:
        """Take back one lesson; the name it was on, '' when it does not count any more."""
        with self.database.writing(f'the undoing of lesson {number}'):
            row = self.database.run('SELECT concept FROM lessons WHERE active AND id = ?',
                                    (number,)).fetchone()
            if row is None:
                return ''
            self.database.run('UPDATE lessons SET active = 0 WHERE id = ?', (number,))
            self._sweep()
            self.database.note('undone', row[0], {'lesson': number})
            return str(row[0])

    def newest(self, besides: Collection[bytes] = ()) -> tuple[int, float] | None:
        """Id and time of the last lesson that counts, but for those of some checksums."""
        with self.database.reading():
            rows = self.database.run('SELECT id, taught_s, checksum FROM lessons WHERE active '
                                     'ORDER BY id DESC')
            return next(((int(number), float(taught_s)) for number, taught_s, checksum in rows
                         if checksum not in besides), None)

    def snapshot(self, name: str) -> None:
        """Remember what is known now under a name that is not in use."""
        run = self.database.run
        with self.database.writing(f'the snapshot {name!r}'):
            if name in self.snapshots():
                raise StoreError(f'there is a snapshot {name!r} already; choose another name, '
                                 f'these are taken: {_list(self.snapshots())}')
            run('INSERT INTO snapshots VALUES (?, ?)', (name, self.database.clock()))
            run('INSERT INTO snapshot_lessons SELECT ?, id FROM lessons WHERE active', (name,))
            run('INSERT INTO snapshot_tricks SELECT ?, id FROM tricks WHERE active', (name,))
            self.database.note('snapshot', '', {'name': name})

    def restore(self, name: str) -> int:
        """Go back to a snapshot, which stays; returns the new version."""
        with self.database.writing(f'the return to {name!r}'):
            if name not in self.snapshots():
                raise StoreError(f'there is no snapshot {name!r}; there are: '
                                 f'{_list(self.snapshots())}')
            for table, column in (('lessons', 'lesson'), ('tricks', 'trick')):
                self.database.run(
                    f'UPDATE {table} SET active = id IN '
                    f'(SELECT {column} FROM snapshot_{table} WHERE name = ?)', (name,))
            self._sweep()
            return self.database.note('restored', '', {'name': name})

    def snapshots(self) -> tuple[str, ...]:
        """Names, oldest first."""
        with self.database.reading():
            rows = self.database.run('SELECT name FROM snapshots ORDER BY at_s, name').fetchall()
        return tuple(row[0] for row in rows)

    def drop_snapshot(self, name: str) -> None:
        """Remove a snapshot and what only it held."""
        with self.database.writing(f'the removal of {name!r}'):
            if not self.database.run('DELETE FROM snapshots WHERE name = ?', (name,)).rowcount:
                raise StoreError(f'there is no snapshot {name!r}; there are: '
                                 f'{_list(self.snapshots())}')
            self._sweep()

    def note_feedback(self, value: float, instruction_id: int, about: str) -> int:
        """Keep praise or blame; returns the entry's number."""
        with self.database.writing('the feedback'):
            return self.database.note('feedback', '', {
                'value': value, 'instruction_id': instruction_id, 'about': about})

    def journal(self) -> Iterator[Entry]:
        """All entries, oldest first; StoreError when one is damaged."""
        return self.database.journal()

    def close(self) -> None:
        """Close the file. Nothing is lost without it."""
        self.database.close()

    def _insert(self, lesson: Lesson) -> int:
        made = self.database.run(
            'INSERT INTO lessons (concept, core, taught_s, width, shown, data, checksum) '
            'VALUES (?, ?, ?, ?, ?, ?, ?)',
            (lesson.concept, lesson.core, lesson.taught_s, lesson.features.shape[1],
             len(lesson.features), lesson.data(), lesson.checksum()))
        return int(made.lastrowid or 0)

    def _sweep(self) -> None:
        for table, column in (('lessons', 'lesson'), ('tricks', 'trick')):
            self.database.run(f'DELETE FROM {table} WHERE NOT active AND id NOT IN '
                              f'(SELECT {column} FROM snapshot_{table})')


def sense_of(core: str) -> Sense:
    """What lessons of a core are known again by."""
    return next((sense for sense, prefix in PREFIXES.items() if core.startswith(prefix)),
                Sense.SIGHT)


def _lesson(number: int, concept: str, core: str, taught_s: float, width: int, shown: int,
            data: bytes) -> Lesson | None:
    if width < 1 or len(data) % (4 * width) or not 0 < shown <= len(data) // (4 * width):
        return None
    rows = np.frombuffer(data, '<f4').reshape(-1, width).astype(np.float32)
    return Lesson(concept=concept, core=core, taught_s=taught_s, features=rows[:shown],
                  background=rows[shown:], id=number)


def _list(names: tuple[str, ...]) -> str:
    return ', '.join(repr(name) for name in names) or 'none yet'
