"""Tricks: what is done when a name is said, or when something is perceived.

A trick is a list of steps. A step is an instruction as it was understood when it was taught:
its words, and skill, argument and amount. Kept in the file of the lessons, by the same rules:
safe on disk before it is acknowledged, with a checksum, revocable, part of snapshots.
"""
from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from yan_brain.learning.database import Database, StoreError, digest
from yan_brain.learning.places import Place
from yan_brain.signals import Skill

MOST_STEPS = 200
MOST_TRICKS = 1000
CORRECTIONS = 3          # the same correction so many times changes a habit
MOVABLE = frozenset({Skill.STOP, Skill.MOVE, Skill.TURN, Skill.FIND, Skill.GO_TO, Skill.TURN_TO,
                     Skill.FOLLOW})


@dataclass(frozen=True, kw_only=True)
class Step:
    """One instruction of a trick."""

    words: str
    skill: Skill
    argument: str = ''
    amount: float | None = None          # metres or radians, signed
    place: Place | None = None           # where it leads, without a name

    def __post_init__(self) -> None:
        if self.skill not in MOVABLE:
            names = ', '.join(sorted(skill.value for skill in MOVABLE))
            raise ValueError(f'a step of a trick is {self.skill.value!r}; allowed: {names}')
        if self.amount is not None and not math.isfinite(self.amount):
            raise ValueError(f'the amount of a step is {self.amount}; it must be finite')
        if self.place is not None and not all(map(math.isfinite, self.place.pose)):
            raise ValueError(f'the place of a step is {self.place.pose}; it must be finite')


@dataclass(frozen=True, kw_only=True)
class Trick:
    """`name` is what is said to have it done, or what is perceived (`percept` True)."""

    name: str
    steps: tuple[Step, ...]
    taught_s: float
    percept: bool = False
    shown: bool = False                  # by leading the robot, not told in words
    language: str = 'en'
    person: str = ''                     # whose words these are; '': everybody's
    id: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MOST_STEPS:
            raise ValueError(f'the trick {self.name!r} has {len(self.steps)} steps; allowed: 1 '
                             f'to {MOST_STEPS}')

    @property
    def key(self) -> tuple[str, str]:
        """Name and person: there is one trick of each."""
        return self.name, self.person

    def content(self) -> str:
        """All but name, time and id, as JSON."""
        steps = [{key: float(value) if key == 'amount' else value
                  for key, value in asdict(step).items() if value not in (None, '')}
                 for step in self.steps]
        whose = {'person': self.person} if self.person else {}
        return json.dumps({'steps': steps, 'percept': self.percept, 'shown': self.shown,
                           'language': self.language, **whose}, ensure_ascii=False)

    def checksum(self) -> bytes:
        """16 bytes that change with content and time, and stay under another name."""
        return digest(json.dumps([self.content(), float(self.taught_s)]).encode())

    def does_as(self, other: Trick) -> bool:
        """Whether both do the same on the same occasion."""
        return self.content() == other.content()


