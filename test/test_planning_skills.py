"""Each skill in a flat world, from Decision to standing still."""
import math
from collections.abc import Callable

import pytest
from flat_world import TICK_S, Disc, FlatWorld

from yan_brain.planning.planner import Planner
from yan_brain.signals import Skill, SkillStatus, State, Velocity

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


def test_go_to_finds_its_way_around_furniture() -> None:
    flat = FlatWorld(width=6.0, discs=[Disc(2.3, 0.0, name=BALL)],
                     boxes=[(1.0, 0.0, 0.1, 1.0, 0.0)], x=-1.0)
    status = carry_out(flat, Skill.GO_TO, BALL)
    assert status.state is State.SUCCEEDED
    assert flat.surface(flat.discs[0]) <= 0.6
    assert flat.hits == 0


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
