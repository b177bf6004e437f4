"""One instruction carried out in one room, in lockstep: sense, decide, plan, move.

Time is simulated: the robot thinks at 10 Hz and is commanded at 20 Hz, and a command acts one
tick after it was made, as it does over ROS. What the policy and the planner get is what the
robot senses; success is judged by the truth.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from yan_brain.evaluation.policies import Policy
from yan_brain.evaluation.tasks import TARGETS, Task
from yan_brain.planning.config import PlannerConfig
from yan_brain.planning.planner import Planner
from yan_brain.signals import Decision, Skill, SkillStatus, State, Velocity
from yan_brain.simulation.home import Home, Senses
from yan_brain.simulation.judge import Judge
from yan_brain.simulation.room import Pose

TICK_S = 0.05                   # of control; thinking is at every second one
LIMIT_S = 130.0                 # of an episode, in simulated time
FOLLOW_S = 20.0                 # any such stretch ...
FOLLOW_WITHIN_S = 90.0          # ... before this time
FOLLOW_M = (0.4, 1.5)
FOLLOW_SHARE = 0.8
GO_TO_M = 0.6
TURN_TO_RAD = math.radians(10)
TURN_RAD = math.radians(5)
MOVE_SHARE = 0.10
STOP_AFTER_S = 1.5              # into a drive the stop is said ...
STOP_WITHIN_S = 1.5             # ... and by then the robot must stand
_STILL_MPS = 0.03
_SETTLE_S = 0.5                 # after the claim the robot is judged
_TELL_S = 0.3                   # the words arrive

Listen = Callable[[Senses], str | None]


@dataclass(slots=True, kw_only=True)
class Result:
    """How an episode went."""

    task: Task
    success: bool
    cause: str                          # of a failure; '' for success
    seconds: float
    claim: str                          # what was claimed: done, absent, a reason, or ''
    distance_m: float | None = None     # to the target's surface at the end
    bearing_rad: float | None = None
    hits: int = 0
    heard: str = ''
    decided: str = ''                   # skill and argument as understood
    path: list[tuple[float, float, float]] = field(default_factory=list)


@dataclass(slots=True)
class _Course:
    """What happened so far."""

    heard: str = ''
    decided: Decision | None = None
    claim: str = ''
    inside: list[bool] = field(default_factory=list)    # following: at each tick
    followed: bool = False
    came_near: bool = False
    told_s: float | None = None
    stood: bool = False


class Episode:
    """Runs one task. `start` begins it, each `step` is one control tick."""

    def __init__(self, task: Task, home: Home, judge: Judge, policy: Policy, *,
                 config: PlannerConfig | None = None, listen: Listen | None = None,
                 limit_s: float = LIMIT_S) -> None:
        """`listen` turns sound into words; None: the text is typed."""
        self.task, self.home, self.judge, self.policy = task, home, judge, policy
        self.planner = Planner(config)
        self._listen = listen
        self._limit_s = limit_s
        self._thing = judge.find(task.colour, task.kind) if task.colour else None
        self._course = _Course()
        self._pending = Velocity()
        self._words: str | None = None      # heard since the last thought
        self._began = judge.pose
        self._turned_rad, self._yaw = 0.0, judge.pose.yaw_rad
        self.path = [(judge.pose.x_m, judge.pose.y_m, judge.pose.yaw_rad)]
        if task.walk_mps and self._thing is not None:
            home.walk(self._thing, speed_mps=task.walk_mps)

    def run(self) -> Result:
        """Run to the end and judge."""
        tick = 0
        while self.home.time_s < self._limit_s and not self._over():
            self._step(tick)
            tick += 1
        for _ in range(round(_SETTLE_S / TICK_S)):
            self._advance(Velocity())
        return self._judged()

    def _step(self, tick: int) -> None:
        senses = self.home.sense()
        # The simulation's time also serves as the steady clock: they run as one here.
        now = self.home.time_s
        self.planner.sense(scan=senses.scan, body=senses.body, touch=senses.touch)
        if self._listen is not None and senses.sound.samples.size:
            # Every piece of sound is heard, also between two thoughts.
            self._words = self._listen(senses) or self._words
        if tick % 2 == 0:
            decision = self._think(senses)
            self.planner.decide(decision, now)
        velocity, status = self.planner.control(now)
        self._advance(self._pending)
        self._pending = velocity
        self._note(status)

    def _think(self, senses: Senses) -> Decision:
        """Give the words when it is time, and decide."""
        course, text = self._course, None
        if self.task.skill is Skill.STOP and senses.stamp_s < STOP_AFTER_S:
            return Decision(stamp_s=senses.stamp_s, version='before', instruction_id=999_999,
                            skill=Skill.MOVE, amount=1.5)
        ready = course.told_s is None and senses.stamp_s >= (
            STOP_AFTER_S if self.task.skill is Skill.STOP else _TELL_S)
        if ready and self._listen is None:
            course.told_s, text = senses.stamp_s, self.task.text
        elif self._listen is not None:
            if ready:
                course.told_s = senses.stamp_s
                self.home.say(self.task.text)
            text, self._words = self._words, None
        if text is not None:
            course.heard = text
        decision = self.policy.tick(senses, text)
        if decision.skill is not Skill.IDLE and (text or course.decided is None):
            course.decided = decision
        return decision

    def _advance(self, velocity: Velocity) -> None:
        self.home.advance(velocity, TICK_S)
        pose = self.judge.pose
        self._turned_rad += math.remainder(pose.yaw_rad - self._yaw, 2 * math.pi)
        self._yaw = pose.yaw_rad
        if math.dist(self.path[-1][:2], (pose.x_m, pose.y_m)) > 0.05:
            self.path.append((pose.x_m, pose.y_m, pose.yaw_rad))

    def _note(self, status: SkillStatus) -> None:
        """Take down claims, and what following is judged by."""
        course, now = self._course, self.home.time_s
        said = self.policy.claim(now)
        if said is not None:
            course.claim = said
        elif course.decided is not None and course.decided.version != 'random' \
                and status.instruction_id == course.decided.instruction_id \
                and status.state is not State.RUNNING:
            course.claim = 'done' if status.state is State.SUCCEEDED else (
                'absent' if status.reason == 'not_found' else status.reason or status.state.value)
        if self.task.skill is Skill.STOP and course.told_s is not None:
            body = self.home.base.body(now)
            course.stood = abs(body.speed_mps) < _STILL_MPS
        if self.task.skill is Skill.FOLLOW and self._thing is not None \
                and course.decided is not None:
            self._sample(self.judge.distance_m(self._thing))

    def _sample(self, distance_m: float) -> None:
        course, ticks = self._course, round(FOLLOW_S / TICK_S)
        inside = FOLLOW_M[0] <= distance_m <= FOLLOW_M[1]
        course.inside.append(inside)
        course.came_near = course.came_near or inside
        last = course.inside[-ticks:]
        course.followed = len(last) == ticks and sum(last) >= FOLLOW_SHARE * ticks

    def _over(self) -> bool:
        course, now = self._course, self.home.time_s
        if course.claim:
            return True
        if self.task.skill is Skill.STOP:
            return course.told_s is not None and now - course.told_s > STOP_WITHIN_S + (
                8.0 if self._listen is not None else 0.0)
        if self.task.skill is Skill.FOLLOW and self._thing is not None:
            return course.followed or now > FOLLOW_WITHIN_S
        return False

    def _judged(self) -> Result:
        task, course = self.task, self._course
        result = Result(
            task=task, success=False, cause='', seconds=self.home.time_s, claim=course.claim,
            hits=self.judge.hits + int(self.judge.hit and not self.judge.hits),
            heard=course.heard, path=self.path)
        if course.decided is not None:
            result.decided = f'{course.decided.skill.value} {course.decided.argument}'.strip()
        if self._thing is not None:
            result.distance_m = self.judge.distance_m(self._thing)
            result.bearing_rad = self.judge.bearing_rad(self._thing)
        cause = self._cause(result)
        return replace(result, success=not cause, cause=cause)

    def _cause(self, result: Result) -> str:
        """Why the episode failed; '' when it succeeded."""
        task, course = self.task, self._course
        if result.hits:
            return 'hit'
        if course.decided is None:
            return 'not understood'
        if course.decided.version not in ('random', 'oracle') \
                and course.decided.skill is not task.skill:
            return f'took it for {course.decided.skill.value}'
        if task.skill not in TARGETS:
            return self._motion_cause()
        if task.absent:
            return '' if result.claim == 'absent' else (
                'found what is absent' if result.claim == 'done' else result.claim or 'timeout')
        if task.skill is Skill.FOLLOW:
            return self._follow_cause(result)
        if result.claim != 'done':
            return {'absent': 'missed it', '': 'timeout'}.get(result.claim, result.claim)
        return self._target_cause(result)

    def _target_cause(self, result: Result) -> str:
        assert self._thing is not None and result.distance_m is not None
        verdict = self.judge.verdict(self._thing)
        if self.task.skill is Skill.GO_TO:
            if verdict.distance_m <= GO_TO_M:
                return ''
            return 'stopped short' if abs(verdict.bearing_rad) < 0.35 else 'wrong thing'
        if self.task.skill is Skill.FIND:
            return '' if verdict.in_view else 'wrong thing'
        return '' if abs(verdict.bearing_rad) <= TURN_TO_RAD else 'wrong thing'

    def _follow_cause(self, result: Result) -> str:
        course = self._course
        if course.followed:
            return ''
        if result.claim == 'absent':
            return 'missed it'
        return 'lost it' if course.came_near else 'never came near'

    def _motion_cause(self) -> str:
        task, course, pose = self.task, self._course, self.judge.pose
        if task.skill is Skill.STOP:
            return '' if course.stood else 'did not stop'
        if course.claim != 'done':
            return course.claim or 'timeout'
        if task.skill is Skill.TURN:
            return '' if abs(self._turned_rad - task.amount) <= TURN_RAD else 'wrong angle'
        went = _along(self._began, pose)
        close = abs(went - task.amount) <= MOVE_SHARE * abs(task.amount)
        aside = abs(self._turned_rad) <= TURN_RAD * 2
        return '' if close and aside else 'wrong distance'


def _along(began: Pose, ended: Pose) -> float:
    """Signed distance driven along the heading at the start."""
    return ((ended.x_m - began.x_m) * math.cos(began.yaw_rad)
            + (ended.y_m - began.y_m) * math.sin(began.yaw_rad))
