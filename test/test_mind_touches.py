"""Touches taught by one showing: told apart, forgotten exactly, and what tricks wait for."""
from __future__ import annotations

import math

import numpy as np
import pytest
from fake_mind import FakeMind
from talk import PHRASES, Talk

from yan_brain.learning.gallery import Gallery
from yan_brain.learning.learner import Learner, ShowingConfig
from yan_brain.learning.naming import naming, told
from yan_brain.mind.touches import RECENT_S, Touches
from yan_brain.mind.voice import Sentences
from yan_brain.perception.touching import PAUSE_S, WIDTH, Contact, Patterns, row, versions
from yan_brain.signals import Concept, Sense, Skill, Touch
from yan_brain.simulation.touches import Source, do

SHOWING = ShowingConfig(showing_seconds=0.1, listening_seconds=0.0)
PAT = Source('pat', (('head', 0.0, 0.15), ('head', 0.4, 0.55), ('head', 0.8, 0.95)))
HUG = Source('hug', tuple((zone, 0.05, 1.2) for zone in (
    'head', 'back', 'rear_left', 'rear_right', 'front_left')))
PRESS = Source('press', (('front_left', 0.0, 1.1),))


class _Skin:
    """A stream of readings into a Touches, and a Learner on the same store."""

    def __init__(self) -> None:
        self.at_s = 100.0
        self.mind, self.rng = FakeMind(), np.random.default_rng(3)
        self.touches = Touches(self.mind.memory.store, steady_s=lambda: self.at_s)
        self.learner = Learner(self.mind, Gallery(), {Sense.TOUCH: self.touches})

    def feel(self, source: Source) -> set[str]:
        """What a touch was taken for that was done once more."""
        found: set[str] = set()
        for touch in do(source, self.rng, self.at_s + 5.0):
            self.at_s = touch.stamp_s
            self.touches.feel(touch)
            found |= {name for name in self.touches.memory.names if self.touches.holds(name)}
        return found

    def teach(self, name: str, source: Source) -> Concept:
        self.feel(source)
        return self.learner.teach(name, SHOWING).result(20.0)


def test_a_pattern_ends_after_a_pause_or_when_it_is_long() -> None:
    patterns = Patterns()
    found = [patterns.feed(Touch(stamp_s=at / 10, pressed=frozenset({'head'} if at in (1, 2, 5)
                                                                    else ())))
             for at in range(20)]
    ended = [one for one in found if one is not None]
    assert len(ended) == 1 and ended[0].end_s == pytest.approx(0.5 + PAUSE_S + 0.1, abs=0.11)
    assert ended[0].contacts == (Contact('head', 0.0, pytest.approx(0.2)),
                                 Contact('head', pytest.approx(0.4), pytest.approx(0.5)))
    held = [patterns.feed(Touch(stamp_s=10 + at / 10, pressed=frozenset({'head'})))
            for at in range(60)]
    assert sum(one is not None for one in held) == 1        # what is held on is one touch
    assert patterns.feed(Touch(stamp_s=math.nan)) is None


def test_rows_are_finite_and_the_same_for_the_same_touch() -> None:
    contacts = tuple(Contact(*span) for span in PAT.spans)
    assert row(contacts).shape == (WIDTH,) and np.isfinite(versions(contacts)).all()
    assert np.array_equal(versions(contacts), versions(contacts))
    assert np.isfinite(row((Contact('head', 1.99, 9.0),))).all()
    with pytest.raises(ValueError, match='no contact'):
        row(())


def test_one_showing_is_enough_and_others_are_refused() -> None:
    skin = _Skin()
    concept = skin.teach('touch of the push', PRESS)
    assert (concept.name, concept.sense, concept.lessons) == ('push', Sense.TOUCH, 1)
    skin.teach('touch of the pat', PAT)
    assert skin.feel(PRESS) == {'push'} and skin.feel(PAT) == {'pat'} and skin.feel(HUG) == set()
    assert skin.learner.forget('push').result(20.0) and skin.feel(PRESS) == set()
    assert skin.learner.undo().result(20.0) == 'pat' and skin.touches.memory.names == ()


def test_nothing_is_learned_of_a_touch_that_nobody_felt() -> None:
    skin = _Skin()
    with pytest.raises(ValueError, match='felt no touch'):
        skin.learner.teach('this touch is called a hug', SHOWING).result(20.0)
    skin.feel(HUG)
    skin.at_s += RECENT_S + 1
    with pytest.raises(ValueError, match='felt no touch'):
        skin.learner.teach('touch of hug', SHOWING).result(20.0)


@pytest.mark.parametrize(('text', 'name'), [
    ('this touch is called a hug', 'hug'), ('that was a pat', 'pat'),
    ('you felt a blorp', 'blorp'),
    ('this is what a hug feels like', 'hug'), ('remember this touch as hello', 'hello'),
    ('这个触摸叫拍一拍', '拍一拍'), ('刚才是抱抱', '抱抱'), ('how does it feel', '')])
def test_sentences_that_name_a_touch(text: str, name: str) -> None:
    meant = naming(told(text)) if told(text) else None
    assert (meant.name if meant else '') == name
    assert meant is None or meant.senses == (Sense.TOUCH,)


def test_a_name_may_be_of_a_touch_by_its_words() -> None:
    assert naming('pat').senses == (Sense.TOUCH, Sense.SIGHT)
    assert naming('拍一拍').senses == (Sense.TOUCH, Sense.SIGHT)
    assert naming('拍手').senses == (Sense.SOUND, Sense.SIGHT)
    assert naming('patch').senses == (Sense.SIGHT,)


def test_a_touch_sets_off_what_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('talk.PHRASES', [
        (r'when you feel a (\w+)\b.*', Skill.WHEN, None), (r'感觉到(拍).*', Skill.WHEN, None),
        *PHRASES])
    skin = _Skin()
    talk = Talk(touches=skin.touches)
    talk.say('when you feel a hug, turn left')
    assert talk.ended[-1][0].reason == 'not_perceived'      # nobody taught it
    skin.teach('hug', HUG)
    skin.teach('拍一拍', PRESS)
    talk.say('when you feel a hug, turn left')
    talk.say('感觉到拍一拍就左转')                             # the mind cut the name short
    assert [(t.name, t.percept) for t in talk.book.tricks()] == [('hug', True), ('拍一拍', True)]
    talk.tick()
    assert talk.steps() == []
    skin.feel(HUG)
    talk.tick()
    assert talk.steps() == [(Skill.TURN, 1.5)]


def test_what_is_said_of_touches() -> None:
    hug = Concept(name='hug', lessons=1, taught_s=0, certainty=1, sense=Sense.TOUCH)
    voice = Sentences()
    assert voice.taught(hug, 'en') == 'I will remember: this is what a hug feels like.'
    assert voice.recall([hug], [], 'zh') == '你教过我：hug（触碰）。'
