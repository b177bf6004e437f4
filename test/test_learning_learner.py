"""Learning beside the tick: showings looked at as they come, tricks, undo, images kept."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_mind import FakeMind, FakeShowing, image

from yan_brain.learning.gallery import Gallery
from yan_brain.learning.learner import Event, Learner, ShowingConfig
from yan_brain.learning.store import StoreError
from yan_brain.learning.tricks import Step, Trick
from yan_brain.signals import Image, Skill

LIMIT_S = 20.0


def _until(there: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LIMIT_S
    while not there():
        assert time.monotonic() < end, f'{what}: not within {LIMIT_S} s'
        time.sleep(0.001)


class _Mind(FakeMind):
    """Counts what it looked at."""

    def __init__(self, store: Path | None = None) -> None:
        super().__init__(store)
        self.looked: list[float] = []

    def look(self, image: Image) -> FakeShowing:
        self.looked.append(image.stamp_s)
        return super().look(image)


@pytest.fixture
def mind(tmp_path: Path) -> _Mind:
    return _Mind(tmp_path / 'lessons.db')


@pytest.fixture
def learner(mind: _Mind) -> Iterator[Learner]:
    made = Learner(mind, Gallery())
    yield made
    made.close()


def _trick(name: str = 'dance') -> Trick:
    return Trick(name=name, taught_s=time.time(), steps=(
        Step(words='turn left', skill=Skill.TURN, amount=1.0),))


def test_images_are_looked_at_while_the_showing_lasts(mind: _Mind, learner: Learner) -> None:
    told: list[Event] = []
    learner.subscribe(told.append)
    learned = learner.teach('blorp', ShowingConfig(showing_seconds=2.0, showing_images=4))
    _until(lambda: learner.gallery.wanted, 'watching')
    for number, stamp_s in enumerate(np.arange(10.0, 12.0, 0.1)):
        learner.gallery.put(image(float(stamp_s)))
        due = [10.0, 10.5, 11.0, 11.5][:number // 5 + 1]
        _until(lambda due=due: len(mind.looked) >= len(due), 'looking')  # type: ignore[misc]
        np.testing.assert_allclose(mind.looked, due, atol=1e-6)
    assert not learned.done()
    learner.gallery.put(image(12.0))
    assert learned.result(LIMIT_S).name == 'blorp'
    assert [event.kind for event in told] == ['taught'] and '4 images' in told[0].message
    assert not learner.gallery.wanted


def test_a_showing_that_cannot_be_learned_from_changes_nothing(
    mind: _Mind, learner: Learner,
) -> None:
    learned = learner.teach('   ', ShowingConfig())
    with pytest.raises(ValueError, match='printable'):
        learned.result(LIMIT_S)
    learned = learner.teach('blorp', ShowingConfig(), seconds=99.0)
    with pytest.raises(ValueError, match=r'0 .* to 60'):
        learned.result(LIMIT_S)
    learned = learner.teach('blorp', ShowingConfig(showing_seconds=5.0))
    _until(lambda: learner.gallery.wanted, 'watching')
    threading.Timer(0.05, learner.gallery.close).start()
    with pytest.raises(ValueError, match='broken off'):
        learned.result(LIMIT_S)
    assert mind.concepts() == [] and not learner.gallery.wanted


@pytest.mark.parametrize('kept', [False, True])
def test_images_are_kept_only_when_asked(mind: _Mind, learner: Learner, kept: bool) -> None:
    learned = learner.teach('blorp', ShowingConfig(showing_seconds=0.0, keep_images=kept))
    _until(lambda: learner.gallery.wanted, 'watching')
    learner.gallery.put(image(1.0))
    learned.result(LIMIT_S)
    number, _ = mind.memory.store.newest() or (0, 0.0)
    assert len(mind.memory.store.images(number)) == int(kept)


def test_undo_takes_back_the_last_of_lessons_and_tricks(mind: _Mind, learner: Learner) -> None:
    told: list[Event] = []
    learner.subscribe(told.append)
    rows = np.eye(8, dtype=np.float32)
    mind.memory.learn('blorp', rows[:1])
    mind.memory.learn('blorp', rows[1:2])
    versions = [mind.version]
    learner.teach_trick(_trick()).result(LIMIT_S)
    versions.append(mind.version)
    assert learner.undo().result(LIMIT_S) == 'dance' and learner.tricks.tricks() == ()
    versions.append(mind.version)
    assert learner.undo().result(LIMIT_S) == 'blorp' and mind.concepts()[0].lessons == 1
    assert learner.undo().result(LIMIT_S) == 'blorp' and mind.concepts() == []
    assert learner.undo().result(LIMIT_S) == ''
    assert len(set(versions)) == 3
    assert [event.kind for event in told] == ['trick', 'undone', 'undone', 'undone']


def test_forgetting_a_name_forgets_its_trick(mind: _Mind, learner: Learner) -> None:
    learner.teach_trick(_trick()).result(LIMIT_S)
    assert learner.forget('Dance').result(LIMIT_S) and not learner.forget('dance').result(LIMIT_S)
    assert learner.tricks.tricks() == ()


def test_nothing_is_acknowledged_where_nothing_can_be_kept(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    path.write_bytes(b'this is no database, and long enough to be taken for a header' * 50)
    learner = Learner(_Mind(path), Gallery())
    for future in (learner.teach_trick(_trick()), learner.undo(),
                   learner.correct('go', _trick().steps[0], 'en')):
        with pytest.raises(StoreError, match='nothing can be learned'):
            future.result(LIMIT_S)
    learner.close()
