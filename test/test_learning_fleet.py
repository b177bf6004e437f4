"""Robots of a fleet come to know the same, whatever happens to their messages."""
from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from fleet_parcels import F, make_lesson, make_parcel, make_rows, make_trick
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from yan_brain.learning.concepts import ConceptConfig, ConceptMemory
from yan_brain.learning.fleet import AT_ONCE, Member
from yan_brain.learning.fleet_messages import (
    Have,
    Message,
    Parcel,
    Want,
)
from yan_brain.learning.fleet_shelf import News, Shelf
from yan_brain.learning.store import Lesson, LessonStore
from yan_brain.learning.tricks import Trick, TrickBook

NAMES = ('blorp', 'zib', 'wug', 'dax')
ASKED = np.random.default_rng(5).normal(0, 2, (40, F)).astype(np.float32)
MANY = settings(max_examples=300, deadline=None, derandomize=True, phases=(Phase.generate,),
                suppress_health_check=[HealthCheck.too_slow])


class Robot:
    """A brain, its tricks, and its part in the fleet."""

    def __init__(self, name: str, network: Network, path: Path | None = None,
                 config: ConceptConfig | None = None, core: str = 'test',
                 store: LessonStore | None = None) -> None:
        self.name, self.network = name, network
        self.memory = ConceptMemory(width=F, core=core, config=config,
                                    store=store or LessonStore(path))
        self.tricks = TrickBook(self.memory.store.database)
        self.news: list[News] = []
        self.member = Member(Shelf(self.memory, self.tricks), name,
                             lambda message: network.send(self, message), self.news.append)
        network.robots.append(self)

    def teach(self, what: str, seed: int, name: str = '') -> None:
        """As if shown here: the lesson's time is that of its seed."""
        self.memory._clock = lambda: 1e9 + seed + 0.1
        self.memory.learn(name or what, make_rows(what, seed), make_rows('floor', seed))
        self.member.look()

    def learn_trick(self, trick: Trick) -> None:
        self.tricks.teach(trick)
        self.memory.refresh()
        self.member.look()

    def does(self) -> dict[str, float | None]:
        """The amount of each trick."""
        self.tricks.reload()
        return {trick.name: trick.steps[0].amount for trick in self.tricks.tricks()}

    def hear(self, message: Message) -> None:
        try:
            self.member.hear(message)
        except ValueError as error:
            self.member.refuse(str(error))

    def die(self) -> None:
        self.network.robots.remove(self)
        self.memory.close()


@dataclass
class Network:
    """Brings each message to each robot once, unless `fates` says otherwise.

    A fate is what happens to the next delivery: 0 lost, 1 delivered, 2 twice, 3 late.
    """

    robots: list[Robot] = field(default_factory=list)
    fates: deque[int] = field(default_factory=deque)
    sent: list[Message] = field(default_factory=list)
    waiting: deque[tuple[Robot, Message]] = field(default_factory=deque)

    def send(self, _sender: Robot, message: Message) -> None:
        self.sent.append(message)
        self.waiting.extend((robot, message) for robot in self.robots)

    def deliver(self, most: int = 100_000) -> None:
        for _ in range(most):
            if not self.waiting:
                return
            robot, message = self.waiting.popleft()
            fate = self.fates.popleft() if self.fates else 1
            if fate == 3:
                self.waiting.append((robot, message))
            elif robot in self.robots:
                for _ in range(fate):
                    robot.hear(message)
        raise AssertionError('the robots never stop talking')

    def run(self, ticks: int = 6) -> None:
        for _ in range(ticks):
            for robot in self.robots:
                robot.member.tick()
            self.deliver()


@pytest.fixture
def network() -> Iterator[Network]:
    made = Network()
    yield made
    for robot in list(made.robots):
        robot.die()


def _equal(robots: list[Robot], expected: ConceptMemory) -> None:
    for robot in robots:
        assert robot.memory.names == expected.names, robot.name
        np.testing.assert_allclose(robot.memory.knowledge.weights, expected.knowledge.weights,
                                   atol=1e-6)
        np.testing.assert_allclose(robot.memory.predict(ASKED), expected.predict(ASKED),
                                   atol=1e-6)
        np.testing.assert_allclose(robot.memory.probability(ASKED),
                                   expected.probability(ASKED), atol=1e-6)


@MANY
@given(steps=st.lists(st.tuples(st.sampled_from(['teach', 'tick', 'deliver', 'restart']),
                                st.integers(0, 2)), min_size=3, max_size=25),
       fates=st.lists(st.integers(0, 3), max_size=60), robots=st.sampled_from([2, 3]))
