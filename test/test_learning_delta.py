"""Weights learned in sleep on disk: only what changed, and nothing that does not fit."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from yan_brain.learning import delta as deltas
from yan_brain.learning.delta import Delta, DeltaError, difference, load, save


def _weights() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return {'blocks': torch.randn(6, 3, 4), 'words': torch.randn(50, 4), 'gain': torch.ones(4)}


@pytest.fixture
def learned() -> tuple[dict[str, Tensor], dict[str, Tensor], Delta]:
    before = _weights()
    after = {name: weight.clone() for name, weight in before.items()}
    after['blocks'][[1, 4]] += 0.5
    after['words'][7] *= 2
    return before, after, difference('core-1', before, after, ('a', 'b'), {'rule': 'local'})


def test_only_rows_that_changed_are_kept(
        learned: tuple[dict[str, Tensor], dict[str, Tensor], Delta], tmp_path: Path) -> None:
    before, after, found = learned
    assert {name: index.tolist() for name, (index, _) in found.rows.items()} == {
        'blocks': [1, 4], 'words': [7]}
    save(found, tmp_path / 'x.safetensors')
    again = load(tmp_path / 'x.safetensors', 'core-1')
    assert (again.version, again.sayings, again.about) == (
        found.version, ('a', 'b'), {'rule': 'local'})
    applied = again.applied(before)
    assert all(torch.equal(applied[name], after[name]) for name in after)
    assert applied['gain'] is before['gain']
    assert not torch.equal(before['blocks'], after['blocks'])


def test_a_changed_byte_is_noticed(
        learned: tuple[dict[str, Tensor], dict[str, Tensor], Delta], tmp_path: Path) -> None:
    path = tmp_path / 'x.safetensors'
    save(learned[2], path)
    whole = path.read_bytes()
    for place in (3, 60, len(whole) - 5):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:])
        with pytest.raises(DeltaError):
            load(path, 'core-1')
    path.write_bytes(whole[:-8])
    with pytest.raises(DeltaError, match='corrupt'):
        load(path, 'core-1')


def test_what_does_not_fit_is_refused(
        learned: tuple[dict[str, Tensor], dict[str, Tensor], Delta], tmp_path: Path) -> None:
    before, _, found = learned
    path = tmp_path / 'x.safetensors'
    with pytest.raises(DeltaError, match='missing'):
        load(path, 'core-1')
    save(found, path)
    with pytest.raises(DeltaError, match='core-1, this is core-2'):
        load(path, 'core-2')
    with pytest.raises(DeltaError, match='blocks'):
        found.applied({'words': before['words']})
    with pytest.raises(DeltaError, match='words'):
        found.applied(before | {'words': torch.zeros(7, 4)})
    save(Delta('core-1', {'words': (torch.tensor([1]), torch.full((1, 4), torch.nan))}, ()), path)
    with pytest.raises(DeltaError, match='NaN'):
        load(path, 'core-1')


def test_a_full_disk_leaves_the_old_file(
        learned: tuple[dict[str, Tensor], dict[str, Tensor], Delta], tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / 'x.safetensors'
    save(learned[2], path)

    def full(tensors: object, partial: Path, about: object) -> None:
        partial.write_bytes(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(deltas, 'save_file', full)
    with pytest.raises(DeltaError, match='No space left'):
        save(Delta('core-1', {}, ('c',)), path)
    assert load(path, 'core-1').version == learned[2].version
    assert [file.name for file in tmp_path.iterdir()] == ['x.safetensors']
