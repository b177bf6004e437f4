"""The planner trusts nobody: what it takes, what stops it, what it reports."""
import math
from dataclasses import replace

import numpy as np
import pytest
from flat_world import TICK_S, Disc, FlatWorld
from hypothesis import given, settings
from hypothesis import strategies as st

from yan_brain.planning.config import ApproachConfig, LimitsConfig, PlannerConfig
from yan_brain.planning.planner import Planner
from yan_brain.settings import SettingError
from yan_brain.signals import Body, Decision, Scan, Sighting, Skill, SkillStatus, State, Velocity
from yan_brain.simulation.base import BaseConfig


class Drive:
    """A planner in a flat world, its senses and Decisions coming as asked."""

    def __init__(self, flat: FlatWorld | None = None, config: PlannerConfig | None = None) -> None:
        self.flat = flat or FlatWorld(width=8.0)
        self.planner = Planner(config)
        self.velocity, self.status = Velocity(), SkillStatus(
            stamp_s=0.0, instruction_id=0, skill=Skill.IDLE, state=State.SUCCEEDED)
        self.scans = self.bodies = self.decisions = True

    def run(self, seconds: float, decision: Decision | None = None) -> list[Velocity]:
        """Commands of so many seconds; the Decision is repeated at 10 Hz, stamped anew."""
        said = []
        for step in range(round(seconds / TICK_S)):
            flat, now = self.flat, self.flat.time_s
            self.planner.sense(scan=flat.scan() if self.scans else None,
                               body=flat.body() if self.bodies else None, touch=flat.touch())
            if decision is not None and self.decisions and step % 2 == 0:
                self.planner.decide(replace(decision, stamp_s=now, image_stamp_s=now), now)
            self.velocity, self.status = self.planner.control(now)
            flat.advance(self.velocity)
            said.append(self.velocity)
        return said


def move(amount: float | None = 3.0, number: int = 1) -> Decision:
    return Decision(stamp_s=0.0, version='t', instruction_id=number, skill=Skill.MOVE,
                    amount=amount)


def test_nothing_asked_nothing_moves() -> None:
    drive = Drive()
    assert set(drive.run(1.0)) == {Velocity()}
    assert drive.status.instruction_id == 0


def test_decisions_that_cease_stop_the_robot_within_half_a_second() -> None:
    drive = Drive()
    drive.run(2.0, move())
    assert drive.velocity.linear_mps > 0.3
    drive.decisions = False
    said = drive.run(0.5, move())
    assert said[-1] == Velocity()
    assert drive.status.state is State.RUNNING
    drive.run(4.0, move())
    assert (drive.status.state, drive.status.reason) == (State.FAILED, 'stale')


@pytest.mark.parametrize(('sense', 'reason'), [('scans', 'no_scan'), ('bodies', 'no_odometry')])
def test_senses_that_cease_stop_the_robot_within_half_a_second(sense: str, reason: str) -> None:
    drive = Drive()
    drive.run(2.0, move())
    setattr(drive, sense, False)
    assert drive.run(0.5, move())[-1] == Velocity()
    drive.run(4.0, move())
    assert (drive.status.state, drive.status.reason) == (State.FAILED, reason)


@pytest.mark.parametrize('sense', ['scans', 'bodies', 'decisions'])
def test_after_a_short_silence_it_goes_on(sense: str) -> None:
    drive = Drive()
    drive.run(2.0, move())
    setattr(drive, sense, False)
    drive.run(1.0, move())
    setattr(drive, sense, True)
    drive.run(8.0, move())
    assert drive.status.state is State.SUCCEEDED
    assert drive.flat.x == pytest.approx(3.0, rel=0.1)


def test_images_that_cease_stop_a_search() -> None:
    drive = Drive(FlatWorld(discs=[Disc(-2.0, 0.0, name='red ball')]))
    frozen = Decision(stamp_s=0.0, version='t', instruction_id=1, skill=Skill.FIND,
                      argument='red ball')
    for step in range(100):
        now = drive.flat.time_s
        drive.planner.sense(scan=drive.flat.scan(), body=drive.flat.body())
        drive.planner.decide(replace(frozen, stamp_s=now, image_stamp_s=0.0), now)
        velocity, status = drive.planner.control(now)
        drive.flat.advance(velocity)
        if step == 30:
            assert velocity == Velocity()
    assert (status.state, status.reason) == (State.FAILED, 'stale')


