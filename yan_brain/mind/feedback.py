"""Praise and blame: what they are about, whose they are, and what is learned of them."""
from __future__ import annotations

from concurrent.futures import Future

from yan_brain.learning.tricks import MOVABLE
from yan_brain.mind.clauses import plain
from yan_brain.mind.parties import Parties
from yan_brain.mind.performance import step_of
from yan_brain.mind.tasks import Task
from yan_brain.signals import Skill

# What people do not mean by "good" or "wrong".
NO_DEEDS = frozenset({Skill.FEEDBACK, Skill.WATCH, Skill.IDLE})


class Feedback:
    """Belongs to the thread of the Conversation."""

    def __init__(self, parties: Parties) -> None:
        self._with = parties
        self._last: Task | None = None           # what feedback is about
        self._wrong: Task | None = None          # what was blamed; what comes next was meant
        self._blamer = ''

    def judge(self, task: Task, value: float) -> Future[None]:
        """`task` was praise (`value` above 0) or blame of what was done last."""
        about = self._last
        self._wrong, self._blamer = about if value < 0 else None, task.speaker
        if value > 0:
            self._praise(about)
        return self._with.feedback(value, about.instruction_id if about else 0,
                                   about.text if about else '')

    def ended(self, task: Task) -> None:
        """An instruction is over."""
        if task.decision is None or task.decision.skill not in NO_DEEDS:
            self._correct(task)
            self._last = task

    def _correct(self, task: Task) -> None:
        """What is asked for after blame is what should have been done."""
        wrong, self._wrong = self._wrong, None
        if wrong is None or task.decision is None or not task.succeeded:
            return
        # One sentence of the two may be too short to tell who it was; another person's wish
        # corrects nothing.
        whose = {self._blamer, task.speaker} - {''}
        words, meant = plain(wrong.text), task.decision
        if meant.skill in MOVABLE - {Skill.STOP} and words != plain(task.text) and len(whose) < 2:
            self._with.correct(words, step_of(task.text, meant), meant.language,
                               whose.pop() if whose else '')

    def _praise(self, task: Task | None) -> None:
        """What was done upon these words was right."""
        done = task.decision if task is not None and task.succeeded else None
        if task is not None and done is not None and done.skill in MOVABLE and (
                task.order is None and self._with.praise is not None):
            self._with.praise(plain(task.text), step_of(task.text, done), done.language)
