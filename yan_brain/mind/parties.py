"""Who takes part in a conversation, as far as it needs them."""
from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from yan_brain.learning.tricks import Step, Trick
from yan_brain.mind.occasions import Felt, Heard
from yan_brain.mind.places import Places
from yan_brain.mind.tasks import Task
from yan_brain.signals import Concept, Percept


class Voice(Protocol):
    """What puts things into words, in the language of the decision."""

    def describe(self, percepts: tuple[Percept, ...], language: str) -> str: ...
    def recall(self, concepts: list[Concept], tricks: list[Trick], language: str) -> str: ...
    def taught(self, concept: Concept, language: str) -> str: ...
    def forgot(self, name: str, known: bool, language: str) -> str: ...
    def trouble(self, why: str, language: str, about: str = '') -> str: ...
    def trick(self, trick: Trick, language: str) -> str: ...
    def watching(self, language: str) -> str: ...
    def shown(self, language: str) -> str: ...
    def did(self, name: str, language: str) -> str: ...
    def undone(self, name: str, language: str) -> str: ...
    def judged(self, value: float, language: str) -> str: ...
    def where(self, nearest: tuple[str, float] | None, language: str) -> str: ...
    def who(self, name: str, language: str) -> str: ...
    def ended(self, task: Task) -> str: ...


class Book(Protocol):
    """Where tricks are; a TrickBook is one."""

    def tricks(self) -> tuple[Trick, ...]: ...
    def named(self, name: str, person: str = '') -> Trick | None: ...
    def occasions(self) -> tuple[Trick, ...]: ...


class Device(Protocol):
    """A robot maker's own words; nothing is learned for them."""

    def find(self, words: str) -> str:
        """Name of the device skill that exactly these words ask for; '' when none does."""

    def call(self, name: str) -> Future[None]:
        """Have it done; errors say why it was not."""


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
    book: Book
    teach_trick: Callable[[Trick], Future[Trick]]
    # Words, what was meant, language, and whose way of saying it that is; '': everybody's.
    correct: Callable[[str, Step, str, str], Future[Trick | None]]
    undo: Callable[[], Future[str]]              # the name it was about, '' for nothing
    feedback: Callable[[float, int, str], Future[None]]
    praise: Callable[[str, Step, str], object] | None = None    # words, what was done, language
    device: Device | None = None
    sounds: Heard | None = None
    touches: Felt | None = None
    places: Places | None = None
    cannot_learn: tuple[type[Exception], ...] = (ValueError,)
