"""Learning off the tick's path: one thread that teaches, forgets and restores, in order."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.concepts import ConceptMemory, clean_name
from yan_brain.learning.gallery import Gallery
from yan_brain.learning.migrate import Seen, keep, relearn
from yan_brain.learning.naming import naming
from yan_brain.learning.sayings import Sayings
from yan_brain.learning.store import KeptImage, StoreError
from yan_brain.learning.tricks import Step, Trick, TrickBook
from yan_brain.settings import check, setting
from yan_brain.signals import Concept, Image, Sense

T = TypeVar('T')


class Teachable(Protocol):
    """What a Learner needs of a mind; called by its one thread while the mind ticks."""

    @property
    def version(self) -> str: ...
    @property
    def memory(self) -> ConceptMemory: ...
    def look(self, image: Image) -> Seen: ...
    def learn(self, name: str, shown: Sequence[Seen],
              images: Sequence[KeptImage] = ()) -> Concept: ...
    def forget(self, name: str) -> bool: ...
    def concepts(self) -> list[Concept]: ...
    @property
    def problems(self) -> tuple[str, ...]: ...
    def wake(self) -> bool:
        """Take over what was learned in sleep; True when that is new."""
        ...


class Memory(Protocol):
    """What is known by one sense; a ConceptMemory is one."""

    @property
    def problems(self) -> tuple[str, ...]: ...
    def learn(self, name: str, features: NDArray[np.float32], /) -> None: ...
    def forget(self, name: str) -> bool: ...
    def concepts(self) -> tuple[Concept, ...]: ...
    def refresh(self) -> bool: ...


class Sensing(Protocol):
    """What a Learner needs of a sense beside the eye."""

    @property
    def memory(self) -> Memory: ...
    def named_in(self, words: str) -> str: ...
    def listen(self, seconds: float) -> NDArray[np.float32] | None:
        """Rows of what was just perceived, or is within so long; None: there was nothing."""
        ...
    def close(self) -> None: ...


# What is said when a sense has nothing that a name could be of.
_NOTHING = {
    Sense.SOUND: 'I heard nothing that could be {!r}, only speech or silence; make the sound, '
                 'wait a second and tell me again',
    Sense.TOUCH: 'I felt no touch that could be {!r}; touch me, wait a second and tell me again',
    Sense.PLACE: 'I do not feel where I am, so I cannot remember {!r}; is the odometry there?',
    Sense.VOICE: 'I heard no voice that could be {!r}; say it aloud, in a whole sentence'}


@dataclass(frozen=True, kw_only=True)
class ShowingConfig:
    """How a thing is looked at that is shown, and how long a sound is waited for."""

    showing_seconds: float = setting(
        2.0, 'how long it is looked at when nothing else is said', minimum=0.0, maximum=60.0,
        live=True)
    showing_images: int = setting(
        12, 'images of a showing that are learned from', minimum=1, maximum=256, live=True)
    listening_seconds: float = setting(
        3.0, 'how long a sound is waited for that was named', minimum=0.0, maximum=60.0,
        live=True)
    keep_images: bool = setting(
        False, 'keep the images, so that lessons can be learned anew by a newly trained eye',
        live=True)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something was learned: kind is one of those named in LearningEvent.msg."""

    kind: str
    concept: str
    version: str
    message: str
    at_s: float


