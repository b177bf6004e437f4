"""The next image is foreseen, and what does not fit is a surprise."""
from __future__ import annotations

import numpy as np
import pytest

from yan_brain.mind.foresight import GAP_S, Foresight, Met

ROWS, COLUMNS, WIDTH = 3, 5, 16
TICK_S = 0.1


def panorama(seed: int = 0) -> np.ndarray:
    """(ROWS, 400, WIDTH): a smooth scene that the robot turns past."""
    noise = np.random.default_rng(seed).standard_normal((ROWS, 400, WIDTH))
    kernel = np.hanning(9) / np.hanning(9).sum()
    return np.apply_along_axis(np.convolve, 1, noise, kernel, mode='same').astype(np.float32)


def window(scene: np.ndarray, at: float) -> np.ndarray:
    """(ROWS * COLUMNS, WIDTH): what is seen at a heading, between the columns too."""
    left = int(at)
    seen = [scene[:, i:i + COLUMNS] for i in (left, left + 1)]
    mixed = seen[0] + (at - left) * (seen[1] - seen[0])
    return mixed.reshape(-1, WIDTH).astype(np.float32)


def turned(foresight: Foresight, ticks: int) -> tuple[list[Met], float]:
    """Turn to and fro; what was met, and the heading at the end."""
    scene, rng, at, rate, met = panorama(), np.random.default_rng(1), 200.0, 0.0, []
    for tick in range(ticks):
        if tick % 7 == 0:
            rate = float(rng.choice([-1.0, 0.0, 1.0]))
        found = foresight.meet(window(scene, at), 0.0, rate, tick * TICK_S)
        if found:
            met.append(found)
        at += 0.3 * rate
    return met, at


def test_a_turn_is_foreseen() -> None:
    met, _ = turned(Foresight(ROWS, COLUMNS), 300)
    late = met[150:]
    assert sum(m.error for m in late) < 0.5 * sum(m.still for m in late)


def test_what_appears_surprises() -> None:
    foresight = Foresight(ROWS, COLUMNS)
    met, at = turned(foresight, 300)
    image = window(panorama(), at)
    image[7] += 2.0
    found = foresight.meet(image, 0.0, 0.0, 300 * TICK_S)
    assert found is not None
    assert found.surprise > 3 * max(m.surprise for m in met[150:])


def test_a_still_scene_neither_fails_nor_surprises() -> None:
    foresight = Foresight(ROWS, COLUMNS)
    image = window(panorama(), 50.0)
    met = [foresight.meet(image, 0.0, 0.0, tick * TICK_S) for tick in range(20)]
    assert all(m is None or m.surprise == 0 for m in met)
    found = foresight.meet(window(panorama(), 90.0), 0.0, 0.0, 20 * TICK_S)
    assert found is None or np.isfinite(found.surprise)


@pytest.mark.parametrize('later_s', [GAP_S + 0.01, 0.0, -1.0])
def test_after_a_gap_nothing_is_expected(later_s: float) -> None:
    foresight = Foresight(ROWS, COLUMNS)
    turned(foresight, 30)
    assert foresight.meet(window(panorama(), 9.0), 0.0, 0.0, 29 * TICK_S + later_s) is None
    assert foresight.meet(window(panorama(), 9.1), 0.0, 0.0, 29 * TICK_S + later_s + 0.1)
