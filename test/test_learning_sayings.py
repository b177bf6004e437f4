"""Sayings that sleep learns from: counted, kept to a size, forgotten, checked."""
from __future__ import annotations

from pathlib import Path

import pytest

from yan_brain.learning.database import Database, StoreError
from yan_brain.learning.sayings import Saying, Sayings
from yan_brain.learning.tricks import CORRECTIONS, Step
from yan_brain.signals import Skill

LEFT = Step(words='turn left', skill=Skill.TURN, amount=1.5)
BALL = Step(words='go to the red ball', skill=Skill.GO_TO, argument='red ball')


def test_a_correction_counts_from_the_third_time_on() -> None:
    sayings = Sayings(Database(None, clock=lambda: 7.0))
    assert sayings.known() == () and not sayings.forget('hang a louie')
    for _ in range(CORRECTIONS - 1):
        sayings.correct('hang a louie', LEFT, 'en')
    assert sayings.known() == ()
    assert [s.times for s in sayings.known(counting=False)] == [CORRECTIONS - 1]
    sayings.correct('hang a louie', LEFT, 'en', person='ann')      # another person's own
    assert sayings.known() == ()
    sayings.correct('hang a louie', LEFT, 'en')
    assert sayings.known() == (Saying(
        kind='corrected', text='hang a louie', skill=Skill.TURN, amount=1.5, language='en',
        at_s=7.0, times=CORRECTIONS),)


def test_praise_counts_at_once_and_is_forgotten_with_the_saying(tmp_path: Path) -> None:
    sayings = Sayings(Database(tmp_path / 'lessons.db'))
    sayings.praise('boop the red ball', BALL, 'en')
    sayings.praise('走到红色的球那里', BALL, 'zh')
    assert [s.text for s in Sayings(Database(tmp_path / 'lessons.db')).known()] == [
        'boop the red ball', '走到红色的球那里']
    assert sayings.forget('boop the red ball') and not sayings.forget('boop the red ball')
    assert [s.language for s in sayings.known()] == ['zh']
    assert b'boop' not in (tmp_path / 'lessons.db').read_bytes() or (
        tmp_path / 'lessons.db-wal').exists()


def test_the_key_names_the_meaning_not_the_time() -> None:
    one = Saying(kind='corrected', text='a b', skill=Skill.STOP, at_s=1.0, times=3)
    other = Saying(kind='corrected', text='a b', skill=Skill.STOP, at_s=2.0, times=4)
    moved = Saying(kind='corrected', text='a b', skill=Skill.MOVE, amount=1.0)
    assert one.key == other.key != moved.key
    assert one.checksum() != other.checksum()


def test_the_reservoir_keeps_its_size_and_every_saying_has_its_chance() -> None:
    kept = [0, 0]
    for _ in range(40):
        sayings = Sayings(Database(None), capacity=10)
        for number in range(40):
            sayings.praise(f'saying {number}', LEFT, 'en')
        found = [int(s.text.split()[1]) for s in sayings.known()]
        assert len(found) == len(set(found)) == 10
        kept[0] += sum(number < 20 for number in found)
        kept[1] += sum(number >= 20 for number in found)
    # Each half has 200 expected of 400, with a standard deviation below 9.
    assert abs(kept[0] - 200) < 50 and sum(kept) == 400


def test_a_damaged_row_is_left_out() -> None:
    database = Database(None)
    sayings = Sayings(database)
    sayings.praise('one', LEFT, 'en')
    sayings.praise('two', LEFT, 'en')
    with database.writing('damage'):
        database.run("UPDATE sayings SET meant = '[\"stop\", \"\", null, \"en\"]' "
                     "WHERE text = 'one'")
    assert [s.text for s in sayings.known()] == ['two'] and sayings.damaged == 1


def test_what_another_file_holds_is_taken_over_once() -> None:
    mine, theirs = Sayings(Database(None)), Sayings(Database(None))
    for _ in range(2):
        mine.correct('hang a louie', LEFT, 'en')
    for _ in range(4):
        theirs.correct('hang a louie', LEFT, 'en')
    for _ in range(2):
        mine.take_over(theirs.known(counting=False))
    assert [s.times for s in mine.known()] == [4]


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    Database(tmp_path / 'lessons.db').close()
    sayings = Sayings(Database(tmp_path / 'lessons.db', read_only=True))
    assert sayings.known() == ()
    with pytest.raises(StoreError, match='was not kept'):
        sayings.praise('one', LEFT, 'en')
