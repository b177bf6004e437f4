"""Each skill in a flat world, from Decision to standing still."""
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from flat_world import TICK_S, Disc, FlatWorld

from yan_brain.planning.planner import Planner
from yan_brain.signals import Sighting, Skill, SkillStatus, State, Velocity

BALL = 'red ball'


def carry_out(flat: FlatWorld, skill: Skill, target: str = '', *, amount: float | None = None,
              limit_s: float = 130.0, each: Callable[[], None] | None = None,
              **eye: float) -> SkillStatus:
    """Run a skill to its end, the command one tick late; the last status."""
    planner, pending, status = Planner(), Velocity(), None
    for step in range(round(limit_s / TICK_S)):
        planner.sense(scan=flat.scan(), body=flat.body(), touch=flat.touch())
        if step % 2 == 0:
            planner.decide(flat.decision(skill, target, amount=amount, **eye), flat.time_s)
        velocity, status = planner.control(flat.time_s)
        flat.advance(pending)
        pending = velocity
        if each is not None:
            each()
        if status.state is not State.RUNNING:
            break
    for _ in range(10):
        flat.advance(Velocity())
    assert status is not None
    return status


@pytest.mark.parametrize('amount', [0.1, 0.5, 2.0, -0.2, -1.0])
def test_moves_are_right_within_ten_percent(amount: float) -> None:
    flat = FlatWorld(width=8.0, x=-1.0)
    status = carry_out(flat, Skill.MOVE, amount=amount)
    assert status.state is State.SUCCEEDED
    assert flat.x + 1.0 == pytest.approx(amount, rel=0.1)
    assert abs(flat.y) < 0.05


@pytest.mark.parametrize('degrees', [5, 30, 90, 180, 360, -45, -270, 720])
def test_turns_are_right_within_five_degrees(degrees: float) -> None:
    flat = FlatWorld()
    status = carry_out(flat, Skill.TURN, amount=math.radians(degrees))
    assert status.state is State.SUCCEEDED
    assert math.degrees(flat.yaw) == pytest.approx(degrees, abs=3.0)


def test_a_move_without_an_amount_has_a_default() -> None:
    flat = FlatWorld()
    carry_out(flat, Skill.MOVE)
    assert flat.x == pytest.approx(0.5, rel=0.1)


def test_a_move_into_a_wall_stops_before_it() -> None:
    flat = FlatWorld(width=3.0)
    status = carry_out(flat, Skill.MOVE, amount=3.0)
    assert (status.state, status.reason) == (State.FAILED, 'blocked')
    assert flat.hits == 0
    assert flat.x == pytest.approx(1.5 - 0.2, abs=0.08)


def test_go_to_stops_in_front_of_the_thing_among_others() -> None:
    flat = FlatWorld(discs=[Disc(-1.5, 1.0, name=BALL), Disc(1.5, 0.5, name='red box'),
                            Disc(0.5, -1.7, name='blue ball')], seed=3)
    status = carry_out(flat, Skill.GO_TO, BALL)
    assert status.state is State.SUCCEEDED
    assert 0.25 < flat.surface(flat.discs[0]) <= 0.6
    assert abs(flat.bearing(flat.discs[0])) < math.radians(15)
    assert flat.hits == 0
    assert status.target_probability > 0.5
    assert status.range_m == pytest.approx(flat.surface(flat.discs[0]), abs=0.1)


def test_go_to_stops_at_the_legs_of_what_the_beams_pass_through() -> None:
    legs = [Disc(1.5, 0.17, 0.03), Disc(1.5, -0.17, 0.03)]
    flat = FlatWorld(discs=[Disc(1.5, 0.0, 0.001, name=BALL), *legs], seed=2)
    near = flat.sightings

    def short(target: str, **eye: float) -> tuple[Sighting, ...]:
        return tuple(replace(one, range_m=0.8 * one.range_m) for one in near(target, **eye))

    flat.sightings = short
    status = carry_out(flat, Skill.GO_TO, BALL, junk=0.0)
    assert status.state is State.SUCCEEDED
    assert min(map(flat.surface, legs)) <= 0.5
    assert flat.hits == 0


