"""From Decisions to safe motion.

    planner = Planner(PlannerConfig())
    planner.sense(scan=scan, body=body, touch=touch)    # whenever something comes
    planner.decide(decision, time.monotonic())
    velocity, status = planner.control(time.monotonic())  # 20 times a second

The planner trusts nobody: it checks every number of a Decision, stops when Decisions or senses
cease, and its reflexes win over every skill. Two clocks: `now_s` is steady and tells how old a
thing is by when it came; stamps within Decisions and senses are of their sender's clock and
only place them relative to one another.
"""
from __future__ import annotations

import math
from dataclasses import replace

from yan_brain.planning.config import PlannerConfig
from yan_brain.planning.follow import Follow
from yan_brain.planning.memory import TargetMemory, sane
from yan_brain.planning.reflexes import Ramp, Reflexes
from yan_brain.planning.runs import Move, Refuse, Rest, Run, Step, Stop, Turn, failed
from yan_brain.planning.surroundings import Surroundings
from yan_brain.planning.targets import Face, GoTo, Visit
from yan_brain.signals import (
    TARGET_SKILLS,
    Body,
    Decision,
    Scan,
    Skill,
    SkillStatus,
    State,
    Touch,
    Velocity,
)

_WALKING_MPS = 0.3
_MOST_SIGHTINGS = 32
_SLOW_FROM = 0.6            # of the age at which something is stale: the robot slows down
_SKIP_S = 5.0               # a Decision older than the last by more comes from a clock set back


