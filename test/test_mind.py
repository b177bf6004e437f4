"""The mind on an untrained brain: what must hold whatever the weights are."""
from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from yan_brain.mind import Mind
from yan_brain.mind.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from yan_brain.perception.language import Pieces, Words, tagged_words
from yan_brain.perception.sight import Eye
from yan_brain.signals import Image, Moment, Skill
from yan_brain.training.train import new_brain


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A brain that has learned nothing, on disk."""
    torch.manual_seed(0)
    place = tmp_path_factory.mktemp('brain')
    texts = ['go to the red ball', '走到红色的球那里', 'turn left 90 degrees']
    words = Words.train(texts * 9, 400)
    save_checkpoint(place, new_brain(words.size).eval(), Eye().eval(), words, steps=0)
    return place


@pytest.fixture
def mind(folder: Path, tmp_path: Path) -> Mind:
    """A mind with a store of its own."""
    return Mind.load(folder, store=tmp_path / 'lessons.sqlite')


def _image(seed: int = 0, stamp_s: float = 1.0, shape: tuple[int, ...] = (240, 320, 3)) -> Image:
    rgb = np.random.default_rng(seed).integers(0, 255, shape, dtype=np.uint8)
    return Image(stamp_s=stamp_s, rgb=rgb, horizontal_fov_rad=math.radians(70))


def test_a_tick_without_any_sense_decides_to_idle(mind: Mind) -> None:
    thought = mind.tick(Moment(stamp_s=0.0))
    assert thought.decision.skill is Skill.IDLE
    assert thought.decision.version == mind.version
    assert thought.percepts == ()


def test_every_text_is_a_new_instruction_until_it_is_finished(mind: Mind) -> None:
    first = mind.tick(Moment(stamp_s=0.0, text='go to the red ball')).decision
    second = mind.tick(Moment(stamp_s=0.1, text='turn left')).decision
    assert (first.instruction_id, second.instruction_id) == (1, 2)
    mind.finish(1)                                   # an old one: nothing happens
    assert mind.tick(Moment(stamp_s=0.2)).decision.skill is second.skill
    mind.finish(2)
    assert mind.tick(Moment(stamp_s=0.3)).decision.skill is Skill.IDLE


def test_a_tick_is_the_same_for_the_same_past(folder: Path) -> None:
    minds = [Mind.load(folder) for _ in range(2)]
    for step in range(3):
        moment = Moment(stamp_s=step / 10, image=_image(step, step / 10),
                        text='go to the red ball' if step == 1 else None)
        one, other = (m.tick(moment) for m in minds)
        assert one.decision.sightings == other.decision.sightings
        assert one.percepts == other.percepts
    assert one.state.awake is not None
    assert (one.state.awake.sum(1) >= 1).all()


@pytest.mark.parametrize('image', [
    _image(shape=(0, 10, 3)), _image(shape=(10, 10)), _image(shape=(10, 10, 4)),
    Image(stamp_s=1.0, rgb=np.zeros((9, 9, 3), np.float32), horizontal_fov_rad=1.0),
    Image(stamp_s=1.0, rgb=np.zeros((9, 9, 3), np.uint8), horizontal_fov_rad=math.nan)])
def test_a_bad_image_is_refused_and_the_mind_goes_on(mind: Mind, image: Image) -> None:
    with pytest.raises(ValueError, match=r'image|field of view'):
        mind.tick(Moment(stamp_s=1.0, image=image))
    assert mind.tick(Moment(stamp_s=1.1, image=_image())).decision.skill is Skill.IDLE


@pytest.mark.parametrize('text', ['', ' \n', 'x' * 500])
def test_an_unusable_text_is_refused(mind: Mind, text: str) -> None:
    with pytest.raises(ValueError, match='text'):
        mind.tick(Moment(stamp_s=1.0, text=text))


@pytest.mark.parametrize('text', ['\x00\x01', '🤖🤖', 'ß ñ ق', '走' * 300])
def test_any_text_can_be_read(mind: Mind, text: str) -> None:
    assert mind.tick(Moment(stamp_s=1.0, text=text)).decision.instruction_id == 1


def test_lessons_change_the_version_and_survive(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / 'lessons.sqlite'
    mind = Mind.load(folder, store=store)
    before = mind.version
    assert mind.teach('blorp', [_image(1), _image(2)]).name == 'blorp'
    assert mind.version != before
    again = Mind.load(folder, store=store)
    assert [c.name for c in again.concepts()] == ['blorp']
    assert again.version == mind.version
    assert again.forget('the blorp')
    assert not again.forget('blorp')
    assert again.concepts() == []


def test_teaching_needs_an_image(mind: Mind) -> None:
    with pytest.raises(ValueError, match='camera'):
        mind.teach('blorp', [])


def test_a_missing_or_corrupt_brain_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match='yan-brain train'):
        load_checkpoint(tmp_path)
    for name in ('brain.json', 'words.json', 'brain.safetensors'):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / 'brain.safetensors').write_bytes(b'not weights at all')
    with pytest.raises(CheckpointError, match='corrupt'):
        load_checkpoint(tmp_path)


def test_pieces_keep_their_places_in_the_text() -> None:
    words = Words.train(['go to the red ball please', '走到红色的球那里去'] * 9, 400)
    pieces = words.pieces('Go to  the RED ball, 红色的球!')
    assert pieces.text == 'Go to the RED ball, 红色的球!'
    inside = [4.0 if 'red' in pieces.text[a:b].lower() or 'ball' in pieces.text[a:b] else -9.0
              for a, b in pieces.spans]
    assert tagged_words(pieces, inside) == 'RED ball'
    assert tagged_words(pieces, [a - 19.5 for a, _ in pieces.spans]) == '红色的球'
    none = [-9.0] * len(inside)
    assert tagged_words(pieces, none) == tagged_words(pieces, none, needed=True) == ''
    nearly = [tag / 2 - 3 for tag in inside]                # the best of them below zero
    assert tagged_words(pieces, nearly) == ''
    assert tagged_words(pieces, nearly, needed=True) == 'RED ball'


@pytest.mark.parametrize(('tagged', 'expected'), [
    ('waindo', 'gotwaindo'), ('gotwain', 'gotwaindo'), ('o the gotwaindo', 'the gotwaindo'),
    ('do', ''), ('gotwaindo,', 'gotwaindo')])
def test_a_word_is_tagged_as_a_whole(tagged: str, expected: str) -> None:
    text = 'go to the gotwaindo, now'
    at = text.index(tagged)
    spans = [(i, i + 1) for i in range(len(text))]
    inside = [5.0 if at <= i < at + len(tagged) else -5.0 for i in range(len(text))]
    assert tagged_words(Pieces(text, [0] * len(text), spans), inside) == expected