def test_robots_equal_one_that_was_taught_all(
    steps: list[tuple[str, int]], fates: list[int], robots: int,
) -> None:
    network = Network(fates=deque(fates))
    fleet = [Robot(f'r{i}', network) for i in range(robots)]
    expected = ConceptMemory(width=F, core='test')
    try:
        for seed, (verb, which) in enumerate(steps):
            number = which % robots
            if verb == 'teach':
                fleet[number].teach(NAMES[seed % 4], seed)
                expected.take_over([make_lesson(NAMES[seed % 4], seed)], 'test')
            elif verb == 'tick':
                fleet[number].member.tick()
            elif verb == 'restart':
                network.robots.remove(fleet[number])      # and its store stays
                fleet[number] = Robot(f'r{number}', network,
                                      store=fleet[number].memory.store)
            else:
                network.deliver()
        network.fates.clear()
        network.run()
        _equal(fleet, expected)
        assert len({robot.member.shelf.summary for robot in fleet}) == 1
        assert all(len(robot.memory.store.lessons()) == sum(v == 'teach' for v, _ in steps)
                   for robot in fleet)
        quiet = len(network.sent)
        network.run(3)
        assert all(isinstance(message, Have) and not message.checksums
                   for message in network.sent[quiet:])
    finally:
        for robot in fleet:
            robot.die()


def test_what_is_taught_arrives_at_once_and_is_told(network: Network) -> None:
    one, other = Robot('one', network), Robot('other', network)
    network.run(2)
    one.teach('blorp', 1)
    network.deliver()
    assert other.memory.names == ('blorp',) and one.news == []
    assert other.news == [News('taught', 'blorp', "took over 1 lesson on 'blorp' from 'one'")]
    assert other.member.robots == ('one',)


def test_a_late_robot_gets_many_lessons_in_pieces(network: Network) -> None:
    one = Robot('one', network)
    one.memory.take_over([make_lesson(NAMES[i % 4], i) for i in range(3 * AT_ONCE + 1)], 'test')
    network.run(2)
    late = Robot('late', network)
    network.run(2)
    _equal([late], one.memory)
    asked = [m for m in network.sent if isinstance(m, Want) and m.checksums]
    assert [len(message.checksums) for message in asked] == [AT_ONCE] * 3 + [1]
    assert sum(isinstance(message, Parcel) for message in network.sent) == 3 * AT_ONCE + 1


def test_forgetting_is_a_robots_own_business_and_lasts(network: Network, tmp_path: Path) -> None:
    one = Robot('one', network)
    other = Robot('other', network, tmp_path / 'other.db')
    one.teach('blorp', 1)
    one.teach('zib', 2)
    network.run(2)
    assert other.memory.forget('blorp')
    network.run(4)
    assert (one.memory.names, other.memory.names) == (('blorp', 'zib'), ('zib',))
    other.die()
    other = Robot('other', network, tmp_path / 'other.db')
    late = Robot('late', network)
    network.run(4)
    assert other.memory.names == ('zib',) and late.memory.names == ('blorp', 'zib')
    one.teach('blorp', 3)                # taught anew: that is another lesson
    network.run(2)
    assert [concept.lessons for concept in other.memory.concepts()] == [1, 1]


def test_the_same_word_for_different_things_is_told_and_both_are_kept(
    network: Network, tmp_path: Path,
) -> None:
    one, other = Robot('one', network), Robot('other', network, tmp_path / 'other.db')
    one.teach('ball', 1, 'blorp')
    other.teach('chair', 2, 'blorp')
    other.teach('zib', 3)
    one.teach('zib', 4)
    network.run(3)
    for robot in (one, other):
        told = [news for news in robot.news if news.kind == 'conflict']
        assert [news.concept for news in told] == ['blorp'], robot.name
        assert 'do not look alike' in told[0].message
        assert robot.member.shelf.conflicts == (told[0].message,)
        assert len(robot.memory.store.ids('blorp')) == 2
    other.die()
    other = Robot('other', network, tmp_path / 'other.db')
    network.run(1)
    assert len(other.member.shelf.conflicts) == 1       # also after a restart
    other.memory.forget('blorp')
    network.run(3)
    assert other.member.shelf.conflicts == () and len(one.member.shelf.conflicts) == 1


def test_tricks_of_one_name_the_newest_keeps_it_on_all_robots(network: Network) -> None:
    fleet = [Robot(f'r{i}', network) for i in range(3)]
    for i, robot in enumerate(fleet):
        robot.learn_trick(make_trick('dance', float(i), 100.0 + i))
        robot.learn_trick(make_trick('bow', 0.5, 100.0 + i))
    network.run(8)
    for robot in fleet:
        does = robot.does()
        assert does['dance'] == 2.0 and does['bow'] == 0.5, does
        assert sorted(v for k, v in does.items() if k.startswith('dance')) == [0.0, 1.0, 2.0]
        assert len(does) == 4
    assert any(news.kind == 'conflict' and "'dance 2'" in news.message for news in fleet[0].news)
    assert any('dance' in told for told in fleet[0].member.shelf.conflicts)
    moved = next(name for name, amount in fleet[2].does().items() if amount == 0.0)
    assert fleet[2].tricks.forget(moved)
    network.run(4)
    assert moved not in fleet[2].does() and len(fleet[0].does()) == 4


