"""Images from a camera (V4L2), a video file or a folder of pictures, each with its time."""
from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yan_brain.perception.capture import CaptureEnded, CaptureError, Source
from yan_brain.settings import SettingError, check, setting
from yan_brain.signals import Image

PICTURES = ('.png', '.jpg', '.jpeg', '.bmp', '.webp', '.ppm')
MAX_PIXELS = 16_000_000
FALLBACK_HZ = 10.0                      # of a file that does not say its rate, and of folders
os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(MAX_PIXELS))


@dataclass(frozen=True, kw_only=True)
class CameraConfig:
    """Where images come from."""

    source: str = setting('0', 'a camera by number or path (/dev/video0), a video file, or a '
                          'folder of pictures')
    width: int = setting(0, 'pixels; a camera is asked for them, other images are scaled; 0: as '
                         'they come', minimum=0, maximum=4096)
    height: int = setting(0, 'pixels; 0: as they come', minimum=0, maximum=4096)
    rate_hz: float = setting(0.0, 'images per second; 0: as they come (a folder: 10)',
                             minimum=0.0, maximum=240.0)
    fourcc: str = setting('', 'pixel format asked of the camera, as MJPG or YUYV; empty: its own')
    horizontal_fov_deg: float = setting(70.0, 'horizontal field of view',
                                        minimum=5.0, maximum=175.0)
    loop: bool = setting(True, 'files and folders begin again at their end')
    retry_s: float = setting(1.0, 'seconds between two tries to open the source',
                             minimum=0.05, maximum=60.0)
    stale_s: float = setting(2.0, 'a source that gives nothing for so long has vanished',
                             minimum=0.3, maximum=60.0)

    def __post_init__(self) -> None:
        check(self)
        if (self.width == 0) != (self.height == 0):
            raise SettingError(f'CameraConfig is {self.width} x {self.height}; allowed: both '
                               'given, or both 0')
        if self.fourcc and len(self.fourcc) != 4:
            raise SettingError(f'CameraConfig.fourcc is {self.fourcc!r}; allowed: four letters '
                               'or none')
        if not self.source:
            raise SettingError('CameraConfig.source is empty; allowed: a number, a path')


def source_of(config: CameraConfig, now_s: Callable[[], float] = time.time) -> Source[Image]:
    """The source that `config` names. Stamps are by `now_s`, when the image was read."""
    if config.source.isdecimal() or config.source.startswith('/dev/'):
        return DeviceSource(config, now_s)
    return PathSource(config, now_s)


class PathSource:
    """A video file or a folder, whichever stands at the path when it is opened."""

    def __init__(self, config: CameraConfig, now_s: Callable[[], float]) -> None:
        self.name = config.source
        self._kinds = VideoSource(config, now_s), FolderSource(config, now_s)
        self._chosen: VideoSource | FolderSource = self._kinds[0]

    def open(self) -> None:
        if not Path(self.name).exists():
            raise CaptureError(f'{self.name} is neither a file, a folder nor a camera; allowed: '
                               'a video file, a folder of pictures, /dev/videoN, a number')
        self._chosen = self._kinds[Path(self.name).is_dir()]
        self._chosen.open()

    def read(self, limit_s: float) -> Image | None:
        return self._chosen.read(limit_s)

    def close(self) -> None:
        self._chosen.close()


class Pace:
    """Due times of a steady rate; what cannot be kept is let go, not caught up."""

    def __init__(self, rate_hz: float) -> None:
        self.period_s = 1.0 / rate_hz
        self._due_s = time.monotonic()

    def wait(self, limit_s: float) -> bool:
        """Waits for the next due time, at most `limit_s`; whether it has come."""
        wait_s = self._due_s - time.monotonic()
        time.sleep(max(0.0, min(wait_s, limit_s)))
        return wait_s <= limit_s

    def skip(self) -> int:
        """Marks this one as done: how many before the next are late by now."""
        late = max(0, math.floor((time.monotonic() - self._due_s) / self.period_s))
        self._due_s += (late + 1) * self.period_s
        return late


