"""All senses beside the eye that can be taught, over one store of lessons."""
from __future__ import annotations

from dataclasses import dataclass

from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.learner import Sensing
from yan_brain.mind.persons import Persons
from yan_brain.mind.places import Places
from yan_brain.mind.sounds import Sounds
from yan_brain.mind.touches import Touches
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
