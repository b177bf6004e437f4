"""Sayings and what was meant by them: what a brain may consolidate in its sleep.

What a person corrected ("no, wrong", then what was meant) and what was praised is kept beside
the lessons, each saying once with the number of times, in a reservoir of fixed size for each of
the two kinds (Vitter's algorithm R, 1985: every distinct saying ever told has the same chance to
be in it). Forgetting a saying erases its row.
"""
from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass

from yan_brain.learning.database import Database, digest
from yan_brain.learning.tricks import CORRECTIONS, Step
from yan_brain.signals import Skill

CAPACITY = 500           # distinct sayings of a kind
_TABLE = (
    'CREATE TABLE IF NOT EXISTS sayings (id INTEGER PRIMARY KEY AUTOINCREMENT, '
    'kind TEXT NOT NULL, text TEXT NOT NULL, meant TEXT NOT NULL, person TEXT NOT NULL, '
    'at_s REAL NOT NULL, times INTEGER NOT NULL, checksum BLOB NOT NULL, '
    'UNIQUE (kind, text, meant, person))')
_COLUMNS = 'kind, text, meant, person, at_s, times, checksum'


@dataclass(frozen=True, kw_only=True)
class Saying:
    """Words and what they mean. `kind` is 'corrected' or 'praised'."""

    kind: str
    text: str
    skill: Skill
    argument: str = ''
    amount: float | None = None          # metres or radians, signed
    language: str = 'en'
    person: str = ''
    at_s: float = 0.0                    # the last time
    times: int = 1

    @property
    def meant(self) -> str:
        """Skill, argument, amount and language, as JSON."""
        return json.dumps([self.skill.value, self.argument, self.amount, self.language],
                          ensure_ascii=False)

    @property
    def counts(self) -> bool:
        """Whether it may be learned from: corrected often enough, or praised once.

        What only one person means by it is no business of the core, which all talk to.
        """
        return not self.person and (self.kind == 'praised' or self.times >= CORRECTIONS)

    @property
    def key(self) -> str:
        """Names the saying and its meaning, whenever it was said; 16 hexadecimal digits."""
        return digest(json.dumps([self.kind, self.text, self.meant, self.person]).encode()
                      ).hex()[:16]

    def checksum(self) -> bytes:
        """16 bytes that change with anything in it."""
        return digest(json.dumps([self.key, float(self.at_s), self.times]).encode())


class Sayings:
    """The sayings in a file; StoreError from every verb when it cannot be used.

    Files that never held any are read as they are; the table is made by the first that is kept.
    """

    def __init__(self, database: Database, capacity: int = CAPACITY) -> None:
        self._database, self._capacity = database, capacity
        self.damaged = 0                 # rows left out when they were last listed

    def correct(self, text: str, instead: Step, language: str, person: str = '') -> None:
        """`instead` was meant by these words, not what was done."""
        self._keep(_saying('corrected', text, instead, language, person))

    def praise(self, text: str, done: Step, language: str, person: str = '') -> None:
        """What was done upon these words was right."""
        self._keep(_saying('praised', text, done, language, person))

    def known(self, *, counting: bool = True) -> tuple[Saying, ...]:
        """All of them, oldest first; `counting`: only those that may be learned from."""
        self.damaged = 0
        if not self._made():
            return ()
        with self._database.reading():
            rows = self._database.run(f'SELECT {_COLUMNS} FROM sayings ORDER BY id').fetchall()
        found = []
        for *row, checksum in rows:
            saying = _read(*row)
            if saying is None or saying.checksum() != checksum:
                self.damaged += 1
            elif saying.counts or not counting:
                found.append(saying)
        return tuple(found)

    def forget(self, text: str, person: str | None = None) -> bool:
        """Erase a saying, whatever it meant; `person`: of them alone. False: it was not known."""
        return self._erase(text, 'text = ?1 AND (?2 IS NULL OR person = ?2)', text, person)

    def forget_person(self, person: str) -> bool:
        """Erase all that one person said; False: there is nothing."""
        return self._erase(person, 'person = ?1', person)

    def take_over(self, sayings: Iterable[Saying]) -> None:
        """Keep those of another file too; the greater number of times counts."""
        with self._database.writing('the sayings'):
            self._make()
            for saying in sayings:
                self._put(saying)

    def _erase(self, about: str, which: str, *values: str | None) -> bool:
        if not self._made():
            return False
        with self._database.writing(f'the forgetting of the sayings of {about!r}'):
            return bool(self._database.run(f'DELETE FROM sayings WHERE {which}', values).rowcount)

    def _keep(self, saying: Saying) -> None:
        run = self._database.run
        with self._database.writing(f'the saying {saying.text!r}'):
            self._make()
            row = run('SELECT times FROM sayings WHERE (kind, text, meant, person) = '
                      '(?, ?, ?, ?)', _place(saying)).fetchone()
            times, at_s = (row[0] if row else 0) + 1, self._database.clock()
            kept = Saying(**{**saying.__dict__, 'times': times, 'at_s': at_s})
            if row or self._admit(saying.kind):
                self._put(kept)

    def _admit(self, kind: str) -> bool:
        """Make room for one more distinct saying by algorithm R; False: it is not kept."""
        run, key = self._database.run, f'sayings {kind}'
        row = run('SELECT value FROM about WHERE key = ?', (key,)).fetchone()
        seen = int(row[0]) if row else 0
        run('INSERT OR REPLACE INTO about VALUES (?, ?)', (key, str(seen + 1)))
        ids = [number for number, in run('SELECT id FROM sayings WHERE kind = ? ORDER BY id',
                                         (kind,))]
        if len(ids) < self._capacity:
            return True
        place = random.randrange(seen + 1)
        if place < len(ids):
            run('DELETE FROM sayings WHERE id = ?', (ids[place],))
        return place < len(ids)

    def _put(self, saying: Saying) -> None:
        self._database.run(
            f'INSERT INTO sayings ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) '
            'ON CONFLICT (kind, text, meant, person) DO UPDATE SET at_s = excluded.at_s, '
            'times = excluded.times, checksum = excluded.checksum WHERE excluded.times > times',
            (*_place(saying), saying.at_s, saying.times, saying.checksum()))

    def _made(self) -> bool:
        with self._database.reading():
            return self._database.run("SELECT 1 FROM sqlite_master WHERE name = 'sayings'"
                                      ).fetchone() is not None

    def _make(self) -> None:
        self._database.run(_TABLE)


def _saying(kind: str, text: str, step: Step, language: str, person: str) -> Saying:
    return Saying(kind=kind, text=text, skill=step.skill, argument=step.argument,
                  amount=step.amount, language=language, person=person)


def _place(saying: Saying) -> tuple[str, str, str, str]:
    return saying.kind, saying.text, saying.meant, saying.person


def _read(kind: str, text: str, meant: str, person: str, at_s: float, times: int,
          ) -> Saying | None:
    try:
        skill, argument, amount, language = json.loads(meant)
        return Saying(kind=kind, text=text, skill=Skill(skill), argument=argument, amount=amount,
                      language=language, person=person, at_s=at_s, times=times)
    except (ValueError, TypeError):
        return None
