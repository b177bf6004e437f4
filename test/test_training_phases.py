"""The phases of training on a handful of frames: they learn, and go on where they stopped."""
from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from yan_brain.cognition.model import View
from yan_brain.mind.checkpoint import DEFAULT_FOLDER, load_checkpoint
from yan_brain.perception.sight import Eye
from yan_brain.simulation.frames import make_frames
from yan_brain.training.frames import NAMED_PAIRS, FrameSet, draw
from yan_brain.training.identity import LEAST_PIXELS, look
from yan_brain.training.losses import IdentityLoss, SightTargets, joined, sight_losses
from yan_brain.training.meanings import Meanings
from yan_brain.training.train import PHASES, TrainConfig, Workshop, add_arguments, main


@pytest.fixture(scope='module')
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp('frames')
    make_frames(place / 'named', rooms=2, seed=1, frames_per_room=8)
    make_frames(place / 'unnamed', rooms=2, seed=3, frames_per_room=8, designs=range(20))
    return place


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _workshop(folders: Path, work: Path, meanings: Path | None = None,
              begin: Path | None = None, anew: bool = False,
              **steps: int) -> Workshop:
    config = TrainConfig(frames=8, told=1500, streams=4, designs=20, warmup=1,
                         checkpoint_every=2, threads=1, **steps)
    return Workshop(config, argparse.Namespace(
        work=work, frames=folders / 'named', designs=folders / 'unnamed', heard=None,
        meanings=meanings, begin=begin, anew=anew))


def test_a_batch_holds_things_with_and_without_names(folders: Path) -> None:
    pixels, targets = draw(FrameSet(folders / 'named'), FrameSet(folders / 'unnamed'),
                           np.random.default_rng(0), 8, 0.25)
    assert pixels.shape == (8, 120, 160, 3) and float(pixels.max()) <= 255
    on = targets.instance >= 0
    named = targets.colour >= 0
    assert bool(named[:6].any()) and not bool((named & ~on).any())
    assert int(targets.identity[6:].max()) >= NAMED_PAIRS
    assert joined(targets, targets).instance.shape[0] == 16


def test_frames_of_exchanged_colours_keep_their_kinds_alone(folders: Path) -> None:
    plain, exchanged = FrameSet(folders / 'named'), FrameSet(folders / 'named', 1.0)
    _, before = plain.batch(np.random.default_rng(0), 8)
    pixels, after = exchanged.batch(np.random.default_rng(0), 8)
    assert bool((after.colour == -1).all()) and bool((after.identity == -1).all())
    assert int(after.kind.max()) >= 0 and bool(pixels.isfinite().all())
    assert bool((before.colour >= 0).any())


def test_a_thing_without_a_name_is_of_no_kind_but_of_any_colour() -> None:
    want = SightTargets(
        instance=torch.zeros(1, 1, dtype=torch.long), colour=-torch.ones(1, 1, dtype=torch.long),
        kind=-torch.ones(1, 1, dtype=torch.long), identity=torch.tensor([[60]]),
        offset=torch.zeros(1, 1, 2), log_range=torch.zeros(1, 1))

    def losses(colour: float, kind: float) -> dict[str, torch.Tensor]:
        return sight_losses(View(
            torch.ones(1, 1), torch.full((1, 1, 6), colour), torch.full((1, 1, 8), kind),
            torch.zeros(1, 1, 2), torch.zeros(1, 1)), want)

    assert float(losses(9.0, 0.0)['colour_bits']) == 0.0
    assert float(losses(0.0, 9.0)['kind_bits']) > float(losses(0.0, -9.0)['kind_bits']) + 10
    assert 'kind' not in losses(0.0, 0.0)