class TrickBook:
    """The tricks in a file. One for each name, and one more for each person who has a meaning of
    their own for it; a newer one takes the older's place.

    Reading never waits for writing: what is known is at hand. Damaged tricks are left out and
    named in `damaged`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.damaged: tuple[str, ...] = ()
        self._known: tuple[Trick, ...] = ()
        self.reload()

    def tricks(self) -> tuple[Trick, ...]:
        """All of them, by name."""
        return self._known

    def reload(self) -> None:
        """Take over what is in the file: after a restore, or when another process wrote it."""
        if self._database.format < 2:
            return
        with self._database.reading():
            rows = self._database.run('SELECT id, name, content, taught_s, checksum FROM tricks '
                                      'WHERE active ORDER BY name').fetchall()
        found, damaged = [], []
        for number, name, content, taught_s, checksum in rows:
            try:
                if _checksum(name, content, taught_s) != checksum:
                    raise ValueError('checksum')
                found.append(_trick(number, name, json.loads(content), taught_s))
            except (ValueError, KeyError, TypeError):
                damaged.append(f'{name} (trick {number})')
        self.damaged, self._known = tuple(damaged), tuple(found)

    def named(self, name: str, person: str = '') -> Trick | None:
        """The trick of a name that a person says, their own first; None: there is none."""
        found = [trick for trick in self.tricks() if trick.name == name and not trick.percept
                 and trick.person in ('', person)]
        return max(found, key=lambda trick: bool(trick.person), default=None)

    def occasions(self) -> tuple[Trick, ...]:
        """What is done when something is perceived."""
        return tuple(trick for trick in self.tricks() if trick.percept)

    def teach(self, trick: Trick) -> None:
        """Keep a trick; returns when it is safe on disk.

        Raises:
            StoreError: it could not be kept.
        """
        if len(self.tricks()) >= MOST_TRICKS:
            raise StoreError(f'{MOST_TRICKS} tricks are known, which is the most allowed: forget '
                             'one first')
        content = trick.content()
        run = self._database.run
        with self._database.writing(f'the trick {trick.name!r}'):
            run(f'UPDATE tricks SET active = 0 WHERE active AND name = ? AND {_WHOSE} = ?',
                (trick.name, trick.person))
            _sweep(self._database)
            made = run('INSERT INTO tricks (name, content, taught_s, checksum) '
                       'VALUES (?, ?, ?, ?)',
                       (trick.name, content, trick.taught_s,
                        _checksum(trick.name, content, trick.taught_s)))
            self._database.note('trick', trick.name, {
                'trick': int(made.lastrowid or 0), 'steps': len(trick.steps)})
        self.reload()

    def correct(self, words: str, instead: Step, language: str,
                person: str = '') -> Trick | None:
        """`words` were understood wrongly, `instead` was meant.

        The third time this is what they mean from then on: the trick that says so, else None.
        Those of a `person` count by themselves, and change what the words mean for them alone.

        Raises:
            StoreError: it could not be kept.
        """
        trick = Trick(name=words, steps=(instead,), taught_s=self._database.clock(),
                      language=language, person=person)
        content = trick.content()
        with self._database.writing(f'the correction of {words!r}'):
            self._database.note('correction', words, {'content': content})
        with self._database.reading():
            told = self._database.run("SELECT detail FROM journal WHERE kind = 'correction' "
                                      'AND concept = ?', (words,)).fetchall()
        if sum(json.loads(detail)['content'] == content for detail, in told) < CORRECTIONS:
            return None
        self.teach(trick)
        return trick

    def forget(self, name: str, person: str | None = None) -> bool:
        """Take a trick back; `person`: only what it means for them. False: there is none."""
        return self._forget(name, 'name = ?1 AND (?2 IS NULL OR {whose} = ?2)', name, person)

    def forget_person(self, person: str) -> bool:
        """Take back all that words mean for one person. False: there is nothing."""
        return self._forget(person, '{whose} = ?1', person)

    def _forget(self, about: str, which: str, *values: str | None) -> bool:
        run = self._database.run
        with self._database.writing(f'the forgetting of {about!r}'):
            count = run('UPDATE tricks SET active = 0 WHERE active AND '
                        + which.format(whose=_WHOSE), values).rowcount
            _sweep(self._database)
            told = run("DELETE FROM journal WHERE kind = 'correction' AND " + which.replace(
                'name', 'concept').format(whose=_CORRECTED), values).rowcount
            if count or told:
                self._database.note('forgotten', about, {'tricks': count})
        self.reload()
        return bool(count)

    def newest(self, besides: Collection[bytes] = ()) -> Trick | None:
        """The trick that was taught last; `besides`: checksums of some that do not count."""
        return max((trick for trick in self.tricks() if trick.checksum() not in besides),
                   key=lambda trick: (trick.taught_s, trick.id), default=None)


def _whose(content: str) -> str:
    """Whose a trick is, by its content, in SQL; what is damaged is everybody's."""
    return (f"CASE WHEN json_valid({content}) THEN "
            f"coalesce(json_extract({content}, '$.person'), '') ELSE '' END")


# Of a trick, and of a correction in the journal.
_WHOSE, _CORRECTED = _whose('content'), _whose("json_extract(detail, '$.content')")


def _sweep(database: Database) -> None:
    database.run('DELETE FROM tricks WHERE NOT active AND id NOT IN '
                 '(SELECT trick FROM snapshot_tricks)')


def _checksum(name: str, content: str, taught_s: float) -> bytes:
    return digest(json.dumps([name, content, float(taught_s)]).encode())


def trick_of(name: str, content: str, taught_s: float) -> Trick:
    """A trick from its parts, `content` as of `Trick.content`.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: `content` is none.
    """
    return _trick(0, name, json.loads(content), taught_s)


def _trick(number: int, name: str, content: dict[str, Any], taught_s: float) -> Trick:
    steps = tuple(Step(words=str(step.get('words', '')), skill=Skill(step['skill']),
                       argument=str(step.get('argument', '')), amount=step.get('amount'),
                       place=Place(**step['place']) if 'place' in step else None)
                  for step in content['steps'])
    return Trick(name=name, steps=steps, taught_s=taught_s, percept=bool(content['percept']),
                 shown=bool(content['shown']), language=str(content['language']),
                 person=str(content.get('person', '')), id=number)
