"""Lessons on disk: an SQLite journal that survives `kill -9` and power loss.

A lesson counts as learned only after its transaction was synced to disk (WAL,
synchronous=FULL). Every lesson and journal entry carries a checksum; a damaged lesson is left
out and named. `version` is the number of the last entry that changed what is known; it only
ever rises, also by `restore`. Several processes may open one store.

Forgotten lessons are erased from the file unless a snapshot holds them.
"""
from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FORMAT = 1
BUSY_S = 5.0
CHANGES = ('taught', 'forgotten', 'restored')    # entries that raise the version
_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS journal (
    entry INTEGER PRIMARY KEY AUTOINCREMENT, at_s REAL NOT NULL, kind TEXT NOT NULL,
    concept TEXT NOT NULL, detail TEXT NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS lessons (
    id INTEGER PRIMARY KEY AUTOINCREMENT, concept TEXT NOT NULL, core TEXT NOT NULL,
    taught_s REAL NOT NULL, width INTEGER NOT NULL, shown INTEGER NOT NULL,
    data BLOB NOT NULL, checksum BLOB NOT NULL, active INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS snapshots (name TEXT PRIMARY KEY, at_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS snapshot_lessons (
    name TEXT NOT NULL REFERENCES snapshots(name) ON DELETE CASCADE,
    lesson INTEGER NOT NULL REFERENCES lessons(id), PRIMARY KEY (name, lesson));
"""


class StoreError(RuntimeError):
    """The store cannot do what was asked; the message says why, and nothing was changed."""


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
        about = json.dumps([self.concept, self.core, self.taught_s, self.features.shape])
        return _digest(about.encode() + self.data())


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the journal."""

    entry: int
    at_s: float
    kind: str                             # taught forgotten restored snapshot feedback
    concept: str
    detail: dict[str, str | int | float]


class LessonStore:
    """The lessons of one brain.

    Args:
        path: the database file; it and its folder are made when missing. None: lessons are
            kept in memory and end with the process.
        read_only: never write. A store that cannot be written is opened like this by itself.
        clock: wall time in seconds.

    Raises:
        StoreError: the file cannot be opened, is damaged, or is of a newer format.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False,
                 clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.damaged: tuple[str, ...] = ()
        self._clock = clock
        self._lock = threading.RLock()
        self._why_read_only = 'it was opened for reading only' if read_only else ''
        try:
            if path is None:
                self._db = _prepared(_connect(':memory:'))
            else:
                self._db = self._open_to_read(path) if read_only else self._open(path)
            self._check_format()
        except sqlite3.Error as error:
            raise StoreError(
                f'the lesson store {path} cannot be opened ({error}): check that the path is '
                'right and readable; if the file is damaged, move it away or put a backup '
                'in its place') from error

    @property
    def read_only(self) -> str:
        """Why nothing can be written; empty when it can."""
        return self._why_read_only

    @property
    def version(self) -> int:
        """Number of the last entry that changed what is known; 0: none did."""
        with self._reading():
            marks = ','.join('?' * len(CHANGES))
            row = self._db.execute(
                f'SELECT max(entry) FROM journal WHERE kind IN ({marks})', CHANGES).fetchone()
        return int(row[0] or 0)

    def state(self) -> tuple[int, frozenset[int]]:
        """The version, and the ids of the lessons that count in it."""
        with self._reading():
            self._db.execute('BEGIN')
            try:
                ids = self._db.execute('SELECT id FROM lessons WHERE active').fetchall()
                return self.version, frozenset(row[0] for row in ids)
            finally:
                self._db.execute('COMMIT')

    def lessons(self, known: frozenset[int] = frozenset()) -> tuple[Lesson, ...]:
        """The lessons that count, oldest first, without those whose ids are `known`.

        Damaged ones are left out and named in `damaged`.
        """
        found, damaged = [], []
        with self._reading():
            rows = self._db.execute(
                'SELECT id, concept, core, taught_s, width, shown, data, checksum FROM lessons '
                'WHERE active AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY id',
                (json.dumps(sorted(known)),)).fetchall()
        for number, concept, core, taught_s, width, shown, data, checksum in rows:
            lesson = _lesson(number, concept, core, taught_s, width, shown, data)
            if lesson is None or lesson.checksum() != checksum:
                damaged.append(f'{concept} (lesson {number})')
            else:
                found.append(lesson)
        self.damaged = tuple(damaged)
        return tuple(found)

    def append(self, lesson: Lesson) -> int:
        """Keep a lesson; returns the new version once it is safe on disk."""
        with self._writing(f'the lesson on {lesson.concept!r}'):
            self._db.execute(
                'INSERT INTO lessons (concept, core, taught_s, width, shown, data, checksum) '
                'VALUES (?, ?, ?, ?, ?, ?, ?)',
                (lesson.concept, lesson.core, lesson.taught_s, lesson.features.shape[1],
                 len(lesson.features), lesson.data(), lesson.checksum()))
            return self._note('taught', lesson.concept, {'shown': len(lesson.features)})

    def forget(self, concept: str) -> int:
        """Take back all lessons on a concept; how many there were."""
        with self._writing(f'the forgetting of {concept!r}'):
            count = self._db.execute('UPDATE lessons SET active = 0 WHERE active AND concept = ?',
                                     (concept,)).rowcount
            if count:
                self._sweep()
                self._note('forgotten', concept, {'lessons': count})
            return count

    def snapshot(self, name: str) -> None:
        """Remember what is known now under a name that is not in use."""
        with self._writing(f'the snapshot {name!r}'):
            if name in self.snapshots():
                raise StoreError(f'there is a snapshot {name!r} already; choose another name, '
                                 f'these are taken: {_list(self.snapshots())}')
            self._db.execute('INSERT INTO snapshots VALUES (?, ?)', (name, self._clock()))
            self._db.execute(
                'INSERT INTO snapshot_lessons SELECT ?, id FROM lessons WHERE active', (name,))
            self._note('snapshot', '', {'name': name})

    def restore(self, name: str) -> int:
        """Go back to a snapshot, which stays; returns the new version."""
        with self._writing(f'the return to {name!r}'):
            if name not in self.snapshots():
                raise StoreError(f'there is no snapshot {name!r}; there are: '
                                 f'{_list(self.snapshots())}')
            self._db.execute(
                'UPDATE lessons SET active = id IN '
                '(SELECT lesson FROM snapshot_lessons WHERE name = ?)', (name,))
            self._sweep()
            return self._note('restored', '', {'name': name})

    def snapshots(self) -> tuple[str, ...]:
        """Names, oldest first."""
        with self._reading():
            rows = self._db.execute('SELECT name FROM snapshots ORDER BY at_s, name').fetchall()
        return tuple(row[0] for row in rows)

    def drop_snapshot(self, name: str) -> None:
        """Remove a snapshot and the lessons that only it held."""
        with self._writing(f'the removal of {name!r}'):
            if not self._db.execute('DELETE FROM snapshots WHERE name = ?', (name,)).rowcount:
                raise StoreError(f'there is no snapshot {name!r}; there are: '
                                 f'{_list(self.snapshots())}')
            self._sweep()

    def note_feedback(self, value: float, instruction_id: int, about: str) -> int:
        """Keep praise or blame; returns the entry's number."""
        with self._writing('the feedback'):
            return self._note('feedback', '', {
                'value': value, 'instruction_id': instruction_id, 'about': about})

    def journal(self) -> Iterator[Entry]:
        """All entries, oldest first.

        Raises:
            StoreError: an entry does not fit its checksum.
        """
        with self._reading():
            rows = self._db.execute('SELECT * FROM journal ORDER BY entry').fetchall()
        for entry, at_s, kind, concept, detail, checksum in rows:
            if _entry_digest(at_s, kind, concept, detail) != checksum:
                raise StoreError(f'entry {entry} of the journal in {self.path} is damaged; '
                                 'put a backup in its place')
            yield Entry(entry=entry, at_s=at_s, kind=kind, concept=concept,
                        detail=json.loads(detail))

    def close(self) -> None:
        """Close the file. Nothing is lost without it."""
        with self._lock:
            self._db.close()

    def _open(self, path: Path) -> sqlite3.Connection:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return _prepared(_connect(path.absolute().as_uri()))
        except (OSError, sqlite3.OperationalError) as error:
            if not path.exists():
                raise StoreError(f'the lesson store {path} cannot be made ({error}); give '
                                 'a path in a folder that can be written') from error
            self._why_read_only = str(error)
            return self._open_to_read(path)

    def _open_to_read(self, path: Path) -> sqlite3.Connection:
        uri = path.absolute().as_uri()
        db = _connect(f'{uri}?mode=ro')
        try:
            db.execute('SELECT count(*) FROM journal').fetchone()
        except sqlite3.OperationalError:
            # WAL needs a file beside the database; where none can be made, and none lies there
            # with lessons in it, the database alone is whole.
            db.close()
            wal = path.with_name(path.name + '-wal')
            if wal.exists() and wal.stat().st_size:
                raise
            db = _connect(f'{uri}?mode=ro&immutable=1')
        return db

    def _check_format(self) -> None:
        found = self._db.execute("SELECT value FROM about WHERE key = 'format'").fetchone()
        if found is None or int(found[0]) > FORMAT:
            raise StoreError(f'the lesson store {self.path} has format '
                             f'{found and found[0]}; this version reads up to {FORMAT}: '
                             'use a newer yan_brain, or another file')

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise StoreError(f'the lesson store {self.path} cannot be read: {error}'
                                 ) from error

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        with self._lock:
            if self._why_read_only:
                raise StoreError(f'{what} was not kept: the lesson store {self.path} cannot be '
                                 f'written ({self._why_read_only}); make it writable and start '
                                 'again')
            try:
                self._db.execute('BEGIN IMMEDIATE')
                yield
                self._db.execute('COMMIT')
            except (sqlite3.Error, OSError) as error:
                raise StoreError(f'{what} was not kept in {self.path}: {error}; free some '
                                 'space or see to the disk, then try again') from error
            finally:
                if self._db.in_transaction:
                    self._db.execute('ROLLBACK')

    def _note(self, kind: str, concept: str, detail: dict[str, str | int | float]) -> int:
        at_s, text = self._clock(), json.dumps(detail)
        made = self._db.execute(
            'INSERT INTO journal (at_s, kind, concept, detail, checksum) VALUES (?, ?, ?, ?, ?)',
            (at_s, kind, concept, text, _entry_digest(at_s, kind, concept, text)))
        return int(made.lastrowid or 0)

    def _sweep(self) -> None:
        self._db.execute('DELETE FROM lessons WHERE NOT active AND id NOT IN '
                         '(SELECT lesson FROM snapshot_lessons)')


def _prepared(db: sqlite3.Connection) -> sqlite3.Connection:
    db.execute('PRAGMA journal_mode = WAL')
    for pragma in ('synchronous = FULL', 'foreign_keys = ON', 'secure_delete = ON'):
        db.execute(f'PRAGMA {pragma}')
    made = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchone()
    try:
        if made:
            db.execute('PRAGMA busy_timeout = 0')
        db.execute('BEGIN IMMEDIATE')      # what cannot be written fails here, not at a lesson
        for statement in () if made else _SCHEMA.split(';'):
            db.execute(statement)
        db.execute('INSERT OR IGNORE INTO about VALUES (?, ?)', ('format', str(FORMAT)))
        db.execute('COMMIT')
    except sqlite3.OperationalError as error:
        if not made or 'locked' not in str(error):
            raise                          # somebody else writes just now: no fault
    db.execute(f'PRAGMA busy_timeout = {BUSY_S * 1000:.0f}')
    return db


def _connect(uri: str) -> sqlite3.Connection:
    # The lock above keeps the threads apart; transactions are begun by hand.
    return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None,
                           check_same_thread=False)


def _lesson(number: int, concept: str, core: str, taught_s: float, width: int, shown: int,
            data: bytes) -> Lesson | None:
    if width < 1 or len(data) % (4 * width) or not 0 < shown <= len(data) // (4 * width):
        return None
    rows = np.frombuffer(data, '<f4').reshape(-1, width).astype(np.float32)
    return Lesson(concept=concept, core=core, taught_s=taught_s, features=rows[:shown],
                  background=rows[shown:], id=number)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _entry_digest(at_s: float, kind: str, concept: str, detail: str) -> bytes:
    return _digest(json.dumps([at_s, kind, concept, detail]).encode())


def _list(names: tuple[str, ...]) -> str:
    return ', '.join(repr(name) for name in names) or 'none yet'
