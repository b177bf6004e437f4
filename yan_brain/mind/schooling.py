"""Teaching tricks: told as a sequence of known skills, or shown by leading the robot.

"When I say dance, turn left, then go back": the mind found the name; the clauses are understood
one by one by the same mind, and nothing is learned unless all of them were. "Come here" leads
to where the robot stands when it is told. "When I say dance,
do this ... done": what the odometry tells in between is the trick. "When you see the ball, come
here": the same, done when it is perceived. Belongs to the thread of the Conversation.
"""
from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from yan_brain.learning.naming import of_hearing
from yan_brain.learning.places import Place
from yan_brain.learning.showing import Showing
from yan_brain.learning.tricks import MOVABLE, Step, Trick
from yan_brain.mind.clauses import clauses, name_in, plain
from yan_brain.mind.nearness import asks_to_come
from yan_brain.mind.performance import step_of
from yan_brain.mind.reflex import is_stop
from yan_brain.mind.voice import bare
from yan_brain.signals import Body, Decision, Skill

CONFIDENT = 0.5
# What follows where the occasion comes last: "come here when you hear the bell".
_WHEN = re.compile(r'\s+(?:when(?:ever)?|if|once|as\s+soon\s+as)\b.*', re.IGNORECASE)


class NotUnderstood(ValueError):
    """What was told cannot be made a trick; the message is a reason that the Voice knows, or why.

    `clause` holds the words it is about.
    """

    def __init__(self, why: str, clause: str = '') -> None:
        super().__init__(why)
        self.clause = clause


class School:
    """Makes tricks of what is told and shown.

    Args:
        understand: what the mind makes of words, without doing it.
        find: the trick of a name, to be used within another.
        here: where the robot is, for "come here"; None: nowhere that could be remembered.
        perceives: whether the words of an occasion mean something that can be perceived.
        taught: the name of what can be heard or felt, among words; '' when there is none.
        post: runs a piece of work in the thread of the Conversation.
    """

    def __init__(self, *, understand: Callable[[str], Future[Decision]],
                 find: Callable[[str], Trick | None], perceives: Callable[[str], bool],
                 here: Callable[[], Place | None] = lambda: None,
                 taught: Callable[[str], str] = lambda text: '',
                 post: Callable[[Callable[[], None]], None],
                 now_s: Callable[[], float] = time.time) -> None:
        self._understand, self._find, self._perceives = understand, find, perceives
        self._post, self._now_s, self._here, self._taught = post, now_s, here, taught
        self._showing: Showing | None = None
        self._draft: Trick | None = None          # what the showing is to be called
        self._shown: tuple[Step, ...] = ()        # a showing that has no name yet
        self._fault = ''

    @property
    def watching(self) -> bool:
        """Whether a showing goes on."""
        return self._showing is not None

    def feel(self, body: Body) -> None:
        """Odometry, always."""
        if self._showing is not None:
            try:
                self._showing.feel(body)
            except ValueError as error:
                self._fault = str(error)

    def watch(self) -> None:
        """A showing without a name begins."""
        self._showing, self._draft, self._fault = Showing(), None, ''

    def shown(self) -> Trick | None:
        """The showing is over: the trick, or None when it has no name yet.

        Raises:
            NotUnderstood: nothing was being shown, or nothing that can be done again.
        """
        showing, draft, fault = self._showing, self._draft, self._fault
        self._showing = self._draft = None
        if showing is None:
            raise NotUnderstood('nothing_shown')
        if fault:
            raise NotUnderstood(fault)
        try:
            steps = showing.steps(draft.language if draft else 'en')
        except ValueError as error:
            raise NotUnderstood(str(error)) from error
        if draft is None:
            self._shown = steps
            return None
        return replace(draft, steps=steps, taught_s=self._now_s())

    def tell(self, text: str, meant: Decision) -> Future[Trick | None]:
        """Make a trick of words that were understood as TRICK or WHEN.

        The Future gives the trick, or None when a showing has begun that will be the trick; it
        raises NotUnderstood.
        """
        told: Future[Trick | None] = Future()
        told.set_running_or_notify_cancel()
        # The mind may take what is to be heard for what is to be said.
        percept = meant.skill is Skill.WHEN or of_hearing(text)
        name = name_in('' if percept else text, bare(meant.argument))
        if percept and name and not self._perceives(name):
            name = self._taught(text) or name       # the mind may have cut it short
        if not name or is_stop(name):
            told.set_exception(NotUnderstood('unclear', text))
            return told
        if percept and not self._perceives(name):
            told.set_exception(NotUnderstood('not_perceived', name))
            return told
        written = name if name in text.casefold() else meant.argument
        asked = [(words, self._understand(words), needed)
                 for words, needed in clauses(text, written)]
        here = self._here()
        waiting = [future for _, future, _ in asked]
        draft = Trick(name=name, taught_s=self._now_s(), percept=percept, shown=True,
                      language=meant.language, steps=(Step(words='-', skill=Skill.STOP),))

        def finish() -> None:
            try:
                steps = self._steps(asked, here)
                if steps is not None:
                    told.set_result(replace(draft, steps=tuple(steps), shown=False))
                elif self._shown and not percept:
                    done, self._shown = self._shown, ()
                    told.set_result(replace(draft, steps=done))
                else:
                    self.watch()
                    self._draft = draft
                    told.set_result(None)
            except ValueError as error:
                told.set_exception(error)

        if not waiting:
            told.set_exception(NotUnderstood('unclear', text))
            return told
        left = [len(waiting)]

        def one_less(_: Future[Decision]) -> None:
            self._post(count_down)

        def count_down() -> None:
            left[0] -= 1
            if left[0] == 0:
                finish()

        for future in waiting:
            future.add_done_callback(one_less)
        return told

    def _steps(self, heard: list[tuple[str, Future[Decision], bool]],
               here: Place | None) -> list[Step] | None:
        """The steps; None when it is to be shown instead. `here` is where it was told."""
        steps: list[Step] = []
        watch = False
        for words, future, needed in heard:
            if asks_to_come(_WHEN.sub('', words)):
                if here is None:
                    raise NotUnderstood('no_place', words)
                steps.append(Step(words=words, skill=Skill.GO_TO, argument='here', place=here))
                continue
            if future.cancelled() or future.exception() is not None:
                if needed:
                    raise NotUnderstood('clause', words)
                continue
            meant = future.result()
            sure = meant.confidence >= CONFIDENT
            inner = self._find(plain(bare(meant.argument) if meant.skill is Skill.PERFORM
                                     else words))
            if sure and meant.skill is Skill.WATCH:
                if needed:
                    return None
                watch = True            # "like this" counts only where nothing else is told
                continue
            if inner is not None and (needed or meant.skill is Skill.PERFORM):
                steps += inner.steps
            elif sure and meant.skill in MOVABLE and meant.known:
                steps.append(step_of(words, meant))
            elif needed:
                why = 'unknown_word' if meant.skill in MOVABLE and not meant.known else 'clause'
                raise NotUnderstood(why, meant.argument if why == 'unknown_word' else words)
        if not steps and not watch:
            raise NotUnderstood('unclear')
        return steps or None