@pytest.mark.parametrize('change', [
    {'amount': math.nan}, {'amount': math.inf}, {'confidence': math.nan},
    {'stamp_s': math.nan}, {'image_stamp_s': math.inf}, {'skill': 'dance'}])
def test_decisions_that_are_no_numbers_stop_the_robot_at_once(change: dict[str, object]) -> None:
    drive = Drive()
    drive.run(2.0, move())
    now: dict[str, object] = {'stamp_s': drive.flat.time_s}
    bad = replace(move(), **(now | change))     # type: ignore[arg-type]
    drive.planner.decide(bad, drive.flat.time_s)
    name = next(iter(change))
    assert drive.planner.rejected.startswith(name)
    velocity, _ = drive.planner.control(drive.flat.time_s)
    assert velocity == Velocity()


def test_an_unknown_skill_is_told_which_there_are() -> None:
    planner = Planner()
    planner.decide(replace(move(), skill='dance'), 0.0)     # type: ignore[arg-type]
    assert "'dance'" in planner.rejected and 'go_to' in planner.rejected


def test_a_decision_out_of_order_is_left_out() -> None:
    drive = Drive()
    drive.run(1.0, move())
    late = replace(move(number=7), stamp_s=drive.flat.time_s - 0.5, skill=Skill.STOP)
    drive.planner.decide(late, drive.flat.time_s)
    assert drive.planner.rejected.startswith('late')
    drive.run(1.0, move())
    assert drive.status.skill is Skill.MOVE and drive.velocity.linear_mps > 0.3


def test_a_clock_that_was_set_back_is_followed() -> None:
    drive = Drive()
    drive.run(1.0, move())
    drive.planner.decide(replace(move(number=7), stamp_s=-1000.0, skill=Skill.STOP),
                         drive.flat.time_s)
    assert not drive.planner.rejected


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(
    st.sampled_from(list(Skill)), st.floats(allow_nan=True, allow_infinity=True),
    st.floats(allow_nan=True), st.floats(allow_nan=True), st.floats(allow_nan=True),
    st.integers(0, 3), st.booleans()), max_size=12))
def test_whatever_is_decided_commands_stay_within_limits(
        asked: list[tuple[Skill, float, float, float, float, int, bool]]) -> None:
    drive, limits = Drive(), LimitsConfig()
    for skill, amount, chance, bearing, far, number, known in asked:
        drive.flat.time_s += 0.05
        now = drive.flat.time_s
        drive.planner.decide(Decision(
            stamp_s=now, version='t', instruction_id=number, skill=skill, amount=amount,
            known=known, image_stamp_s=now, argument='x',
            sightings=(Sighting(probability=chance, bearing_rad=bearing, range_m=far),)), now)
        for velocity in drive.run(0.2):
            assert math.isfinite(velocity.linear_mps) and math.isfinite(velocity.angular_radps)
            assert -limits.reverse_mps <= velocity.linear_mps <= limits.speed_mps
            assert abs(velocity.angular_radps) <= limits.turn_radps


def test_scans_and_odometry_of_nan_are_as_none() -> None:
    drive = Drive()
    drive.run(2.0, move())
    nothing = np.full(360, math.nan, np.float32)
    for _ in range(12):
        now = drive.flat.time_s = drive.flat.time_s + 0.05
        drive.planner.sense(
            scan=Scan(stamp_s=now, ranges_m=nothing, angle_min_rad=0.0,
                      angle_increment_rad=math.radians(1), range_max_m=8.0),
            body=Body(stamp_s=now, x_m=math.nan, y_m=0.0, yaw_rad=0.0, speed_mps=0.0,
                      turn_rate_radps=0.0))
        drive.planner.decide(replace(move(), stamp_s=now), now)
        velocity, _ = drive.planner.control(now)
    assert velocity == Velocity()


