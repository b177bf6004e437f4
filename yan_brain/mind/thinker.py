"""The thread that thinks: one Moment in and one Decision out, tick by tick."""
from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol

from yan_brain.mind.moments import Gatherer
from yan_brain.mind.pace import Pace
from yan_brain.mind.reflex import is_stop
from yan_brain.mind.tasks import Task
from yan_brain.signals import (
    TARGET_SKILLS,
    BrainState,
    Decision,
    Moment,
    Percept,
    Sighting,
    Skill,
)

# What bad input can raise in a mind; all else is a fault of the program and ends it.
BAD_INPUT = (ValueError, RuntimeError, ArithmeticError, LookupError, OSError)
CLOSE_LIMIT_S = 2.0


class ThoughtLike(Protocol):
    """What one tick came to."""

    @property
    def decision(self) -> Decision: ...
    @property
    def percepts(self) -> tuple[Percept, ...]: ...
    @property
    def state(self) -> BrainState: ...


class Thinking(Protocol):
    """What a Thinker needs of a mind. All of it is called by one thread."""

    @property
    def version(self) -> str: ...
    def tick(self, moment: Moment) -> ThoughtLike: ...
    def finish(self, instruction_id: int) -> None: ...
    def understand(self, text: str) -> Decision: ...


@dataclass(frozen=True, kw_only=True)
class Outlet:
    """Where thoughts go. `decide` is called in order, by one thread at a time.

    `thought` gets what a tick came to and the words that went in; `failed` why a tick came to
    nothing, and those words; `broke` what ended the thread, which should end the process.
    """

    decide: Callable[[Decision], None]
    thought: Callable[[ThoughtLike, Task | None], None]
    failed: Callable[[str, Task | None], None]
    broke: Callable[[BaseException], None]


class Thinker:
    """Runs a mind at a pace in a thread of its own, so that nothing waits for a slow tick.

    Published instruction numbers are the mind's, moved up by one for every stop that it never
    came to know of. A decision older than the newest instruction is never let out. `led` puts
    the place into a decision that leads to one.
    """

    def __init__(self, mind: Thinking, gatherer: Gatherer, pace: Pace, outlet: Outlet,
                 now_s: Callable[[], float] = time.time,
                 led: Callable[[Decision], Decision] = lambda decision: decision) -> None:
        self.mind, self.gatherer, self.pace = mind, gatherer, pace
        self.failures = 0
        self.tick_ms = 0.0
        self._outlet, self._now_s, self._led = outlet, now_s, led
        self._place: tuple[Sighting, ...] = ()  # that the words under way came with
        self._gate = threading.Lock()           # guards the numbers below and the way out
        self._newest = 0
        self._ahead = 0                         # published less the mind's own number
        self._stops: set[int] = set()           # instructions that are a stop, come what may
        self._finished: deque[int] = deque()
        self._questions: deque[tuple[str, Future[Decision]]] = deque()
        self._thread = threading.Thread(target=self._run, name='think', daemon=True)

    def start(self) -> None:
        """Begin to tick."""
        self._thread.start()

    def close(self) -> None:
        """End after the tick under way; nothing that was told goes on after it.

        Raises:
            RuntimeError: it does not end within CLOSE_LIMIT_S.
        """
        self.pace.close()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_LIMIT_S)
            if self._thread.is_alive():
                raise RuntimeError(f'a tick did not end within {CLOSE_LIMIT_S} s')
        self._finish()
        # What the last tick began may be news to nobody any more: nobody would finish it.
        self.mind.finish(self._newest - self._ahead)
        while self._questions:
            self._questions.popleft()[1].cancel()

    def hear(self, task: Task) -> list[Task]:
        """Words to think about; a stop acts now. Returns waiting words that it dropped.

        Raises:
            ValueError: too many words are waiting.
        """
        if not is_stop(task.text):
            self.gatherer.read(task)
            self.pace.heard()
            return []
        dropped = self.gatherer.read_first(task)
        with self._gate:
            self._ahead += sum(is_stop(other.text) for other in dropped)
            self._newest += 1
            self._stops.add(self._newest)
            self._outlet.decide(Decision(
                stamp_s=self._now_s(), version=self.mind.version, skill=Skill.STOP,
                instruction_id=self._newest, confidence=1.0,
                language='en' if task.text.isascii() else 'zh'))
        self.pace.heard()
        return dropped

    def finish(self, instruction_id: int) -> None:
        """The instruction is over: decisions go idle from the next tick on."""
        self._finished.append(instruction_id)

    def understand(self, text: str) -> Future[Decision]:
        """What the mind makes of words, without doing it."""
        answer: Future[Decision] = Future()
        self._questions.append((text, answer))
        self.pace.heard()
        return answer

    def _run(self) -> None:
        try:
            while self.pace.wait():
                self._tick()
                self._answer()
                if self.gatherer.words_wait:
                    self.pace.heard()
        except BaseException as error:
            self._outlet.broke(error)
            raise

    def _tick(self) -> None:
        began = time.perf_counter()
        self._finish()
        moment, task = self.gatherer.moment(self._now_s())
        try:
            thought = self._think(moment)
        except BAD_INPUT as error:
            self.failures += 1
            if task is not None and is_stop(task.text):
                self._ahead += 1
            self._outlet.failed(f'{type(error).__name__}: {error}', task)
            return
        finally:
            self.tick_ms = (time.perf_counter() - began) * 1e3
        self._outlet.thought(self._let_out(thought, task), task)

    def _finish(self) -> None:
        while self._finished:
            self.mind.finish(self._finished.popleft() - self._ahead)

    def _think(self, moment: Moment) -> ThoughtLike:
        """One tick; words are not lost to a bad image or sound beside them."""
        try:
            return self.mind.tick(moment)
        except BAD_INPUT as error:
            if moment.text is None:
                raise
            self.failures += 1
            self._outlet.failed(f'{type(error).__name__}: {error}', None)
            return self.mind.tick(Moment(stamp_s=moment.stamp_s, text=moment.text,
                                         order=moment.order))

    def _let_out(self, thought: ThoughtLike, task: Task | None) -> ThoughtLike:
        with self._gate:
            number = thought.decision.instruction_id + self._ahead
            if task is not None and is_stop(task.text):
                self._stops = {n for n in self._stops if n >= number}
                self._stops.add(number)
            decision = replace(self._placed(thought.decision, task), instruction_id=number)
            if number in self._stops and decision.skill not in (Skill.STOP, Skill.IDLE):
                decision = replace(decision, skill=Skill.STOP, argument='', amount=None,
                                   sightings=(), grounding=None, known=True)
            if number >= self._newest:
                self._newest = number
                self._outlet.decide(decision)
        return _Thought(decision, thought.percepts, thought.state)

    def _placed(self, decision: Decision, task: Task | None) -> Decision:
        """With the place that it leads to, which came with the words or is known by its name."""
        if task is not None:
            self._place = task.order.sightings if task.order is not None else ()
        if self._place and decision.skill in TARGET_SKILLS:
            return replace(decision, known=True, sightings=self._place, image_stamp_s=None,
                           grounding=None)
        return self._led(decision)

    def _answer(self) -> None:
        while self._questions:
            text, answer = self._questions.popleft()
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                answer.set_result(self._led(self.mind.understand(text)))
            except BAD_INPUT as error:
                answer.set_exception(error)


@dataclass(frozen=True, slots=True)
class _Thought:
    decision: Decision
    percepts: tuple[Percept, ...]
    state: BrainState
