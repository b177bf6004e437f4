"""Places: told once, gone to, found lost when the odometry starts over; and where to come."""
from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from fake_mind import FakeMind
from talk import PHRASES, Talk, finished

from yan_brain.learning.fleet_shelf import Shelf
from yan_brain.learning.gallery import Gallery
from yan_brain.learning.learner import Learner, ShowingConfig
from yan_brain.learning.merge import merge
from yan_brain.learning.naming import naming, told
from yan_brain.learning.store import LessonStore
from yan_brain.mind.nearness import asks_to_come
from yan_brain.mind.phrases import asks_where, destination
from yan_brain.mind.places import OLD_S, Places
from yan_brain.mind.voice import Sentences
from yan_brain.signals import Body, Concept, Decision, Sense, Sighting, Skill

SHOWING = ShowingConfig(showing_seconds=0.1)


def body(x_m: float, y_m: float = 0.0, stamp_s: float = 1.0, frame: str = 'odom a') -> Body:
    return Body(stamp_s=stamp_s, x_m=x_m, y_m=y_m, yaw_rad=0.5, speed_mps=0.0,
                turn_rate_radps=0.0, frame=frame)


class _Robot:
    """Odometry and a Learner on one store."""

    def __init__(self, path: Path | None = None) -> None:
        self.now_s = 0.0
        self.mind = FakeMind(path)
        self.places = Places(self.mind.memory.store, steady_s=lambda: self.now_s)
        self.learner = Learner(self.mind, Gallery(), {Sense.PLACE: self.places})

    def at(self, x_m: float, y_m: float = 0.0, **changes: Any) -> _Robot:
        self.now_s += 1.0
        changes.setdefault('stamp_s', self.now_s)
        self.places.feel(body(x_m, y_m, **changes))
        return self

    def teach(self, name: str) -> Concept:
        return self.learner.teach(name, SHOWING).result(10.0)

    def led(self, argument: str, known: bool = False) -> Decision:
        return self.places.led(Decision(stamp_s=0, version='', skill=Skill.GO_TO, known=known,
                                        argument=argument, image_stamp_s=3.0))


def test_a_place_is_told_once_and_a_decision_leads_there() -> None:
    robot = _Robot().at(2.0, -1.0)
    concept = robot.teach('kitchen')
    assert (concept.name, concept.sense, concept.lessons) == ('kitchen', Sense.PLACE, 1)
    robot.at(2.5)
    decision = robot.led('the kitchen')
    assert decision.known and decision.place == pytest.approx((2.0, -1.0))
    assert robot.led('the blorp').place is None and not robot.led('the blorp').known
    assert robot.led('kitchen chair', known=True).place is None     # a thing that is known
    robot.at(4.0, 1.0, stamp_s=9.0).teach('kitchen')                # the newest counts
    assert robot.led('kitchen').place == pytest.approx((4.0, 1.0))
    assert robot.learner.undo().result(10.0) == 'kitchen'
    assert robot.led('kitchen').place == pytest.approx((2.0, -1.0))
    assert robot.learner.forget('the kitchen').result(10.0)
    assert robot.learner.concepts() == [] and not robot.led('kitchen').known


def test_without_odometry_no_place_is_learned() -> None:
    robot = _Robot()
    with pytest.raises(ValueError, match='do not feel where I am'):
        robot.teach('kitchen')
    robot.at(1.0).now_s += OLD_S + 1
    with pytest.raises(ValueError, match='do not feel where I am'):
        robot.teach('this place is called blorp')
    assert robot.learner.concepts() == []


@pytest.mark.parametrize('after', [
    body(9.0, stamp_s=2.1), body(2.0, stamp_s=2.1, frame='odom b'), body(2.0, stamp_s=-60.0)])