def test_a_new_instruction_replaces_the_old_one() -> None:
    drive = Drive()
    drive.run(1.0, move())
    drive.run(2.0, Decision(stamp_s=0.0, version='t', instruction_id=2, skill=Skill.STOP))
    assert (drive.status.instruction_id, drive.status.state) == (2, State.SUCCEEDED)
    assert drive.flat.speed == 0.0


def test_going_idle_and_cancel_end_the_skill_and_stop() -> None:
    for end in ('idle', 'cancel'):
        drive = Drive()
        drive.run(2.0, move())
        if end == 'cancel':
            drive.planner.cancel(drive.flat.time_s)
        said = drive.run(1.5, Decision(stamp_s=0.0, version='t', instruction_id=1)
                         if end == 'idle' else move())
        assert drive.status.state is State.CANCELLED, end
        assert said[-1] == Velocity(), end


def test_the_same_number_after_a_restart_is_a_new_instruction() -> None:
    drive = Drive()
    drive.run(4.0, move(0.5))
    assert drive.status.state is State.SUCCEEDED
    drive.run(0.5, Decision(stamp_s=0.0, version='t'))
    drive.run(1.0, move(0.5))
    assert drive.status.state is State.RUNNING


def test_the_last_status_is_kept() -> None:
    drive = Drive()
    drive.run(5.0, move(0.5))
    drive.run(1.0, Decision(stamp_s=0.0, version='t', instruction_id=1))
    assert (drive.status.skill, drive.status.state) == (Skill.MOVE, State.SUCCEEDED)


@pytest.mark.parametrize(('skill', 'known', 'reason'), [
    (Skill.UNCLEAR, True, 'unclear'), (Skill.GO_TO, False, 'unknown_word')])
def test_what_cannot_be_done_is_refused_with_its_reason(
        skill: Skill, known: bool, reason: str) -> None:
    drive = Drive()
    said = drive.run(0.3, Decision(stamp_s=0.0, version='t', instruction_id=1, skill=skill,
                                   known=known, argument='gizmo'))
    assert (drive.status.state, drive.status.reason) == (State.FAILED, reason)
    assert set(said) == {Velocity()}


@pytest.mark.parametrize('skill', [Skill.DESCRIBE, Skill.TEACH, Skill.FORGET, Skill.RECALL])
def test_skills_without_motion_are_done_at_once(skill: Skill) -> None:
    drive = Drive()
    said = drive.run(0.3, Decision(stamp_s=0.0, version='t', instruction_id=1, skill=skill))
    assert drive.status.state is State.SUCCEEDED
    assert set(said) == {Velocity()}


def test_odometry_that_jumps_ends_the_skill() -> None:
    drive = Drive()
    drive.run(1.0, move())
    drive.flat._odom[0] += 5.0
    drive.run(0.2, move())
    assert (drive.status.state, drive.status.reason) == (State.FAILED, 'no_odometry')


def test_a_time_that_is_no_number_is_an_error() -> None:
    with pytest.raises(ValueError, match='now_s is nan'):
        Planner().control(math.nan)


def test_settings_out_of_range_name_what_is_allowed() -> None:
    with pytest.raises(SettingError, match=r'stale_s.*from 0.1 to 0.5'):
        LimitsConfig(stale_s=3.0)
    with pytest.raises(SettingError, match='make it larger'):
        PlannerConfig(approach=ApproachConfig(stop_m=0.1, stop_within_m=0.2))


