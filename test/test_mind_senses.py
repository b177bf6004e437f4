"""What judges lessons of a core when stores are merged is what the sense itself judges by."""
from __future__ import annotations

import numpy as np
import pytest

from yan_brain.learning.concepts import ConceptMemory
from yan_brain.mind.checkpoint import DEFAULT_FOLDER, load_checkpoint
from yan_brain.mind.mind import Mind
from yan_brain.mind.senses import Senses, memory_of
from yan_brain.perception import timbre, touching, voiceprint


def _alike(one: ConceptMemory, other: ConceptMemory) -> None:
    assert one.config == other.config
    rows = np.random.default_rng(0).normal(size=(8, one.width)).astype(np.float32)
    for memory in (one, other):
        memory.learn('blorp', rows[:4], rows[4:6])
    np.testing.assert_allclose(one.probability(rows), other.probability(rows), atol=1e-6)


@pytest.mark.parametrize('core', [timbre.CORE, touching.CORE, voiceprint.CORE])
def test_it_judges_as_the_sense_does(core: str) -> None:
    senses = Senses.beside(ConceptMemory(width=4, core='fake'))
    own = next(sense.memory for sense in (senses.sounds, senses.touches, senses.persons)
               if sense.memory.core == core)
    _alike(memory_of(core, own.width), own)


def test_it_judges_as_the_eye_does() -> None:
    version = load_checkpoint(DEFAULT_FOLDER).version
    _alike(memory_of(version, 64), Mind.load().memory)


def test_a_core_that_is_not_known_is_judged_without_a_world() -> None:
    assert memory_of('another eye', 5).width == 5
