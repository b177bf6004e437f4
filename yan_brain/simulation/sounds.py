"""Sounds of a home, made by code: bells, whistles, knocks, birds, and the ordinary noise of life.

A sound is a row of strokes; each stroke is some partials that ring, glide or tremble, and a band
of noise, after an attack. This is modal and filtered-noise synthesis (Cook, Real Sound Synthesis
for Interactive Applications, 2002). `draw` makes a sound that stays the same (this bell, this
drum); `play` lets it be heard once, never twice alike.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from yan_brain.simulation.voice import RATE_HZ, active_rms, room_noise, synthesise, to_int16

Doubles = NDArray[np.float64]

SPEECH = (
    'go to the red ball and then turn left', 'what do you see over there',
    'my name is peter and i live in the city', 'the weather is quite nice today',
    'please bring me the newspaper tomorrow morning', 'one two three four five six seven',
    'could you follow me into the kitchen', 'i think we should leave now')
LOUDEST = 20_000.0       # highest sample of a sound played
HIGHEST_HZ = 7_500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """One piece of a sound."""

    at_s: float = 0.0
    seconds: float = 1.0
    level: float = 1.0
    partials: tuple[tuple[float, float, float], ...] = ()    # Hz, level, seconds to fall by 60 dB
    attack_s: float = 0.003
    glide: float = 0.0                   # octaves that the partials rise until the end
    vibrato_hz: float = 0.0
    vibrato: float = 0.0                 # octaves to either side
    tremolo_hz: float = 0.0              # the level falls to nothing and comes back
    noise: float = 0.0                   # its level
    noise_hz: tuple[float, float] = (100.0, HIGHEST_HZ)
    noise_decay_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that makes the same sound whenever it is played."""

    kind: str
    strokes: tuple[Stroke, ...]


def play(source: Source, rng: np.random.Generator) -> NDArray[np.int16]:
    """One hearing: (n,) int16 at 16 kHz, a little higher or lower, faster or slower each time."""
    pitch, pace, fade = np.exp(rng.normal(0.0, (0.01, 0.04, 0.1)))
    ends = [stroke.at_s + stroke.seconds for stroke in source.strokes]
    heard = np.zeros(math.ceil((max(ends) * pace + 0.2) * RATE_HZ))
    for stroke in source.strokes:
        made = _stroke(stroke, float(pitch), float(pace), float(fade), rng)
        begin = round(max(0.0, stroke.at_s * pace + rng.normal(0.0, 0.004)) * RATE_HZ)
        made = made[:len(heard) - begin]
        heard[begin:begin + len(made)] += made * float(np.exp(rng.normal(0.0, 0.1)))
    return to_int16(heard * LOUDEST / max(float(np.abs(heard).max()), 1e-9))


def draw(kind: str, rng: np.random.Generator) -> Source:
    """A sound of a kind.

    Raises:
        ValueError: a kind that is not among KINDS or ORDINARY.
    """
    makers = KINDS | ORDINARY
    if kind not in makers:
        raise ValueError(f'there is no sound {kind!r}; there are: {", ".join(makers)}')
    return Source(kind=kind, strokes=makers[kind](rng))


def anything(rng: np.random.Generator) -> Source:
    """A sound of no kind at all: strokes of any make, to tell what sounds are like in general."""
    count = int(rng.integers(1, 6))
    gap = rng.uniform(0.08, 0.4)
    noisy, tonal = rng.random(2) < (0.6, 0.7)
    low = _log(rng, 100, 3000)
    first = Stroke(
        seconds=rng.uniform(0.05, 1.2), attack_s=_log(rng, 0.002, 0.2),
        partials=_partials(rng, _log(rng, 120, 4000), _stretch(rng, int(rng.integers(1, 9))),
                           _log(rng, 0.05, 4.0), rng.uniform(0.3, 1.5)) if tonal else (),
        glide=rng.normal(0, 0.5) * (rng.random() < 0.4), vibrato_hz=rng.uniform(2, 30),
        vibrato=_log(rng, 0.005, 0.3) * (rng.random() < 0.3),
        tremolo_hz=rng.uniform(3, 40) * (rng.random() < 0.25),
        noise=_log(rng, 0.05, 1.0) if noisy or not tonal else 0.0,
        noise_hz=(low, min(HIGHEST_HZ, low * _log(rng, 1.3, 30))),
        noise_decay_s=_log(rng, 0.03, 3.0))
    return Source(kind='anything', strokes=_again(first, count, gap, rng))