def test_identities_of_one_thing_are_drawn_together() -> None:
    torch.manual_seed(0)
    loss, identity = IdentityLoss(70, 8), torch.randn(2, 4, 8, requires_grad=True)
    want = SightTargets(
        instance=torch.tensor([[0, 0, -1, 1], [0, -1, -1, -1]]), colour=torch.zeros(2, 4).long(),
        kind=torch.zeros(2, 4).long(), identity=torch.tensor([[3, 61], [3, -1]]),
        offset=torch.zeros(2, 4, 2), log_range=torch.zeros(2, 4))
    optimiser = torch.optim.SGD([identity, *loss.parameters()], lr=1.0)
    first = float(loss(identity, want))
    for _ in range(100):
        optimiser.zero_grad()
        value = loss(identity, want)
        value.backward()
        optimiser.step()
    assert float(value) < 0.2 * first
    assert identity.grad is not None and bool((identity.grad[0, 2] == 0).all())   # no thing


def test_the_identity_head_learns_while_the_eye_rests(folders: Path, tmp_path: Path) -> None:
    shop = _workshop(folders, tmp_path, sight_steps=1, identity_steps=40)
    shop.trainer('sight').run()
    eye = torch.load(tmp_path / 'sight.pt', weights_only=False)['modules']['eye']
    trainer = shop.trainer('identity')
    first = trainer.step()['identity']
    trainer.run()
    assert trainer.step()['identity'] < 0.8 * first
    learned = trainer.phase.modules['eye'].state_dict()
    for name, weights in eye.items():
        same = torch.equal(weights, learned[name])
        assert same != name.startswith('identity.'), name


def test_views_are_the_patches_of_each_thing(folders: Path) -> None:
    torch.manual_seed(0)
    frames, eye = FrameSet(folders / 'unnamed'), Eye()
    views = look(eye, [(frames, 2)], np.random.default_rng(0))
    seen = frames.arrays['thing_pixels'][::2] >= LEAST_PIXELS
    assert 0 < len(views.label) <= int(seen.sum())
    patches, view, label = views.take(np.array([1, 0, 1]))
    sizes = np.diff(views.first)
    assert torch.bincount(view).tolist() == [sizes[1], sizes[0], sizes[1]]
    assert label.tolist() == [views.label[1], views.label[0], views.label[1]]
    assert torch.equal(patches[:sizes[1]], patches[-sizes[1]:])


def test_training_stopped_and_resumed_is_training_in_one_go(folders: Path,
                                                            tmp_path: Path) -> None:
    whole = _workshop(folders, tmp_path / 'whole', sight_steps=4)
    trainer = whole.trainer('sight')
    trainer.run()
    part = _workshop(folders, tmp_path / 'part', sight_steps=4)
    first = part.trainer('sight')
    for _ in range(2):
        first.step()
    first.save()
    second = part.trainer('sight')
    assert second.done == 2
    second.run()
    for name, module in trainer.phase.modules.items():
        for key, value in module.state_dict().items():
            assert torch.equal(value, second.phase.modules[name].state_dict()[key]), key


def test_words_with_a_meaning_go_on_where_they_stopped_and_end_in_one_table(
    folders: Path, tmp_path: Path,
) -> None:
    table = tmp_path / 'meanings.npz'
    some = ('turn', 'go', 'spin', 'glance')
    Meanings(some, np.eye(4, dtype=np.float32)).save(table)
    steps = {'sight_steps': 1, 'identity_steps': 1, 'word_steps': 4, 'together_steps': 1}
    whole = _workshop(folders, tmp_path / 'whole', table, **steps)
    trainer = whole.trainer('words')
    trainer.run()
    part = _workshop(folders, tmp_path / 'part', table, **steps)
    first = part.trainer('words')
    first.step()
    first.step()
    first.save()
    second = part.trainer('words')
    second.run()
    for key, value in trainer.phase.modules['brain'].state_dict().items():
        assert torch.equal(value, second.phase.modules['brain'].state_dict()[key]), key
    whole.trainer('sight').run()
    whole.trainer('identity').run()
    last = whole.trainer('together')
    meant = trainer.phase.modules['brain'].eval().words.weight
    assert torch.allclose(last.phase.modules['brain'].words.weight, meant, atol=1e-5)
    last.run()
    whole.finish(last, tmp_path / 'brain')
    loaded = load_checkpoint(tmp_path / 'brain')
    assert loaded.words.pieces('glance').ids != loaded.words.pieces('spin').ids
    assert len(loaded.words.pieces('glance').ids) == 1


