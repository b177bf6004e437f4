"""A voice's row: alike for one speaker, whatever is said and however loud; none of hiss."""
from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from yan_brain.perception.sound import SoundError
from yan_brain.perception.voiceprint import WIDTH, EncoderMissing, VoiceEncoder, _mel
from yan_brain.simulation.voice import (
    PERSON_VOICE,
    ROBOT_VOICE,
    mix,
    synthesise,
    to_int16,
)

RATE = 16_000
needs_encoder = pytest.mark.skipif(importlib.util.find_spec('resemblyzer') is None,
                                   reason='resemblyzer is not installed here')


@pytest.fixture(scope='module')
def encoder() -> VoiceEncoder:
    return VoiceEncoder()


def heard(text: str, voice: str, snr_db: float = 20.0, loudness: float = 1.0,
          ) -> NDArray[np.int16]:
    speech = np.pad(synthesise(text, voice), (RATE // 3, RATE // 2))
    return mix((speech * loudness).astype(np.int16), snr_db, 1.0, np.random.default_rng(4))


@needs_encoder
def test_one_speaker_is_nearer_to_himself_than_to_another(encoder: VoiceEncoder) -> None:
    texts = ('hello robot, my name is Anna', 'go back and look for the yellow chair',
             'turn left and follow me to the kitchen')
    rows = {voice: [encoder.row(heard(text, voice)) for text in texts]
            for voice in (PERSON_VOICE, ROBOT_VOICE)}
    assert all(row is not None and row.shape == (WIDTH,) and row.dtype == np.float32
               and np.linalg.norm(row) == pytest.approx(1.0, abs=1e-5)
               for some in rows.values() for row in some)
    one, other = (np.array(some) for some in rows.values())
    same = min((some @ some.T).min() for some in (one, other))
    assert same > 0.75 and same > (one @ other.T).min()
    assert (one @ other.T).mean() < (one @ one.T).mean()


@needs_encoder
def test_neither_loudness_nor_noise_changes_much(encoder: VoiceEncoder) -> None:
    text = 'go back and look for the yellow chair'
    plain = encoder.row(heard(text, PERSON_VOICE, 40.0))
    assert plain is not None
    for snr_db, loudness in ((40.0, 0.1), (20.0, 1.0), (15.0, 0.3)):
        other = encoder.row(heard(text, PERSON_VOICE, snr_db, loudness))
        assert other is not None and plain @ other > 0.9, (snr_db, loudness)


@needs_encoder
def test_what_is_no_speech_or_too_short_has_no_row(encoder: VoiceEncoder) -> None:
    noise = to_int16(np.random.default_rng(1).normal(0, 300, 2 * RATE))
    word = synthesise('go', PERSON_VOICE)[:RATE // 4]
    for samples in (noise, np.zeros(RATE, np.int16), np.zeros(3, np.int16), word,
                    np.zeros(0, np.int16)):
        assert encoder.row(samples) is None
    with pytest.raises(SoundError, match='int16'):
        encoder.row(np.zeros(RATE))  # type: ignore[arg-type]


def test_every_band_has_the_same_area() -> None:
    area = _mel().sum(0) * 40.0              # bins are 40 Hz apart
    assert _mel().shape == (201, 40) and area[5:] == pytest.approx(1.0, abs=0.12)


def test_weights_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    path = tmp_path / 'pretrained.pt'
    path.write_bytes(b'no weights')
    with pytest.raises(EncoderMissing, match='install resemblyzer again'):
        VoiceEncoder(path)
    with pytest.raises(EncoderMissing, match=r'missing\.pt'):
        VoiceEncoder(tmp_path / 'missing.pt')
