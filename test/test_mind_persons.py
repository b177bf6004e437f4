"""Persons known by their voice, and what words mean for each of them."""
from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from fake_mind import FakeMind
from numpy.typing import NDArray
from talk import Talk

from yan_brain.learning.database import Database
from yan_brain.learning.fleet_messages import sent_trick
from yan_brain.learning.gallery import Gallery
from yan_brain.learning.learner import Learner, ShowingConfig
from yan_brain.learning.merge import joined
from yan_brain.learning.naming import naming, told
from yan_brain.learning.sayings import Sayings
from yan_brain.learning.tricks import CORRECTIONS, Step, Trick, TrickBook
from yan_brain.mind.persons import RECENT_S, Persons
from yan_brain.mind.phrases import asks_who
from yan_brain.mind.tasks import Origin, Task
from yan_brain.mind.voice import Sentences
from yan_brain.perception.voiceprint import WIDTH
from yan_brain.signals import Concept, Sense, Skill

NOW = ShowingConfig(showing_seconds=0.1, listening_seconds=0.0)
LEFT = Step(words='turn left', skill=Skill.TURN, amount=1.5)
BACK = Step(words='go back', skill=Skill.MOVE, amount=-0.5)


def voice(who: int, sentence: int = 0) -> NDArray[np.int16]:
    """A sentence of somebody, for `encode`."""
    return np.array([who, sentence], np.int16)


def encode(samples: NDArray[np.int16]) -> NDArray[np.float32] | None:
    """Rows as the encoder makes them: never negative, all a little alike."""
    if not samples.any():
        return None
    who, sentence = (np.random.default_rng([seed, 5]) for seed in map(int, samples))
    row = 0.2 + np.maximum(who.normal(0, 1, WIDTH), 0) + 0.3 * sentence.random(WIDTH)
    return np.asarray(row / np.linalg.norm(row), np.float32)


class _House:
    """Persons beside a mind, and a Learner on the same store."""

    def __init__(self) -> None:
        self.at_s = 100.0
        self.mind = FakeMind()
        self.persons = Persons(self.mind.memory.store, encode=encode,
                               steady_s=lambda: self.at_s)
        self.learner = Learner(self.mind, Gallery(), {Sense.VOICE: self.persons})

    def meet(self, words: str, who: int, sentence: int = 0) -> Concept:
        """Somebody says who they are."""
        self.persons.hear(voice(who, sentence))
        return self.learner.teach(told(words), NOW).result(20.0)


def test_one_sentence_is_enough_and_strangers_stay_unknown() -> None:
    house = _House()
    assert house.persons.hear(voice(1)) == ''
    concept = house.meet('Hello, I am Anna.', 1)
    assert (concept.name, concept.sense, concept.lessons) == ('anna', Sense.VOICE, 1)
    house.meet('我叫小明', 2)
    for sentence in range(3, 8):
        assert house.persons.hear(voice(1, sentence)) == 'anna'
        assert house.persons.hear(voice(2, sentence)) == '小明'
        assert house.persons.hear(voice(3, sentence)) == ''
    assert house.meet('my name is anna', 1, 9).lessons == 2
    assert house.learner.undo().result(20.0) == 'anna'
    assert house.learner.forget('Anna').result(20.0)
    assert house.persons.hear(voice(1, 4)) == '' and house.persons.hear(voice(2, 4)) == '小明'
    assert house.learner.undo().result(20.0) == '小明' and not house.persons.memory.names


def test_a_voice_is_named_soon_after_it_was_heard_or_not_at_all() -> None:
    house = _House()
    with pytest.raises(ValueError, match='heard no voice'):
        house.meet('I am Anna', 0)
    house.persons.hear(voice(2))
    with pytest.raises(ValueError, match='heard no voice'):
        house.meet('I am Anna', 0)               # too short; it is not who spoke before
    house.persons.hear(voice(1))
    house.at_s += RECENT_S + 1
    with pytest.raises(ValueError, match='heard no voice'):
        house.learner.teach('voice of anna', NOW).result(20.0)


def test_who_types_a_name_may_say_something_next() -> None:
    persons = Persons(encode=encode)
    timer = threading.Timer(0.2, lambda: persons.hear(voice(1)))
    timer.start()
    rows = persons.listen(10.0)
    assert rows is not None and rows.shape == (1, WIDTH)
    threading.Timer(0.2, persons.close).start()
    assert persons.listen(60.0) is None          # closing ends the wait


