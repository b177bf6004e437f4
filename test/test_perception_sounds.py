"""Sounds found in a stream, and what they are like: loudness, rate and bad input do not matter."""
from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from yan_brain.perception.sound import SoundError
from yan_brain.perception.sound_events import QUIET_S, Event, Events
from yan_brain.perception.timbre import WIDTH, WINDOW_S, timbre, versions
from yan_brain.signals import Sound
from yan_brain.simulation.sounds import KINDS, draw, in_room, play
from yan_brain.simulation.voice import room_noise

RATE_HZ = 16_000
Samples = NDArray[np.int16]


def _sound(kind: str, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    return play(draw(kind, rng), rng)


def _heard(samples: Samples, rate_hz: int = RATE_HZ, piece_s: float = 0.1) -> list[Event]:
    events, step = Events(), round(piece_s * rate_hz)
    return [event for begin in range(0, len(samples), step) for event in events.feed(Sound(
        stamp_s=100 + begin / rate_hz, samples=samples[begin:begin + step], rate_hz=rate_hz))]


def _cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_loudness_does_not_matter() -> None:
    bell = _sound('bell')
    quiet = (bell / 16).astype(np.int16)
    assert np.abs(timbre(bell) - timbre(quiet)).max() < 0.05
    assert timbre(bell).shape == (WIDTH,) and np.isfinite(timbre(bell)).all()


def test_other_sounds_are_further_than_the_same_in_noise() -> None:
    rng = np.random.default_rng(1)
    bell, drum = _sound('bell'), _sound('drum')
    noisy = bell[:RATE_HZ] + room_noise(RATE_HZ, rng) * bell.std() * 0.05
    same = _cosine(timbre(bell), timbre(noisy.astype(np.int16)))
    assert same > 0.95 > _cosine(timbre(bell), timbre(drum))


@pytest.mark.parametrize('bad', [
    np.zeros(RATE_HZ, np.int16), np.full(RATE_HZ, 7, np.int16), np.zeros(0, np.int16),
    np.ones(100, np.int16), np.full(RATE_HZ, np.nan, np.float32),
    np.ones((RATE_HZ, 2), np.int16), None])
def test_what_is_no_sound_is_refused_with_the_reason(bad: Any) -> None:
    with pytest.raises(SoundError, match=r'allowed|must be|nothing to hear'):
        timbre(bad)


def test_versions_are_the_same_every_time_and_near_the_sound() -> None:
    rows = versions(_sound('knock'))
    assert (rows == versions(_sound('knock'))).all()
    assert (rows[0] == timbre(_sound('knock'))).all()
    assert len(rows) > 8 and all(_cosine(rows[0], row) > 0.9 for row in rows)


@pytest.mark.parametrize('kind', sorted(KINDS))
def test_every_sound_is_found_where_it_begins(kind: str) -> None:
    heard = _heard(in_room(_sound(kind), 0.3, 20, np.random.default_rng(2)))
    assert heard[0].fresh and abs(heard[0].begin_s - 101.0) < 0.1
    assert all(event.samples.size <= WINDOW_S * RATE_HZ for event in heard)
    assert all(one.end_s <= other.begin_s + 0.1 for one, other in pairwise(heard))


@pytest.mark.parametrize('piece_s', [0.01, 0.037, 1.0])
def test_pieces_of_any_length_give_the_same(piece_s: float) -> None:
    samples = in_room(_sound('doorbell'), 0.3, 20, np.random.default_rng(2))
    one, other = _heard(samples), _heard(samples, piece_s=piece_s)
    assert len(one) == len(other) > 0
    for a, b in zip(one, other, strict=True):
        assert (a.samples == b.samples).all() and abs(a.end_s - b.end_s) < 1e-6


def test_another_rate_is_the_same_sound() -> None:
    samples = in_room(_sound('whistle'), 0.3, 30, np.random.default_rng(2))
    fast = soxr.resample(samples, RATE_HZ, 48_000)
    one, other = _heard(samples)[0], _heard(fast, 48_000)[0]
    assert _cosine(timbre(one.samples), timbre(other.samples)) > 0.97


def test_noise_and_silence_are_no_events_and_a_muted_stretch_makes_none() -> None:
    rng = np.random.default_rng(3)
    noise = (room_noise(10 * RATE_HZ, rng) * 300).astype(np.int16)
    assert _heard(noise) == [] and _heard(np.zeros(RATE_HZ, np.int16)) == []
    noise[3 * RATE_HZ:5 * RATE_HZ] = 0
    assert _heard(noise) == []


def test_what_goes_on_becomes_the_noise() -> None:
    rng = np.random.default_rng(4)
    hum = room_noise(20 * RATE_HZ, rng) * 100
    hum[2 * RATE_HZ:] *= 10
    ends = [event.end_s for event in _heard(hum.astype(np.int16))]
    assert ends and max(ends) < 100 + 12


def test_a_louder_sound_begins_anew_within_a_faint_one() -> None:
    rng = np.random.default_rng(6)
    noise = room_noise(3 * RATE_HZ, rng) * 20
    noise[RATE_HZ:] *= 10                              # a fan is switched on ...
    bell = _sound('bell')[:RATE_HZ]
    noise[RATE_HZ * 3 // 2:RATE_HZ * 5 // 2] += bell   # ... and a bell rings
    heard = [event for event in _heard(noise.astype(np.int16)) if event.level_db > 60]
    assert heard[0].fresh and abs(heard[0].begin_s - 101.5) < 0.05


def test_bad_pieces_change_nothing_and_missing_sound_begins_anew() -> None:
    events = Events()
    samples = in_room(_sound('clap'), 0.3, 30, np.random.default_rng(5), before_s=0.5)
    half = round(0.6 * RATE_HZ)
    assert events.feed(Sound(stamp_s=0.0, samples=samples[:half], rate_hz=RATE_HZ)) == []
    for bad in (np.zeros(0, np.int16), np.zeros(9, np.float64)):
        with pytest.raises(SoundError):
            events.feed(Sound(stamp_s=0.6, samples=bad, rate_hz=RATE_HZ))  # type: ignore[arg-type]
    found = events.feed(Sound(stamp_s=0.6, samples=samples[half:], rate_hz=RATE_HZ))
    assert len(found) == 1 and found[0].end_s - found[0].begin_s < 1.0 + QUIET_S + 0.1
    events.feed(Sound(stamp_s=10.0, samples=samples[:half], rate_hz=RATE_HZ))
    late = Sound(stamp_s=60.0, samples=np.zeros(RATE_HZ, np.int16), rate_hz=RATE_HZ)
    assert events.feed(late) == []