def test_go_to_finds_its_way_around_furniture() -> None:
    flat = FlatWorld(width=6.0, discs=[Disc(2.3, 0.0, name=BALL)],
                     boxes=[(1.0, 0.0, 0.1, 1.0, 0.0)], x=-1.0)
    status = carry_out(flat, Skill.GO_TO, BALL)
    assert status.state is State.SUCCEEDED
    assert flat.surface(flat.discs[0]) <= 0.6
    assert flat.hits == 0


@pytest.mark.parametrize('y', [0.0, 0.1, -0.15])
def test_what_may_be_wider_at_its_foot_is_passed_at_a_distance(y: float) -> None:
    flat = FlatWorld(width=6.0, discs=[Disc(2.3, 0.0, name=BALL), Disc(0.7, y, 0.05)], x=-1.0)
    gaps = []
    status = carry_out(flat, Skill.GO_TO, BALL,
                       each=lambda: gaps.append(flat.surface(flat.discs[1])))
    assert status.state is State.SUCCEEDED
    assert min(gaps) > 0.34                          # of its middle: 18 cm beside the robot


def test_what_cannot_be_reached_is_blocked() -> None:
    fence = [(1.0, 0.0, 0.03, 1.0, 0.0), (3.0, 0.0, 0.03, 1.0, 0.0),
             (2.0, 1.0, 1.0, 0.03, 0.0), (2.0, -1.0, 1.0, 0.03, 0.0)]
    flat = FlatWorld(width=8.0, boxes=fence, discs=[Disc(2.0, 0.0, name=BALL)], x=-1.0)
    see_over = flat.in_view
    flat.in_view = lambda disc: 1.0 if abs(flat.bearing(disc)) < 0.6 else 0.0
    assert see_over(flat.discs[0]) == 0.0
    status = carry_out(flat, Skill.GO_TO, BALL)
    assert status.state is State.FAILED
    assert status.reason in ('blocked', 'not_found')
    assert flat.hits == 0


def test_turn_to_faces_the_thing() -> None:
    flat = FlatWorld(discs=[Disc(-1.5, 1.0, name=BALL), Disc(1.5, 0.5, name='red box')], seed=4)
    status = carry_out(flat, Skill.TURN_TO, BALL)
    assert status.state is State.SUCCEEDED
    assert abs(flat.bearing(flat.discs[0])) < math.radians(6)


def test_find_looks_behind_furniture() -> None:
    flat = FlatWorld(discs=[Disc(1.9, 1.9, name=BALL)], boxes=[(1.2, 1.2, 0.05, 0.9, -0.8)])
    assert flat.in_view(flat.discs[0]) == 0.0
    status = carry_out(flat, Skill.FIND, BALL)
    assert status.state is State.SUCCEEDED
    assert flat.in_view(flat.discs[0]) > 0.3
    assert flat.hits == 0


@pytest.mark.parametrize('skill', [Skill.FIND, Skill.GO_TO, Skill.FOLLOW])
def test_what_is_not_there_is_not_found_in_time(skill: Skill) -> None:
    flat = FlatWorld(discs=[Disc(-1.5, 1.0, name='red box'), Disc(1.5, 0.5, name='blue ball')])
    status = carry_out(flat, skill, BALL)
    assert (status.state, status.reason) == (State.FAILED, 'not_found')
    assert flat.time_s < 115.0
    assert flat.hits == 0


def test_what_nearly_fits_and_stands_out_is_gone_to_when_all_was_searched() -> None:
    flat = FlatWorld(discs=[Disc(-1.5, 1.0, name=BALL), Disc(1.5, 0.5, name='red box')], seed=1)
    status = carry_out(flat, Skill.GO_TO, BALL, own=0.48, junk=0.0)
    assert status.state is State.SUCCEEDED
    assert flat.surface(flat.discs[0]) <= 0.6
    assert flat.time_s > 20.0, 'only after a search'


@pytest.mark.parametrize(('own', 'rival'), [(0.48, 0.48), (0.3, 0.1)])
def test_what_nearly_fits_is_refused_beside_its_like_and_when_it_does_not_nearly(
        own: float, rival: float) -> None:
    flat = FlatWorld(discs=[Disc(-1.5, 1.0, name=BALL), Disc(1.5, 0.5, name='red box')], seed=1)
    status = carry_out(flat, Skill.GO_TO, BALL, own=own, rival=rival, junk=0.0)
    assert (status.state, status.reason) == (State.FAILED, 'not_found')


