"""Sounds taught in one hearing: told apart, forgotten exactly, kept, and what tricks wait for."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_mind import FakeMind, image
from numpy.typing import NDArray
from talk import PHRASES, Talk

from yan_brain.learning.fleet_shelf import Shelf
from yan_brain.learning.gallery import Gallery
from yan_brain.learning.learner import Learner, ShowingConfig
from yan_brain.learning.merge import merge
from yan_brain.learning.naming import naming, of_hearing, told
from yan_brain.learning.store import LessonStore
from yan_brain.mind.occasions import Occasions
from yan_brain.mind.senses import memory_of
from yan_brain.mind.sounds import FILE, HOLDS_S, RECENT_S, Sounds, load_world
from yan_brain.mind.voice import Sentences
from yan_brain.perception.sound import SoundError
from yan_brain.perception.timbre import timbre
from yan_brain.signals import Concept, Sense, Skill, Sound, Velocity
from yan_brain.simulation.home import Home, HomeConfig, draw_room
from yan_brain.simulation.sounds import Source, draw, in_room, play
from yan_brain.simulation.voice import synthesise

RATE_HZ = 16_000
SHOWING = ShowingConfig(showing_seconds=0.1, listening_seconds=0.5)
BELL, WHISTLE, DRUM = (draw(kind, np.random.default_rng(11))
                       for kind in ('bell', 'whistle', 'drum'))


class _Ears:
    """A stream of sound into a Sounds, and a Learner on the same store."""

    def __init__(self, path: Path | None = None, **options: Any) -> None:
        self.mind = FakeMind(path)
        options.setdefault('spoken', lambda samples: 0.0)
        self.sounds = Sounds(self.mind.memory.store, **options)
        self.learner = Learner(self.mind, Gallery(), {Sense.SOUND: self.sounds})
        self.rng, self.at_s = np.random.default_rng(1), 100.0

    def hear(self, samples: NDArray[np.int16]) -> set[str]:
        """What it was taken for."""
        found: set[str] = set()
        for begin in range(0, len(samples), 1600):
            self.sounds.hear(Sound(stamp_s=self.at_s, samples=samples[begin:begin + 1600],
                                   rate_hz=RATE_HZ))
            self.at_s += 0.1
            found |= {n for n in self.sounds.memory.names if self.sounds.holds(n)}
        return found

    def play(self, source: Source, snr_db: float = 20.0) -> set[str]:
        level = float(self.rng.uniform(0.05, 1.0))
        return self.hear(in_room(play(source, self.rng), level, snr_db, self.rng))

    def teach(self, name: str, source: Source) -> Concept:
        self.play(source)
        return self.learner.teach(name, SHOWING).result(20.0)


@pytest.fixture
def ears() -> Iterator[_Ears]:
    made = _Ears()
    yield made
    made.learner.close()


def _done(future: Future[Any], meanwhile: Callable[[], object]) -> Any:
    """What comes of a Future while something goes on."""
    end = time.monotonic() + 20.0
    while not future.done():
        assert time.monotonic() < end, 'not within 20 s'
        meanwhile()
        time.sleep(0.001)
    return future.result()


def test_the_package_has_a_world_of_these_sounds(tmp_path: Path) -> None:
    world = load_world()
    assert world is not None and len(world.rows) > 500
    assert load_world(tmp_path / 'none.npz') is None
    with np.load(FILE) as found:
        np.savez(tmp_path / 'old.npz', rows=found['rows'], version='sound-0')
    assert load_world(tmp_path / 'old.npz') is None


def test_sounds_that_another_robot_was_taught_are_known_at_once(ears: _Ears) -> None:
    other = _Ears()
    other.teach('sound of the bell', BELL)
    lessons = other.mind.memory.store.lessons()
    other.learner.close()
    shelf = Shelf(ears.mind.memory, ears.learner.tricks, ears.learner.catch_up)
    assert [news.kind for news in shelf.take(lessons, 'other')] == ['taught']
    assert ears.play(BELL) == {'bell'} and ears.mind.memory.problems == ()


def test_one_hearing_is_enough_and_others_are_refused(ears: _Ears) -> None:
    assert ears.teach('bell', BELL) == ears.learner.concepts()[0]
    concept = ears.teach('sound of the whistle', WHISTLE)
    assert (concept.name, concept.sense, concept.lessons) == ('whistle', Sense.SOUND, 1)
    assert ears.play(BELL) == {'bell'} and ears.play(WHISTLE) == {'whistle'}
    assert ears.play(DRUM) == set()
    assert ears.play(draw('bell', np.random.default_rng(99))) == set()      # another bell
    ears.at_s += HOLDS_S + 1
    assert ears.hear(np.zeros(1600, np.int16)) == set()


def test_forgotten_it_is_as_if_never_taught(ears: _Ears) -> None:
    ears.teach('bell', BELL)
    row = timbre(play(BELL, ears.rng))[None]
    before = ears.sounds.memory.probability(row)
    ears.teach('whistle', WHISTLE)
    assert not np.array_equal(ears.sounds.memory.probability(row)[:, :1], before)
    assert ears.learner.forget('the sound of the whistle').result(20.0)
    np.testing.assert_allclose(ears.sounds.memory.probability(row), before, atol=1e-6)
    assert ears.play(WHISTLE) == set() and ears.play(BELL) == {'bell'}
    assert ears.learner.undo().result(20.0) == 'bell'
    assert ears.play(BELL) == set() and ears.learner.concepts() == []
    assert not ears.learner.forget('bell').result(20.0)


def test_things_and_sounds_share_a_store_that_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    ears = _Ears(path)
    ears.mind.learn('blorp', [ears.mind.look(image(0.0))])
    ears.mind.learn('bell', [ears.mind.look(image(0.0, 200))])
    ears.teach('bell', BELL)
    ears.learner.snapshot('all').result(20.0)
    version = ears.mind.version
    ears.teach('drum', DRUM)
    assert ears.mind.version != version              # decisions tell that something was learned
    ears.learner.restore('all').result(20.0)
    ears.learner.close()
    again = _Ears(path)
    assert [(c.name, c.sense) for c in again.learner.concepts()] == [
        ('bell', Sense.SIGHT), ('blorp', Sense.SIGHT), ('bell', Sense.SOUND)]
    assert again.learner.problems == () and again.play(BELL) == {'bell'}
    assert again.mind.memory.foreign() == again.sounds.memory.foreign() == ()
    assert again.learner.forget('bell').result(20.0)          # by eye and by ear
    assert [c.name for c in again.learner.concepts()] == ['blorp']
    again.learner.close()
    with closing(LessonStore(path)) as store:
        assert {lesson.core for lesson in store.lessons()} == {'fake'}


def test_merging_brings_sounds_together_and_names_the_same_word_for_others(
    tmp_path: Path,
) -> None:
    paths = [tmp_path / name for name in ('a.db', 'b.db', 'c.db')]
    for path, lessons in ((paths[0], {'bell': BELL, 'whistle': WHISTLE}), (paths[1], {
            'bell': DRUM, 'drum': DRUM})):
        ears = _Ears(path)
        for name, source in lessons.items():
            ears.teach(name, source)
        ears.mind.learn('bell', [ears.mind.look(image(0.0))])
        ears.learner.close()
    made = merge(paths[0], paths[1], paths[2], memory=memory_of)
    assert made.lessons == 6 and [c.name for c in made.conflicts] == ['bell']
    merged = _Ears(paths[2])
    assert merged.play(WHISTLE) == {'whistle'}
    merged.learner.close()


def test_a_name_alone_is_heard_first_and_looked_at_in_silence(ears: _Ears) -> None:
    def quiet() -> None:
        ears.hear(np.ones(1600, np.int16))
        ears.learner.gallery.put(image(ears.at_s))

    assert ears.teach('doorbell', BELL).sense is Sense.SOUND
    ears.at_s += RECENT_S
    assert _done(ears.learner.teach('doorbell', SHOWING), quiet).sense is Sense.SIGHT
    assert _done(ears.learner.teach('blorp', SHOWING), quiet).sense is Sense.SIGHT
    ears.play(DRUM)
    assert _done(ears.learner.teach('zib', SHOWING), quiet).sense is Sense.SIGHT
    ears.at_s += RECENT_S + 5
    quiet()
    with pytest.raises(ValueError, match='heard nothing'):
        _done(ears.learner.teach('sound of the drum', SHOWING), quiet)


def test_a_sound_may_come_after_its_name(ears: _Ears) -> None:
    later = iter(np.split(in_room(play(BELL, ears.rng), 0.5, 30, ears.rng)[:35 * 1600], 35))
    taught = ears.learner.teach('this sound is the bell', ShowingConfig(listening_seconds=3.0))
    ears.hear(np.ones(800, np.int16))
    concept = _done(taught, lambda: ears.hear(next(later, np.ones(1600, np.int16))))
    assert concept.name == 'bell' and concept.sense is Sense.SOUND and ears.play(BELL) == {'bell'}


def test_what_is_named_is_the_newest_but_no_rustle_beside_it(ears: _Ears) -> None:
    ears.play(DRUM)                                  # some seconds before
    bell = in_room(play(BELL, ears.rng), 0.3, 30, ears.rng)
    tap = in_room(play(WHISTLE, ears.rng)[:3200], 0.3, 30, ears.rng, before_s=0.0, after_s=0.0)
    ears.hear(np.concatenate([bell[:-8000], (tap / 16).astype(np.int16), bell[-8000:]]))
    assert ears.learner.teach('this sound is the bell', SHOWING).result(20.0).sense is Sense.SOUND
    assert ears.play(BELL) == {'bell'} and ears.play(WHISTLE) == set() == ears.play(DRUM)
    ears.play(WHISTLE)
    assert ears.sounds.listen(0.0) is not None and ears.sounds.listen(0.0) is None    # once


def test_speech_is_neither_taught_nor_taken_for_a_sound() -> None:
    ears = _Ears(spoken=None)
    ears.teach('bell', BELL)
    words = synthesise('this is the bell')
    ears.at_s += RECENT_S + 5
    assert ears.hear(in_room(words, 1.0, 25, ears.rng)) == set()
    assert ears.sounds.listen(0.0) is None
    ears.play(DRUM)
    ears.hear(in_room(words, 1.0, 25, ears.rng, before_s=0.2))       # the words themselves
    assert ears.learner.teach('drum', SHOWING).result(20.0).sense is Sense.SOUND
    assert ears.play(DRUM) == {'drum'}
    ears.learner.close()


def test_without_a_store_that_can_be_kept_nothing_is_taught(tmp_path: Path) -> None:
    ears = _Ears(fault='the disk is gone')
    with pytest.raises(RuntimeError, match='the disk is gone'):
        ears.teach('bell', BELL)
    assert ears.learner.problems == ('the disk is gone',)
    with pytest.raises(SoundError):
        ears.sounds.hear(Sound(stamp_s=0, samples=np.ones(9, np.int16), rate_hz=100))
    ears.learner.close()


@pytest.mark.parametrize(('text', 'name'), [
    ('This sound is the bell.', 'bell'), ('this noise is called blorp', 'blorp'),
    ('that was the doorbell', 'doorbell'), ('what you heard is a whistle', 'whistle'),
    ('you just heard the bell', 'bell'), ('this is the sound of the drum', 'drum'),
    ('this is what a horn sounds like', 'horn'), ('remember this sound as ping', 'ping'),
    ('这个声音是铃声', '铃声'), ('刚才的声音叫门铃', '门铃'), ('刚才是铃声', '铃声'),
    ('that was good', ''), ('this sound is what', ''), ('这个声音是什么', ''),
    ('that sound is too loud', ''), ('this is the bell', ''), ('刚才是你', '')])
def test_sentences_that_name_a_sound(text: str, name: str) -> None:
    assert naming(told(text)).name == name
    assert (naming(told(text)).senses == (Sense.SOUND,)) == bool(name)


def test_names_by_their_words() -> None:
    for words in ('bell', 'my doorbell', '铃声', '口哨'):
        assert naming(words).senses == (Sense.SOUND, Sense.SIGHT)
    for words in ('the sound of the bell', 'bell sound', '门铃的声音'):
        assert naming(words).senses == (Sense.SOUND,)
    for words in ('blorp', 'red ball', 'ring', '圆环'):
        assert naming(words).senses == (Sense.SIGHT,)
    assert of_hearing('when you hear the bell, turn') and of_hearing('听见门铃就左转')
    for text in ('when you hear me say bow, turn', 'if you hear the word bow', '听到我说跳舞'):
        assert not of_hearing(text)


def test_what_is_said_of_sounds() -> None:
    voice = Sentences()
    bell = Concept(name='bell', lessons=2, taught_s=0, certainty=1, sense=Sense.SOUND)
    assert voice.taught(bell, 'en') == 'I will remember: this is the sound of a bell.'
    assert voice.recall([bell], [], 'en') == 'You taught me bell (a sound, 2 times).'
    assert '声音' in voice.taught(bell, 'zh') and '声音，2次' in voice.recall([bell], [], 'zh')


class _Robot:
    """A conversation with real lessons, which hears a home in lockstep."""

    def __init__(self) -> None:
        self.ears = _Ears(spoken=None)
        learner = self.ears.learner
        self.it = Talk(
            teach=lambda name: learner.teach(name, SHOWING), forget=learner.forget,
            concepts=learner.concepts, teach_trick=learner.teach_trick, book=learner.tricks,
            undo=learner.undo, sounds=self.ears.sounds, voice=Sentences())
        self.it.talk.occasions = Occasions(self.ears.sounds, steady_s=lambda: self.home.time_s)
        self.home = Home(draw_room(3), seed=1, config=HomeConfig(image_width=32, image_height=24))
        self.live(1.0)

    def live(self, seconds: float) -> list[tuple[Skill, float | None]]:
        """Let time pass; what was done meanwhile."""
        done: list[tuple[Skill, float | None]] = []
        for _ in range(round(seconds * 10)):
            self.home.advance(Velocity(), 0.1)
            self.it.talk.occasions.hear(self.home.sense().sound)
            self.it.tick()
            done += self.it.steps()
        return done

    def ring(self, source: Source) -> list[tuple[Skill, float | None]]:
        """Let something sound; what was done then."""
        self.home.ring(source)
        return self.live(5.0)

    def say(self, text: str) -> str:
        """The answer."""
        task, end = self.it.say(text), time.monotonic() + 20.0
        while not task.ended:
            assert time.monotonic() < end, f'{text}: no answer within 20 s'
            self.it.run()
            time.sleep(0.001)
        return self.it.said[-1]

    def close(self) -> None:
        self.ears.learner.close()
        self.home.close()


@pytest.fixture
def robot(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Robot]:
    monkeypatch.setattr('talk.PHRASES', [
        (r'when you hear the (\w+), .+', Skill.WHEN, None), (r'听见(铃声)就.+', Skill.TRICK, None),
        (r'this is the (\w+)', Skill.TEACH, None), *PHRASES])
    made = _Robot()
    yield made
    made.close()


def test_in_the_home_a_trick_waits_for_a_sound(robot: _Robot) -> None:
    assert 'I cannot perceive "bell"' in robot.say('when you hear the bell, turn left')
    assert robot.ring(BELL) == []
    assert 'the sound of a bell' in robot.say('This sound is the bell.')
    assert robot.say('when you hear the bell, turn left').startswith('I learned it')
    assert robot.ring(BELL) == [(Skill.TURN, 1.5)]
    assert robot.ring(WHISTLE) == [] and robot.ring(DRUM) == []
    robot.home.say('go to the bell')
    assert robot.live(5.0) == []
    assert robot.ring(BELL) == [(Skill.TURN, 1.5)]
    assert robot.say('what do you know') == 'You taught me bell (a sound), and how to bell.'
    assert robot.say('forget bell') == 'I forgot what a bell is.'
    assert robot.ring(BELL) == []


def test_a_bare_name_and_chinese(robot: _Robot) -> None:
    assert '感觉不到' in robot.say('听见铃声就左转') or 'cannot perceive' in robot.it.said[-1]
    robot.ring(WHISTLE)
    assert 'the sound of a whistle' in robot.say('this is the whistle')
    robot.ring(BELL)
    assert robot.say('这个声音是铃声') == '我记住了这个声音：铃声。'
    assert '铃声的时候我做1步' in robot.say('听见铃声就左转')
    assert robot.ring(WHISTLE) == [] and robot.ring(BELL) == [(Skill.TURN, 1.5)]


def test_a_loud_noise_is_still_one_whatever_was_taught(robot: _Robot) -> None:
    robot.ring(DRUM)
    robot.say('this sound is called the loud clap')
    assert robot.it.talk.occasions.knows('clap', False)
    robot.it.talk.occasions.hear(Sound(
        stamp_s=robot.home.time_s, samples=np.full(1600, 9000, np.int16), rate_hz=RATE_HZ))
    assert robot.it.talk.occasions.holds('a loud noise')
    assert not robot.it.talk.occasions.holds('loud clap')
