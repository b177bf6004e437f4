"""What is done with words: begun, answered or handed to the body, and ended with a reply.

Belongs to the executor's thread; what comes from other threads is brought there by `post`.
"""
from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from yan_brain.learning.naming import told
from yan_brain.learning.tricks import Step, Trick
from yan_brain.mind.clauses import plain
from yan_brain.mind.feedback import Feedback
from yan_brain.mind.occasions import Occasions, things_in
from yan_brain.mind.parties import Parties
from yan_brain.mind.performance import Performer, order
from yan_brain.mind.phrases import asks_where, asks_who, destination, forgotten
from yan_brain.mind.reflex import is_stop
from yan_brain.mind.schooling import NotUnderstood, School
from yan_brain.mind.tasks import Origin, Task, TaskConfig, Tasks
from yan_brain.mind.thinker import Thinker, ThoughtLike
from yan_brain.mind.voice import bare
from yan_brain.signals import Body, Decision, Percept, Sense, Skill, SkillStatus

SILENT_ENDS = ('preempted', 'shutdown')      # somebody has just said something else


class Conversation:
    """Runs one instruction at a time on a Thinker."""

    def __init__(self, config: TaskConfig, thinker: Thinker, parties: Parties) -> None:
        self.tasks = Tasks(config, self._ended)
        self.percepts: tuple[Percept, ...] = ()
        self.thinker = thinker
        self.occasions = Occasions(parties.sounds, touches=parties.touches)
        self.performer = Performer(self._begin_step, self._performed)
        self.school = School(
            understand=thinker.understand, find=parties.book.named, post=parties.post,
            here=lambda: parties.places.here if parties.places is not None else None,
            perceives=lambda words: self.occasions.knows(words, self._is_thing(words)),
            taught=self.occasions.taught_in)
        self.feedback = Feedback(parties)
        self._with = parties

    def submit(self, text: str, origin: Origin, speaker: str = '') -> Task:
        """Take words. `speaker`: who said them, by the voice; '': not known.

        A stop is never held; all else waits for its turn.

        Raises:
            ValueError: too many are waiting.
        """
        task = Task(text, origin, speaker=speaker)
        if is_stop(text):
            self.tasks.drop_held('preempted')
            self._think_about(task)
        elif self.tasks.busy:
            self.tasks.hold(task)
        else:
            self._begin(task)
        return task

    def _begin(self, task: Task) -> None:
        if not self._known_words(task):
            task.order = self._meant(task.text)
            self._think_about(task)

    def _next(self) -> None:
        task = self.tasks.next()
        if task is not None:
            try:
                self._begin(task)
            except ValueError as error:
                self._with.say(self._with.voice.trouble(str(error), 'en'))
            self._with.post(self._next)     # it may have needed no thought

    def _meant(self, text: str) -> Decision | None:
        """What words mean that need no thought."""
        name, skill = told(text), Skill.TEACH
        if not name and self._with.places is not None:
            name, skill = destination(text, self._with.places.memory.names), Skill.GO_TO
        if not name and (gone := forgotten(text)) and any(
                concept.name == gone for concept in self._with.concepts()):
            name, skill = gone, Skill.FORGET
        return Decision(stamp_s=0.0, version='', skill=skill, argument=name,
                        language=_spoken(text)) if name else None

    def _think_about(self, task: Task) -> None:
        self.tasks.begin(task)
        try:
            dropped = self.thinker.hear(task)
        except ValueError:
            self.tasks.end(task, 'preempted')
            raise
        for other in dropped:
            self.tasks.end(other, 'preempted')

    def overheard(self, text: str, speaker: str = '') -> None:
        """Words from the air. What makes no sense does not disturb what is being done."""
        if self.tasks.current is None or is_stop(text) or asks_where(text) or asks_who(text) \
                or self._is_known(plain(text), speaker) or self._meant(text) is not None:
            self._try_heard(text, speaker)
            return

        def understood(future: Future[Decision]) -> None:
            if future.cancelled() or future.exception() is not None \
                    or future.result().skill in (Skill.UNCLEAR, Skill.IDLE):
                return
            self._try_heard(text, speaker)

        asked = self.thinker.understand(text)
        asked.add_done_callback(lambda f: self._with.post(lambda: understood(f)))

    def cancel(self, task: Task) -> None:
        """End a task as cancelled and stop the body, if its turn has come."""
        held = self.tasks.holds(task)
        self.tasks.end(task, 'cancelled')
        if held:
            return
        self.submit('停' if _language(task) == 'zh' else 'stop', Origin.CANCEL)

    def thought(self, thought: ThoughtLike, task: Task | None) -> None:
        """A tick is over."""
        self.percepts = thought.percepts
        self.occasions.notice(thought.percepts)
        if self.tasks.decided(task, thought.decision) and task is not None:
            whole = self.performer.owner(task)
            if whole is not None:
                whole.decision = thought.decision
            self._with.began(whole or task)
            if thought.decision.reply:
                self._with.say(thought.decision.reply)
            self._answer(task, thought.decision)
        else:
            self._news()
        if task is not None:
            self._with.post(self._next)
        due = self.occasions.due(self._with.book.occasions())
        if due is not None and due != self.performer.trick:
            self._perform(due, Task(due.name, Origin.WHEN))

    def felt(self, body: Body) -> None:
        """Odometry came."""
        if self._with.places is not None:
            self._with.places.feel(body)
        self.performer.feel(body)
        self.school.feel(body)

    def failed(self, why: str, task: Task | None) -> None:
        """A tick came to nothing."""
        if task is not None:
            task.answer = self._with.voice.trouble(why, 'en')
            self.tasks.end(task, why)

    def status(self, status: SkillStatus) -> None:
        """What the planner says."""
        self.tasks.status(status)
        self._news()

    def answer(self, decision: Decision) -> tuple[bool, str]:
        """Answer a question that was understood as `decision`; False: it is none."""
        voice, language = self._with.voice, decision.language
        if decision.skill is Skill.DESCRIBE:
            return True, voice.describe(self.percepts, language)
        if decision.skill is Skill.RECALL:
            return True, voice.recall(self._with.concepts(), list(self._with.book.tricks()),
                                      language)
        return False, voice.trouble('unclear', language)

    def _try_heard(self, text: str, speaker: str) -> None:
        try:
            self.submit(text, Origin.HEARD, speaker)
        except ValueError as error:
            self._with.say(self._with.voice.trouble(str(error), 'en'))

    def _answer(self, task: Task, decision: Decision) -> None:
        """Skills of the brain itself."""
        voice, language = self._with.voice, decision.language
        if decision.skill in (Skill.DESCRIBE, Skill.RECALL):
            self._done(task, self.answer(decision)[1])
        elif decision.skill is Skill.FORGET and not decision.argument.strip():
            self._later(task, self._with.undo(), lambda name: voice.undone(name, language))
        elif decision.skill is Skill.TEACH and not decision.argument.strip():
            self.tasks.end(task, 'unclear')
        elif decision.skill is Skill.TEACH:
            self._later(task, self._with.teach(decision.argument),
                        lambda concept: voice.taught(concept, language))
        elif decision.skill is Skill.FORGET:
            name = decision.argument
            self._later(task, self._with.forget(name),
                        lambda known: voice.forgot(name, known, language))
        elif decision.skill in (Skill.TRICK, Skill.WHEN):
            self._after(task, self.school.tell(task.text, decision),
                        lambda trick: self._keep(task, trick))
        elif decision.skill is Skill.WATCH:
            self._watch(task, decision)
        elif decision.skill is Skill.PERFORM:
            trick = self._with.book.named(plain(bare(decision.argument)), task.speaker)
            if trick is None:
                self.tasks.end(task, 'unknown_trick')
            else:
                self._perform(trick, task)
        elif decision.skill is Skill.FEEDBACK:
            value = decision.amount or 1.0
            self._later(task, self.feedback.judge(task, value),
                        lambda _: voice.judged(value, language))

    def _is_known(self, words: str, speaker: str) -> bool:
        """Whether exactly these words are a trick's or a device's."""
        device = self._with.device
        return self._with.book.named(words, speaker) is not None or (
            device is not None and bool(device.find(words)))

    def _known_words(self, task: Task) -> bool:
        """Begin what exactly these words were taught for, or are the maker's for, if any."""
        words, language = plain(task.text), _spoken(task.text)
        voice, device = self._with.voice, self._with.device
        trick = self._with.book.named(words, task.speaker)
        if trick is not None:
            self._perform(trick, task)
        elif asks_who(task.text):
            self._done(task, voice.who(task.speaker, language))
        elif asks_where(task.text) and self._with.places is not None:
            self._done(task, voice.where(self._with.places.nearest(), language))
        elif device is not None and (name := device.find(words)):
            self._later(task, device.call(name), lambda _: voice.did(name, language))
        else:
            return False
        return True

    def _perform(self, trick: Trick, task: Task) -> None:
        self.tasks.release(task)
        task.answer = self._with.voice.did(trick.name, trick.language)
        self.performer.perform(trick, task)

    def _performed(self, task: Task, reason: str) -> None:
        """A trick is over."""
        if reason:
            task.answer = ''
        self.tasks.end(task, reason)

    def _begin_step(self, step: Step, language: str) -> Task:
        """ValueError: it leads to a place that is not known any more."""
        place = None
        if step.place is not None:
            places = self._with.places
            place = places.sighting(step.place) if places is not None else None
            if place is None:
                raise ValueError('lost_here')
        task = Task(step.words, Origin.STEP, order=order(step, language, place))
        self._think_about(task)
        return task

    def _watch(self, task: Task, decision: Decision) -> None:
        """A showing begins or is over."""
        voice, language = self._with.voice, decision.language
        if (decision.amount or 0.0) >= 0.0:
            self.school.watch()
            self._done(task, voice.watching(language))
            return
        try:
            trick = self.school.shown()
        except NotUnderstood as error:
            self._refuse(task, error)
            return
        if trick is None:
            self._done(task, voice.shown(language))
        else:
            self._keep(task, trick)

    def _keep(self, task: Task, trick: Trick | None) -> None:
        """A trick was told: keep it; None: watch first."""
        voice, language = self._with.voice, _language(task)
        if trick is None:
            self._done(task, voice.watching(language))
        else:
            self._later(task, self._with.teach_trick(trick),
                        lambda kept: voice.trick(kept, language))

    def _refuse(self, task: Task, error: NotUnderstood) -> None:
        task.answer = self._with.voice.trouble(str(error), _language(task), error.clause)
        self.tasks.end(task, str(error))

    def _is_thing(self, words: str) -> bool:
        """Whether words name something that can be seen."""
        seen = (c.name for c in self._with.concepts() if c.sense is Sense.SIGHT)
        return words in seen or bool(things_in(words)) or any(
            words in percept.label for percept in self.percepts)

    def _is_lost(self, decision: Decision | None) -> bool:
        """Whether the target of a decision is a place that is known, but not where it is."""
        places = self._with.places
        return places is not None and decision is not None and places.lost(places.meant(decision))

    def _news(self) -> None:
        if self.tasks.current is not None:
            task = self.tasks.current
            whole = self.performer.owner(task)
            if whole is not None:
                whole.status = task.status
            self._with.news(whole or task)

    def _later(self, task: Task, future: Future[Any], say: Callable[[Any], str]) -> None:
        """End a task when the future is done, with what `say` makes of it."""
        self._after(task, future, lambda found: self._done(task, say(found)))

    def _after(self, task: Task, future: Future[Any], then: Callable[[Any], None]) -> None:
        """Go on when the future is done; end the task when it failed."""
        def done() -> None:
            if task.ended or future.cancelled():
                self.tasks.end(task, 'cancelled')
                return
            try:
                found = future.result()
            except NotUnderstood as error:
                self._refuse(task, error)
            except self._with.cannot_learn as error:
                task.answer = self._with.voice.trouble(str(error), _language(task))
                self.tasks.end(task, str(error))
            else:
                then(found)

        future.add_done_callback(lambda _: self._with.post(done))

    def _done(self, task: Task, answer: str) -> None:
        task.answer = answer
        self.tasks.end(task, '')

    def _ended(self, task: Task) -> None:
        self._with.post(self._next)
        if task.decision is not None:
            self.thinker.finish(task.decision.instruction_id)
        if task.origin is Origin.STEP:
            self.performer.ended(task)
            return
        self.feedback.ended(task)
        if task.reason == 'unknown_word' and self._is_lost(task.decision):
            task.reason = 'lost'
        reply = task.answer or self._with.voice.ended(task)
        if task.origin is not Origin.CANCEL and task.reason not in SILENT_ENDS and reply:
            self._with.say(reply)
        self._with.ended(task, reply)


def _language(task: Task) -> str:
    return task.decision.language if task.decision else 'en'


def _spoken(text: str) -> str:
    return 'en' if text.isascii() else 'zh'
