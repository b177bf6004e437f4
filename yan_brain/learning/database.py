"""The file that lessons and tricks are kept in: SQLite that survives `kill -9` and power loss.

What is written counts only after its transaction was synced to disk (WAL, synchronous=FULL).
Every change is also a line of a journal with a checksum; `version` is the number of the last
line that changed what is known and only ever rises. Several processes may open one file.
"""
from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = 2
BUSY_S = 5.0
# Lines that raise the version.
CHANGES = ('taught', 'forgotten', 'restored', 'undone', 'trick', 'imported')
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
# What format 2 added; run on files of format 1 as well.
_SCHEMA_2 = """
CREATE TABLE IF NOT EXISTS images (
    lesson INTEGER NOT NULL REFERENCES lessons(id) ON DELETE CASCADE, number INTEGER NOT NULL,
    fov_rad REAL NOT NULL, data BLOB NOT NULL, PRIMARY KEY (lesson, number));
CREATE TABLE IF NOT EXISTS tricks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, content TEXT NOT NULL,
    taught_s REAL NOT NULL, checksum BLOB NOT NULL, active INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS snapshot_tricks (
    name TEXT NOT NULL REFERENCES snapshots(name) ON DELETE CASCADE,
    trick INTEGER NOT NULL REFERENCES tricks(id), PRIMARY KEY (name, trick));
CREATE INDEX IF NOT EXISTS lessons_by_concept ON lessons (concept) WHERE active;
"""


class StoreError(RuntimeError):
    """The store cannot do what was asked; the message says why, and nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the journal."""

    entry: int
    at_s: float
    kind: str    # one of CHANGES, snapshot, feedback, correction, conflict, jumped, slept
    concept: str
    detail: dict[str, str | int | float]


