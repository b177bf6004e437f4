"""The voices: sound of the right kind, disjoint speakers, noise at the level asked for."""
from __future__ import annotations

import numpy as np
import pytest

from yan_brain.simulation import voice
from yan_brain.simulation.voice import (
    RATE_HZ,
    TEST_VOICES,
    TRAIN_VOICES,
    VOICES,
    VoiceError,
    active_rms,
    available,
    mix,
    room_noise,
    synthesise,
)


@pytest.mark.parametrize('name', available())
def test_each_voice_here_speaks(name: str) -> None:
    speech = synthesise('go to the red ball', name)
    assert speech.dtype == np.int16 and speech.ndim == 1
    assert 0.6 * RATE_HZ < speech.size < 4 * RATE_HZ
    assert active_rms(speech.astype(float)) > 300


def test_pico_is_always_here() -> None:
    """It comes by pip, so the person in the home can speak everywhere."""
    assert {'pico-gb', 'pico-us'} <= set(available())


def test_training_hears_no_test_speaker() -> None:
    speakers = {name: (VOICES[name].engine, VOICES[name].speaker) for name in VOICES}
    assert not {speakers[n] for n in TRAIN_VOICES} & {speakers[n] for n in TEST_VOICES}
    assert not any(VOICES[name].engine == 'pico' for name in TRAIN_VOICES)
    assert len(TRAIN_VOICES) + len(TEST_VOICES) == len(VOICES)


def test_rate_and_pitch_change_the_voice() -> None:
    slow, plain = (synthesise('turn left', 'pico-gb', rate=r) for r in (0.7, 1.0))
    assert slow.size > 1.2 * plain.size
    high = synthesise('turn left', 'pico-gb', pitch=1.4)
    assert high.size != plain.size or not np.array_equal(high, plain)


@pytest.mark.parametrize(('given', 'why'), [
    ({'text': ''}, '0 characters'), ({'text': 'a ' * 300}, 'allowed: 1 to 400'),
    ({'text': 'hi', 'voice': 'hal'}, "'hal'; allowed: pico-gb"),
    ({'text': 'hi', 'rate': 9.0}, 'rate is 9.0'), ({'text': 'hi', 'pitch': float('nan')}, 'nan'),
])
def test_what_cannot_be_spoken_is_refused(given: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError) as caught:
        synthesise(**given)  # type: ignore[arg-type]
    assert why in str(caught.value)


def test_an_absent_engine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, '_present', lambda engine: engine == 'pico')
    with pytest.raises(VoiceError, match=r'needs the program flite .*pico-gb'):
        synthesise('hi', 'flite-slt')


def test_text_is_never_taken_for_an_option() -> None:
    for name in available(('flite-slt', 'espeak-us', 'pico-gb')):
        assert synthesise('-v --help stop <speak>', name).size > 0.3 * RATE_HZ


@pytest.mark.parametrize('snr_db', [0.0, 15.0, 30.0])
def test_noise_has_the_level_asked_for(snr_db: float) -> None:
    speech = synthesise('go to the red ball', 'pico-gb')
    heard = mix(speech, snr_db, 2.0, np.random.default_rng(0)).astype(float)
    noise = heard - speech / 2.0
    ratio = active_rms(speech / 2.0) / np.sqrt(np.mean(noise ** 2))
    assert 20 * np.log10(ratio) == pytest.approx(snr_db, abs=0.3)


def test_speech_fades_with_distance_and_the_same_seed_is_the_same_noise() -> None:
    speech = synthesise('stop', 'pico-gb')
    near, far = (mix(speech, 60.0, d, np.random.default_rng(0)) for d in (1.0, 4.0))
    assert active_rms(near.astype(float)) / active_rms(far.astype(float)) == pytest.approx(
        4.0, rel=0.05)
    again = mix(speech, 10.0, 1.0, np.random.default_rng(5))
    assert np.array_equal(again, mix(speech, 10.0, 1.0, np.random.default_rng(5)))
    for bad in (float('nan'), float('inf'), -1.0):
        with pytest.raises(ValueError, match='distance'):
            mix(speech, 20.0, bad, np.random.default_rng(0))


def test_room_noise_falls_by_five_decibel_an_octave() -> None:
    power = np.abs(np.fft.rfft(room_noise(1 << 18, np.random.default_rng(0)))) ** 2
    hertz = np.fft.rfftfreq(1 << 18, 1 / RATE_HZ)
    low, high = (power[(hertz > f) & (hertz < 1.2 * f)].mean() for f in (500.0, 4000.0))
    assert 10 * np.log10(low / high) == pytest.approx(15.0, abs=1.0)
    assert room_noise(0, np.random.default_rng(0)).size == 0
