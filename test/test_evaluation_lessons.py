"""What measures the lessons must itself be right: no repeats, no leaks, honest comparisons."""
from __future__ import annotations

import random
from argparse import Namespace
from dataclasses import replace

import numpy as np
import pytest

from yan_brain.evaluation import exactness, lessons, sounds, tricks
from yan_brain.evaluation.learning import kills
from yan_brain.evaluation.lesson_speed import synthetic
from yan_brain.learning.tricks import Step
from yan_brain.mind.clauses import clauses
from yan_brain.signals import Skill
from yan_brain.simulation.room import FIRST_TRAINING_SEED, draw_room
from yan_brain.simulation.sounds import KINDS as KINDS_OF_SOUNDS
from yan_brain.simulation.sounds import ORDINARY
from yan_brain.simulation.things import COLOURS, KINDS


def test_things_taught_are_new_and_named_once() -> None:
    drawn = lessons.draw_lessons(50, 3)
    assert drawn == lessons.draw_lessons(50, 3) != lessons.draw_lessons(50, 4)
    assert len({name for name, _ in drawn}) == len({pair for _, pair in drawn}) == 50
    assert all(colour not in COLOURS or kind not in KINDS for _, (colour, kind) in drawn)
    with pytest.raises(ValueError, match='allowed: 1 to'):
        lessons.draw_lessons(1000, 0)


def test_tasks_are_in_rooms_of_their_own_among_what_is_like_them() -> None:
    drawn = lessons.draw_lessons(8, 1)
    tasks = list(lessons.taught_tasks(drawn, 1))
    assert all(lessons.TEST_ROOMS <= task.seed < lessons.TEACH_ROOMS < FIRST_TRAINING_SEED
               for task in tasks)
    for task, (name, pair) in zip(tasks, drawn, strict=True):
        pairs = [thing.pair for thing in task.room.things]
        assert name in task.text.casefold() and pair in pairs
        assert sum(other in pairs for _, other in drawn) >= 3


def test_what_is_asked_for_in_vain_is_not_in_the_room_and_what_is_like_it_is() -> None:
    drawn = lessons.draw_lessons(8, 1)
    there = {task.seed for task in lessons.taught_tasks(drawn, 1)}
    for task, (name, pair) in zip(lessons.taught_tasks(drawn, 1, absent=True), drawn, strict=True):
        pairs = [thing.pair for thing in task.room.things]
        assert task.absent and name in task.text.casefold() and task.seed not in there
        assert pair not in pairs and sum(other in pairs for _, other in drawn) >= 2


def test_the_robot_is_put_in_front_of_what_is_shown() -> None:
    room = draw_room(5)
    pair = room.things[0].pair
    found = lessons.facing(room, pair, 5)
    thing, start = found.things[0], found.start
    bearing = np.arctan2(thing.y_m - start.y_m, thing.x_m - start.x_m) - start.yaw_rad
    assert abs(np.arctan2(np.sin(bearing), np.cos(bearing))) < 1e-6
    assert 0.6 < np.hypot(thing.x_m - start.x_m, thing.y_m - start.y_m) - thing.radius_m < 1.4


def test_ways_are_compared_from_where_they_began() -> None:
    rng = random.Random(0)
    drive = tricks.draw_drive(rng)
    room = draw_room(1)
    one = tricks.ideal(drive, room.start)
    other = tricks.ideal(drive, replace(room.start, x_m=3.0, yaw_rad=1.0))
    assert tricks.missed(one, other) == '' and tricks.length_m(one) > 0.5
    bent = one.copy()
    bent[:, 0] += np.linspace(0, 0.2 * tricks.length_m(one), len(one))
    assert tricks.missed(one, bent) in ('left the path', 'ended elsewhere')
    turned = one.copy()
    turned[-3:, 2] += 0.5
    assert tricks.missed(one, turned) == 'wrong heading'


def test_sequences_hold_what_they_mean() -> None:
    rng = random.Random(1)
    for number in range(40):
        language = 'en' if number < 20 else 'zh'
        text, name, truth = tricks.draw_sequence(rng, language, held_out=bool(number % 2))
        assert name in text and 2 <= len(truth) <= 5
        assert sum(needed for _, needed in clauses(text, name)) in (len(truth), len(truth) - 1)
        steps = tuple(Step(words='x', skill=skill, amount=amount) for skill, amount in truth)
        trick = tricks.Trick(name=name, steps=steps, taught_s=0.0)
        assert tricks._same(trick, truth)
        wrong = [(Skill.TURN, 9.0), *truth[1:]]
        assert not tricks._same(trick, wrong) and not tricks._same(None, truth)


def test_sounds_are_asked_for_anew_and_none_of_the_world_is() -> None:
    assert not KINDS_OF_SOUNDS.keys() & ORDINARY.keys()
    once, refused = sounds.measure(set(sounds.FIGURES), Namespace(seed=5, sound_rounds=1))
    assert (once.n, refused.n) == (sounds.TAUGHT * sounds.ASKED, 30)
    assert once.value is not None and once.value > 0.7
    assert refused.value is not None and refused.value > 0.7
    assert list(sounds.measure({'taught_once'}, Namespace(seed=5, sound_rounds=1))) == []


def test_exactness_is_measured_against_batch_training() -> None:
    found = {result.name: result.value for result in exactness.measure(15, 1)}
    assert set(found) == {'exact.order', 'exact.forget', 'exact.merge'}
    assert all(value is not None and value < 1e-6 for value in found.values())


def test_kills_are_reported() -> None:
    (result,) = kills(2, 5, 0)
    assert result.name == 'kill.acknowledged_lost' and result.value == 0 and result.n


def test_made_up_lessons_differ() -> None:
    one, other = synthetic(2, 16, 'core')
    assert one.features.shape == (12, 16) and not np.allclose(one.features, other.features)