class Database:
    """An open file.

    Args:
        path: it and its folder are made when missing. None: in memory, ends with the process.
        read_only: never write. A file that cannot be written is opened like this by itself.
        clock: wall time in seconds.

    Raises:
        StoreError: the file cannot be opened, is damaged, or is of a newer format.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False,
                 clock: Callable[[], float] = time.time) -> None:
        self.path, self.clock = path, clock
        self._lock = threading.RLock()
        self.read_only = 'it was opened for reading only' if read_only else ''
        try:
            if path is None:
                self._db = _prepared(_connect(':memory:'))
            else:
                self._db = self._open_to_read(path) if read_only else self._open(path)
            self.format = self._check_format()
        except sqlite3.Error as error:
            raise StoreError(
                f'the lesson store {path} cannot be opened ({error}): check that the path is '
                'right and readable; if the file is damaged, move it away or put a backup '
                'in its place') from error

    def run(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Execute a statement; call it within `reading` or `writing`."""
        return self._db.execute(statement, values)

    @property
    def version(self) -> int:
        """Number of the last line that changed what is known; 0: none did."""
        with self.reading():
            marks = ','.join('?' * len(CHANGES))
            row = self.run(
                f'SELECT max(entry) FROM journal WHERE kind IN ({marks})', CHANGES).fetchone()
        return int(row[0] or 0)

    def note(self, kind: str, concept: str, detail: dict[str, str | int | float]) -> int:
        """Write a line of the journal within `writing`; its number."""
        at_s, text = self.clock(), json.dumps(detail)
        made = self.run(
            'INSERT INTO journal (at_s, kind, concept, detail, checksum) VALUES (?, ?, ?, ?, ?)',
            (at_s, kind, concept, text, _entry_digest(at_s, kind, concept, text)))
        return int(made.lastrowid or 0)

    def journal(self) -> Iterator[Entry]:
        """All lines, oldest first.

        Raises:
            StoreError: a line does not fit its checksum.
        """
        with self.reading():
            rows = self.run('SELECT * FROM journal ORDER BY entry').fetchall()
        for entry, at_s, kind, concept, detail, checksum in rows:
            if _entry_digest(at_s, kind, concept, detail) != checksum:
                raise StoreError(f'entry {entry} of the journal in {self.path} is damaged; '
                                 'put a backup in its place')
            yield Entry(entry=entry, at_s=at_s, kind=kind, concept=concept,
                        detail=json.loads(detail))

    def export(self, path: Path) -> None:
        """Write a copy of everything to a new file, while others go on using this one.

        Raises:
            StoreError: the file exists already, or cannot be written.
        """
        if path.exists():
            raise StoreError(f'{path} exists already; choose another name')
        with self.reading():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with closing(sqlite3.connect(path)) as copy:
                    self._db.backup(copy)
            except (OSError, sqlite3.Error) as error:
                path.unlink(missing_ok=True)
                raise StoreError(f'the copy {path} was not written: {error}') from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Around reads."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise StoreError(f'the lesson store {self.path} cannot be read: {error}'
                                 ) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Around several reads that must see one state."""
        with self.reading():
            self.run('BEGIN')
            try:
                yield
            finally:
                self.run('COMMIT')

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        """One transaction: all of it is safe on disk afterwards, or none of it happened."""
        with self._lock:
            if self.read_only:
                raise StoreError(f'{what} was not kept: the lesson store {self.path} cannot be '
                                 f'written ({self.read_only}); make it writable and start again')
            try:
                self.run('BEGIN IMMEDIATE')
                yield
                self.run('COMMIT')
            except (sqlite3.Error, OSError) as error:
                raise StoreError(f'{what} was not kept in {self.path}: {error}; free some '
                                 'space or see to the disk, then try again') from error
            finally:
                if self._db.in_transaction:
                    self.run('ROLLBACK')

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
            self.read_only = str(error)
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

    def _check_format(self) -> int:
        found = self.run("SELECT value FROM about WHERE key = 'format'").fetchone()
        if found is None or int(found[0]) > FORMAT:
            raise StoreError(f'the lesson store {self.path} has format '
                             f'{found and found[0]}; this version reads up to {FORMAT}: '
                             'use a newer yan_brain, or another file')
        return int(found[0])


def digest(data: bytes) -> bytes:
    """16 bytes that change with anything in `data`."""
    return hashlib.blake2b(data, digest_size=16).digest()


def _entry_digest(at_s: float, kind: str, concept: str, detail: str) -> bytes:
    return digest(json.dumps([at_s, kind, concept, detail]).encode())


def _prepared(db: sqlite3.Connection) -> sqlite3.Connection:
    db.execute('PRAGMA journal_mode = WAL')
    for pragma in ('synchronous = FULL', 'foreign_keys = ON', 'secure_delete = ON'):
        db.execute(f'PRAGMA {pragma}')
    found = _format_of(db)
    try:
        if found:
            db.execute('PRAGMA busy_timeout = 0')
        db.execute('BEGIN IMMEDIATE')      # what cannot be written fails here, not at a lesson
        if found < FORMAT:
            for statement in (_SCHEMA + _SCHEMA_2).split(';'):
                db.execute(statement)
        made = 'REPLACE' if found < FORMAT else 'IGNORE'
        db.execute(f'INSERT OR {made} INTO about VALUES (?, ?)', ('format', str(FORMAT)))
        db.execute('COMMIT')
    except sqlite3.OperationalError as error:
        if found < FORMAT or 'locked' not in str(error):
            raise                          # somebody else writes just now: no fault
    db.execute(f'PRAGMA busy_timeout = {BUSY_S * 1000:.0f}')
    return db


def _format_of(db: sqlite3.Connection) -> int:
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchone():
        return 0
    found = db.execute("SELECT value FROM about WHERE key = 'format'").fetchone()
    return int(found[0]) if found else 0


def _connect(uri: str) -> sqlite3.Connection:
    # The lock above keeps the threads apart; transactions are begun by hand.
    return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None,
                           check_same_thread=False)
