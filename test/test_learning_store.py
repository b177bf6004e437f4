"""The lesson store: what was acknowledged survives kill -9; bad disks are named."""
from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.migrate import Seen, keep, relearn, unkeep
from yan_brain.learning.store import Lesson, LessonStore, StoreError
from yan_brain.learning.tricks import Step, Trick, TrickBook
from yan_brain.signals import Image, Skill

F = 8
ROOT = Path(__file__).parent.parent


def _lesson(name: str = 'a', rows: int = 3, core: str = 'test') -> Lesson:
    rng = np.random.default_rng(len(name) + rows)
    return Lesson(concept=name, core=core, taught_s=12.5,
                  features=rng.normal(size=(rows, F)).astype(np.float32),
                  background=rng.normal(size=(2, F)).astype(np.float32))


def _names(store: LessonStore) -> list[str]:
    return [lesson.concept for lesson in store.lessons()]


def _python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, '-c', code, *arguments], stdout=subprocess.PIPE, text=True,
        stderr=subprocess.STDOUT, cwd=ROOT, env={**os.environ, 'PYTHONPATH': str(ROOT)})


TEACH_FOREVER = """
import sys
from pathlib import Path
import numpy as np
from yan_brain.learning.concepts import ConceptMemory
memory = ConceptMemory.open(Path(sys.argv[1]), width=8, core='test')
for number in range(100000):
    memory.learn(f'thing {number}', np.full((50, 8), number + 1.0))
    print(number, memory.version, flush=True)
"""


