"""Language models on disk: one safetensors file, its configuration and checksum in the header.

Loading maps the file into memory instead of reading it: a model opens at once, processes share
its pages, and blocks that never wake are never read from the disk.
"""
from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.mixers import Mixer
from yan_brain.cognition.text import TextConfig, TextModel

FORMAT = 'yan-text-1'


class WeightsError(RuntimeError):
    """A file that holds no usable model; the message says which and why."""


def save_text(model: TextModel, path: Path) -> None:
    """Write a model; an old file at `path` stays whole until the new one is."""
    weights = {name: weight.detach().cpu().contiguous()
               for name, weight in model.state_dict().items() if name != _twin(model.config)}
    about = {'format': FORMAT, 'config': json.dumps(asdict(model.config)),
             'crc32': str(_checksum(weights))}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + '.partial')
    save_file(weights, partial, about)
    partial.replace(path)


def load_text(path: Path, *, check: bool = True) -> TextModel:
    """A model in eval mode, its weights mapped from `path`.

    Args:
        path: a file by `save_text`.
        check: read every weight once, to compare the checksum and to find NaN and infinity;
            without it a large model opens in a moment and faults go unseen.

    Raises:
        WeightsError: the file is missing, corrupt, of another format, or does not fit itself.
    """
    try:
        with safe_open(path, 'pt') as file:
            about = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise WeightsError(f'{path} is missing') from error
    except (SafetensorError, OSError) as error:
        raise WeightsError(f'{path} is corrupt: {error}') from error
    if about.get('format') != FORMAT:
        raise WeightsError(f'{path} is of format {about.get("format")!r}; expected {FORMAT!r}, '
                           f'as written by save_text')
    try:
        config = _config(json.loads(about['config']))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f'{path} describes no model: {error}') from error
    if check:
        _check(path, weights, about.get('crc32', 'missing'))
    with torch.device('meta'):
        model = TextModel(config)
    twin = _twin(config)
    if twin is not None and 'embedding.weight' in weights:
        weights[twin] = weights['embedding.weight']
    try:
        model.load_state_dict(weights, assign=True)
    except RuntimeError as error:
        raise WeightsError(f'the weights in {path} do not fit their description: '
                           f'{error}') from error
    if twin is not None:
        model.head.weight = model.embedding.weight
    for module in model.modules():          # not in the file: follows from the configuration
        if isinstance(module, Mixer):
            module.reset_rate()
    return model.eval()


def _check(path: Path, weights: dict[str, Tensor], crc32: str) -> None:
    for name, weight in weights.items():
        if not weight.isfinite().all():
            raise WeightsError(f'{path} holds NaN or infinity in {name}')
    found = str(_checksum(weights))
    if found != crc32:
        raise WeightsError(f'{path} is corrupt: its checksum is {found}, it says {crc32}')


def _checksum(weights: dict[str, Tensor]) -> int:
    total = 0
    for name in sorted(weights):
        total = zlib.crc32(weights[name].flatten().view(torch.uint8).numpy().data, total)
    return total


def _twin(config: TextConfig) -> str | None:
    """The head of a tied model is the embedding: stored once."""
    return 'head.weight' if config.tied else None


def _config(about: dict[str, Any]) -> TextConfig:
    return TextConfig(core=CoreConfig(**about.pop('core')), **about)
