"""Sleeping on a robot: from the journal of its store to published weights, and back.

Nothing that thinks waits for it: it works on a copy, in a process of its own at the lowest
priority, and publishes by one rename. Killed at any moment, it leaves the weights before it.
"""
from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from yan_brain.learning.database import Database, StoreError, digest
from yan_brain.learning.delta import Delta, DeltaError, save
from yan_brain.learning.sayings import Saying, Sayings
from yan_brain.learning.slow_files import previous_path, slow_path
from yan_brain.mind.checkpoint import load_checkpoint
from yan_brain.training.consolidation import SleepConfig, Slept, sleep
from yan_brain.training.exam import Marks

_TRIED = 'slept on'      # what was learned from last, in the table `about`


@dataclass(frozen=True)
class Night:
    """What came of a sleep. `message` says it to a person."""

    published: bool
    message: str
    slept: Slept | None = None


def nap(store: Path, weights: Path | None, config: SleepConfig, *, anew: bool = True,
        progress: Callable[[int, Marks], None] = lambda step, marks: None) -> Night:
    """Learn what counts in a store, and publish it if the exam is passed.

    Args:
        store: SQLite file of the lessons.
        weights: folder of the trained brain; None: the one of the package.
        anew: sleep although nothing is new since the last time.

    Raises:
        StoreError, DeltaError, CheckpointError: why it was not possible; nothing was changed.
    """
    if not store.is_file():
        raise StoreError(f'there is no lesson store {store}')
    plain = load_checkpoint(weights)
    with closing(Database(store)) as database:
        journal = Sayings(database)
        sayings = journal.known()
        told = _told(plain.version, sayings)
        if not anew and _tried(database) == told:
            return Night(False, 'nothing new to sleep on')
        try:
            slept = sleep(plain, sayings, config, progress)
        except ValueError as error:
            _note(database, told, f'nothing to learn: {error}', '')
            return Night(False, f'nothing to learn: {error}')
        message = _message(slept)
        if slept.delta is not None:
            gone = set(slept.delta.sayings) - {saying.key for saying in journal.known()}
            if gone:
                return Night(False, 'not published: a saying was forgotten meanwhile', slept)
            publish(slept.delta, store)
        _note(database, told, message, slept.delta.version if slept.delta else '')
    return Night(slept.delta is not None, message, slept)


def publish(delta: Delta, store: Path) -> None:
    """Put weights in the place of those before, which are kept to go back to.

    Raises:
        DeltaError: they could not be written; those before count.
    """
    current, previous = slow_path(store), previous_path(store)
    partial = previous.with_name(previous.name + '.partial')
    try:
        if current.exists():
            shutil.copyfile(current, partial)
            partial.replace(previous)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DeltaError(f'{previous} was not written: {error}; free some space or see to the '
                         'disk') from error
    save(delta, current)


def undo(store: Path) -> str:
    """Go back to the weights before the last sleep; what is said of it.

    Raises:
        DeltaError: they cannot be moved.
    """
    current, previous = slow_path(store), previous_path(store)
    try:
        if not current.exists():
            return 'nothing was learned in sleep that could be taken back'
        if previous.exists():
            previous.replace(current)
            return 'back to the weights before the last sleep'
        current.unlink()
    except OSError as error:
        raise DeltaError(f'{current} cannot be changed: {error}') from error
    return 'back to the weights of training'


def _message(slept: Slept) -> str:
    before, after, most = slept.before, slept.after, slept.most
    told = (f'{slept.steps} steps in {slept.seconds:.0f} s; corrected sayings {before.corrected} '
            f'-> {after.corrected} of {most.corrected}, other wordings {before.dreams} -> '
            f'{after.dreams} of {most.dreams}, guard {before.guard} -> {after.guard} of '
            f'{most.guard}')
    if slept.skipped:
        told += '; not learned: ' + '; '.join(slept.skipped)
    if slept.delta is None:
        return f'rolled back, {slept.why}: {told}'
    return f'learned in sleep: {told}'


def _told(core: str, sayings: Sequence[Saying]) -> str:
    return digest(' '.join([core, *sorted(saying.key for saying in sayings)]).encode()).hex()


def _tried(database: Database) -> str:
    with database.reading():
        row = database.run('SELECT value FROM about WHERE key = ?', (_TRIED,)).fetchone()
    return str(row[0]) if row else ''


def _note(database: Database, told: str, message: str, version: str) -> None:
    with database.writing('what came of the sleep'):
        database.run('INSERT OR REPLACE INTO about VALUES (?, ?)', (_TRIED, told))
        database.note('slept', '', {'message': message, 'version': version})