def test_without_the_encoder_it_is_said_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    persons = Persons()
    assert persons.hear(voice(1)) == '' and persons.hear(voice(1)) == ''
    with pytest.raises(ValueError, match='pip install --no-deps resemblyzer'):
        persons.listen(0.0)


@pytest.mark.parametrize(('text', 'name'), [
    ('I am Anna', 'Anna'), ("I'm Anna.", 'Anna'), ('my name is anna', 'anna'),
    ('Hello robot, my name is Mary Ann.', 'Mary Ann'), ('Call me Tom!', 'Tom'),
    ('this is Tom speaking', 'Tom'), ('我是安娜', '安娜'), ('你好，我叫小明。', '小明'),
    ('我的名字是小明', '小明'), ('我是Anna', 'Anna'),
    ('I am hungry', ''), ('I am here', ''), ('I am in the kitchen', ''), ('I am Sorry', ''),
    ('call me a taxi', ''), ('my name is not yours', ''), ('who am I', ''), ('我是谁？', ''),
    ('我叫什么名字', ''), ('我是说左转', ''), ('我是来帮忙的', ''), ('我叫你停', ''),
    ('this is Anna', '')])
def test_sentences_that_tell_who_speaks(text: str, name: str) -> None:
    meant = naming(told(text)) if told(text) else None
    assert (meant.name if meant else '') == name
    assert meant is None or meant.senses == (Sense.VOICE,)


@pytest.mark.parametrize('text', ['Who am I?', 'do you know my voice', "what's my name", '我是谁',
                                  '你认识我吗？', 'who is speaking'])
def test_questions_for_who_speaks(text: str) -> None:
    assert asks_who(text) and not told(text)
    assert not asks_who('who is that') and not asks_who('where am I')


def test_what_is_said_of_persons() -> None:
    anna = Concept(name='anna', lessons=2, taught_s=0, certainty=1, sense=Sense.VOICE)
    says, hop = Sentences(), Trick(name='hop', steps=(LEFT,), taught_s=0, person='anna')
    assert says.taught(anna, 'en') == 'Hello Anna, I will know your voice.'
    assert says.recall([anna], [hop], 'en') == (
        'You taught me anna (a person, 2 times), and how to hop (for Anna).')
    assert says.who('anna', 'en') == 'You are Anna.' and says.who('安娜', 'zh') == '你是安娜。'
    assert 'do not know your voice' in says.who('', 'en')


class _Home(Talk):
    """Words with who said them."""

    def told(self, text: str, who: str, do: bool = True) -> list[tuple[Skill, float | None]]:
        self.talk.overheard(text, who)
        self.run()
        while self.waiting:
            self.tick()
        return self.steps() if do else []

    def correct(self, who: str, instead: str, times: int = CORRECTIONS,
                blamer: str | None = None) -> None:
        for _ in range(times):
            self.told('go back', who)
            self.told('wrong', who if blamer is None else blamer)
            self.told(instead, who)


def test_three_corrections_change_a_habit_for_who_made_them() -> None:
    it = _Home()
    it.correct('anna', 'turn left')
    it.correct('tom', 'go to the red ball')
    assert it.told('go back', 'anna') == [(Skill.TURN, 1.5)]
    assert it.told('Go back, please!', 'tom') == [(Skill.GO_TO, None)]
    assert it.told('go back', '') == [(Skill.MOVE, -0.5)]          # everybody else
    assert it.told('go back', 'julia') == [(Skill.MOVE, -0.5)]
    task = it.talk.submit('go back', Origin.TYPED)
    it.tick()
    assert it.steps() == [(Skill.MOVE, -0.5)] and task.succeeded
    it.correct('', 'turn left')                                    # of nobody: for everybody ...
    assert it.told('go back', 'julia') == it.told('go back', '') == [(Skill.TURN, 1.5)]
    assert it.told('go back', 'tom') == [(Skill.GO_TO, None)]      # ... but who has their own


def test_a_correction_is_of_one_person() -> None:
    it = _Home()
    it.correct('anna', 'turn left', times=2)
    it.correct('tom', 'turn left', times=2)                        # two and two are not three
    it.correct('tom', 'turn left', blamer='anna', times=3)         # nobody was corrected
    assert it.book.tricks() == ()
    it.correct('anna', 'turn left', blamer='', times=1)            # "wrong" is a short word
    assert [(t.name, t.person) for t in it.book.tricks()] == [('go back', 'anna')]


def test_who_speaks_is_answered_at_once() -> None:
    it = _Home()
    it.told('who am I?', 'anna')
    it.told('who am I?', '')
    task: Task = it.say('who am I')
    assert it.said == ['you anna', 'who', 'who'] and task.succeeded