class Learner:
    """Learns for one mind. Every verb answers at once with a Future.

    Futures raise ValueError for what cannot be learned from, StoreError for what could not be
    kept; nothing was changed then. `tell` is called from the learning thread for each Event.
    Without `senses` only what is seen can be taught; with them, all lessons are in one store.
    """

    def __init__(self, mind: Teachable, gallery: Gallery,
                 senses: Mapping[Sense, Sensing] | None = None) -> None:
        self.mind, self.gallery, self.senses = mind, gallery, dict(senses or {})
        self.tricks = TrickBook(mind.memory.store.database)
        self.sayings = Sayings(mind.memory.store.database)
        self._tell: list[Callable[[Event], None]] = []
        self.elsewhere: Collection[bytes] = ()     # taught to other robots: not undone here
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix='learn')

    def subscribe(self, tell: Callable[[Event], None]) -> Callable[[], None]:
        """Be told of what is learned; call what is returned to end it."""
        with self._lock:
            self._tell = [*self._tell, tell]

        def end() -> None:
            with self._lock:
                self._tell = [other for other in self._tell if other is not tell]

        return end

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person should know about the lessons, one sentence each."""
        others = [p for sense in self.senses.values() for p in sense.memory.problems]
        return tuple(dict.fromkeys(
            [*self.mind.memory.problems, *others, *self.mind.problems]))

    def concepts(self) -> list[Concept]:
        """What was taught: things seen first."""
        others = [c for sense in self.senses.values() for c in sense.memory.concepts()]
        return [*self.mind.concepts(), *others]

    def teach(self, name: str, showing: ShowingConfig, seconds: float = 0.0) -> Future[Concept]:
        """Look at what is shown for a while (0: the default) and call it `name`.

        A name of another sense (see `naming`) is given to what was just perceived by it, or is
        meanwhile.
        """
        def work() -> Concept:
            if not 0.0 <= seconds <= 60.0:
                raise ValueError(f'seconds is {seconds}; allowed: 0 (the default) to 60')
            meant = naming(name)
            called = clean_name(meant.name)
            for sense in meant.senses:
                found = self._sensed(called, sense, seconds or showing.listening_seconds)
                if found is not None:
                    return found
            if Sense.SIGHT not in meant.senses:
                raise ValueError(_NOTHING[meant.senses[-1]].format(called))
            shown: list[Seen] = []
            kept: list[KeptImage] = []
            for image in self.gallery.watch(seconds or showing.showing_seconds,
                                            showing.showing_images):
                shown.append(self.mind.look(image))
                if showing.keep_images:
                    kept.append(keep(image))
            concept = self.mind.learn(called, shown, kept)
            self._announce('taught', concept.name, f'learned {concept.name!r} from '
                           f'{len(shown)} images; {concept.lessons} lessons')
            return concept

        return self._pool.submit(work)

    def forget(self, name: str) -> Future[bool]:
        """Undo all lessons on a name, and the trick of that name; False: it was not known.

        With a person goes what words mean for them.
        """
        def work() -> bool:
            before, persons = self._names(), self._names(Sense.VOICE)
            called = naming(name).name
            known = self.mind.forget(called)
            for sense in self.senses.values():
                known |= sense.memory.forget(sense.named_in(called) or called)
            self.catch_up()
            for gone in sorted(before - self._names()):
                self._announce('forgotten', gone, f'forgot {gone!r}')
            for person in persons - self._names(Sense.VOICE):
                self.sayings.forget_person(person)
                self.tricks.forget_person(person)
            trick = clean_name(name)
            if self._writable() and self._forget_trick(trick):
                self.catch_up()
                self._announce('forgotten', trick, f'forgot the trick {trick!r}')
                known = True
            return known

        return self._pool.submit(work)

    def teach_trick(self, trick: Trick) -> Future[Trick]:
        """Keep a trick."""
        def work() -> Trick:
            self._writable()
            self.tricks.teach(trick)
            self.catch_up()
            self._announce('trick', trick.name, f'learned the trick {trick.name!r} of '
                           f'{len(trick.steps)} steps')
            return trick

        return self._pool.submit(work)

    def correct(self, words: str, instead: Step, language: str,
                person: str = '') -> Future[Trick | None]:
        """Words were understood wrongly; the trick that the third such correction makes.

        `person`: whose words they are; '': everybody's.
        """
        def work() -> Trick | None:
            self._writable()
            trick = self.tricks.correct(words, instead, language, person)
            self.sayings.correct(words, instead, language, person)
            if trick is not None:
                self.catch_up()
                self._announce('trick', words, f'{words!r} means {instead.words!r} from now on'
                               + (f' when {person!r} says it' if person else ''))
            return trick

        return self._pool.submit(work)

    def undo(self) -> Future[str]:
        """Take back the last lesson or trick that counts; its name, '' when there is none."""
        def work() -> str:
            self._writable()
            memory = self.mind.memory
            lesson, trick = memory.store.newest(self.elsewhere), self.tricks.newest(self.elsewhere)
            if trick is not None and (lesson is None or trick.taught_s >= lesson[1]):
                name = trick.name if self._forget_trick(trick.name, trick.person) else ''
            else:
                name = memory.take_back(lesson[0]) if lesson is not None else ''
            self.catch_up()
            if name:
                self._announce('undone', name, f'took back the last lesson on {name!r}')
            return name

        return self._pool.submit(work)

    def relearn(self) -> Future[tuple[str, ...]]:
        """Learn lessons of another core anew from their images; the names that could be."""
        def work() -> tuple[str, ...]:
            names = relearn(self.mind.memory, self.mind.look)
            for name in sorted(set(names)):
                self._announce('taught', name, f'learned {name!r} anew from its images')
            return names

        return self._pool.submit(work)

    def snapshot(self, name: str) -> Future[str]:
        """Remember what is known; the name it got."""
        return self._pool.submit(self.mind.memory.snapshot, name)

    def restore(self, name: str) -> Future[None]:
        """Know again what was known at a snapshot."""
        def work() -> None:
            self.mind.memory.restore(name)
            self.catch_up()
            self.tricks.reload()
            self._announce('restored', '', f'went back to {name!r}')

        return self._pool.submit(work)

    def feedback(self, value: float, instruction_id: int, about: str) -> Future[None]:
        """Keep praise or blame."""
        def work() -> None:
            self.mind.memory.feedback(value, instruction_id, about)
            self._announce('feedback', '', f'{value:+g} for instruction {instruction_id}')

        return self._pool.submit(work)

    def praise(self, words: str, done: Step, language: str) -> Future[None]:
        """What was done upon these words was right: sleep may learn from it."""
        def work() -> None:
            if self._writable():
                self.sayings.praise(words, done, language)

        return self._pool.submit(work)

    def refresh(self) -> Future[bool]:
        """Take over what another process wrote into the same store."""
        def work() -> bool:
            self.tricks.reload()
            return self.catch_up()

        return self._pool.submit(work)

    def announce(self, kind: str, concept: str, message: str) -> None:
        """Tell of something learned in another way; for work that is in `run`."""
        self._announce(kind, concept, message)

    def catch_up(self) -> bool:
        """Take over what is in the store, and was learned in sleep; True when that was new.

        For work that is in `run`; from elsewhere: `refresh`.
        """
        fresh = [sense.memory.refresh() for sense in self.senses.values()]
        woke = self.mind.wake()
        return self.mind.memory.refresh() or any(fresh) or woke

    def run(self, work: Callable[[], T]) -> Future[T]:
        """Anything else that must not hold up the tick."""
        return self._pool.submit(work)

    def close(self) -> None:
        """No more learning: showings are broken off, what waits is cancelled, the store closed."""
        self.gallery.close()
        for sense in self.senses.values():
            sense.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.mind.memory.close()

    def _forget_trick(self, name: str, person: str | None = None) -> bool:
        """Also what sleep might learn of it. False: it was not known."""
        said = self.sayings.forget(name, person)
        return self.tricks.forget(name, person) or said

    def _names(self, sense: Sense | None = None) -> set[str]:
        return {concept.name for concept in self.concepts() if sense in (None, concept.sense)}

    def _sensed(self, called: str, kind: Sense, seconds: float) -> Concept | None:
        """Learn what a sense beside the eye perceives; None: there was nothing."""
        sense = self.senses.get(kind)
        rows = sense.listen(seconds) if sense is not None else None
        if sense is None or rows is None:
            return None
        sense.memory.learn(called, rows)
        self.catch_up()
        concept = next(c for c in sense.memory.concepts() if c.name == called)
        self._announce('taught', called, f'learned the {kind.value} {called!r}; '
                       f'{concept.lessons} lessons')
        return concept

    def _writable(self) -> bool:
        """True; StoreError when lessons are not kept because the store cannot be opened."""
        if self.mind.memory.fault:
            raise StoreError(f'nothing can be learned: {self.mind.memory.fault}')
        return True

    def _announce(self, kind: str, concept: str, message: str) -> None:
        event = Event(kind=kind, concept=concept, version=self.mind.version, message=message,
                      at_s=time.time())
        for tell in self._tell:
            tell(event)


CANNOT_LEARN = (ValueError, StoreError)
