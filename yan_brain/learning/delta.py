"""What a brain learned in its sleep: the few rows of its weights that changed, in one file.

A row is one block of neurons, one piece's embedding, one channel: whatever the first axis of a
parameter counts. The file names the core it belongs to, the sayings it learned, and its checksum;
what does not fit is refused with the reason, and the brain goes on as it was trained.
"""
from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from yan_brain.learning.database import digest

FORMAT = 'yan-slow-1'
Rows = dict[str, tuple[Tensor, Tensor]]      # parameter: indices (n,), rows (n, ...)
Weights = Mapping[str, Tensor]


class DeltaError(RuntimeError):
    """A file that holds nothing usable for this brain; the message says why."""


@dataclass(frozen=True, eq=False)
class Delta:
    """Rows that replace those of a trained brain; `about` says how they came about."""

    core: str                                # version of the brain they belong to
    rows: Rows
    sayings: tuple[str, ...]                 # keys of what was learned
    about: dict[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """8 hexadecimal digits that change with anything in it."""
        return self.checksum()[:8]

    def checksum(self) -> str:
        """32 hexadecimal digits."""
        parts = [json.dumps([self.core, self.sayings, self.about]).encode()]
        for name in sorted(self.rows):
            parts += [name.encode(), *(_bytes(t) for t in self.rows[name])]
        return digest(b''.join(parts)).hex()

    def applied(self, weights: Weights) -> dict[str, Tensor]:
        """A brain's weights with these rows in place; what did not change is shared.

        Raises:
            DeltaError: they are not of these shapes.
        """
        found = dict(weights)
        for name, (index, rows) in self.rows.items():
            old = weights.get(name)
            if old is None or rows.shape[1:] != old.shape[1:] or (
                    len(index) and not 0 <= int(index.min()) <= int(index.max()) < len(old)):
                raise DeltaError(f'it changes {name}, which this brain has not in that shape')
            found[name] = old.detach().clone()
            found[name][index] = rows
        return found


def difference(core: str, before: Weights, after: Weights, sayings: tuple[str, ...],
               about: dict[str, str]) -> Delta:
    """The rows of `after` that are not those of `before`, bit for bit."""
    rows = {}
    for name, old in before.items():
        new = after[name]
        if torch.equal(old, new):
            continue
        index = (old != new).reshape(len(old), -1).any(1).nonzero()[:, 0]
        rows[name] = index, new.detach()[index].clone()
    return Delta(core, rows, sayings, about)


def save(delta: Delta, path: Path) -> None:
    """Write it; the file at `path` is the old one or the new one, whole, at any time.

    Raises:
        DeltaError: it could not be written, and nothing was changed.
    """
    tensors: dict[str, Tensor] = {}
    for name, (index, rows) in delta.rows.items():
        tensors |= {f'{name}#index': index.contiguous(), f'{name}#rows': rows.contiguous()}
    about = {'format': FORMAT, 'core': delta.core, 'sayings': json.dumps(delta.sayings),
             'about': json.dumps(delta.about), 'checksum': delta.checksum()}
    partial = path.with_name(path.name + '.partial')
    try:
        save_file(tensors, partial, about)
        with partial.open('rb') as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise DeltaError(f'{path} was not written: {error}; free some space or see to the '
                         'disk') from error


def load(path: Path, core: str) -> Delta:
    """Read what `save` wrote.

    Raises:
        DeltaError: it is missing, corrupt, or of another brain than `core`.
    """
    try:
        with safe_open(path, 'pt') as file:
            about = file.metadata() or {}
            names = [key.removesuffix('#rows') for key in file.keys()  # noqa: SIM118
                     if key.endswith('#rows')]
            rows = {name: (file.get_tensor(f'{name}#index'), file.get_tensor(f'{name}#rows'))
                    for name in names}
        if about.get('format') != FORMAT:
            raise DeltaError(f'{path} is of format {about.get("format")!r}, not {FORMAT!r}')
        delta = Delta(about['core'], rows, tuple(json.loads(about['sayings'])),
                      dict(json.loads(about['about'])))
    except FileNotFoundError as error:
        raise DeltaError(f'{path} is missing') from error
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise DeltaError(f'{path} is corrupt: {error}') from error
    if delta.checksum() != about.get('checksum'):
        raise DeltaError(f'{path} is corrupt: its checksum does not fit')
    if delta.core != core:
        raise DeltaError(f'{path} was learned by the brain {delta.core}, this is {core}: '
                         'it will be learned anew in the next sleep')
    bad = [name for name, (_, values) in rows.items() if not values.isfinite().all()]
    if bad:
        raise DeltaError(f'{path} holds NaN or infinity in {bad[0]}')
    return delta


def _bytes(tensor: Tensor) -> bytes:
    return tensor.detach().contiguous().view(torch.uint8).numpy().tobytes()
