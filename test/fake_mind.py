"""A mind without a core: decodes a few phrases, sees plain images; for tests of what is around."""
from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.store import KeptImage
from yan_brain.learning.tricks import Trick
from yan_brain.mind.tasks import Task
from yan_brain.signals import (
    BrainState,
    Concept,
    Decision,
    Image,
    Moment,
    Percept,
    Sighting,
    Skill,
    SkillStatus,
)

PHRASES = [
    (Skill.TRICK, r'when i say (\w+), .+'),
    (Skill.GO_TO, r'go to (?:the )?(.+)'), (Skill.FOLLOW, r'follow (.+)'),
    (Skill.TEACH, r'this is a ?(.*)'), (Skill.FORGET, r'forget (.+)'),
    (Skill.DESCRIBE, r'what do you see'), (Skill.RECALL, r'what do you know'),
    (Skill.TURN, r'turn'), (Skill.STOP, r'please come to a halt now'),
]


@dataclass(frozen=True)
class FakeThought:
    decision: Decision
    percepts: tuple[Percept, ...]
    state: BrainState


@dataclass(frozen=True)
class FakeShowing:
    features: np.ndarray
    background: np.ndarray


class FakeMind:
    """Raises ValueError for a black image; `slow_s` is how long a tick takes."""

    def __init__(self, store: Path | None = None, slow_s: float = 0.0) -> None:
        self.memory = ConceptMemory.open(store, width=8, core='fake')
        self.slow_s = slow_s
        self.moments: list[Moment] = []
        self.finished: list[int] = []
        self._instructions = 0
        self._goal: Decision | None = None

    @property
    def version(self) -> str:
        return f'fake+{self.memory.version}'

    def tick(self, moment: Moment) -> FakeThought:
        time.sleep(self.slow_s)
        self.moments.append(moment)
        if moment.image is not None and not moment.image.rgb.any():
            raise ValueError('image is black; is the lens cap on?')
        if moment.text is not None:
            self._instructions += 1
            self._goal = replace(self.understand(moment.text),
                                 instruction_id=self._instructions)
            if moment.order is not None:
                self._goal = replace(self._goal, skill=moment.order.skill,
                                     argument=moment.order.argument, amount=moment.order.amount)
        seen = moment.image
        decision = replace(
            self._goal or Decision(stamp_s=0, version='', instruction_id=self._instructions),
            stamp_s=moment.stamp_s, version=self.version,
            image_stamp_s=seen.stamp_s if seen else None,
            sightings=(Sighting(probability=0.9, bearing_rad=0.1, range_m=1.5),) if seen else ())
        percepts = (Percept(label='red ball', probability=0.9, bearing_rad=0.1, range_m=1.5),)
        return FakeThought(decision, percepts if seen else (), BrainState(
            stamp_s=moment.stamp_s, version=self.version, skill=decision.skill,
            awake=np.ones((2, 4), np.bool_), stage_ms={'see': 1.0}))

    def understand(self, text: str) -> Decision:
        for skill, pattern in PHRASES:
            match = re.fullmatch(pattern, text.casefold().strip(' .!?'))
            if match:
                argument = match[1] if match.groups() else ''
                return Decision(stamp_s=0, version=self.version, skill=skill, argument=argument,
                                confidence=0.9, known='wug' not in argument)
        return Decision(stamp_s=0, version=self.version, skill=Skill.UNCLEAR)

    def finish(self, instruction_id: int) -> None:
        self.finished.append(instruction_id)
        if self._goal is not None and self._goal.instruction_id == instruction_id:
            self._goal = None

    def look(self, image: Image) -> FakeShowing:
        mean = image.rgb.reshape(-1, 3).mean(0).repeat(3)[:8] / 255
        return FakeShowing(mean[None].astype(np.float32), np.zeros((0, 8), np.float32))

    def learn(self, name: str, shown: Sequence[FakeShowing],
              images: Sequence[KeptImage] = ()) -> Concept:
        self.memory.learn(name, np.concatenate([s.features for s in shown]), None, images)
        return next(c for c in self.concepts() if c.name == name)

    def forget(self, name: str) -> bool:
        return self.memory.forget(name)

    def concepts(self) -> list[Concept]:
        return list(self.memory.concepts())

    @property
    def problems(self) -> tuple[str, ...]:
        return ()

    def wake(self) -> bool:
        return False


class FakeVoice:
    """Says what it is asked for in one word and its matter."""

    def describe(self, percepts: tuple[Percept, ...], language: str) -> str:
        return 'see ' + (', '.join(p.label for p in percepts) or 'nothing')

    def recall(self, concepts: list[Concept], tricks: list[Trick], language: str) -> str:
        return 'know ' + (', '.join([c.name for c in concepts] + [t.name for t in tricks])
                          or 'nothing')

    def taught(self, concept: Concept, language: str) -> str:
        return f'learned {concept.name}'

    def forgot(self, name: str, known: bool, language: str) -> str:
        return f'forgot {name}' if known else f'never knew {name}'

    def trouble(self, why: str, language: str, about: str = '') -> str:
        return f'trouble {why} {about}'.strip()

    def trick(self, trick: Trick, language: str) -> str:
        return f'can {trick.name} in {len(trick.steps)}'

    def watching(self, language: str) -> str:
        return 'watching'

    def shown(self, language: str) -> str:
        return 'shown'

    def did(self, name: str, language: str) -> str:
        return f'did {name}'

    def undone(self, name: str, language: str) -> str:
        return f'undone {name}'

    def judged(self, value: float, language: str) -> str:
        return f'judged {value:+g}'

    def where(self, nearest: tuple[str, float] | None, language: str) -> str:
        return 'at {} {:.1f}'.format(*nearest) if nearest else 'nowhere'

    def who(self, name: str, language: str) -> str:
        return f'you {name}' if name else 'who'

    def ended(self, task: Task) -> str:
        return f'done {task.text}' if task.succeeded else f'failed {task.text}: {task.reason}'


def status(decision: Decision, state: str, reason: str = '') -> SkillStatus:
    """What a planner would say of that decision."""
    from yan_brain.signals import State
    return SkillStatus(stamp_s=decision.stamp_s, instruction_id=decision.instruction_id,
                       skill=decision.skill, state=State(state), reason=reason, progress=0.5,
                       target_probability=0.8, range_m=0.4)


def image(stamp_s: float, level: int = 128) -> Image:
    """A plain small image."""
    return Image(stamp_s=stamp_s, rgb=np.full((12, 16, 3), level, np.uint8),
                 horizontal_fov_rad=1.2)
