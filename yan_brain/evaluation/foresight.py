"""How well the next image is foreseen: `python -m yan_brain.evaluation.foresight`.

The robot drives at random through rooms that it never saw. The error of its forecast stands
beside that of expecting the image before once more. Each room is driven through twice, with and
without one of its things: where that is in view, its sudden appearance is an event, and so is a
covered camera. Event and ordinary image are met by copies of the same foresight.
"""
from __future__ import annotations

import argparse
import copy
import math
import sys
import time
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from yan_brain.mind.checkpoint import Checkpoint, load_checkpoint
from yan_brain.mind.foresight import Foresight
from yan_brain.perception import sight
from yan_brain.signals import Image, Velocity
from yan_brain.simulation.home import Home
from yan_brain.simulation.room import Room, draw_room

ROOMS_FROM = 9500
TICK_S = 0.1
HOLD = 12               # ticks of one random command
APPEARED = 40.0         # grey levels by which some square of 20 pixels changes: it is in view


@dataclass(frozen=True)
class Drive:
    """What was seen on the way, tick by tick."""

    features: list[NDArray[np.float32]] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    moves: list[tuple[float, float]] = field(default_factory=list)     # as felt: m/s, rad/s
    places: list[NDArray[np.float64]] = field(default_factory=list)    # true, for the judge


@dataclass
class Tally:
    """Sums over all drives."""

    error: float = 0.0
    still: float = 0.0
    ordinary: list[float] = field(default_factory=list)
    appeared: list[float] = field(default_factory=list)
    covered: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


def drive(eye: Checkpoint, room: Room, seed: int, ticks: int) -> Drive:
    """The same seed gives the same commands, whatever stands in the room."""
    home, rng, made = Home(room), np.random.default_rng(seed), Drive()
    velocity = Velocity()
    for tick in range(ticks):
        if tick % HOLD == 0:
            velocity = Velocity(linear_mps=float(rng.choice([0.0, 0.1, 0.2])),
                                angular_radps=float(rng.choice([0.0, rng.uniform(-0.6, 0.6)])))
        senses = home.sense()
        made.features.append(features(eye, senses.image))
        made.images.append(senses.image)
        made.moves.append((senses.body.speed_mps, senses.body.turn_rate_radps))
        made.places.append(home.data.qpos.copy())
        home.advance(velocity, TICK_S)
    home.close()
    return made


def features(eye: Checkpoint, image: Image) -> NDArray[np.float32]:
    """(tokens, F) of the eye."""
    with torch.inference_mode():
        seen = eye.eye(torch.from_numpy(sight.prepare(image))[None])
        found: NDArray[np.float32] = sight.coarse(seen.features)[0].numpy().copy()
    return found


def in_view(one: Image, other: Image) -> bool:
    """True when a part of the images differs by far more than noise."""
    gap = np.abs(one.rgb.astype(np.float32) - other.rgb).mean(-1)
    high, wide = gap.shape[0] // 20 * 20, gap.shape[1] // 20 * 20
    squares = gap[:high, :wide].reshape(high // 20, 20, wide // 20, 20).mean((1, 3))
    return bool(squares.max() > APPEARED)


def judge(eye: Checkpoint, usual: Drive, other: Drive, foresight: Foresight, tally: Tally,
          start_s: float) -> None:
    """Let the foresight live through `usual`; what `other` shows is only tried on copies."""
    rgb = usual.images[0].rgb
    dark = features(eye, replace(usual.images[0], rgb=np.zeros_like(rgb)))
    for tick, seen in enumerate(usual.features):
        stamp_s = start_s + tick * TICK_S

        def tried(event: NDArray[np.float32], stamp_s: float = stamp_s) -> float:
            met = copy.deepcopy(foresight).meet(event, 0.0, 0.0, stamp_s)
            return met.surprise if met else math.nan
        if tick >= len(usual.features) // 4:
            same = np.allclose(usual.places[tick][:7], other.places[tick][:7], atol=1e-3)
            if same and in_view(usual.images[tick], other.images[tick]):
                tally.appeared.append(tried(other.features[tick]))
            tally.covered.append(tried(dark))
        began = time.perf_counter()
        met = foresight.meet(seen, *usual.moves[tick], stamp_s)
        tally.milliseconds.append((time.perf_counter() - began) * 1e3)
        if met and tick >= len(usual.features) // 4:
            tally.error += met.error
            tally.still += met.still
            tally.ordinary.append(met.surprise)


def higher(events: list[float], ordinary: list[float]) -> float:
    """Chance that an event surprises more than an ordinary image (area under the ROC curve)."""
    one, other = np.array(events)[:, None], np.array(ordinary)[None]
    return float(((one > other) + 0.5 * (one == other)).mean())


def main() -> int:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rooms', type=int, default=8)
    parser.add_argument('--ticks', type=int, default=120)
    args = parser.parse_args()
    torch.set_num_threads(1)
    eye, tally = load_checkpoint(None), Tally()
    foresight = Foresight(sight.TOKEN_ROWS, sight.TOKEN_COLUMNS)
    for number in range(args.rooms):
        room = draw_room(ROOMS_FROM + number)
        full, less = (drive(eye, r, number, args.ticks) for r in (
            room, replace(room, things=room.things[1:])))
        judge(eye, less, full, foresight, tally, number * 1000.0)
        print(f'{number + 1} rooms: error {tally.error / tally.still:.3f} of expecting the image '
              f'before; ordinary median {np.median(tally.ordinary):.2f}, 95% '
              f'{np.quantile(tally.ordinary, 0.95):.2f} (n={len(tally.ordinary)})', flush=True)
    for name, events in (('a thing appears', tally.appeared), ('covered camera', tally.covered)):
        if events:
            print(f'{name}: median surprise {np.median(events):.2f}, above an ordinary image '
                  f'{higher(events, tally.ordinary):.3f} (n={len(events)})')
    print(f'{np.median(tally.milliseconds):.2f} ms an image')
    return 0


if __name__ == '__main__':
    sys.exit(main())