def test_after_the_odometry_started_over_a_place_is_known_but_lost(after: Body) -> None:
    robot = _Robot().at(2.0, stamp_s=2.0)
    robot.teach('kitchen')
    robot.places.feel(after)
    assert robot.places.lost('kitchen') and not robot.led('kitchen').known
    assert robot.led('kitchen').place is None and robot.places.nearest() is None
    robot.teach('kitchen')
    assert not robot.places.lost('kitchen') and robot.led('kitchen').place is not None


def test_places_outlast_the_brain_but_not_a_jump_of_the_odometry(tmp_path: Path) -> None:
    robot = _Robot(tmp_path / 'lessons.db').at(2.0)
    robot.teach('kitchen')
    robot.learner.close()
    robot = _Robot(tmp_path / 'lessons.db').at(5.0)
    assert robot.led('kitchen').place == pytest.approx((2.0, 0.0))
    robot.at(0.0, stamp_s=2.05).teach('base')                       # it jumped
    robot.learner.close()
    robot = _Robot(tmp_path / 'lessons.db').at(1.0)
    assert robot.led('base').place == pytest.approx((0.0, 0.0))
    assert robot.places.lost('kitchen')
    robot.learner.close()


def test_a_map_lasts_and_may_correct_itself() -> None:
    robot = _Robot().at(2.0, frame='map')
    robot.teach('kitchen')
    robot.at(9.0, frame='map', stamp_s=1.1)
    assert robot.led('kitchen').place == pytest.approx((2.0, 0.0))


def test_one_name_for_two_places_of_a_map_is_a_conflict(tmp_path: Path) -> None:
    for name, x_m in (('a', 0.0), ('b', 4.0), ('c', 0.3)):
        robot = _Robot(tmp_path / f'{name}.db').at(x_m, frame='map')
        robot.teach('kitchen')
        robot.learner.close()
    made = merge(tmp_path / 'a.db', tmp_path / 'b.db', tmp_path / 'ab.db')
    assert [(c.name, c.what) for c in made.conflicts] == [('kitchen', 'place')]
    assert merge(tmp_path / 'a.db', tmp_path / 'c.db', tmp_path / 'ac.db').conflicts == ()
    robot = _Robot(tmp_path / 'ab.db').at(1.0, frame='map')
    assert robot.led('kitchen').place == pytest.approx((4.0, 0.0)) and made.lessons == 2
    robot.learner.close()


def test_what_another_robot_says_of_a_place_is_kept_and_a_conflict_told() -> None:
    robot, other = _Robot().at(0.0, frame='map'), _Robot().at(5.0, frame='map')
    robot.teach('kitchen')
    other.teach('kitchen')
    shelf = Shelf(robot.mind.memory, robot.learner.tricks, robot.learner.catch_up)
    shelf.look()
    news = shelf.take(other.mind.memory.store.lessons(), 'other')
    assert [one.kind for one in news] == ['taught', 'conflict']
    shelf.look()
    assert len(shelf.conflicts) == 1 and robot.learner.concepts()[0].lessons == 2
    robot.learner.forget('kitchen').result(10.0)
    shelf.look()
    assert shelf.conflicts == ()


@pytest.mark.parametrize(('text', 'name'), [
    ('this is the kitchen', 'kitchen'), ('Here is the living room.', 'living room'),
    ('this place is called home', 'home'), ('remember this place as base', 'base'),
    ('remember this spot, it is the corner', 'corner'), ('you are in the office now', 'office'),
    ('这里是厨房', '厨房'), ('这个地方叫布洛普', '布洛普'), ('把这里记作家', '家'),
    ('这是客厅', '客厅'),
    ('this place is called blorp', 'blorp'), ('here is a blorp', ''), ('here is the ball', ''),
    ('what is this place called', ''), ('这里是什么地方', ''), ('this is the office chair', '')])
def test_sentences_that_name_a_place(text: str, name: str) -> None:
    meant = naming(told(text)) if told(text) else None
    assert (meant.name if meant else '') == name
    assert meant is None or meant.senses == (Sense.PLACE,)


