"""Language models on disk: what was saved comes back, what is broken is refused."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.sizes import SIZES, cost, size
from yan_brain.cognition.text import TextConfig, TextModel
from yan_brain.cognition.weights import WeightsError, load_text, save_text

CORE = CoreConfig(width=32, layers=2, channels=4, memory_heads=2, memory_key=8, memory_value=8,
                  partitions=6, partition_width=8, awake=2)


@pytest.mark.parametrize('tied', [True, False])
@pytest.mark.parametrize('core', [CORE, CORE.mcsd()])
def test_a_saved_model_says_the_same(tmp_path: Path, core: CoreConfig, tied: bool) -> None:
    model = TextModel(TextConfig(core=core, vocabulary=40, tied=tied)).eval()
    save_text(model, tmp_path / 'a' / 'model.safetensors')
    again = load_text(tmp_path / 'a' / 'model.safetensors')
    assert again.config == model.config
    assert (again.head.weight is again.embedding.weight) == tied
    ids = torch.randint(40, (1, 9))
    assert torch.equal(model(ids, model.initial_state())[0], again(ids, again.initial_state())[0])


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-50] ^= 1
    path.write_bytes(data)


def _rewrite(path: Path, change: Callable[[dict, dict], None]) -> None:
    weights = load_file(path)
    with safe_open(path, 'pt') as file:
        about = dict(file.metadata())
    change(weights, about)
    save_file({k: v.clone() for k, v in weights.items()}, path, about)


def _wider(weights: dict, about: dict) -> None:
    config = json.loads(about['config'])
    config['core']['width'] = 64
    about['config'] = json.dumps(config)


BROKEN: list[tuple[Callable[[Path], None], str]] = [
    (Path.unlink, 'is missing'),
    (_cut, 'is corrupt'),
    (_flip, 'checksum'),
    (lambda p: p.write_bytes(b''), 'is corrupt'),
    (lambda p: _rewrite(p, lambda w, a: a.update(format='other')), "format 'other'; expected"),
    (lambda p: _rewrite(p, lambda w, a: a.update(config='{}')), 'describes no model'),
    (lambda p: _rewrite(p, lambda w, a: w['core.norm.gain'].fill_(float('nan'))), 'NaN'),
    (lambda p: _rewrite(p, _wider), 'do not fit'),
]


@pytest.mark.parametrize(('spoil', 'reason'), BROKEN)
def test_a_broken_file_is_refused_with_its_reason(
    tmp_path: Path, spoil: Callable[[Path], None], reason: str,
) -> None:
    path = tmp_path / 'model.safetensors'
    save_text(TextModel(TextConfig(core=CORE, vocabulary=40)), path)
    spoil(path)
    with pytest.raises(WeightsError, match=reason):
        load_text(path)


def test_costs_are_those_of_a_real_model() -> None:
    model = TextModel(SIZES['tiny'])
    found = cost(SIZES['tiny'])
    assert found.parameters == sum(p.numel() for p in model.parameters())
    blocks = sum(b.neurons.into.numel() + b.neurons.back.numel() for b in model.core.blocks)
    core = SIZES['tiny'].core
    assert found.active == found.parameters - blocks + blocks * core.awake // core.partitions
    assert found.tokens_per_second(found.bytes_per_token * 10.0) == 10.0


def test_sizes_are_what_they_are_called() -> None:
    millions = {name: cost(config).parameters / 1e6 for name, config in SIZES.items()}
    assert 130 < millions['base'] < 140
    assert 1_500 < millions['1b'] < 1_700       # the published 1.6B
    assert 2_900 < millions['3b'] < 3_100
    assert millions['tiny'] < 1 < millions['small'] < 4
    with pytest.raises(ValueError, match="no size 'huge'; choose from tiny"):
        size('huge')
