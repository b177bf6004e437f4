"""Lessons take what ticks saw: no second look, and not beside a tick."""
from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from yan_brain.mind import seeing
from yan_brain.mind.seeing import Looks, Scene
from yan_brain.signals import Image


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a test may take: what waits in vain is noticed."""
    monkeypatch.setattr(seeing, 'TICKING_S', 60.0)


def _image(stamp_s: float) -> Image:
    return Image(stamp_s=stamp_s, rgb=np.zeros((4, 4, 3), np.uint8), horizontal_fov_rad=1.0)


def _scene() -> Scene:
    empty = np.empty(0, np.float32)
    return Scene(empty, empty, empty, empty, empty, empty, np.empty(0, np.int64), empty, empty,
                 empty)


def _tick(looks: Looks, image: Image | None) -> Scene:
    with looks.ticking():
        seen = _scene()
        if image is not None:
            looks.keep(image, seen)
    return seen


def test_a_lesson_waits_for_the_end_of_the_tick_that_looks() -> None:
    looks, image, inside, go = Looks(), _image(1.0), threading.Event(), threading.Event()
    _tick(looks, None)

    def tick() -> Scene:
        with looks.ticking():
            seen = _scene()
            looks.keep(image, seen)
            inside.set()
            go.wait(5.0)
        return seen

    with ThreadPoolExecutor(2) as pool:
        ticked = pool.submit(tick)
        assert inside.wait(5.0)
        asked = pool.submit(looks.of, image)
        time.sleep(0.05)
        assert not asked.done()                   # the tick is not over
        go.set()
        assert asked.result(5.0) is ticked.result(5.0)


def test_an_image_that_ticks_passed_over_is_not_waited_for() -> None:
    looks, skipped = Looks(), _image(1.0)
    _tick(looks, _image(2.0))
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(looks.of, skipped).result(5.0) is None
    same_stamp = _image(2.0)                      # another picture, though of the same time
    assert looks.of(same_stamp) is None


def test_nobody_waits_where_nothing_ticks_or_for_itself() -> None:
    looks = Looks()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(looks.of, _image(1.0)).result(5.0) is None
    seen = _tick(looks, image := _image(1.0))
    assert looks.of(image) is seen                # the thread that ticks
    assert looks.of(_image(2.0)) is None


def test_a_tick_that_fails_is_over() -> None:
    looks, image = Looks(), _image(1.0)
    try:
        with looks.ticking():
            looks.keep(image, seen := _scene())
            raise ValueError
    except ValueError:
        pass
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(looks.of, image).result(5.0) is seen


def test_what_is_learned_waits_for_the_tick_under_way() -> None:
    looks, inside, go = Looks(), threading.Event(), threading.Event()

    def tick() -> None:
        with looks.ticking():
            looks.between()                       # its own thread does not wait for itself
            inside.set()
            go.wait(5.0)

    with ThreadPoolExecutor(2) as pool:
        pool.submit(tick)
        assert inside.wait(5.0)
        asked = pool.submit(looks.between)
        time.sleep(0.05)
        assert not asked.done()
        go.set()
        asked.result(5.0)
