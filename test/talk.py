"""A conversation by hand, for tests: no thread, no core; words mean what PHRASES says."""
from __future__ import annotations

import math
import re
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from fake_mind import FakeVoice, status

from yan_brain.learning.database import Database
from yan_brain.learning.tricks import Trick, TrickBook
from yan_brain.mind.conversation import Conversation
from yan_brain.mind.parties import Parties
from yan_brain.mind.tasks import Origin, Task, TaskConfig
from yan_brain.signals import (
    Body,
    BrainState,
    Decision,
    Percept,
    Skill,
)

PHRASES: list[tuple[str, Skill, float | None]] = [
    (r'when i say (\w+)\b.*', Skill.TRICK, None), (r'when you see the (red ball|wug)\b.*',
                                                   Skill.WHEN, None),
    (r'when it is (dark)\b.*', Skill.WHEN, None), (r'(?:学会|我说)(跳舞).*', Skill.TRICK, None),
    (r'do the (\w+)', Skill.PERFORM, None),
    (r'(?:do this|watch me|if i say|我说|学会)', Skill.WATCH, 1.0),
    (r'if i say (\w+)\b.*', Skill.TRICK, None),
    (r'done', Skill.WATCH, -1.0), (r'turn left', Skill.TURN, 1.5), (r'go back', Skill.MOVE, -0.5),
    (r'左转', Skill.TURN, 1.5), (r'后退半米', Skill.MOVE, -0.5),
    (r'this is a (\w+)', Skill.TEACH, None),
    (r'go to the (.+)', Skill.GO_TO, None), (r'undo', Skill.FORGET, None),
    (r'good', Skill.FEEDBACK, 1.0), (r'wrong', Skill.FEEDBACK, -1.0),
    (r'forget (\w+)', Skill.FORGET, None), (r'what do you know', Skill.RECALL, None),
]


def _meant(text: str) -> Decision:
    for pattern, skill, amount in PHRASES:
        match = re.fullmatch(pattern, text.casefold())
        if match:
            argument = match[1] if match.groups() else ''
            return Decision(stamp_s=0, version='', skill=skill, argument=argument, amount=amount,
                            confidence=0.9, known='wug' not in argument,
                            language='en' if text.isascii() else 'zh')
    return Decision(stamp_s=0, version='', skill=Skill.UNCLEAR, confidence=0.9)


@dataclass
class _Thought:
    decision: Decision
    percepts: tuple[Percept, ...] = ()
    state: BrainState = field(default_factory=lambda: BrainState(stamp_s=0, version=''))


def finished(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future


class _Device:
    def __init__(self) -> None:
        self.called: list[str] = []

    def find(self, words: str) -> str:
        return 'lamp' if words == 'lights on' else ''

    def call(self, name: str) -> Future[None]:
        self.called.append(name)
        return finished(None)


class Talk:
    """A conversation, its thinker and its body, all by hand."""

    def __init__(self, **others: Any) -> None:
        self.book = others.get('book') or TrickBook(Database(None))
        self.lead = others.pop('lead', lambda decision: decision)     # to places
        self.device = _Device()
        self.said: list[str] = []
        self.ended: list[tuple[Task, str]] = []
        self.judged: list[tuple[float, int, str]] = []
        self.undone = 0
        self.waiting: list[Task] = []
        self.number = 0
        self.percepts: tuple[Percept, ...] = ()
        self._work: list[Callable[[], None]] = []
        parties: dict[str, Any] = {
            'voice': FakeVoice(), 'teach': lambda name: finished(None), 'forget': self._forget,
            'concepts': list, 'say': self.said.append, 'post': self._work.append,
            'began': lambda t: None, 'news': lambda t: None,
            'ended': lambda task, reply: self.ended.append((task, reply)),
            'book': self.book, 'teach_trick': self._teach, 'undo': self._undo,
            'correct': lambda *about: finished(self.book.correct(*about)),
            'feedback': lambda *about: finished(self.judged.append(about)), 'device': self.device}
        self.talk = Conversation(
            TaskConfig(), self, Parties(**parties | others))  # type: ignore[arg-type]

    def hear(self, task: Task) -> list[Task]:
        self.waiting.append(task)
        return []

    def understand(self, text: str) -> Future[Decision]:
        return finished(_meant(text))

    def finish(self, instruction_id: int) -> None:
        pass

    def _teach(self, trick: Trick) -> Future[Trick]:
        self.book.teach(trick)
        return finished(trick)

    def _forget(self, name: str) -> Future[bool]:
        return finished(self.book.forget(name))

    def _undo(self) -> Future[str]:
        newest = self.book.newest()
        return finished(newest.name if newest and self.book.forget(newest.name) else '')

    def run(self) -> None:
        """Do what was posted."""
        while self._work:
            self._work.pop(0)()

    def tick(self) -> Decision | None:
        """Think about the next words; what came of them."""
        task = self.waiting.pop(0) if self.waiting else None
        decision = Decision(stamp_s=0, version='', instruction_id=self.number)
        if task is not None:
            self.number += 1
            meant = _meant(task.text)
            if task.order is not None:
                meant = replace(task.order, known=True)
            decision = replace(meant if meant.place else self.lead(meant),
                               instruction_id=self.number)
        self.talk.thought(_Thought(decision, self.percepts), task)
        self.run()
        return decision if task is not None else None

    def say(self, text: str) -> Task:
        task = self.talk.submit(text, Origin.TYPED)
        self.run()
        while self.waiting and self.tick() and not task.ended and task.decision is None:
            pass
        return task

    def steps(self, most: int = 50) -> list[tuple[Skill, float | None]]:
        """Let the body do one step after the other."""
        found: list[tuple[Skill, float | None]] = []
        for _ in range(most):
            current = self.talk.tasks.current
            if current is None or current.decision is None:
                if not self.waiting:
                    break
                self.tick()
                continue
            found.append((current.decision.skill, current.decision.amount))
            self.talk.status(status(current.decision, 'succeeded'))
            self.run()
        return found

    def led(self, parts: list[tuple[float, float]], start: tuple[float, float, float]) -> None:
        """Odometry while somebody leads the robot: moves (metres, radians)."""
        (x, y, yaw), t = start, 0.0
        for metres, radians in parts:
            for _ in range(50):
                yaw += radians / 50
                x, y = x + metres / 50 * math.cos(yaw), y + metres / 50 * math.sin(yaw)
                t += 0.05
                self.feel(x, y, yaw, t)

    def feel(self, x: float, y: float, yaw: float, t: float = 0.0) -> None:
        self.talk.felt(Body(stamp_s=t, x_m=x, y_m=y, yaw_rad=math.remainder(yaw, 2 * math.pi),
                            speed_mps=0.0, turn_rate_radps=0.0))