def _log(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(math.log(low), math.log(high))))


def _stretch(rng: np.random.Generator, count: int) -> list[float]:
    """Ratios of partials: harmonic, or as of bars and plates."""
    power = rng.choice((1.0, rng.uniform(1.1, 1.9)))
    return [float(n ** power) for n in range(1, count + 1)]


def _partials(rng: np.random.Generator, hz: float, ratios: list[float], fall_s: float,
              steep: float) -> tuple[tuple[float, float, float], ...]:
    """Higher partials are weaker and fall faster."""
    return tuple((hz * ratio, float(ratio ** -steep * np.exp(rng.normal(0, 0.4))),
                  fall_s / ratio ** 0.5) for ratio in ratios if hz * ratio < HIGHEST_HZ)


def _again(stroke: Stroke, count: int, gap_s: float,
           rng: np.random.Generator | None = None) -> tuple[Stroke, ...]:
    """A stroke some times; with `rng` not all of them equally loud."""
    levels = np.ones(count) if rng is None else rng.uniform(0.5, 1.0, count)
    return tuple(replace(stroke, at_s=i * gap_s, level=float(levels[i])) for i in range(count))


def _stroke(stroke: Stroke, pitch: float, pace: float, fade: float,
            rng: np.random.Generator) -> Doubles:
    count = max(32, round(stroke.seconds * pace * RATE_HZ))
    t = np.arange(count) / RATE_HZ
    bend = stroke.glide * t / t[-1] + stroke.vibrato * np.sin(
        2 * np.pi * (stroke.vibrato_hz * t + rng.random()))
    turns = np.cumsum(2.0 ** bend) / RATE_HZ
    made = np.zeros(count)
    for hz, level, fall_s in stroke.partials:
        if hz * pitch < HIGHEST_HZ:
            strength = level * np.exp(rng.normal(0, 0.15))
            made += strength * np.exp(-6.9 * t / (fall_s * fade)) * np.sin(
                2 * np.pi * (hz * pitch * turns + rng.random()))
    if stroke.noise:
        made += stroke.noise * np.exp(-6.9 * t / (stroke.noise_decay_s * fade)) * _band(
            count, stroke.noise_hz, rng)
    if stroke.tremolo_hz:
        made *= 0.5 + 0.5 * np.sin(2 * np.pi * (stroke.tremolo_hz / pace * t + rng.random()))
    made *= np.minimum(1.0, t / stroke.attack_s) * np.minimum(1.0, (t[-1] - t) / 0.005 + 1e-3)
    return np.asarray(made * stroke.level)


