"""What is done with words: begun, answered or handed to the body, and ended with a reply.

Belongs to the executor's thread; what comes from other threads is brought there by `post`.
"""
from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from yan_brain.mind.reflex import is_stop
from yan_brain.mind.tasks import Origin, Task, TaskConfig, Tasks
from yan_brain.mind.thinker import Thinker, ThoughtLike
from yan_brain.signals import Concept, Decision, Percept, Skill, SkillStatus

SILENT_ENDS = ('preempted', 'shutdown')      # somebody has just said something else


class Voice(Protocol):
    """What puts things into words, in the language of the decision."""

    def describe(self, percepts: tuple[Percept, ...], language: str) -> str: ...
    def recall(self, concepts: list[Concept], language: str) -> str: ...
    def taught(self, concept: Concept, language: str) -> str: ...
    def forgot(self, name: str, known: bool, language: str) -> str: ...
    def trouble(self, why: str, language: str) -> str: ...
    def ended(self, task: Task) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Parties:
    """Who takes part. `cannot_learn` are the errors with which a lesson may be refused."""

    voice: Voice
    teach: Callable[[str], Future[Concept]]      # off this thread, as is forgetting
    forget: Callable[[str], Future[bool]]
    concepts: Callable[[], list[Concept]]
    say: Callable[[str], None]
    post: Callable[[Callable[[], None]], None]
    began: Callable[[Task], None]
    news: Callable[[Task], None]
    ended: Callable[[Task, str], None]           # with the reply
    cannot_learn: tuple[type[Exception], ...] = (ValueError,)


class Conversation:
    """Runs one instruction at a time on a Thinker."""

    def __init__(self, config: TaskConfig, thinker: Thinker, parties: Parties) -> None:
        self.tasks = Tasks(config, self._ended)
        self.percepts: tuple[Percept, ...] = ()
        self.thinker = thinker
        self._with = parties

    def submit(self, text: str, origin: Origin) -> Task:
        """Take words.

        Raises:
            ValueError: too many are waiting.
        """
        task = self.tasks.begin(text, origin)
        try:
            dropped = self.thinker.hear(task)
        except ValueError:
            self.tasks.end(task, 'preempted')
            raise
        for other in dropped:
            self.tasks.end(other, 'preempted')
        return task

    def overheard(self, text: str) -> None:
        """Words from the air. What makes no sense does not disturb what is being done."""
        if self.tasks.current is None or is_stop(text):
            self._try_heard(text)
            return

        def understood(future: Future[Decision]) -> None:
            if future.cancelled() or future.exception() is not None \
                    or future.result().skill in (Skill.UNCLEAR, Skill.IDLE):
                return
            self._try_heard(text)

        asked = self.thinker.understand(text)
        asked.add_done_callback(lambda f: self._with.post(lambda: understood(f)))

    def cancel(self, task: Task) -> None:
        """End a task as cancelled and stop the body."""
        self.tasks.end(task, 'cancelled')
        self.submit('停' if _language(task) == 'zh' else 'stop', Origin.CANCEL)

    def thought(self, thought: ThoughtLike, task: Task | None) -> None:
        """A tick is over."""
        self.percepts = thought.percepts
        if self.tasks.decided(task, thought.decision) and task is not None:
            self._with.began(task)
            if thought.decision.reply:
                self._with.say(thought.decision.reply)
            self._answer(task, thought.decision)
        elif self.tasks.current is not None:
            self._with.news(self.tasks.current)

    def failed(self, why: str, task: Task | None) -> None:
        """A tick came to nothing."""
        if task is not None:
            task.answer = self._with.voice.trouble(why, 'en')
            self.tasks.end(task, why)

    def status(self, status: SkillStatus) -> None:
        """What the planner says."""
        self.tasks.status(status)
        if self.tasks.current is not None:
            self._with.news(self.tasks.current)

    def answer(self, decision: Decision) -> tuple[bool, str]:
        """Answer a question that was understood as `decision`; False: it is none."""
        voice, language = self._with.voice, decision.language
        if decision.skill is Skill.DESCRIBE:
            return True, voice.describe(self.percepts, language)
        if decision.skill is Skill.RECALL:
            return True, voice.recall(self._with.concepts(), language)
        return False, voice.trouble('unclear', language)

    def _try_heard(self, text: str) -> None:
        try:
            self.submit(text, Origin.HEARD)
        except ValueError as error:
            self._with.say(self._with.voice.trouble(str(error), 'en'))

    def _answer(self, task: Task, decision: Decision) -> None:
        """Skills of the brain itself."""
        voice, language = self._with.voice, decision.language
        if decision.skill in (Skill.DESCRIBE, Skill.RECALL):
            task.answer = self.answer(decision)[1]
            self.tasks.end(task, '')
        elif decision.skill in (Skill.TEACH, Skill.FORGET) and not decision.argument.strip():
            self.tasks.end(task, 'unclear')
        elif decision.skill is Skill.TEACH:
            self._later(task, self._with.teach(decision.argument),
                        lambda concept: voice.taught(concept, language))
        elif decision.skill is Skill.FORGET:
            name = decision.argument
            self._later(task, self._with.forget(name),
                        lambda known: voice.forgot(name, known, language))

    def _later(self, task: Task, future: Future[Any], say: Callable[[Any], str]) -> None:
        def done() -> None:
            if task.ended or future.cancelled():
                self.tasks.end(task, 'cancelled')
                return
            try:
                task.answer = say(future.result())
            except self._with.cannot_learn as error:
                task.answer = self._with.voice.trouble(str(error), _language(task))
                self.tasks.end(task, str(error))
                return
            self.tasks.end(task, '')

        future.add_done_callback(lambda _: self._with.post(done))

    def _ended(self, task: Task) -> None:
        if task.decision is not None:
            self.thinker.finish(task.decision.instruction_id)
        reply = task.answer or self._with.voice.ended(task)
        if task.origin is not Origin.CANCEL and task.reason not in SILENT_ENDS and reply:
            self._with.say(reply)
        self._with.ended(task, reply)


def _language(task: Task) -> str:
    return task.decision.language if task.decision else 'en'