def test_follow_keeps_its_distance_to_what_walks() -> None:
    flat = FlatWorld(width=9.0, depth=6.0, discs=[Disc(1.5, 0.0, name=BALL)], seed=2)
    inside: list[bool] = []

    def walk() -> None:
        disc, angle = flat.discs[0], 0.2 * flat.time_s
        disc.x = 1.5 + 1.2 * math.sin(angle)            # 0.24 m/s along a circle
        disc.y = 1.2 - 1.2 * math.cos(angle)
        inside.append(0.4 <= flat.surface(disc) <= 1.5)

    status = carry_out(flat, Skill.FOLLOW, BALL, each=walk, limit_s=45.0)
    assert status.state is State.RUNNING
    last = inside[-round(20 / TICK_S):]
    assert sum(last) / len(last) > 0.9
    assert flat.hits == 0


def test_follow_ends_by_itself() -> None:
    flat = FlatWorld(discs=[Disc(1.5, 0.0, name=BALL)])
    status = carry_out(flat, Skill.FOLLOW, BALL, limit_s=90.0)
    assert status.state is State.SUCCEEDED
    assert 55.0 < flat.time_s < 75.0


def visit(flat: FlatWorld, x_m: float, y_m: float, skill: Skill = Skill.GO_TO) -> SkillStatus:
    """Go to a place that is remembered, by odometry, with no image at all."""
    place = Sighting.remembered(x_m, y_m)
    plain = flat.decision
    flat.decision = lambda *about, **eye: replace(       # type: ignore[method-assign]
        plain(*about, **eye), sightings=(place,), image_stamp_s=None)
    return carry_out(flat, skill, 'kitchen')


def test_a_remembered_place_is_gone_to_around_furniture() -> None:
    flat = FlatWorld(width=6.0, boxes=[(1.0, 0.0, 0.1, 1.2, 0.0)], seed=2)
    status = visit(flat, 2.0, 0.3)
    assert status.state is State.SUCCEEDED and flat.hits == 0
    assert math.hypot(flat.x - 2.0, flat.y - 0.3) < 0.2
    assert status.range_m is not None and status.range_m < 0.15


def test_a_place_in_another_room_is_gone_to_through_the_door() -> None:
    wall = [(0.0, -1.5, 0.1, 1.5, 0.0), (0.0, 2.0, 0.1, 1.0, 0.0)]       # a door at y = 0.5
    flat = FlatWorld(width=9.0, depth=6.0, x=-3.0, y=-2.0, boxes=wall, seed=4)
    status = visit(flat, 6.0, 0.5)          # odometry starts at 0 where the robot stands
    assert status.state is State.SUCCEEDED and flat.hits == 0
    assert math.hypot(flat.x - 3.0, flat.y + 1.5) < 0.25


def test_a_place_that_something_stands_on_is_gone_near_to() -> None:
    flat = FlatWorld(discs=[Disc(1.5, 0.0, 0.2)], seed=1)
    status = visit(flat, 1.5, 0.0)
    assert status.state is State.SUCCEEDED and flat.hits == 0
    assert 0.3 < math.hypot(flat.x - 1.5, flat.y) < 0.65


def test_a_place_behind_walls_is_not_gone_to() -> None:
    flat = FlatWorld(width=4.0, depth=4.0)
    assert (visit(flat, 5.0, 0.0).reason, flat.hits) == ('blocked', 0)


def test_a_remembered_place_is_turned_to() -> None:
    flat = FlatWorld()
    assert visit(flat, 0.0, -2.0, Skill.TURN_TO).state is State.SUCCEEDED
    assert math.degrees(flat.yaw) == pytest.approx(-90, abs=3.0)


def test_a_place_that_is_no_number_is_not_gone_to() -> None:
    flat, planner = FlatWorld(), Planner()
    planner.sense(scan=flat.scan(), body=flat.body(), touch=flat.touch())
    planner.decide(replace(flat.decision(Skill.GO_TO, 'home'), image_stamp_s=None,
                           sightings=(Sighting.remembered(math.nan, 0.0),)), flat.time_s)
    assert 'must be finite' in planner.rejected
