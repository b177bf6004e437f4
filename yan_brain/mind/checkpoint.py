"""A trained brain on disk: `brain.safetensors`, `brain.json` and `words.json` in one folder."""
from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.model import Brain, BrainConfig
from yan_brain.perception.language import Words
from yan_brain.perception.sight import Eye

FORMAT = 2           # 2: the eye gives identities beside features
DEFAULT_FOLDER = Path(__file__).parent.parent / 'models' / 'small'


class CheckpointError(RuntimeError):
    """A folder does not hold a brain that this version can load; the message says why."""


@dataclass(frozen=True)
class Checkpoint:
    """Everything trained, and its version (a digest of the weights)."""

    brain: Brain
    eye: Eye
    words: Words
    version: str


def save_checkpoint(folder: Path, brain: Brain, eye: Eye, words: Words, *, steps: int) -> None:
    """Write a brain; the weights last and by rename, so that a folder is never half new."""
    folder.mkdir(parents=True, exist_ok=True)
    words.save(folder / 'words.json')
    (folder / 'brain.json').write_text(json.dumps(
        {'format': FORMAT, 'steps': steps, **asdict(brain.config)}, indent=1, ensure_ascii=False))
    weights = {f'brain.{k}': v.contiguous() for k, v in brain.state_dict().items()}
    weights |= {f'eye.{k}': v.contiguous() for k, v in eye.state_dict().items()}
    partial = folder / 'brain.safetensors.partial'
    save_file(weights, partial)
    partial.chmod(0o644)            # safetensors writes for the owner alone
    partial.replace(folder / 'brain.safetensors')


def load_checkpoint(folder: Path | None = None) -> Checkpoint:
    """Read a brain for inference (fp32, evaluation mode).

    Raises:
        CheckpointError: a file is missing, corrupt, or of another shape.
    """
    folder = folder or DEFAULT_FOLDER
    try:
        about = json.loads((folder / 'brain.json').read_text())
        weights = load_file(folder / 'brain.safetensors')
        digest = hashlib.sha256((folder / 'brain.safetensors').read_bytes()).hexdigest()
        words = Words.load(folder / 'words.json')
    except FileNotFoundError as error:
        raise CheckpointError(
            f'{error.filename} is missing; a brain is made by `yan-brain train`') from error
    except (json.JSONDecodeError, SafetensorError, OSError) as error:
        raise CheckpointError(f'the brain in {folder} is corrupt: {error}') from error
    if about.pop('format', None) != FORMAT:
        raise CheckpointError(f'the brain in {folder} is of another format than {FORMAT}; '
                              'train it anew')
    steps = about.pop('steps')
    core = CoreConfig(**about.pop('core'))
    known: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in about.items()}
    config = BrainConfig(core=core, **known)
    brain, eye = Brain(config), Eye(features=config.features, identity=config.identity)
    try:
        for name, module in (('brain.', brain), ('eye.', eye)):
            module.load_state_dict(
                {k.removeprefix(name): v for k, v in weights.items() if k.startswith(name)})
            module.eval()
    except RuntimeError as error:
        raise CheckpointError(f'the weights in {folder} do not fit brain.json: {error}') from error
    bad = [k for k, v in weights.items() if v.is_floating_point() and not v.isfinite().all()]
    if bad:
        raise CheckpointError(f'the weights in {folder} hold NaN or infinity in {bad[0]}')
    return Checkpoint(brain, eye, words, f'{steps}-{digest[:8]}')