class VideoSource:
    """A video file in real time: late frames are left out, so that it keeps its speed."""

    def __init__(self, config: CameraConfig, now_s: Callable[[], float]) -> None:
        self.name = config.source
        self._config, self._now_s = config, now_s
        self._video: Any = None

    def open(self) -> None:
        import cv2
        self._video = cv2.VideoCapture(self.name)
        if not self._video.isOpened():
            raise CaptureError(f'{self.name} is no video that OpenCV can read; try MP4 or AVI')
        own_hz = float(self._video.get(cv2.CAP_PROP_FPS))
        own_hz = own_hz if math.isfinite(own_hz) and 0.1 <= own_hz <= 1000.0 else FALLBACK_HZ
        # Slower than its own rate: of the frames in between none is shown.
        self.rate_hz = min(self._config.rate_hz or own_hz, own_hz)
        self._stride = own_hz / self.rate_hz
        self._pace, self._frame, self._due = Pace(self.rate_hz), 0, 0.0

    def read(self, limit_s: float) -> Image | None:
        if not self._pace.wait(limit_s):
            return None
        while self._frame < round(self._due):   # decoding is the costly part: only grab these
            if not self._video.grab():
                self._end()
                return None
            self._frame += 1
        done, bgr = self._video.read()
        if not done:
            self._end()
            return None
        self._frame += 1
        self._due += (1 + self._pace.skip()) * self._stride
        return _image(bgr, self._config, self._now_s())

    def close(self) -> None:
        if self._video is not None:
            self._video.release()
            self._video = None

    def _end(self) -> None:
        if self._frame == 0:
            raise CaptureError(f'{self.name} holds no frame that OpenCV can read')
        if not self._config.loop:
            raise CaptureEnded(f'{self.name} has ended; set loop to begin again')
        self.close()
        self.open()


class FolderSource:
    """Pictures of a folder in the order of their names."""

    def __init__(self, config: CameraConfig, now_s: Callable[[], float]) -> None:
        self.name = config.source
        self._config, self._now_s = config, now_s
        self._paths: list[Path] = []
        self._at = 0

    def open(self) -> None:
        self._paths = sorted(path for path in Path(self.name).iterdir()
                             if path.suffix.lower() in PICTURES)
        if not self._paths:
            raise CaptureError(f'{self.name} holds no pictures; allowed: {", ".join(PICTURES)}')
        self._at = 0
        self._pace = Pace(self._config.rate_hz or FALLBACK_HZ)

    def read(self, limit_s: float) -> Image | None:
        import cv2
        if not self._pace.wait(limit_s):
            return None
        self._pace.skip()
        if self._at == len(self._paths):
            if not self._config.loop:
                raise CaptureEnded(f'{self.name} has ended; set loop to begin again')
            self._at = 0
        path = self._paths[self._at]
        self._at += 1
        try:
            bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
        except cv2.error as error:
            raise CaptureError(f'{path} cannot be read: {str(error)[:200]}') from error
        if bgr is None:
            raise CaptureError(f'{path} is no picture that OpenCV can read')
        return _image(bgr, self._config, self._now_s())

    def close(self) -> None:
        self._paths = []


