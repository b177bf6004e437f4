"""What sightings add up to."""
import math

import numpy as np
import pytest
from flat_world import Disc, FlatWorld

from yan_brain.planning.config import BodyConfig, MemoryConfig
from yan_brain.planning.memory import TargetMemory, sane, surface_m
from yan_brain.planning.pose import Pose
from yan_brain.signals import Sighting

HERE = Pose(0.0, 0.0, 0.0)


def memory() -> TargetMemory:
    return TargetMemory(MemoryConfig(), BodyConfig())


def seen(probability: float, bearing: float = 0.0, range_m: float = 2.0) -> Sighting:
    return Sighting(probability=probability, bearing_rad=bearing, range_m=range_m)


def look(it: TargetMemory, *sightings: Sighting, times: int = 10, pose: Pose = HERE,
         start: float = 0.0) -> None:
    for step in range(times):
        it.add(sightings, pose, start + 0.1 * (step + 1), None)


def test_repeated_sightings_are_one_thing_and_are_believed() -> None:
    it = memory()
    look(it, seen(0.9))
    assert len(it.hypotheses) == 1
    assert it.hypotheses[0].belief > 0.5
    assert it.hypotheses[0].at == pytest.approx([2.0, 0.0], abs=0.05)


def test_a_thousand_looks_from_one_place_are_not_certainty() -> None:
    it, once = memory(), memory()
    look(it, seen(0.9), times=1000)
    look(once, seen(0.9), times=10)
    assert it.hypotheses[0].belief < 0.95
    before = it.hypotheses[0].belief
    look(it, seen(0.9, range_m=1.0), pose=Pose(1.0, 0.0, 0.0), start=200.0)
    assert it.hypotheses[0].belief > before, 'another view adds to it'


def test_looking_there_and_seeing_nothing_refutes() -> None:
    it = memory()
    look(it, seen(0.8), times=2)
    believed = it.hypotheses[0].belief
    look(it, times=10, start=10.0)
    assert it.hypotheses[0].belief < 0.1 < believed


def test_what_is_out_of_view_is_not_refuted() -> None:
    it = memory()
    look(it, seen(0.8), times=5)
    believed = it.hypotheses[0].belief
    look(it, times=10, pose=Pose(0.0, 0.0, math.pi), start=10.0)
    assert it.hypotheses[0].belief == believed


def test_what_is_hidden_is_not_refuted() -> None:
    world = FlatWorld(boxes=[(1.0, 0.0, 0.1, 0.5, 0.0)])
    it = memory()
    look(it, seen(0.8), times=5)
    believed = it.hypotheses[0].belief
    for step in range(10):
        it.add((), HERE, 10.0 + step, world.scan())
    assert it.hypotheses[0].belief == believed


def test_two_things_apart_stay_two() -> None:
    it = memory()
    look(it, seen(0.9, 0.4), seen(0.2, -0.4))
    assert len(it.hypotheses) == 2
    assert it.best().at[1] > 0.5


def test_a_scan_return_near_the_sighted_range_gives_the_place() -> None:
    world = FlatWorld(discs=[Disc(2.0, 0.0, 0.15)])
    it = memory()
    it.add((seen(0.9, range_m=2.4),), HERE, 1.0, world.scan())
    assert it.hypotheses[0].at[0] == pytest.approx(1.93, abs=0.06)


def test_nothing_is_seen_through_walls() -> None:
    it = memory()
    it.add((seen(0.9, range_m=3.2),), HERE, 1.0, FlatWorld(width=5.0).scan())
    assert it.hypotheses[0].at[0] == pytest.approx(2.5, abs=0.1)


def test_a_rejected_thing_is_not_the_best() -> None:
    it = memory()
    look(it, seen(0.9, 0.4), seen(0.7, -0.4))
    first = it.best()
    it.reject(first)
    assert it.best() is not first


def test_an_image_counts_once() -> None:
    it = memory()
    for _ in range(50):
        it.add((seen(0.9),), HERE, 1.0, None)
    assert it.looks == 1


def test_hypotheses_do_not_grow_without_end() -> None:
    it, rng = memory(), np.random.default_rng(0)
    for step in range(300):
        it.add((seen(0.5, float(rng.uniform(-0.6, 0.6)), float(rng.uniform(0.5, 6.0))),),
               Pose(0.0, 0.0, float(rng.uniform(-3, 3))), 0.1 * (step + 1), None)
    assert len(it.hypotheses) <= MemoryConfig().most


def test_sightings_that_make_no_sense_are_left_out() -> None:
    good = seen(0.5)
    bad = [seen(math.nan), seen(1.5), seen(-0.1), seen(0.5, math.inf), seen(0.5, 0.0, -1.0),
           seen(0.5, 0.0, math.nan)]
    assert sane((good, *bad)) == (good,)


def test_the_wall_behind_is_not_the_surface() -> None:
    scan = FlatWorld(width=8.0).scan()
    assert surface_m(scan, 0.0, 1.0, 1.35) is None
