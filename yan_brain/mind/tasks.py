"""Instructions from the first word to the reply: one at a time, each with an end.

An instruction begins as words, gets a number and a skill from the mind, is run by the planner
(or answered by the brain itself), and ends exactly once: done, failed for a reason, cancelled,
or preempted by the next one. Belongs to one thread.
"""
from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from yan_brain.settings import check, setting
from yan_brain.signals import TARGET_SKILLS, Decision, Skill, SkillStatus, State

# Skills that the planner runs; the brain answers all others by itself.
BODY_SKILLS = TARGET_SKILLS | {Skill.STOP, Skill.MOVE, Skill.TURN}


MOST_HELD = 8
OLD_STATUS_S = 0.5       # a planner has taken up a new instruction by then


class Origin(str, Enum):
    """Where words came from."""

    TYPED = 'typed'
    HEARD = 'heard'
    GOAL = 'goal'        # of the instruct action
    CANCEL = 'cancel'    # of a goal
    STEP = 'step'        # of a trick
    WHEN = 'when'        # something was perceived


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """How long is waited for what."""

    decide_s: float = setting(
        5.0, 'longest time from words to a decision', minimum=0.1, maximum=60.0)
    planner_silence_s: float = setting(
        3.0, 'silence of the planner after which an instruction fails', minimum=0.2, maximum=60.0)
    limit_s: float = setting(
        300.0, 'longest time for one instruction', minimum=1.0, maximum=86400.0)

    def __post_init__(self) -> None:
        check(self)


@dataclass(eq=False)
class Task:
    """One instruction. `reason` is empty when it succeeded; `ended` tells whether it is over."""

    text: str
    origin: Origin
    since_s: float = field(default_factory=time.monotonic)
    decision: Decision | None = None
    status: SkillStatus | None = None
    heard_of_s: float = 0.0              # steady time of the last decision or status that counts
    ended: bool = False
    reason: str = ''
    seconds: float = 0.0
    answer: str = ''                     # what the brain found by itself, to be said at the end
    order: Decision | None = None        # what the words mean, where that is known beforehand
    speaker: str = ''                    # name of who said it; '': not known, or not said aloud

    @property
    def succeeded(self) -> bool:
        """Ended well."""
        return self.ended and not self.reason

    @property
    def instruction_id(self) -> int:
        """0 until it was decided."""
        return self.decision.instruction_id if self.decision else 0


class Tasks:
    """The instruction that runs, and those whose words were not thought about yet.

    `on_end` is called once with each task that ended, with its `reason` set: a reason of
    SkillStatus, or 'preempted', 'cancelled', 'no_decision', 'no_planner', 'shutdown'.
    """

    def __init__(self, config: TaskConfig, on_end: Callable[[Task], None],
                 steady_s: Callable[[], float] = time.monotonic) -> None:
        self.config = config
        self.current: Task | None = None
        self._waiting: list[Task] = []
        self._held: deque[Task] = deque()          # not to be thought about yet
        self._newest_id = 0
        self._last: SkillStatus | None = None      # of the planner, whatever it was of ...
        self._old: SkillStatus | None = None       # ... and the last before the one that runs
        self._on_end = on_end
        self._steady_s = steady_s

    @property
    def busy(self) -> bool:
        """Words wait to be thought about, or the brain itself has something to do: a lesson."""
        running = self.current
        return any(task.origin is not Origin.STEP for task in self._waiting) or (
            running is not None and running.decision is not None
            and running.decision.skill not in BODY_SKILLS)

    def hold(self, task: Task) -> None:
        """Keep what was said until it is its turn: one thing after another.

        Raises:
            ValueError: too much is waiting.
        """
        if len(self._held) == MOST_HELD:
            raise ValueError(f'{MOST_HELD} instructions are waiting already; '
                             'say them one after the other')
        self._held.append(task)

    def holds(self, task: Task) -> bool:
        """Whether it is not its turn yet."""
        return task in self._held

    def next(self) -> Task | None:
        """The first that was held, when it is its turn."""
        while self._held and not self.busy:
            task = self._held.popleft()
            if not task.ended:
                return task
        return None

    def begin(self, task: Task) -> None:
        """Words that are thought about in the next tick."""
        task.since_s = self._steady_s()
        self._waiting.append(task)

    def decided(self, task: Task | None, decision: Decision) -> bool:
        """A tick is over; `task` are the words that went into it. True: it runs from now on."""
        fresh = decision.instruction_id != self._newest_id
        self._newest_id = decision.instruction_id
        if task is not None and task in self._waiting:
            self._waiting.remove(task)
            if not fresh:                                # the mind made nothing of it
                self.end(task, 'unclear')
                return False
            task.decision, task.heard_of_s = decision, self._steady_s()
            self._drop_current('preempted')
            self.current, self._old = task, self._last
            if decision.skill in TARGET_SKILLS and not decision.known:
                self.end(task, 'unknown_word')
            elif decision.skill in (Skill.UNCLEAR, Skill.IDLE):
                self.end(task, 'unclear')
            return not task.ended
        if self.current and decision.instruction_id == self.current.instruction_id \
                and decision.skill != Skill.IDLE:
            self.current.decision = decision
        return False

    def status(self, status: SkillStatus) -> None:
        """What the planner says."""
        self._last = status
        task = self.current
        if task is None or task.decision is None or task.decision.skill not in BODY_SKILLS \
                or status.instruction_id != task.instruction_id \
                or status.skill != task.decision.skill:
            return
        # Numbers start over with a new mind: the planner may still speak of the old one's first.
        if self._old and _same(status, self._old) \
                and self._steady_s() - task.heard_of_s < OLD_STATUS_S:
            return
        task.status, task.heard_of_s = status, self._steady_s()
        if status.state == State.SUCCEEDED:
            self.end(task, '')
        elif status.state == State.CANCELLED:
            self.end(task, 'cancelled')
        elif status.state == State.FAILED:
            self.end(task, status.reason or 'failed')

    def expire(self) -> None:
        """Ends what has waited too long. Call it a few times a second."""
        now_s = self._steady_s()
        for task in [t for t in self._waiting if now_s - t.since_s > self.config.decide_s]:
            self.end(task, 'no_decision')
        running = self.current
        if running is None or running.decision is None:
            return
        if now_s - running.since_s > self.config.limit_s:
            self.end(running, 'timeout')
        elif running.decision.skill in BODY_SKILLS \
                and now_s - running.heard_of_s > self.config.planner_silence_s:
            self.end(running, 'no_planner')

    def end(self, task: Task, reason: str) -> None:
        """Ends a task, once; empty reason: it succeeded."""
        if task.ended:
            return
        task.ended, task.reason, task.seconds = True, reason, self._steady_s() - task.since_s
        if task in self._waiting:
            self._waiting.remove(task)
        if task is self.current:
            self.current = None
        self._on_end(task)

    def release(self, task: Task) -> None:
        """It goes on by itself: other words begin without ending it."""
        if task is self.current:
            self.current = None

    def end_all(self, reason: str) -> None:
        """Ends everything."""
        self.drop_held(reason)
        for task in list(self._waiting):
            self.end(task, reason)
        self._drop_current(reason)

    def drop_held(self, reason: str) -> None:
        """What was held is not wanted any more."""
        while self._held:
            self.end(self._held.popleft(), reason)

    def _drop_current(self, reason: str) -> None:
        if self.current is not None:
            self.end(self.current, reason)


def _same(one: SkillStatus, other: SkillStatus) -> bool:
    return (one.instruction_id, one.skill, one.state, one.reason) == (
        other.instruction_id, other.skill, other.state, other.reason)