class DeviceSource:
    """A camera by V4L2. The driver keeps few frames, so that the newest one is read."""

    def __init__(self, config: CameraConfig, now_s: Callable[[], float]) -> None:
        self.name = config.source if not config.source.isdecimal() else (
            f'/dev/video{config.source}')
        self._config, self._now_s = config, now_s
        self._video: Any = None

    def open(self) -> None:
        import cv2
        if not Path(self.name).exists():
            here = ', '.join(sorted(str(p) for p in Path('/dev').glob('video*')))
            raise CaptureError(f'camera {self.name} is not here; cameras: {here or "none"}')
        self._video = cv2.VideoCapture(self.name, cv2.CAP_V4L2)
        if not self._video.isOpened():
            raise CaptureError(f'camera {self.name} cannot be opened: another program may use '
                               'it, or you are not in the group video')
        config = self._config
        wishes = [(cv2.CAP_PROP_BUFFERSIZE, 1.0)]
        if config.fourcc:
            wishes.append((cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*config.fourcc))))
        if config.width:
            wishes += [(cv2.CAP_PROP_FRAME_WIDTH, float(config.width)),
                       (cv2.CAP_PROP_FRAME_HEIGHT, float(config.height))]
        if config.rate_hz:
            wishes.append((cv2.CAP_PROP_FPS, config.rate_hz))
        for wish, value in wishes:      # a camera may refuse: frames are scaled afterwards
            self._video.set(wish, value)
        self._next_s = 0.0

    def read(self, limit_s: float) -> Image | None:
        # The driver waits for the frame; frames above the wanted rate are left out.
        if not self._video.grab():
            raise CaptureError(f'camera {self.name} gives no frames: it was unplugged, or its '
                               'driver hangs')
        now_s = time.monotonic()
        if self._config.rate_hz:
            if now_s < self._next_s:
                return None
            period_s = 1.0 / self._config.rate_hz
            self._next_s = max(self._next_s + period_s, now_s + 0.5 * period_s)
        stamp_s = self._now_s()
        done, bgr = self._video.retrieve()
        if not done:
            raise CaptureError(f'camera {self.name} gave a frame that does not decode')
        return _image(bgr, self._config, stamp_s)

    def close(self) -> None:
        if self._video is not None:
            self._video.release()
            self._video = None


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Intrinsics as `camera_calibration` writes them; `k` 9, `r` 9, `p` 12 numbers, row-major."""

    width: int
    height: int
    model: str
    k: tuple[float, ...]
    d: tuple[float, ...]
    r: tuple[float, ...]
    p: tuple[float, ...]

    @property
    def horizontal_fov_rad(self) -> float:
        """Of the undistorted image."""
        return 2.0 * math.atan(self.width / (2.0 * self.k[0]))


def read_calibration(path: Path) -> Calibration:
    """A calibration file of ROS. Raises SettingError with what is wrong."""
    import yaml
    try:
        raw = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingError(f'calibration {path} cannot be read: {error}') from error
    try:
        made = Calibration(
            width=int(raw['image_width']), height=int(raw['image_height']),
            model=str(raw['distortion_model']), k=_numbers(raw['camera_matrix'], 9),
            d=_numbers(raw['distortion_coefficients'], None),
            r=_numbers(raw['rectification_matrix'], 9), p=_numbers(raw['projection_matrix'], 12))
    except (KeyError, TypeError, ValueError) as error:
        raise SettingError(f'calibration {path} is broken: {error!r}; wanted is a file as ROS '
                           'camera_calibration writes it') from error
    if made.width < 1 or made.height < 1 or made.k[0] <= 0.0:
        raise SettingError(f'calibration {path} has {made.width} x {made.height} pixels and a '
                           f'focal length of {made.k[0]}; all must be positive')
    return made


def _numbers(matrix: dict[str, list[float]], count: int | None) -> tuple[float, ...]:
    values = tuple(float(value) for value in matrix['data'])
    if not all(math.isfinite(value) for value in values):
        raise ValueError(f'it holds a number that is not finite: {values}')
    if count is not None and len(values) != count:
        raise ValueError(f'{len(values)} numbers where {count} are wanted')
    return values


def _image(bgr: NDArray[Any], config: CameraConfig, stamp_s: float) -> Image:
    import cv2
    if bgr.shape[0] * bgr.shape[1] > MAX_PIXELS:
        raise CaptureError(f'{config.source} gives {bgr.shape[1]} x {bgr.shape[0]} pixels; '
                           f'allowed: {MAX_PIXELS} in all')
    if config.width and bgr.shape[:2] != (config.height, config.width):
        bgr = np.asarray(cv2.resize(bgr, (config.width, config.height),
                                    interpolation=cv2.INTER_AREA), np.uint8)
    rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    return Image(stamp_s=stamp_s, rgb=rgb,
                 horizontal_fov_rad=math.radians(config.horizontal_fov_deg))