def test_a_name_that_is_known_is_forgotten_without_a_thought() -> None:
    anna = Concept(name='anna', lessons=1, taught_s=0, certainty=1, sense=Sense.VOICE)
    gone: list[str] = []

    def forget(name: str) -> Future[bool]:
        gone.append(name)
        done: Future[bool] = Future()
        done.set_result(True)
        return done

    it = _Home(concepts=lambda: [anna], forget=forget)
    task = it.say('Forget Anna, please.')            # the mind makes nothing of this name
    assert task.succeeded and gone == ['anna']
    it.say('forget tom')
    assert gone == ['anna'] or gone[1:] == ['tom']


def test_what_words_mean_for_a_person_is_kept_and_forgotten_with_them(tmp_path: Path) -> None:
    book = TrickBook(Database(tmp_path / 'lessons.db'))
    for _ in range(CORRECTIONS):
        for person, step in (('anna', LEFT), ('tom', BACK), ('', BACK)):
            book.correct('hop', step, 'en', person)
    book = TrickBook(Database(tmp_path / 'lessons.db'))
    assert {t.key: t.steps[0].amount for t in book.tricks()} == {
        ('hop', ''): -0.5, ('hop', 'anna'): 1.5, ('hop', 'tom'): -0.5}
    assert book.forget_person('anna') and not book.forget_person('anna')
    assert {t.key for t in book.tricks()} == {('hop', ''), ('hop', 'tom')}
    for _ in range(CORRECTIONS - 1):                               # counted from the beginning
        assert book.correct('hop', LEFT, 'en', 'anna') is None
    assert book.forget('hop', '') and {t.key for t in book.tricks()} == {('hop', 'tom')}
    assert book.correct('hop', LEFT, 'en', 'anna') is not None     # hers went on
    assert book.forget('hop') and book.tricks() == ()


def test_forgetting_a_person_forgets_their_ways() -> None:
    house = _House()
    house.meet('I am Anna', 1)
    for _ in range(CORRECTIONS):
        house.learner.correct('hop', LEFT, 'en', 'anna').result(20.0)
        house.learner.correct('hop', BACK, 'en').result(20.0)
    assert {t.person for t in house.learner.tricks.tricks()} == {'', 'anna'}
    assert len(house.learner.sayings.known(counting=False)) == 2
    assert [s.person for s in house.learner.sayings.known()] == ['']    # sleep is everybody's
    house.learner.forget('anna').result(20.0)
    assert {t.person for t in house.learner.tricks.tricks()} == {''}
    assert [s.person for s in house.learner.sayings.known(counting=False)] == ['']


def test_undo_takes_back_what_one_person_changed() -> None:
    house = _House()
    for _ in range(CORRECTIONS):
        house.learner.correct('hop', BACK, 'en').result(20.0)
    for _ in range(CORRECTIONS):
        house.learner.correct('hop', LEFT, 'en', 'anna').result(20.0)
    assert house.learner.undo().result(20.0) == 'hop'
    assert [t.person for t in house.learner.tricks.tricks()] == ['']


def test_ways_of_persons_are_exchanged_as_they_are() -> None:
    hers = Trick(name='hop', steps=(LEFT,), taught_s=5.0, person='anna')
    all_s = Trick(name='hop', steps=(BACK,), taught_s=6.0)
    assert 'person' not in all_s.content()       # as it was before there were persons
    sent = sent_trick(name=hers.name, content=hers.content(), taught_s=hers.taught_s)
    assert sent.person == 'anna' and sent.checksum() == hers.checksum() != all_s.checksum()
    tricks, conflicts = joined([hers], [all_s])
    assert len(tricks) == 2 and not conflicts
    newer = Trick(name='hop', steps=(BACK,), taught_s=9.0, person='anna')
    tricks, conflicts = joined([hers, all_s], [newer])
    assert {t.key: t.taught_s for t in tricks} == {
        ('hop', 'anna'): 9.0, ('hop', ''): 6.0, ('hop 2', 'anna'): 5.0}
    assert [c.moved for c in conflicts] == ['hop 2']


def test_a_saying_of_one_person_is_erased_alone() -> None:
    sayings = Sayings(Database(None))
    for person in ('', 'anna'):
        sayings.correct('hop', LEFT, 'en', person)
    assert sayings.forget('hop', 'anna') and not sayings.forget('hop', 'anna')
    assert [s.person for s in sayings.known(counting=False)] == ['']
