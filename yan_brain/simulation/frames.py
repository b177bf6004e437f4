"""Labelled camera frames for training the eye: `python -m yan_brain.simulation.frames`.

A set of frames is a folder of .npy files, which load by memory map (`load_frames`), and a
`meta.json`. Rows of all files go together; rooms lie one after the other:

    rgb            (n, 120, 160, 3) uint8
    patch_thing    (n, 15, 20) int8     index of the thing that fills the patch, or -1
    patch_colour   (n, 15, 20) int8     its index in COLOURS, or -1
    patch_kind     (n, 15, 20) int8     its index in KINDS, or -1
    patch_pixels   (n, 15, 20) uint16   its pixels in the whole image, or 0
    patch_offset   (n, 15, 20, 2) float16  from the patch's centre to the middle of its visible
                                        pixels: (right, down) in pixels
    thing_colour, thing_kind (n, 12) int8   of all things of the room, seen or not; -1: none
    thing_design (n, 12) int32          its number in `designs`, -1 for a thing with a name
    thing_pixels   (n, 12) int32        how many pixels of it are seen
    thing_centre   (n, 12, 2) float32   middle of its visible pixels (x, y), NaN if unseen
    thing_bearing_rad, thing_range_m (n, 12) float32   from the robot's centre to the thing's
    fov_rad, camera_height_m, camera_pitch_rad (n,) float32    pitch: up positive
    room           (n,) int64           the room's seed
    held_out       (n,) bool            a thing of HELD_OUT_PAIRS is seen

A patch belongs to the thing with most of its pixels where that has at least 12% of them, else
to the thing its centre pixel shows.
"""
from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from yan_brain.simulation.mjcf import model_of, thing_of_geom
from yan_brain.simulation.painter import Painter
from yan_brain.simulation.room import Room, RoomOptions, draw_room
from yan_brain.simulation.things import COLOURS, HELD_OUT_PAIRS, KINDS

WIDTH, HEIGHT, PATCH = 160, 120, 8
# Software GL with threads of its own beside several processes is slower, not faster.
os.environ.setdefault('LP_NUM_THREADS', '1')
ROWS, COLUMNS = HEIGHT // PATCH, WIDTH // PATCH
MOST_THINGS = 12
DESIGNS_PER_ROOM = 7
ROOMS_PER_SEED = 1_000_000      # seed s draws rooms s million and up; evaluation uses seed 0
_EYE = '<camera name="eye" mode="fixed" pos="0 0 0.25"/>'
_LEAST_SHARE = 0.12
_Y, _X = np.indices((HEIGHT, WIDTH)).reshape(2, -1)