def test_acknowledged_lessons_survive_kill_9(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    for round_ in range(2):
        teacher = _python(TEACH_FOREVER.replace('thing', f'thing {round_}'), str(path))
        assert teacher.stdout is not None
        said = [teacher.stdout.readline() for _ in range(7 + 5 * round_)]
        os.kill(teacher.pid, signal.SIGKILL)
        said += teacher.stdout.readlines()
        assert teacher.wait(10) == -signal.SIGKILL
        acknowledged = [line.split() for line in said if line.endswith('\n')]
        memory = ConceptMemory.open(path, width=F, core='test')
        known = set(memory.knowledge.names)
        assert memory.problems == ()
        assert {f'thing {round_} {number}' for number, _ in acknowledged} <= known
        assert memory.version >= int(acknowledged[-1][1])
        memory.close()


def test_nothing_acknowledged_is_lost_in_dozens_of_kills(tmp_path: Path) -> None:
    killer = subprocess.run(
        [sys.executable, '-m', 'yan_brain.evaluation.durability', '--kills', '24',
         '--lessons', '150', '--seed', '7'], capture_output=True, text=True, timeout=300,
        cwd=ROOT, env={**os.environ, 'PYTHONPATH': str(ROOT), 'OPENBLAS_NUM_THREADS': '1'},
        check=True)
    found = json.loads(killer.stdout)
    assert found['kills'] >= 24 and found['acknowledged'] > 150
    assert found['lost'] == 0 and found['half'] == 0


def test_version_rises_through_everything_and_across_openings(tmp_path: Path) -> None:
    path = tmp_path / 'deep' / 'er' / 'lessons.db'
    store = LessonStore(path)
    versions = [store.version, store.append(_lesson('a'))]
    store.snapshot('s')
    store.note_feedback(1.0, 7, 'go to the red ball')
    assert store.version == versions[-1]           # neither changed what is known
    store.forget('a')
    versions.append(store.version)
    store.close()
    store = LessonStore(path)
    versions.append(store.restore('s'))
    assert versions == sorted(set(versions)) and versions[0] == 0
    assert [e.kind for e in store.journal()] == [
        'taught', 'snapshot', 'feedback', 'forgotten', 'restored']
    feedback = [e.detail for e in store.journal() if e.kind == 'feedback']
    assert feedback == [{'value': 1.0, 'instruction_id': 7, 'about': 'go to the red ball'}]


def test_forgotten_bytes_are_gone_unless_a_snapshot_holds_them(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    store, lesson = LessonStore(path), _lesson('secret', rows=40)
    store.append(lesson)
    store.snapshot('before')
    store.forget('secret')
    assert _names(store) == []
    store.restore('before')
    assert _names(store) == ['secret']
    store.forget('secret')
    store.drop_snapshot('before')
    store.close()                                  # the last to close folds the WAL in
    assert lesson.data() not in path.read_bytes()
    with pytest.raises(StoreError, match="no snapshot 'before'; there are: none yet"):
        LessonStore(path).restore('before')


def test_damaged_lessons_are_left_out_and_named(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    store = LessonStore(path)
    store.append(_lesson('good'))
    store.append(_lesson('bad'))
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE lessons SET data = zeroblob(length(data)) WHERE concept = 'bad'")
        raw.execute("UPDATE journal SET concept = 'worse' WHERE concept = 'bad'")
    raw.close()
    memory = ConceptMemory.open(path, width=F, core='test')
    assert memory.knowledge.names == ('good',)
    assert 'bad (lesson 2)' in memory.problems[0]
    with pytest.raises(StoreError, match='entry 2 of the journal'):
        list(LessonStore(path).journal())


def test_not_a_database_is_named_and_the_robot_goes_on(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    path.write_bytes(b'once upon a time there was a file' * 100)
    with pytest.raises(StoreError, match=r'not a database.*move it away'):
        LessonStore(path)
    memory = ConceptMemory.open(path, width=F, core='test')
    assert memory.predict(np.ones((2, F))).shape == (2, 0)
    assert 'not a database' in memory.problems[0]
    with pytest.raises(StoreError, match=r'nothing can be learned: .*not a database'):
        memory.learn('a', np.ones((2, F)))
    assert path.read_bytes().startswith(b'once')


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    LessonStore(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE about SET value = '99'")
    raw.close()
    with pytest.raises(StoreError, match='format 99; this version reads up to 2'):
        LessonStore(path)


READ_ONLY = """
import os, sys
from pathlib import Path
import numpy as np
from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.store import StoreError
ConceptMemory(width=8, core='test')    # loads what is loaded late
if os.geteuid() == 0:
    os.setuid(65534)                   # root may write anything
memory = ConceptMemory.open(Path(sys.argv[1]), width=8, core='test')
print(memory.knowledge.names, memory.problems)
try:
    memory.learn('b', np.ones((2, 8)))
except StoreError as error:
    print(error)
print(memory.knowledge.names)
"""


@pytest.mark.parametrize('closed', [True, False])
def test_a_store_that_cannot_be_written_is_still_read(tmp_path: Path, closed: bool) -> None:
    folder = tmp_path / 'fixed'
    store = LessonStore(folder / 'lessons.db')
    store.append(_lesson('a'))
    if closed:
        store.close()
    for parent in list(tmp_path.parents)[:2]:
        parent.chmod(0o755)            # pytest's own folders are closed to others
    tmp_path.chmod(0o755)
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    reader = _python(READ_ONLY, str(folder / 'lessons.db'))
    said = reader.communicate(timeout=30)[0]
    folder.chmod(0o755)
    lines = said.splitlines()
    assert lines[0].startswith("('a',)") and 'can be used but not added' in lines[0], said
    assert 'was not kept' in lines[1] and 'cannot be written' in lines[1]
    assert lines[2] == "('a',)"


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.store import StoreError
memory = ConceptMemory.open(Path(sys.argv[1]), width=8, core='test')
memory.learn('first', np.ones((10, 8)))
unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, unlimited[1]))
try:
    for number in range(100):
        memory.learn(f'thing {number}', np.ones((200, 8)))
        safe = memory.knowledge.names
except StoreError as error:
    print(error)
assert memory.knowledge.names == safe, (memory.knowledge.names, safe)
print(len(safe), memory.predict(np.ones((1, 8))).shape)
resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
memory.learn('after', np.ones((10, 8)))
print('after' in memory.knowledge.names)
"""


def test_a_full_disk_is_named_nothing_is_half_learned_and_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    teacher = _python(FULL_DISK, str(path))
    said = teacher.communicate(timeout=60)[0].splitlines()
    assert teacher.returncode == 0, said
    assert 'was not kept' in said[0] and 'free some space' in said[0]
    learned = int(said[1].split()[0])
    assert said[2] == 'True'
    memory = ConceptMemory.open(path, width=F, core='test')
    assert len(memory.knowledge.names) == learned + 1 and memory.problems == ()


def test_two_memories_on_one_store_follow_each_other(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    one, other = (ConceptMemory.open(path, width=F, core='test') for _ in range(2))
    one.learn('a', _lesson().features)
    other.learn('b', _lesson('bb').features)       # takes the lesson on a over as well
    assert other.knowledge.names == ('a', 'b') and one.knowledge.names == ('a',)
    assert one.refresh() and not one.refresh()
    assert one.version == other.version
    asked = np.random.default_rng(0).normal(size=(5, F))
    np.testing.assert_allclose(one.predict(asked), other.predict(asked), atol=1e-9)
    other.forget('a')
    one.refresh()
    assert one.knowledge.names == ('b',)


def test_a_locked_store_does_not_stop_reading(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    memory = ConceptMemory.open(path, width=F, core='test')
    memory.learn('a', _lesson().features)
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute('BEGIN IMMEDIATE')
    start = time.monotonic()
    assert memory.predict(np.ones((2, F))).shape == (2, 1)
    reader = ConceptMemory.open(path, width=F, core='test')
    assert reader.knowledge.names == ('a',)
    assert time.monotonic() - start < 2.0
    raw.execute('ROLLBACK')
    raw.close()


def test_a_store_of_format_1_is_read_and_made_format_2(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    store = LessonStore(path)
    store.append(_lesson('a'))
    store.close()
    with sqlite3.connect(path) as raw:
        for table in ('images', 'snapshot_tricks', 'tricks'):
            raw.execute(f'DROP TABLE {table}')
        raw.execute("UPDATE about SET value = '1'")
    raw.close()
    old = LessonStore(path, read_only=True)
    assert _names(old) == ['a'] and old.images(1) == ()
    assert TrickBook(old.database).tricks() == ()
    old.close()
    store = LessonStore(path)
    TrickBook(store.database).teach(_trick('dance'))
    store.snapshot('s')
    assert _names(store) == ['a']


def test_tricks_are_kept_replaced_restored_and_forgotten(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    store = LessonStore(path)
    book = TrickBook(store.database)
    versions = [store.version]
    for amount in (1.0, 2.0):
        book.teach(_trick('dance', amount))
        versions.append(store.version)
    assert versions == sorted(set(versions))
    store.snapshot('with')
    assert book.forget('dance') and not book.forget('dance') and book.named('dance') is None
    store.close()
    store = LessonStore(path)
    store.restore('with')
    found = TrickBook(store.database).named('dance')
    assert found is not None and found.steps[0].amount == 2.0 and found.does_as(_trick('dance', 2))
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE tricks SET content = replace(content, '2.0', '9.0')")
    raw.close()
    book = TrickBook(store.database)
    assert book.tricks() == () and 'dance' in book.damaged[0]


def test_a_trick_is_checked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is 'describe'; allowed: .*turn"):
        Step(words='look', skill=Skill.DESCRIBE)
    with pytest.raises(ValueError, match='0 steps; allowed: 1'):
        Trick(name='dance', steps=(), taught_s=0.0)
    with pytest.raises(ValueError, match='must be finite'):
        Step(words='go', skill=Skill.MOVE, amount=float('nan'))


def _trick(name: str, amount: float = 1.0) -> Trick:
    return Trick(name=name, taught_s=1.0, steps=(
        Step(words='go', skill=Skill.MOVE, amount=amount),))


class _Eye:
    """Sees the mean colour; its features are `scale` times as long as those of another core."""

    def __init__(self, scale: float) -> None:
        self._scale = scale

    def look(self, image: Image) -> Seen:
        row = image.rgb.reshape(-1, 3).mean(0).repeat(3)[:F] * self._scale
        return _Seen(row[None].astype(np.float32), np.zeros((0, F), np.float32))


@dataclass(frozen=True)
class _Seen:
    features: np.ndarray
    background: np.ndarray


def test_lessons_with_images_move_to_another_core_and_others_are_named(tmp_path: Path) -> None:
    path = tmp_path / 'lessons.db'
    picture = np.random.default_rng(0).integers(0, 255, (24, 32, 3)).astype(np.uint8)
    image = Image(stamp_s=0.0, rgb=picture, horizontal_fov_rad=1.1)
    again = unkeep(keep(image))
    np.testing.assert_array_equal(again.rgb, picture)
    assert again.horizontal_fov_rad == 1.1
    old = ConceptMemory.open(path, width=F, core='old')
    old.learn('kept', _Eye(1).look(image).features, images=[keep(image)])
    old.learn('plain', _lesson('plain').features)
    old.close()
    new = ConceptMemory.open(path, width=F, core='new')
    assert new.names == () and len(new.foreign()) == 2
    assert relearn(new, _Eye(5).look) == ('kept',)
    assert new.names == ('kept',) and 'plain' in new.problems[0] and 'kept' not in new.problems[0]
    assert new.probability(_Eye(5).look(image).features)[0, 0] > 0.5
    assert relearn(new, _Eye(5).look) == ()
    new.forget('kept')
    with sqlite3.connect(path) as raw:
        assert raw.execute('SELECT count(*) FROM images').fetchone() == (0,)
    raw.close()
