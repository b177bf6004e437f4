"""What the ordinary world looks like to a brain: `python -m yan_brain.mind.world`.

Run once when a brain was trained. The rows lie beside its weights and tell the concept memory
what a new word must not be confused with (`yan_brain.learning.knowledge.World`).
"""
from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.knowledge import World, read_world
from yan_brain.mind.checkpoint import DEFAULT_FOLDER
from yan_brain.mind.seeing import Scene
from yan_brain.signals import Image

FILE = 'world.npz'
PLACES = 1               # patches of any kind kept for each thing seen


class Seeing(Protocol):
    """What sees; `yan_brain.mind.Mind` does."""

    @property
    def weights_version(self) -> str: ...
    def scene(self, image: Image) -> Scene: ...


def typical_rows(
    mind: Seeing, images: Iterable[Image], most: int = 1000,
) -> NDArray[np.float32]:
    """Features of things and places in ordinary images, in turn; (n, F), n at most `most`."""
    rng = np.random.default_rng(0)
    rows: list[NDArray[np.float32]] = []
    count = 0
    for image in images:
        seen = mind.scene(image)
        places = rng.choice(len(seen.patch_features), 1 + PLACES * len(seen.features))
        rows += [seen.features, seen.patch_features[places]]
        count += len(seen.features) + len(places)
        if count >= most:
            break
    return np.concatenate(rows)[:most]


def save_world(folder: Path, rows: NDArray[np.float32], version: str) -> None:
    """Write typical rows beside the weights that made them."""
    with (folder / FILE).open('wb') as file:
        np.savez(file, rows=rows.astype(np.float32), version=np.array(version))


def load_world(folder: Path, version: str) -> World | None:
    """The world of a brain; None (and a warning) when there is none for these weights."""
    # The eye learned identities by their cosines: whitening would let small differences shout.
    return read_world(folder / FILE, version, maker='yan_brain.mind.world', whiten=False)


def main(argv: list[str] | None = None) -> None:
    """Write the world of a brain from frames of `yan_brain.simulation.frames`."""
    from yan_brain.mind.mind import Mind
    from yan_brain.simulation.frames import load_frames

    parser = argparse.ArgumentParser(description='Tell a brain what the ordinary world is like.')
    parser.add_argument('--weights', type=Path, default=DEFAULT_FOLDER, help='folder of a brain')
    parser.add_argument('--frames', type=Path, required=True, help='folder of training frames')
    parser.add_argument('--rows', type=int, default=1000, help='how many rows to keep')
    asked = parser.parse_args(argv)
    frames, mind = load_frames(asked.frames), Mind.load(asked.weights)
    order = np.random.default_rng(0).permutation(len(frames['rgb']))
    rows = typical_rows(mind, (
        Image(stamp_s=0.0, rgb=np.array(frames['rgb'][i], np.uint8),
              horizontal_fov_rad=float(frames['fov_rad'][i])) for i in order), asked.rows)
    save_world(asked.weights, rows, mind.weights_version)
    print(f'{len(rows)} rows of {rows.shape[1]} floats for the weights {mind.weights_version}')


if __name__ == '__main__':
    main()