class Planner:
    """Runs one skill at a time. Not thread-safe: call it from one thread."""

    def __init__(self, config: PlannerConfig | None = None) -> None:
        self.config = config or PlannerConfig()
        self.world = Surroundings(self.config)
        self.memory: TargetMemory | None = None
        self.rejected = ''              # why the newest Decision was not taken; '' when it was
        self._ramp = Ramp(self.config.limits)
        self._reflexes = Reflexes()
        self._run: Run | None = None
        self._began_s = 0.0
        self._blind_s = 0.0             # how long a sense has been missing
        self._decision: Decision | None = None
        self._decided_s = -math.inf
        self._current: tuple[int, Skill] | None = None
        self._lead, self._lead_s = Velocity(), -math.inf
        self._image_s = -math.inf       # stamp of the newest image ...
        self._imaged_s = -math.inf      # ... and when it came
        self._status = SkillStatus(stamp_s=0.0, instruction_id=0, skill=Skill.IDLE,
                                   state=State.SUCCEEDED)

    def sense(self, *, scan: Scan | None = None, body: Body | None = None,
              touch: Touch | None = None) -> None:
        """Take readings. What is not finite or out of order is left out, and ages."""
        self.world.sense(scan, body, touch)

    def decide(self, decision: Decision, now_s: float) -> None:
        """Take the newest Decision. One that cannot be used stops the robot: see `rejected`."""
        self.rejected = self._fault(decision, now_s)
        if self.rejected:
            if not self.rejected.startswith('late'):
                self._ramp.halt()
                # As if none had come for a while: it stands until a good one comes.
                self._decided_s = min(self._decided_s, now_s - 1.1 * self.config.limits.stale_s)
            return
        self._decision, self._decided_s = decision, now_s
        if decision.skill is Skill.IDLE:
            self._current = None
            self.cancel(now_s)
            return
        # Numbers start over when cognition does, so what differs is new, whatever its number.
        asked = decision.instruction_id, decision.skill
        if asked != self._current:
            self._current = asked
            self._start(decision, now_s)
        self._see(decision, now_s)

    def control(self, now_s: float) -> tuple[Velocity, SkillStatus]:
        """The command for now and how the skill stands. Call it 20 times a second."""
        if not math.isfinite(now_s):
            raise ValueError(f'now_s is {now_s}; a finite time of a steady clock is needed')
        self.world.tick(now_s)
        if self.world.jumped:
            self._jumped()
        active = self._run is not None
        escape = self._reflexes.touch(self.world, active)
        wanted, hard = self._wanted(now_s)
        if self._run is None:
            escape = None
        if escape is not None:
            wanted = escape
            if escape == Velocity():
                hard = True
        command = self._ramp.halt() if hard else self._ramp.step(wanted, self.world.step_s)
        # One that comes a little late costs some speed; a silence has slowed the robot down
        # already by the time that it is sure, so that it stands soon after.
        command = self._ramp.cap((1.0 - self._overdue(now_s)[1]) / (1.0 - _SLOW_FROM))
        if command.linear_mps:
            ahead, back = self._reflexes.allowed_mps(self.world)
            command = self._ramp.limit(ahead, back)
        self._status = replace(self._status, stamp_s=self._stamp_s())
        return command, self._status

    def lead(self, velocity: Velocity, now_s: float) -> None:
        """Take a command of a person who leads the robot; it counts while nothing is being done.

        Ramps, limits and the range and touch reflexes hold for it as for any skill.
        """
        if math.isfinite(velocity.linear_mps) and math.isfinite(velocity.angular_radps):
            self._lead, self._lead_s = velocity, now_s

    def cancel(self, now_s: float) -> None:
        """End the skill that runs; the robot comes to a stop."""
        if self._status.state is State.RUNNING:
            self._end(State.CANCELLED, '')

    def halt(self) -> None:
        """Forget the last command: the next one starts from standing."""
        self._ramp.halt()

    def _fault(self, decision: Decision, now_s: float) -> str:
        """Why a Decision cannot be used; '' if it can."""
        if not isinstance(decision.skill, Skill):
            names = ', '.join(skill.value for skill in Skill)
            return f'skill is {decision.skill!r}; known are {names}'
        for name, value in (('stamp_s', decision.stamp_s), ('amount', decision.amount),
                            ('confidence', decision.confidence),
                            ('image_stamp_s', decision.image_stamp_s)):
            if value is not None and not math.isfinite(value):
                return f'{name} is {value}; it must be finite'
        place = decision.place
        if place is not None and not all(map(math.isfinite, place)):
            return f'the place to go to is {place}; it must be finite'
        before = self._decision
        if before is not None and now_s - self._decided_s <= self.config.limits.stale_s \
                and before.stamp_s - _SKIP_S < decision.stamp_s < before.stamp_s:
            return f'late: stamp {decision.stamp_s} after {before.stamp_s}'
        return ''

    def _start(self, decision: Decision, now_s: float) -> None:
        """Begin the skill of a new instruction."""
        self.memory = None
        self._reflexes.reset()
        self._began_s = self._imaged_s = now_s
        self._blind_s = 0.0
        self._run = self._make(decision)
        self._status = SkillStatus(
            stamp_s=self._stamp_s(), instruction_id=decision.instruction_id,
            skill=decision.skill, state=State.RUNNING)

    def _make(self, decision: Decision) -> Run:
        limits, skill = self.config.limits, decision.skill
        if skill is Skill.STOP:
            return Stop()
        if skill is Skill.MOVE:
            amount = limits.default_move_m if decision.amount is None else decision.amount
            return Move(min(limits.move_m, max(-limits.move_m, amount)))
        if skill is Skill.TURN:
            amount = limits.default_turn_rad if decision.amount is None else decision.amount
            return Turn(min(limits.turn_rad, max(-limits.turn_rad, amount)))
        if skill is Skill.UNCLEAR:
            return Refuse('unclear')
        if skill not in TARGET_SKILLS:
            return Rest()
        if not decision.known:
            return Refuse('unknown_word')
        if decision.place is not None:
            return self._led_to(*decision.place, skill)
        walking = _WALKING_MPS if skill is Skill.FOLLOW else 0.0
        self.memory = TargetMemory(self.config.memory, self.config.body, walking_mps=walking)
        self.world.grid.forget_looks()
        if skill is Skill.FOLLOW:
            return Follow(self.memory)
        return GoTo(self.memory) if skill is Skill.GO_TO else Face(self.memory)

    def _led_to(self, x_m: float, y_m: float, skill: Skill) -> Run:
        """What is done with a place that is remembered."""
        if skill is not Skill.TURN_TO:
            return Visit(x_m, y_m)
        pose = self.world.poses.newest
        return Turn(pose.bearing(x_m, y_m)) if pose is not None else Refuse('no_odometry')

    def _see(self, decision: Decision, now_s: float) -> None:
        """Put the sightings of a Decision where they were seen from."""
        stamp = decision.image_stamp_s
        if self.memory is None or stamp is None:
            return
        if stamp != self._image_s:
            self._image_s, self._imaged_s = stamp, now_s
        pose = self.world.poses.at(stamp)
        if pose is None:
            return          # older than all odometry kept, or far ahead of it: of no use
        sightings = sane(decision.sightings[:_MOST_SIGHTINGS])
        self.memory.add(sightings, pose, stamp, self.world.scan_from(pose, stamp))
        self.world.look(pose, stamp)
        if isinstance(self._run, Follow):
            self._run.see(self.world, sightings, stamp)

    def _wanted(self, now_s: float) -> tuple[Velocity, bool]:
        """The velocity that the skill wants, and whether a stop must be at once."""
        limits = self.config.limits
        if self._run is None:
            return self._led(now_s), False
        age = now_s - self._decided_s
        if age > limits.stale_s and not isinstance(self._run, Stop):
            if age > limits.give_up_s:
                self._end(State.FAILED, 'stale')
            return Velocity(), True
        missing, share = self._overdue(now_s)
        if share > 1.0:
            self._blind_s += self.world.step_s
            if self._blind_s > limits.give_up_s:
                self._end(State.FAILED, missing)
            return Velocity(), True
        self._blind_s = 0.0
        if self._reflexes.exhausted:
            step = failed('blocked')
        elif now_s - self._began_s > self._longest_s():
            step = failed('timeout')
        else:
            step = self._run.step(self.world)
        self._report(step)
        if step.state is not State.RUNNING:
            self._run = None
        return step.velocity, False

    def _led(self, now_s: float) -> Velocity:
        """What the person who leads wants now; zero when nobody does, or a sense is missing."""
        limits = self.config.limits
        blind = self.world.age_s('body') > limits.sense_stale_s or (
            self.config.body.has_scan and self.world.age_s('scan') > limits.sense_stale_s)
        if blind or now_s - self._lead_s > limits.stale_s:
            return Velocity()
        return self._lead

    def _longest_s(self) -> float:
        limits = self.config.limits
        if isinstance(self._run, Follow):
            return limits.skill_s + limits.follow_s
        if isinstance(self._run, (Move, Turn)):
            most = limits.move_m / 0.1 if isinstance(self._run, Move) else limits.turn_rad / 0.2
            return min(most, 3600.0)
        return limits.skill_s

    def _overdue(self, now_s: float) -> tuple[str, float]:
        """Of all that the run needs, what is oldest: why that fails it, and its age as a share of
        the age at which the robot stops. ('', 0.0) when it needs nothing."""
        run, limits = self._run, self.config.limits
        if run is None or isinstance(run, (Stop, Rest, Refuse)):
            return '', 0.0
        ages = [('stale', (now_s - self._decided_s) / limits.stale_s),
                ('no_odometry', self.world.age_s('body') / limits.sense_stale_s)]
        if self.config.body.has_scan and not isinstance(run, Turn):
            ages.append(('no_scan', self.world.age_s('scan') / limits.sense_stale_s))
        if self.memory is not None:
            ages.append(('stale', (now_s - self._imaged_s) / limits.image_stale_s))
        return max(ages, key=lambda age: age[1])

    def _report(self, step: Step) -> None:
        """Turn a step into the status."""
        one, bearing, far = step.target, None, step.range_m
        if one is not None and self.world.poses.newest is not None:
            bearing = self.world.pose.bearing(one.at[0], one.at[1])
            if far is None:
                far = self.world.pose.distance(one.at[0], one.at[1])
        self._status = replace(
            self._status, state=step.state, reason=step.reason, progress=step.progress,
            target_probability=0.0 if one is None else one.belief, bearing_rad=bearing,
            range_m=far)

    def _end(self, state: State, reason: str) -> None:
        self._run = None
        self._status = replace(self._status, state=state, reason=reason)

    def _jumped(self) -> None:
        """The odom frame is another one: places remembered in it mean nothing now."""
        self.world.jumped = False
        if self._run is not None and not isinstance(self._run, (Stop, Rest, Refuse)):
            self._end(State.FAILED, 'no_odometry')

    def _stamp_s(self) -> float:
        """Stamp of the status: the sender's clock, as far as it is known."""
        body = self.world.poses.body
        if body is not None:
            return body.stamp_s
        return self._decision.stamp_s if self._decision is not None else 0.0