def test_where_words_send_the_robot() -> None:
    names = {'home', 'living room', '家', '厨房'}
    for text, place in (('go home', 'home'), ('Return to the living room, please.', 'living room'),
                        ('drive back home', 'home'), ('回家', '家'), ('到厨房那里去', '厨房'),
                        ('走到厨房', '厨房'), ('go to the ball', ''), ('go', ''), ('大家好', '')):
        assert destination(text, names) == place, text
    assert destination('go home', ()) == ''
    assert asks_where('Where are you?') and asks_where('你在哪儿') and not asks_where('where to')
    for text in ('come here', 'please come over here', 'come to me', '过来', '快到我这里来',
                 '来我这里'):
        assert asks_to_come(text), text
    for text in ('come to the ball', 'here', 'here is the ball', '去厨房', 'become here'):
        assert not asks_to_come(text), text


def _talk(**others: Any) -> tuple[Talk, _Robot]:
    robot = _Robot()
    robot.at(1.0, 2.0)

    def teach(name: str) -> Future[Concept]:
        return finished(robot.teach(name))

    talk = Talk(places=robot.places, teach=teach, concepts=robot.learner.concepts,
                 lead=robot.places.led, **others)
    return talk, robot


def test_told_asked_and_gone_to_in_words() -> None:
    talk, robot = _talk()
    talk.say('this place is called home')
    talk.talk.felt(body(1.0, 6.0, stamp_s=3.0))
    talk.say('where are you?')
    decision = talk.say('go home').decision
    assert decision is not None and decision.skill is Skill.GO_TO
    assert decision.place == pytest.approx((1.0, 2.0))
    assert talk.said == ['learned home', 'at home 4.0']
    robot.at(30.0)
    talk.say('go to the home')
    assert talk.ended[-1][0].reason == 'lost'
    assert Sentences().ended(talk.ended[-1][0]).startswith('I know the home, but I have lost')


@pytest.mark.parametrize('told_as', ['when it is dark, come here', 'when I say dinner, come here'])
def test_come_here_leads_to_where_it_was_told(told_as: str, monkeypatch: Any) -> None:
    monkeypatch.setattr('talk.PHRASES', [
        (r'when it is (dark)\b.*', Skill.WHEN, None), *PHRASES])
    talk, robot = _talk()
    talk.say(told_as)
    trick = talk.book.tricks()[0]
    assert trick.steps[0].place == robot.places.here
    talk.book.reload()
    assert talk.book.tricks()[0] == trick                   # read again from the file
    robot.at(3.0, 3.0)
    talk.talk._perform(trick, _task(trick.name))
    decision = talk.tick()
    assert decision is not None and decision.place == pytest.approx((1.0, 2.0))
    robot.at(90.0)
    talk.talk._perform(trick, _task(trick.name))
    assert talk.ended[-1][0].reason == 'lost_here'


def test_come_here_needs_a_place_to_remember() -> None:
    talk = Talk()
    talk.say('when I say dinner, come here')
    assert talk.book.tricks() == () and talk.ended[-1][0].reason == 'no_place'


def test_a_remembered_place_has_no_image() -> None:
    seen = Decision(stamp_s=0, version='', image_stamp_s=1.0,
                    sightings=(Sighting(probability=1, bearing_rad=0, range_m=1),))
    assert seen.place is None
    led = Decision(stamp_s=0, version='', sightings=(Sighting.remembered(-3.0, 4.0),))
    assert led.place == pytest.approx((-3.0, 4.0))


def _task(text: str) -> Any:
    from yan_brain.mind.tasks import Origin, Task
    return Task(text, Origin.TYPED)


def test_damaged_places_are_named(tmp_path: Path) -> None:
    robot = _Robot(tmp_path / 'lessons.db').at(2.0)
    robot.teach('kitchen')
    database = robot.mind.memory.store.database
    with database.writing('damage'):
        database.run('UPDATE lessons SET data = zeroblob(12)')
    assert Places(LessonStore(tmp_path / 'lessons.db')).memory.problems == (
        'damaged places were left out, teach them again: kitchen (lesson 1)',)
    robot.learner.close()