def timeline(decided_s: list[float], *, until_s: float, phase_s: float = 0.0,
             skill: Skill = Skill.MOVE) -> list[tuple[float, float]]:
    """(time, speed or turn rate commanded) of a planner whose Decisions come at `decided_s`."""
    planner, told, left, way = Planner(), [], sorted(decided_s), 0.0
    amount = 9.0 if skill is Skill.MOVE else 12.0
    for step in range(round(until_s * 20)):
        now = phase_s + step * 0.05
        stamp = max(now, 0.001)
        planner.sense(scan=Scan(stamp_s=stamp, ranges_m=np.full(360, 8.0, np.float32),
                                angle_min_rad=0.0, angle_increment_rad=math.radians(1),
                                range_max_m=9.0), body=Body(
                          stamp_s=stamp, x_m=way, y_m=0.0, yaw_rad=0.0, speed_mps=0.0,
                          turn_rate_radps=0.0))
        while left and left[0] <= now:
            planner.decide(Decision(stamp_s=left[0], version='t', instruction_id=1, skill=skill,
                                    amount=amount), left[0])
            left.pop(0)
        velocity, _ = planner.control(now)
        way += 0.05 * velocity.linear_mps
        told.append((now, velocity.linear_mps if skill is Skill.MOVE
                     else velocity.angular_radps))
    return told


@pytest.mark.parametrize(('skill', 'brake'), [
    (Skill.MOVE, BaseConfig().braking_mps2),
    (Skill.TURN, BaseConfig().turn_acceleration_radps2)])
@pytest.mark.parametrize('phase_s', [0.0, 0.02, 0.049])
def test_a_base_stands_within_half_a_second_of_the_last_decision(
        skill: Skill, brake: float, phase_s: float) -> None:
    last_s = 2.0
    told = timeline([0.1 * n for n in range(21)], until_s=4.0, phase_s=phase_s, skill=skill)
    speed, step_s, stood_s, fastest = 0.0, 0.005, math.inf, 0.0
    for n in range(round(3.0 / step_s)):
        now = n * step_s                # a command acts 20 ms after it was sent
        wanted = next((v for at, v in reversed(told) if at <= now - 0.02), 0.0)
        speed += min(brake * step_s, max(-brake * step_s, wanted - speed))
        fastest = max(fastest, speed)
        if now >= last_s and speed < 0.02 and math.isinf(stood_s):
            stood_s = now
    assert fastest > (0.4 if skill is Skill.MOVE else 1.0)
    assert stood_s - last_s <= 0.45


def test_a_late_tick_now_and_then_does_not_stop_the_robot() -> None:
    ticks = [0.1 * n for n in range(38)]
    missing_one = [t for n, t in enumerate(ticks) if n % 10 != 5]      # gaps of 0.2 s
    speeds = [v for at, v in timeline(missing_one, until_s=3.7) if at > 1.5]
    assert min(speeds) > 0.2 and sum(speeds) / len(speeds) > 0.42


def test_jitter_of_the_ticks_costs_no_speed() -> None:
    rng = np.random.default_rng(0)
    ticks = [0.1 * n + rng.uniform(-0.02, 0.02) for n in range(38)]
    speeds = [v for at, v in timeline(ticks, until_s=3.7) if at > 1.5]
    assert min(speeds) == pytest.approx(LimitsConfig().speed_mps)


def test_a_person_leads_while_nothing_is_done_and_the_reflexes_hold() -> None:
    drive = Drive()

    def led(seconds: float, wanted: Velocity) -> None:
        for _ in range(round(seconds / TICK_S)):
            drive.planner.lead(wanted, drive.flat.time_s)
            drive.run(TICK_S)

    led(2.0, Velocity(linear_mps=0.3))
    assert drive.velocity.linear_mps == pytest.approx(0.3) and drive.flat.x > 0.4
    drive.run(1.0)                                          # the hand lets go
    assert drive.velocity == Velocity()
    led(1.0, Velocity(linear_mps=float('nan')))
    assert drive.velocity == Velocity()
    led(60.0, Velocity(linear_mps=9.0))                     # into the wall, as fast as it can
    assert drive.flat.hits == 0 and drive.velocity.linear_mps == pytest.approx(0.0, abs=0.02)
    drive.scans = False
    led(1.0, Velocity(angular_radps=1.0))
    assert drive.velocity == Velocity()
    drive.scans = True
    before = drive.flat.x
    for _ in range(40):
        drive.planner.lead(Velocity(linear_mps=0.3), drive.flat.time_s)
        drive.run(TICK_S, move(-0.3))
    assert drive.flat.x < before - 0.2                      # a skill is not led astray
