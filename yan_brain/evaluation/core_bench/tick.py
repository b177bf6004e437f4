"""A tick of the default brain on one core: an image, 100 ms of sound, touch, body, words at times.

The process holds the mind alone, so its peak memory is what a mind needs.
"""
from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from yan_brain.evaluation.core_bench.groups import Budget, Found
from yan_brain.evaluation.report import Result, percentile
from yan_brain.mind import Mind
from yan_brain.signals import Body, Image, Moment, Sound, Touch

RATE_HZ = 16000
WARM = 5
WORDS_EVERY = 10
WORDS = ('go to the red ball', 'turn left 90 degrees', '走到绿色的瓶子那里', 'what do you see?',
         'find the yellow cone and then follow it', 'stop')


def measure(budget: Budget) -> Iterator[Found]:
    """`tick.*`, on the first core that this process may use."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rng = np.random.default_rng(budget.seed)
    mind = Mind.load(threads=1)
    count = 60 if budget.quick else 1000
    times_ms = []
    for number in range(WARM + count):
        given = moment(rng, number)
        began = time.perf_counter()
        mind.tick(given)
        if number >= WARM:
            times_ms.append((time.perf_counter() - began) * 1e3)
    note = f'a mind {mind.weights_version} on one core; words in every {WORDS_EVERY}th tick'
    yield Found([
        Result(name='tick.p50_ms', value=percentile(times_ms, 0.5), unit='ms', n=count, note=note),
        Result(name='tick.p99_ms', value=percentile(times_ms, 0.99), unit='ms', n=count),
        Result(name='tick.memory_mib', value=peak_memory_mib(), unit='MiB',
               note='peak resident set of the process')])


def moment(rng: np.random.Generator, number: int) -> Moment:
    """Every sense at once; blocks of colour on a floor for an image, noise for sound."""
    now_s = number * 0.1
    rgb = np.full((240, 320, 3), 180, np.uint8)
    rgb[120:] = (110, 95, 80)
    for _ in range(5):
        row, column = rng.integers(90, 180), rng.integers(0, 280)
        rgb[row:row + 40, column:column + 30] = rng.integers(0, 255, 3)
    return Moment(
        stamp_s=now_s, image=Image(stamp_s=now_s, rgb=rgb, horizontal_fov_rad=1.2),
        sound=Sound(stamp_s=now_s, rate_hz=RATE_HZ,
                    samples=rng.normal(0, 2000, RATE_HZ // 10).astype(np.int16)),
        touch=Touch(stamp_s=now_s, pressed=frozenset({'front_left'} if number % 7 == 0 else ())),
        body=Body(stamp_s=now_s, x_m=0.1 * number, y_m=0.0, yaw_rad=0.0, speed_mps=0.2,
                  turn_rate_radps=0.1),
        text=WORDS[number // WORDS_EVERY % len(WORDS)] if number % WORDS_EVERY == 0 else None)


def peak_memory_mib() -> float:
    """The most that was resident at once (VmHWM of Linux)."""
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith('VmHWM:'):
            return int(line.split()[1]) / 1024
    raise OSError('/proc/self/status has no VmHWM; this needs Linux')
