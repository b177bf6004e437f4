"""`yan-brain eval sight`: does the trained eye and core find what is named, on rooms never seen?

For every thing in view whose colour and kind are unique in its frame, the most likely sighting
must lie on it. Colour alone is judged beside it, in the same frames.
"""
from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from yan_brain.evaluation import showing
from yan_brain.evaluation.report import Report, Result, fraction
from yan_brain.mind import seeing
from yan_brain.mind.checkpoint import Checkpoint, load_checkpoint
from yan_brain.perception import sight
from yan_brain.perception.senses import body_vector, sound_vector
from yan_brain.simulation.frames import load_frames
from yan_brain.simulation.things import COLOURS, HELD_OUT_PAIRS, KINDS

LEAST_PIXELS = 25


@dataclass
class _Tally:
    right: list[bool] = field(default_factory=list)
    colour_only: list[bool] = field(default_factory=list)
    rival: list[bool] = field(default_factory=list)        # another thing of its colour in view
    held_out: list[bool] = field(default_factory=list)
    bearing_deg: list[float] = field(default_factory=list)
    range_share: list[float] = field(default_factory=list)
    present: list[float] = field(default_factory=list)     # chance of what is there
    absent: list[float] = field(default_factory=list)      # ... and of what is not


def scenes(trained: Checkpoint, frames: dict[str, NDArray[np.generic]],
           rows: NDArray[np.int64]) -> list[seeing.Scene]:
    """What the brain sees in frames, one after the other in one stream."""
    state = trained.brain.core.initial_state()
    body = torch.from_numpy(body_vector(None, None))[None]
    sound = torch.from_numpy(sound_vector(None))[None]
    found = []
    with torch.inference_mode():
        for row in rows:
            eye = trained.eye(torch.from_numpy(np.array(frames['rgb'][row]))[None])
            tokens, starts = trained.brain.sense_tokens(body, sound, sight.coarse(eye.features))
            thoughts, state, _ = trained.brain.core(tokens, state, starts)
            view = trained.brain.view(sight.patches(eye.features),
                                      sight.patches(sight.spread(thoughts[:, 3:])))
            found.append(seeing.scene(view, eye.identity, float(frames['fov_rad'][row])))
    return found


def _judge(seen: seeing.Scene, frames: dict[str, NDArray[np.generic]], row: int,
           rng: np.random.Generator, tally: _Tally) -> None:
    pixels = np.asarray(frames['thing_pixels'][row])
    pairs = list(zip(np.asarray(frames['thing_colour'][row]).tolist(),
                     np.asarray(frames['thing_kind'][row]).tolist(), strict=True))
    visible = [i for i in range(len(pixels)) if pixels[i] > 0]
    colours = np.append(seen.probability[:, None] * seen.colour,
                        np.zeros((1, len(COLOURS))), 0)
    both = colours[:, :, None] * np.append(seen.kind, np.zeros((1, len(KINDS))), 0)[:, None]
    for index in visible:
        colour, kind = pairs[index]
        if pixels[index] < LEAST_PIXELS or sum(pairs[i] == pairs[index] for i in visible) > 1:
            continue
        best = int(both[:, colour, kind].argmax())
        tally.right.append(_on(seen, best, frames, row, index))
        tally.colour_only.append(
            _on(seen, int(colours[:, colour].argmax()), frames, row, index))
        tally.rival.append(any(pairs[i][0] == colour for i in visible if i != index))
        tally.held_out.append((COLOURS[colour], KINDS[kind]) in HELD_OUT_PAIRS)
        tally.present.append(float(both[:, colour, kind].max()))
        if tally.right[-1]:
            tally.bearing_deg.append(float(np.degrees(abs(
                seen.bearing_rad[best] - float(frames['thing_bearing_rad'][row, index])))))
            true = float(frames['thing_range_m'][row, index])
            tally.range_share.append(abs(float(seen.range_m[best]) - true) / true)
        for _ in range(2):
            other = (colour, int(rng.integers(len(KINDS))))
            if other not in [pairs[i] for i in visible]:
                tally.absent.append(float(both[:, other[0], other[1]].max()))


def _on(seen: seeing.Scene, best: int, frames: dict[str, NDArray[np.generic]], row: int,
        index: int) -> bool:
    """Most patches of the sighting belong to the thing."""
    if best >= len(seen.probability):
        return False
    owners = np.asarray(frames['patch_thing'][row]).reshape(-1)[seen.patches == best]
    return bool((owners == index).mean() > 0.5)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain eval sight`."""
    parser.add_argument('--frames', type=Path, default=Path('data/frames_val'),
                        help='folder made by `python -m yan_brain.simulation.frames` with a '
                             'seed of its own')
    parser.add_argument('--designs', type=Path, default=Path('data/designs_val'),
                        help='the same with things without names, never used in training')
    parser.add_argument('--weights', type=Path, help='folder of a brain')
    parser.add_argument('--most', type=int, default=3200, help='frames to look at')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def measure(trained: Checkpoint, frames: dict[str, NDArray[np.generic]],
            most: int) -> list[Result]:
    """Look at frames in a shuffled stream and count."""
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(frames['rgb']))[:most]
    tally = _Tally()
    for row, seen in zip(rows, scenes(trained, frames, rows), strict=True):
        _judge(seen, frames, int(row), rng, tally)
    right, rival, held = (np.array(x) for x in (tally.right, tally.rival, tally.held_out))
    colour_only = np.array(tally.colour_only)
    results = []
    for name, mask in (('sight.found', right >= 0), ('sight.found_among_same_colour', rival),
                       ('sight.found_held_out_pairs', held)):
        results.append(fraction(name, successes=int(right[mask].sum()), n=int(mask.sum()),
                                baseline=float(colour_only[mask].mean()),
                                note='baseline: colour alone'))
    order = np.argsort(np.argsort(np.concatenate([tally.present, tally.absent])))
    n, m = len(tally.present), len(tally.absent)
    auc = (order[:n].sum() - n * (n - 1) / 2) / (n * m)
    results.append(Result(name='sight.absent_auc', value=float(auc), n=n + m))
    for name, values, unit in (('bearing', tally.bearing_deg, 'deg'),
                               ('range', tally.range_share, 'share')):
        results += [Result(name=f'sight.{name}_error.p{q}', unit=unit, n=len(values),
                           value=float(np.percentile(values, q))) for q in (50, 90)]
    return results


def main(args: argparse.Namespace) -> int:
    """Print the report."""
    report = Report(command='eval sight')
    trained = load_checkpoint(args.weights)
    report.add(*measure(trained, load_frames(args.frames), args.most))
    if args.designs.exists():
        report.add(*showing.measure(trained, load_frames(args.designs)))
    else:
        report.add(Result(name='sight.one_showing', value=None,
                          note=f'{args.designs} is missing; see docs/training.md'))
    report.show(as_json=args.json)
    return 0