def test_all_phases_make_a_brain_that_loads(folders: Path, tmp_path: Path) -> None:
    shop = _workshop(folders, tmp_path / 'work', sight_steps=2, identity_steps=2, word_steps=2,
                     together_steps=2)
    for name in PHASES:
        trainer = shop.trainer(name)
        trainer.run()
        assert trainer.done == 2
    shop.finish(trainer, tmp_path / 'brain')
    loaded = load_checkpoint(tmp_path / 'brain')
    assert loaded.brain.config.identity == 64
    assert all(bool(p.isfinite().all()) for p in loaded.brain.parameters())


def test_words_are_learned_anew_for_a_trained_eye(folders: Path, tmp_path: Path) -> None:
    before = load_checkpoint(None)
    shop = _workshop(folders, tmp_path / 'work', begin=DEFAULT_FOLDER, anew=True, word_steps=2,
                     together_steps=1)
    shop.trainer('words').run()
    trainer = shop.trainer('together')
    asked = trainer.phase.modules['brain'].colours.weight.clone()
    assert torch.equal(asked, before.brain.colours.weight)      # it looks as before
    assert not bool(trainer.phase.modules['brain'].back.weight.any())
    trainer.run()
    shop.finish(trainer, tmp_path / 'brain')
    after = load_checkpoint(tmp_path / 'brain')
    for name, weights in before.eye.state_dict().items():
        assert torch.equal(weights, after.eye.state_dict()[name]), name
    apart = [float((old - after.brain.state_dict()[name]).abs().max())
             for name, old in before.brain.state_dict().items() if name.startswith('core.')]
    assert max(apart) > 0.5                                     # nothing is left of its words


def test_a_trained_brain_goes_on_learning_words(folders: Path, tmp_path: Path) -> None:
    before = load_checkpoint(None)
    shop = _workshop(folders, tmp_path / 'work', begin=DEFAULT_FOLDER, word_steps=2,
                     together_steps=2)
    for name in ('words', 'together'):
        trainer = shop.trainer(name)
        trainer.run()
    shop.finish(trainer, tmp_path / 'brain')
    after = load_checkpoint(tmp_path / 'brain')
    assert after.version != before.version
    assert after.words.pieces('turn left').ids == before.words.pieces('turn left').ids
    for name, weights in before.eye.state_dict().items():
        assert torch.equal(weights, after.eye.state_dict()[name]), name
    apart = [float((old - after.brain.state_dict()[name]).abs().max())
             for name, old in before.brain.state_dict().items()]
    assert 0 < max(apart) < 0.1                             # it went on, it did not begin anew


@pytest.mark.parametrize('phase', ['sight', 'all'])
def test_only_words_of_a_trained_brain_go_on(phase: str) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(SystemExit, match='--begin'):
        main(parser.parse_args(['--begin', str(DEFAULT_FOLDER), '--phase', phase]))


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
@pytest.mark.parametrize(('phase', 'said'), [('words', 'no GPU'), ('sight', 'words and together')])
def test_a_gpu_is_for_words_and_must_be_there(phase: str, said: str) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(SystemExit, match=said):
        main(parser.parse_args(['--device', 'cuda', '--phase', phase]))


def test_anew_needs_a_brain_to_begin_with() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(SystemExit, match='--begin'):
        main(parser.parse_args(['--anew', '--phase', 'words']))


def test_a_phase_that_needs_another_says_so(folders: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="train the phase 'words' first"):
        _workshop(folders, tmp_path / 'none').trainer('together')