FIELDS: dict[str, tuple[tuple[int, ...], str]] = {
    'rgb': ((HEIGHT, WIDTH, 3), 'u1'),
    'patch_thing': ((ROWS, COLUMNS), 'i1'), 'patch_colour': ((ROWS, COLUMNS), 'i1'),
    'patch_kind': ((ROWS, COLUMNS), 'i1'), 'patch_pixels': ((ROWS, COLUMNS), 'u2'),
    'patch_offset': ((ROWS, COLUMNS, 2), 'f2'),
    'thing_colour': ((MOST_THINGS,), 'i1'), 'thing_kind': ((MOST_THINGS,), 'i1'),
    'thing_design': ((MOST_THINGS,), 'i4'),
    'thing_pixels': ((MOST_THINGS,), 'i4'), 'thing_centre': ((MOST_THINGS, 2), 'f4'),
    'thing_bearing_rad': ((MOST_THINGS,), 'f4'), 'thing_range_m': ((MOST_THINGS,), 'f4'),
    'fov_rad': ((), 'f4'), 'camera_height_m': ((), 'f4'), 'camera_pitch_rad': ((), 'f4'),
    'room': ((), 'i8'), 'held_out': ((), '?'),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Eye:
    """Where the camera is and how it looks; yaw in the room, pitch up positive."""

    robot_x_m: float
    robot_y_m: float
    yaw_rad: float
    forward_m: float
    height_m: float
    pitch_rad: float
    fov_rad: float

    def aim(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Set the free camera `eye` of a model without a robot."""
        c, s, cp, sp = (np.cos(self.yaw_rad), np.sin(self.yaw_rad), np.cos(self.pitch_rad),
                        np.sin(self.pitch_rad))
        ahead, right = np.array([c * cp, s * cp, sp]), np.array([s, -c, 0.0])
        data.cam_xpos[0] = (self.robot_x_m + c * self.forward_m,
                            self.robot_y_m + s * self.forward_m, self.height_m)
        data.cam_xmat[0] = np.stack([right, np.cross(right, ahead), -ahead], axis=1).ravel()
        model.cam_fovy[0] = np.degrees(2 * np.arctan(np.tan(self.fov_rad / 2) * HEIGHT / WIDTH))


def draw_frames(seed: int, frames_per_room: int = 16,
                options: RoomOptions | None = None) -> dict[str, NDArray[np.generic]]:
    """Draw a room and frames in it; arrays as in FIELDS with `frames_per_room` rows."""
    rng = np.random.default_rng([seed, 11])
    options = options or ordinary_room(seed)
    room = draw_room(seed, options)
    model = model_of(room, robot=_EYE, size=(2 * WIDTH, 2 * HEIGHT))
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_camlight(model, data)
    painter, owner = Painter(model), thing_of_geom(model, len(room.things))
    rows = blank(frames_per_room)
    for row, eye in enumerate(_draw_eyes(room, rng, frames_per_room)):
        eye.aim(model, data)
        painter.look(data)
        if rng.random() < 0.5:
            fine = painter.picture(2 * WIDTH, 2 * HEIGHT)
            rows['rgb'][row] = cv2.resize(fine, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        else:
            rows['rgb'][row] = painter.picture(WIDTH, HEIGHT)
        geoms = painter.geoms(WIDTH, HEIGHT)
        seen = np.where(geoms >= 0, owner[geoms], -1)
        _label(rows, row, room, eye, seen)
    painter.close()
    return rows


def ordinary_room(seed: int, *, held_out: bool = False) -> RoomOptions:
    """A room of things with names; every tenth holds furniture alone."""
    bare = bool(np.random.default_rng([seed, 12]).random() < 0.1)
    return RoomOptions(held_out=held_out, furniture_only=bare)


def room_of_designs(seed: int, designs: range) -> RoomOptions:
    """A room of things without names, and few that have one."""
    rng = np.random.default_rng([seed, 12])
    drawn = rng.choice(len(designs), min(len(designs), DESIGNS_PER_ROOM), replace=False)
    return RoomOptions(held_out=False, things=(0, 2),
                       designs=tuple(designs[int(i)] for i in drawn))


def blank(count: int) -> dict[str, NDArray[np.generic]]:
    """Return empty rows: -1 for indices, NaN for what is unseen, else 0."""
    rows: dict[str, NDArray[np.generic]] = {}
    for name, (shape, kind) in FIELDS.items():
        fill = np.nan if kind == 'f4' else -1 if kind == 'i1' or name == 'thing_design' else 0
        rows[name] = np.full((count, *shape), fill, kind)
    return rows


def _draw_eyes(room: Room, rng: np.random.Generator, count: int) -> Iterator[Eye]:
    plan = room.plan()
    for _ in range(count):
        spot, yaw, luck = None, rng.uniform(-np.pi, np.pi), rng.random()
        fov = np.radians(rng.uniform(60, 80))
        if room.things and luck < 0.7:
            thing = room.things[rng.integers(len(room.things))]
            if luck < 0.22:  # from close by
                around = rng.uniform(-np.pi, np.pi)
                reach = thing.radius_m + rng.uniform(0.35, 1.0)
                near = (thing.x_m + reach * np.cos(around), thing.y_m + reach * np.sin(around))
                if plan.clearance_at(*near) > 0.12:
                    spot = near
            spot = spot or plan.draw_point(rng, 0.16)
            if spot is not None:
                yaw = np.arctan2(thing.y_m - spot[1], thing.x_m - spot[0])
                yaw += rng.uniform(-0.55, 0.55) * fov
        spot = spot or plan.draw_point(rng, 0.16) or (room.start.x_m, room.start.y_m)
        yield Eye(robot_x_m=spot[0], robot_y_m=spot[1], yaw_rad=float(yaw),
                  forward_m=rng.uniform(0.0, 0.12), height_m=rng.uniform(0.15, 0.4),
                  pitch_rad=np.radians(rng.uniform(-5, 5)), fov_rad=float(fov))


def _label(rows: dict[str, NDArray[np.generic]], row: int, room: Room, eye: Eye,
           seen: NDArray[np.int16]) -> None:
    rows['fov_rad'][row], rows['camera_height_m'][row] = eye.fov_rad, eye.height_m
    rows['camera_pitch_rad'][row], rows['room'][row] = eye.pitch_rad, room.seed
    for i, thing in enumerate(room.things):
        x, y = thing.x_m - eye.robot_x_m, thing.y_m - eye.robot_y_m
        turn = np.arctan2(y, x) - eye.yaw_rad
        rows['thing_design'][row, i] = thing.design
        if thing.design < 0:
            rows['thing_colour'][row, i] = COLOURS.index(thing.colour)
            rows['thing_kind'][row, i] = KINDS.index(thing.kind)
        rows['thing_bearing_rad'][row, i] = (turn + np.pi) % (2 * np.pi) - np.pi
        rows['thing_range_m'][row, i] = np.hypot(x, y)
    flat = seen.ravel() + 1
    pixels, across, down = (np.bincount(flat, weights, MOST_THINGS + 1)[1:]
                            for weights in (None, _X, _Y))
    shown = pixels > 0
    rows['thing_pixels'][row] = pixels
    rows['thing_centre'][row][shown] = (
        np.stack([across, down], 1)[shown] / pixels[shown, None] + 0.5)
    rows['held_out'][row] = any(room.things[i].pair in HELD_OUT_PAIRS
                                for i in np.flatnonzero(shown))
    owner = _patch_owner(seen, len(room.things))
    rows['patch_thing'][row] = owner
    has = owner >= 0
    for name in ('colour', 'kind', 'pixels'):
        rows[f'patch_{name}'][row][has] = rows[f'thing_{name}'][row][owner[has]]
    middle = np.stack(np.meshgrid(np.arange(COLUMNS), np.arange(ROWS)), -1) * PATCH + PATCH / 2
    rows['patch_offset'][row][has] = rows['thing_centre'][row][owner[has]] - middle[has]


def _patch_owner(seen: NDArray[np.int16], things: int) -> NDArray[np.int64]:
    """Return (15, 20): the thing that each patch of an image (120, 160) shows, or -1."""
    patches = seen.reshape(ROWS, PATCH, COLUMNS, PATCH).swapaxes(1, 2).reshape(ROWS, COLUMNS, -1)
    if not things:
        return np.full((ROWS, COLUMNS), -1)
    cells = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS, 1)
    counts = np.bincount((cells * (things + 1) + patches + 1).ravel(),
                         minlength=ROWS * COLUMNS * (things + 1))
    counts = counts.reshape(ROWS, COLUMNS, things + 1)[..., 1:]
    most: NDArray[np.int64] = counts.argmax(axis=-1)
    enough = counts.max(axis=-1) >= _LEAST_SHARE * PATCH * PATCH
    centre = patches[..., PATCH * PATCH // 2 + PATCH // 2].astype(np.int64)
    return np.where(enough, most, centre)


# ---- whole sets ------------------------------------------------------------------------

@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    out: Path
    seeds: range
    first_row: int
    frames_per_room: int
    held_out: bool
    designs: range | None

    def options(self, seed: int) -> RoomOptions:
        """What the room of a seed holds."""
        if self.designs is not None:
            return room_of_designs(seed, self.designs)
        return ordinary_room(seed, held_out=self.held_out)


def _write_share(share: _Share) -> int:
    files = {name: np.load(share.out / f'{name}.npy', mmap_mode='r+') for name in FIELDS}
    for i, seed in enumerate(share.seeds):
        rows = draw_frames(seed, share.frames_per_room, share.options(seed))
        begin = share.first_row + i * share.frames_per_room
        for name, values in rows.items():
            files[name][begin:begin + share.frames_per_room] = values
    return len(share.seeds)


def make_frames(out: Path, *, rooms: int, seed: int, frames_per_room: int = 16,
                held_out: bool = False, designs: range | None = None, processes: int = 1,
                progress: Callable[[int], None] | None = None) -> None:
    """Write a set of frames; the same arguments give the same set for any `processes`.

    `held_out` also draws things of HELD_OUT_PAIRS, for validation. With `designs` the rooms
    hold things without names (see `designs`), drawn from these numbers.
    """
    for name, value in (('rooms', rooms), ('seed', seed), ('frames_per_room', frames_per_room),
                        ('processes', processes)):
        if value < 1:
            raise ValueError(f'{name} is {value}; it must be at least 1'
                             + (' (seed 0 is kept for evaluation)' if name == 'seed' else ''))
    out.mkdir(parents=True, exist_ok=True)
    for name, (shape, kind) in FIELDS.items():
        np.lib.format.open_memmap(out / f'{name}.npy', 'w+', np.dtype(kind),
                                  (rooms * frames_per_room, *shape)).flush()
    first, share_of = seed * ROOMS_PER_SEED, 20
    shares = [
        _Share(out=out, seeds=range(first + i, first + min(i + share_of, rooms)),
               first_row=i * frames_per_room, frames_per_room=frames_per_room,
               held_out=held_out, designs=designs)
        for i in range(0, rooms, share_of)]
    done = 0
    # spawn: a forked GL context does not survive
    with multiprocessing.get_context('spawn').Pool(processes) as pool:
        for count in pool.imap_unordered(_write_share, shares):
            done += count
            if progress is not None:
                progress(done)
    (out / 'meta.json').write_text(json.dumps({
        'rooms': rooms, 'seed': seed, 'frames_per_room': frames_per_room,
        'held_out': held_out, 'designs': len(designs) if designs else 0, 'colours': COLOURS,
        'kinds': KINDS, 'patch': PATCH}) + '\n')


def load_frames(folder: Path) -> dict[str, NDArray[np.generic]]:
    """Open a set of frames by memory map. FileNotFoundError where it is not complete."""
    if not (folder / 'meta.json').is_file():
        raise FileNotFoundError(f'{folder} holds no complete set of frames; make one by '
                                'python -m yan_brain.simulation.frames --out FOLDER')
    return {name: np.load(folder / f'{name}.npy', mmap_mode='r') for name in FIELDS}


def main(argv: list[str] | None = None) -> None:
    """Make a set of frames from the command line."""
    parser = argparse.ArgumentParser(description='Draw labelled camera frames of random rooms.')
    parser.add_argument('--rooms', type=int, default=4000)
    parser.add_argument('--seed', type=int, default=1, help='1 or more; 0 is for evaluation')
    parser.add_argument('--out', type=Path, required=True, help='folder to write')
    parser.add_argument('--frames-per-room', type=int, default=16)
    parser.add_argument('--processes', type=int, default=2)
    parser.add_argument('--held-out', action='store_true', help='draw held-out pairs too')
    parser.add_argument('--designs', type=int, nargs=2, metavar=('FIRST', 'COUNT'),
                        help='rooms of things without names, of these design numbers')
    asked = parser.parse_args(argv)
    make_frames(
        asked.out, rooms=asked.rooms, seed=asked.seed, frames_per_room=asked.frames_per_room,
        held_out=asked.held_out, processes=asked.processes,
        designs=range(asked.designs[0], sum(asked.designs)) if asked.designs else None,
        progress=lambda n: print(f'\rrooms {n}/{asked.rooms}', end='', flush=True))
    print()


if __name__ == '__main__':
    main()