def _band(count: int, hz: tuple[float, float], rng: np.random.Generator) -> Doubles:
    """Noise between two frequencies, of unit level."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    at = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum[(at < hz[0]) | (at > hz[1])] = 0
    noise = np.fft.irfft(spectrum, count)
    return np.asarray(noise / max(float(noise.std()), 1e-9))


def _bell(rng: np.random.Generator) -> tuple[Stroke, ...]:
    # Hum, prime, tierce, quint, nominal and above: Fletcher and Rossing, ch. 21.
    ratios = [0.5, 1.0, 1.2, 1.5, 2.0, 2.6, 3.0, 4.1]
    return (Stroke(seconds=1.8, partials=_partials(
        rng, _log(rng, 400, 1600), ratios, rng.uniform(1.2, 3.5), 0.6)),)


def _handbell(rng: np.random.Generator) -> tuple[Stroke, ...]:
    one = Stroke(seconds=0.5, partials=_partials(
        rng, _log(rng, 1500, 3200), [1.0, 2.1, 2.8], rng.uniform(0.4, 1.0), 0.5))
    return _again(one, int(rng.integers(4, 8)), rng.uniform(0.11, 0.2))


def _dingdong(rng: np.random.Generator) -> tuple[Stroke, ...]:
    hz, gap = _log(rng, 500, 1000), rng.uniform(0.35, 0.55)
    return tuple(Stroke(at_s=at, seconds=0.9, partials=_partials(
        rng, pitch, [1.0, 2.0, 4.0], 1.6, 1.2)) for at, pitch in ((0.0, hz), (gap, hz * 0.8)))


def _whistle(rng: np.random.Generator) -> tuple[Stroke, ...]:
    return (Stroke(seconds=rng.uniform(0.5, 1.0), attack_s=0.04, glide=rng.uniform(-0.7, 0.7),
                   partials=((_log(rng, 900, 2500), 1.0, 20.0),), noise=0.05,
                   noise_hz=(1000.0, 5000.0), noise_decay_s=20.0),)


def _referee(rng: np.random.Generator) -> tuple[Stroke, ...]:
    hz = _log(rng, 2300, 3800)
    return (Stroke(seconds=rng.uniform(0.4, 0.9), attack_s=0.02, vibrato_hz=rng.uniform(25, 45),
                   vibrato=0.05, partials=((hz, 1.0, 20.0), (hz * 1.06, 0.6, 20.0)), noise=0.15,
                   noise_hz=(2000.0, 6000.0), noise_decay_s=20.0),)


def _clap(rng: np.random.Generator) -> tuple[Stroke, ...]:
    one = Stroke(seconds=0.12, attack_s=0.001, noise=1.0, noise_decay_s=rng.uniform(0.05, 0.12),
                 noise_hz=(rng.uniform(500, 1100), rng.uniform(2000, 4500)))
    return _again(one, int(rng.integers(2, 5)), rng.uniform(0.2, 0.32))


def _knock(rng: np.random.Generator) -> tuple[Stroke, ...]:
    one = Stroke(seconds=0.16, attack_s=0.001, partials=_partials(
        rng, _log(rng, 130, 380), [1.0, 1.6, 2.4, 3.5], rng.uniform(0.08, 0.16), 0.8),
        noise=0.3, noise_hz=(200.0, 2000.0), noise_decay_s=0.03)
    return _again(one, int(rng.integers(2, 5)), rng.uniform(0.14, 0.28))


def _beep(rng: np.random.Generator) -> tuple[Stroke, ...]:
    one = Stroke(seconds=rng.uniform(0.07, 0.2), partials=((_log(rng, 700, 3500), 1.0, 50.0),))
    return _again(one, int(rng.integers(1, 5)), one.seconds * rng.uniform(1.5, 2.2))


def _horn(rng: np.random.Generator) -> tuple[Stroke, ...]:
    hz = _log(rng, 200, 480)
    tones = [hz * n * ratio for ratio in (1.0, 1.26) for n in range(1, 9)]
    return (Stroke(seconds=rng.uniform(0.5, 1.1), attack_s=0.03, partials=tuple(
        (tone, (tone / hz) ** -0.7, 50.0) for tone in tones if tone < HIGHEST_HZ)),)


def _buzzer(rng: np.random.Generator) -> tuple[Stroke, ...]:
    hz = _log(rng, 80, 220)
    return (Stroke(seconds=rng.uniform(0.5, 1.0), partials=tuple(
        (hz * n, n ** -rng.uniform(0.2, 0.6), 50.0) for n in range(1, 32, 2)),
        tremolo_hz=rng.choice((0.0, rng.uniform(8, 16)))),)


def _drum(rng: np.random.Generator) -> tuple[Stroke, ...]:
    one = Stroke(seconds=0.4, attack_s=0.002, glide=-0.5, partials=_partials(
        rng, _log(rng, 70, 200), [1.0, 1.59, 2.14, 2.65], rng.uniform(0.25, 0.6), 0.7),
        noise=rng.uniform(0.02, 0.5), noise_hz=(1000.0, 6000.0),
        noise_decay_s=rng.uniform(0.08, 0.25))
    return _again(one, int(rng.integers(1, 4)), rng.uniform(0.22, 0.34))


def _bird(rng: np.random.Generator) -> tuple[Stroke, ...]:
    hz = _log(rng, 2200, 5000)
    one = Stroke(seconds=rng.uniform(0.05, 0.14), attack_s=0.01, glide=rng.uniform(-0.6, 0.6),
                 partials=((hz, 1.0, 5.0),), vibrato_hz=rng.uniform(15, 40),
                 vibrato=rng.uniform(0.0, 0.12))
    return _again(one, int(rng.integers(3, 8)), one.seconds * rng.uniform(1.3, 2.0))


def _drops(rng: np.random.Generator) -> tuple[Stroke, ...]:
    one = Stroke(seconds=0.08, attack_s=0.002, glide=rng.uniform(0.4, 1.0),
                 partials=((_log(rng, 600, 1600), 1.0, rng.uniform(0.05, 0.1)),))
    return _again(one, int(rng.integers(2, 6)), rng.uniform(0.15, 0.3))


def _siren(rng: np.random.Generator) -> tuple[Stroke, ...]:
    hz = _log(rng, 600, 1300)
    return (Stroke(seconds=1.6, attack_s=0.02, vibrato_hz=rng.uniform(1.5, 6.0),
                   vibrato=rng.uniform(0.2, 0.5),
                   partials=((hz, 1.0, 50.0), (2 * hz, 0.5, 50.0), (3 * hz, 0.3, 50.0))),)


def _rattle(rng: np.random.Generator) -> tuple[Stroke, ...]:
    one = Stroke(seconds=0.04, attack_s=0.001, noise=1.0, noise_decay_s=0.03,
                 noise_hz=(rng.uniform(1500, 3500), rng.uniform(4500, HIGHEST_HZ)))
    return _again(one, int(rng.integers(8, 14)), rng.uniform(0.05, 0.1))


def _phone(rng: np.random.Generator) -> tuple[Stroke, ...]:
    hz = _log(rng, 800, 1800)
    return (Stroke(seconds=0.8, tremolo_hz=rng.uniform(12, 25), partials=(
        (hz, 1.0, 50.0), (hz * rng.uniform(1.15, 1.4), 0.8, 50.0), (hz * 3, 0.2, 50.0))),)


def _glass(rng: np.random.Generator) -> tuple[Stroke, ...]:
    return (Stroke(seconds=0.7, attack_s=0.001, noise=0.1, noise_decay_s=0.02, partials=_partials(
        rng, _log(rng, 1500, 3000), [1.0, 1.9, 2.3], rng.uniform(0.3, 0.8), 0.3)),)


def _footsteps(rng: np.random.Generator) -> tuple[Stroke, ...]:
    one = Stroke(seconds=0.15, attack_s=0.004, noise=1.0, noise_decay_s=rng.uniform(0.05, 0.15),
                 noise_hz=(60.0, _log(rng, 300, 2500)))
    return _again(one, 4, rng.uniform(0.35, 0.6), rng)


def _hum(rng: np.random.Generator) -> tuple[Stroke, ...]:
    hz = float(rng.choice((50.0, 60.0, 100.0, 120.0)))
    return (Stroke(seconds=2.0, attack_s=0.3, partials=tuple(
        (hz * n, n ** -rng.uniform(0.8, 2.0), 99.0) for n in range(1, 12)),
        noise=_log(rng, 0.02, 0.5), noise_hz=(60.0, 2000.0), noise_decay_s=99.0),)


def _rustle(rng: np.random.Generator) -> tuple[Stroke, ...]:
    low = _log(rng, 300, 2500)
    return tuple(Stroke(at_s=at, seconds=rng.uniform(0.1, 0.5), attack_s=0.05, noise=1.0,
                        level=rng.uniform(0.3, 1.0), noise_hz=(low, HIGHEST_HZ),
                        noise_decay_s=rng.uniform(0.2, 3.0))
                 for at in np.cumsum(rng.uniform(0.05, 0.4, 4)))


def _thud(rng: np.random.Generator) -> tuple[Stroke, ...]:
    return (Stroke(seconds=0.3, attack_s=0.003, noise=1.0, noise_decay_s=rng.uniform(0.1, 0.3),
                   noise_hz=(50.0, _log(rng, 200, 900))),)


Make = Callable[[np.random.Generator], tuple[Stroke, ...]]
KINDS: dict[str, Make] = {
    'bell': _bell, 'handbell': _handbell, 'doorbell': _dingdong, 'whistle': _whistle,
    'referee': _referee, 'clap': _clap, 'knock': _knock, 'beep': _beep, 'horn': _horn,
    'buzzer': _buzzer, 'drum': _drum, 'bird': _bird, 'drops': _drops, 'siren': _siren,
    'rattle': _rattle, 'phone': _phone, 'glass': _glass}
ORDINARY: dict[str, Make] = {
    'footsteps': _footsteps, 'hum': _hum, 'rustle': _rustle, 'thud': _thud}


def in_room(sound: NDArray[np.int16], level: float, snr_db: float, rng: np.random.Generator,
            before_s: float = 1.0, after_s: float = 1.6) -> NDArray[np.int16]:
    """A sound as a microphone hears it: quieter, in the noise and the echo of a room.

    Args:
        sound: (n,) int16 at 16 kHz.
        level: factor.
        snr_db: its root mean square, pauses left out, above that of the noise.
        before_s, after_s: noise alone, around it.
    """
    echo = rng.standard_normal(RATE_HZ // 4) * np.exp(-np.arange(RATE_HZ // 4) / (RATE_HZ * 0.03))
    echo *= 0.3 / max(float(np.linalg.norm(echo)), 1e-9)
    echo[0] = 1.0
    dry = sound.astype(np.float64) * level
    wet = np.fft.irfft(np.fft.rfft(dry, 2 * len(dry)) * np.fft.rfft(echo, 2 * len(dry)))[:len(dry)]
    before, after = round(before_s * RATE_HZ), round(after_s * RATE_HZ)
    heard = room_noise(before + len(wet) + after, rng) * active_rms(wet) * 10 ** (-snr_db / 20)
    heard[before:before + len(wet)] += wet
    return to_int16(heard)


def loudness(rng: np.random.Generator) -> float:
    """A factor for `in_room`, from loud to far away."""
    return _log(rng, 0.03, 1.0)


def ordinary_sounds(seed: int, *, each: int = 40, of_no_kind: int = 500) -> Iterator[
        NDArray[np.int16]]:
    """What is heard anyway, in a room: speech, the ORDINARY kinds, and sounds of no kind at all.

    None of KINDS is among them, so that these can be taught and judged.
    """
    rng = np.random.default_rng([seed, 900])
    for text in SPEECH:
        for pitch in (0.7, 0.85, 1.0, 1.2, 1.4):
            yield in_room(synthesise(text, 'pico-us', pitch=pitch), loudness(rng),
                          rng.uniform(12, 35), rng)
    for kind in ORDINARY:
        for _ in range(each):
            yield in_room(play(draw(kind, rng), rng), loudness(rng), rng.uniform(12, 35), rng)
    for _ in range(of_no_kind):
        yield in_room(play(anything(rng), rng), loudness(rng), rng.uniform(12, 35), rng)
