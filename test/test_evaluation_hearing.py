"""eval hearing: what is said, and what a microphone makes of it."""
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yan_brain.evaluation.hearing import instructions, through_the_air
from yan_brain.perception.hearing import Ear
from yan_brain.simulation.voice import RATE_HZ


class Recorder:
    """Keeps what it is to recognise."""

    def __init__(self) -> None:
        self.heard: list[NDArray[np.int16]] = []

    def transcribe(self, samples: NDArray[np.int16]) -> str:
        self.heard.append(samples)
        return f'utterance {len(self.heard)}'


def test_instructions_are_drawn_from_the_seed() -> None:
    one = list(instructions(20, 1))
    assert one == list(instructions(20, 1)) != list(instructions(20, 2))
    assert len(set(one)) > 15 and all(one)


def test_one_instruction_is_one_utterance_with_all_of_its_words() -> None:
    recorder = Recorder()
    heard = through_the_air(Ear(recogniser=recorder), 'go to the red ball', 'pico-gb',
                            snr_db=20.0, distance_m=2.0, rng=np.random.default_rng(0))
    assert heard == 'utterance 1'
    assert 1.0 < recorder.heard[0].size / RATE_HZ < 3.0