def test_a_trick_that_was_replaced_does_not_come_back(network: Network) -> None:
    one, other = Robot('one', network), Robot('other', network)
    one.learn_trick(make_trick('dance', 1.0, 100.0))
    network.run(2)
    one.learn_trick(make_trick('dance', 2.0, 200.0))
    network.run(4)
    assert one.does() == {'dance': 2.0}
    assert other.does() == {'dance': 2.0, 'dance 2': 1.0}       # kept, and told
    assert [news.kind for news in other.news] == ['trick', 'conflict']


def test_undo_takes_back_what_was_taught_here(network: Network) -> None:
    one, other = Robot('one', network), Robot('other', network)
    other.teach('blorp', 1)
    other.learn_trick(make_trick('bow', 1.0, 100.0))
    one.teach('zib', 2)
    one.learn_trick(make_trick('dance', 1.0, 200.0))
    network.run(2)
    taken = other.member.shelf.taken
    newest, trick = other.memory.store.newest(taken), other.tricks.newest(taken)
    assert newest is not None and newest[0] in other.memory.store.ids('blorp')
    assert trick is not None and trick.name == 'bow'
    assert one.does() == other.does() == {'bow': 1.0, 'dance': 1.0}


def test_lessons_of_another_core_are_kept_and_passed_on_but_not_used(network: Network) -> None:
    one, other = Robot('one', network), Robot('new', network, core='newer')
    one.teach('blorp', 1)
    network.run(2)
    assert other.memory.names == () and len(other.memory.foreign()) == 1
    third = Robot('third', network)
    one.die()
    network.run(2)
    _equal([third], one.memory)


def test_a_full_store_says_so_and_goes_on_when_there_is_room(network: Network) -> None:
    one = Robot('one', network)
    small = Robot('small', network, config=ConceptConfig(most_lessons=2))
    small.teach('wug', 9)
    for seed, name in enumerate(('blorp', 'zib')):
        one.teach(name, seed)
    network.run(3)
    assert len(small.memory.names) == 2 and 'most_lessons' in small.member.trouble
    wants = sum(isinstance(message, Want) for message in network.sent)
    network.run(5)
    assert sum(isinstance(message, Want) for message in network.sent) == wants
    small.memory.forget('wug')
    network.run(3)
    assert small.memory.names == ('blorp', 'zib') and small.member.trouble == ''


def test_a_damaged_lesson_is_not_offered(network: Network, tmp_path: Path) -> None:
    one = Robot('one', network, tmp_path / 'one.db')
    one.teach('blorp', 1)
    one.teach('zib', 2)
    one.memory.store.database.run("UPDATE lessons SET data = zeroblob(length(data)) "
                                  "WHERE concept = 'blorp'")
    other = Robot('other', network)
    network.run(4)
    assert other.memory.names == ('zib',)
    assert one.member.shelf.summary == other.member.shelf.summary
    assert 'blorp' in one.memory.problems[0]


@pytest.mark.parametrize(('item', 'says'), [
    (make_lesson('blorp', 1, width=F + 1), 'rows of 11 floats; this core has 10'),
    (replace(make_lesson('blorp', 1), taught_s=time.time() + 1e6), 'in the future'),
    (make_trick('dance', 1.0, time.time() + 1e6), 'in the future')])
def test_what_does_not_fit_here_is_refused(
    network: Network, item: Lesson | Trick, says: str,
) -> None:
    one = Robot('one', network)
    one.hear(make_parcel(item))
    one.member.tick()
    assert says in one.member.refusal and one.member.refused == 1
    assert one.memory.names == () and one.does() == {}
    one.hear(make_parcel(make_lesson('zib', 2)))
    assert one.memory.names == ('zib',)


def test_what_cannot_be_had_does_not_hold_up_the_rest(network: Network) -> None:
    one, other = Robot('one', network), Robot('other', network)
    one.teach('blorp', 1)
    lies = tuple(bytes([0, i]) * 8 for i in range(AT_ONCE))
    for _ in range(8):
        other.hear(Have(sender=7, robot='liar', summary=bytes(16), count=50, checksums=lies))
        network.run(1)
    assert other.memory.names == ('blorp',)


def test_a_store_without_a_fleet_reads_one_with(network: Network, tmp_path: Path) -> None:
    one, other = Robot('one', network), Robot('other', network, tmp_path / 'other.db')
    one.teach('blorp', 1)
    network.run(2)
    other.die()
    with closing(ConceptMemory.open(tmp_path / 'other.db', width=F, core='test')) as memory:
        assert memory.names == ('blorp',) and memory.problems == ()
        kinds = [entry.kind for entry in memory.store.journal()]
    assert kinds == ['imported']
