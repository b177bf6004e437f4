"""All senses beside the eye that can be taught, over one store of lessons."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yan_brain.learning.concepts import ConceptConfig, ConceptMemory
from yan_brain.learning.knowledge import World
from yan_brain.learning.learner import Sensing
from yan_brain.learning.store import sense_of
from yan_brain.mind import persons, sounds, touches
from yan_brain.mind.checkpoint import DEFAULT_FOLDER
from yan_brain.mind.persons import Persons
from yan_brain.mind.places import Places
from yan_brain.mind.seeing import CONCEPTS
from yan_brain.mind.sounds import Sounds
from yan_brain.mind.touches import Touches
from yan_brain.mind.world import load_world
from yan_brain.signals import Sense


@dataclass(frozen=True, kw_only=True)
class Senses:
    """One of each."""

    sounds: Sounds
    touches: Touches
    places: Places
    persons: Persons

    @classmethod
    def beside(cls, eye: ConceptMemory) -> Senses:
        """Those whose lessons are kept with what is seen."""
        return cls(sounds=Sounds(eye.store, fault=eye.fault),
                   touches=Touches(eye.store, fault=eye.fault),
                   places=Places(eye.store, fault=eye.fault),
                   persons=Persons(eye.store, fault=eye.fault))

    def by_kind(self) -> dict[Sense, Sensing]:
        """As a Learner takes them."""
        return {Sense.SOUND: self.sounds, Sense.TOUCH: self.touches, Sense.PLACE: self.places,
                Sense.VOICE: self.persons}


def memory_of(core: str, width: int, weights: Path | None = None) -> ConceptMemory:
    """An empty memory that judges lessons of a core as the sense they belong to does.

    Args:
        core, width: of the lessons.
        weights: folder of the brain whose eye may be that core; None: the one of the package.
    """
    world: World | None = None
    config = ConceptConfig()
    match sense_of(core):
        case Sense.SIGHT:
            world, config = load_world(weights or DEFAULT_FOLDER, core), CONCEPTS
        case Sense.SOUND:
            world = sounds.load_world()
        case Sense.TOUCH:
            world, config = touches.ordinary(), touches.CONCEPTS
        case Sense.VOICE:
            config = persons.CONCEPTS
    if world is not None and world.rows.shape[1] != width:
        world = None                     # of a core that had other features
    return ConceptMemory(width=width, core=core, world=world, config=config)
