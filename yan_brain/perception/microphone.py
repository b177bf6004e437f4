"""Sound from a microphone (PortAudio) or a WAV file, 16 kHz mono in pieces of 0.1 s."""
from __future__ import annotations

import contextlib
import queue
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yan_brain.perception.capture import CaptureError, Source
from yan_brain.perception.sound import (
    HIGHEST_HZ,
    LOWEST_HZ,
    RATE_HZ,
    Resampler,
    SoundError,
    resample,
)
from yan_brain.settings import SettingError, check, setting
from yan_brain.signals import Sound

PIECES_WAITING = 50                     # 5 s; then the oldest goes


@dataclass(frozen=True, kw_only=True)
class MicrophoneConfig:
    """Where sound comes from."""

    device: str = setting('', 'name (or part of it) or number of the sound device; empty: the '
                          'default one')
    file: str = setting('', 'a WAV file (16 bit) to hear instead of a device')
    loop: bool = setting(False, 'hear the file again and again; else silence follows it')
    piece_s: float = setting(0.1, 'seconds of sound in a message', minimum=0.02, maximum=1.0)
    detect_voice: bool = setting(True, 'tell the chance of speech with each message')
    retry_s: float = setting(1.0, 'seconds between two tries to open the device',
                             minimum=0.05, maximum=60.0)
    stale_s: float = setting(2.0, 'a device that gives nothing for so long has vanished',
                             minimum=0.3, maximum=60.0)

    def __post_init__(self) -> None:
        check(self)
        if self.device and self.file:
            raise SettingError(f'MicrophoneConfig has device {self.device!r} and file '
                               f'{self.file!r}; allowed: one of them')


def source_of(config: MicrophoneConfig,
              now_s: Callable[[], float] = time.time) -> Source[Sound]:
    """The source that `config` names; stamps (of a piece's first sample) are by `now_s`."""
    if config.file:
        return WavSource(config, now_s)
    return DeviceSource(config, now_s)


def read_wav(path: Path) -> NDArray[np.int16]:
    """A WAV file of 16 bits, 8 to 48 kHz, any channels: mono at 16 kHz. Raises SoundError."""
    try:
        with wave.open(str(path), 'rb') as file:
            rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            if width != 2 or not LOWEST_HZ <= rate <= HIGHEST_HZ:
                raise SoundError(f'{path} has {8 * width} bits at {rate} Hz; allowed: 16 bits at '
                                 f'{LOWEST_HZ} to {HIGHEST_HZ} Hz. Convert it first')
            flat = np.frombuffer(file.readframes(file.getnframes()), '<i2')
    except (wave.Error, EOFError) as error:
        raise SoundError(f'{path} is not a WAV file: {error}') from error
    except OSError as error:
        raise SoundError(f'{path} cannot be read: {error.strerror}') from error
    if flat.size < channels:
        raise SoundError(f'{path} holds no samples')
    return resample(_mono(flat[:flat.size // channels * channels].reshape(-1, channels)), rate)


class WavSource:
    """A file in real time, then silence."""

    def __init__(self, config: MicrophoneConfig, now_s: Callable[[], float]) -> None:
        self.name = config.file
        self._config, self._now_s = config, now_s
        self._samples = np.zeros(0, np.int16)
        self._at = 0
        self._begin_s = 0.0

    def open(self) -> None:
        try:
            self._samples = read_wav(Path(self.name))
        except SoundError as error:
            raise CaptureError(str(error)) from error
        self._at, self._begin_s = 0, time.monotonic()

    def read(self, limit_s: float) -> Sound | None:
        count = round(self._config.piece_s * RATE_HZ)
        wait_s = self._begin_s + (self._at + count) / RATE_HZ - time.monotonic()
        if wait_s > limit_s:
            time.sleep(limit_s)
            return None
        time.sleep(max(0.0, wait_s))
        places = np.arange(self._at, self._at + count)
        if self._config.loop:
            piece = self._samples[places % self._samples.size]
        else:
            piece = np.zeros(count, np.int16)
            rest = self._samples[self._at:self._at + count]
            piece[:rest.size] = rest
        self._at += count
        return Sound(stamp_s=self._now_s() - self._config.piece_s, samples=piece, rate_hz=RATE_HZ)

    def close(self) -> None:
        self._samples = np.zeros(0, np.int16)


class DeviceSource:
    """A sound device by PortAudio: at 16 kHz if it can, else at its own rate, resampled."""

    def __init__(self, config: MicrophoneConfig, now_s: Callable[[], float]) -> None:
        self.name = f'microphone {config.device or "(default)"}'
        self.overflows = 0
        self._config, self._now_s = config, now_s
        self._queue: queue.Queue[tuple[float, NDArray[np.int16]]] = queue.Queue(PIECES_WAITING)
        self._stream: Any = None
        self._rate = RATE_HZ
        self._resampler = Resampler()
        self._held = np.zeros(0, np.int16)

    def open(self) -> None:
        sounddevice = load_portaudio()
        # PortAudio lists devices once: without this, one that was plugged in again is unknown.
        sounddevice._terminate()
        sounddevice._initialize()
        index = find_device(sounddevice.query_devices(), self._config.device)
        try:
            info = sounddevice.query_devices(index, 'input')
            self._rate = self._best_rate(sounddevice, index, int(info['default_samplerate']))
            self._queue = queue.Queue(PIECES_WAITING)
            self._held, self._resampler = np.zeros(0, np.int16), Resampler()
            self._stream = sounddevice.InputStream(
                samplerate=self._rate, device=index, dtype='int16',
                channels=min(2, int(info['max_input_channels'])),
                blocksize=round(self._config.piece_s * self._rate), callback=self._on_sound)
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            self.close()
            raise CaptureError(f'{self.name} cannot be opened: {error}; devices here: '
                               + device_names(sounddevice.query_devices())) from error

    def read(self, limit_s: float) -> Sound | None:
        count = round(self._config.piece_s * RATE_HZ)
        latest_s = time.monotonic() + limit_s
        stamp_s = self._now_s()
        while self._held.size < count:
            try:
                stamp_s, samples = self._queue.get(
                    timeout=max(0.0, latest_s - time.monotonic()))
            except queue.Empty:
                if self._stream is not None and not self._stream.active:
                    raise CaptureError(f'{self.name} has stopped; it is opened again') from None
                return None
            made = self._resampler.feed(samples, self._rate)
            self._held = np.concatenate([self._held, made])
        piece, self._held = self._held[:count], self._held[count:]
        begin_s = stamp_s - (count + self._held.size) / RATE_HZ
        return Sound(stamp_s=begin_s, samples=piece, rate_hz=RATE_HZ)

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        import sounddevice
        with contextlib.suppress(sounddevice.PortAudioError):   # it may be gone already
            stream.abort()
        with contextlib.suppress(sounddevice.PortAudioError):
            stream.close()

    def _on_sound(self, samples: NDArray[np.int16], _frames: int, _time: Any,
                  status: Any) -> None:
        # On PortAudio's own thread: only copies.
        if status:
            self.overflows += 1
        if self._queue.full():
            self.overflows += 1
            with contextlib.suppress(queue.Empty):
                self._queue.get_nowait()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait((self._now_s(), _mono(samples)))

    def _best_rate(self, sounddevice: Any, index: int | None, own_rate: int) -> int:
        for rate in dict.fromkeys((RATE_HZ, own_rate, HIGHEST_HZ)):
            if LOWEST_HZ <= rate <= HIGHEST_HZ:
                try:
                    sounddevice.check_input_settings(device=index, samplerate=rate, dtype='int16')
                except sounddevice.PortAudioError:
                    continue
                return rate
        raise ValueError(f'it takes neither {RATE_HZ} Hz nor its own {own_rate} Hz; allowed: '
                         f'{LOWEST_HZ} to {HIGHEST_HZ}')


def load_portaudio() -> Any:
    """The module sounddevice. Raises CaptureError when the library PortAudio is missing."""
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise CaptureError(f'no microphone: {error}; install it with: apt-get install '
                           'libportaudio2, and pip install sounddevice') from error
    return sounddevice


def find_device(devices: Any, wanted: str) -> int | None:
    """The index of the input device called `wanted`: a number, or part of a name; '': default.

    Raises CaptureError when none or only an output is called so.
    """
    if not wanted:
        return None
    inputs = {at: str(device['name']) for at, device in enumerate(devices)
              if device['max_input_channels'] > 0}
    if wanted.isdecimal():
        if int(wanted) in inputs:
            return int(wanted)
    else:
        exact = [at for at, name in inputs.items() if name == wanted]
        part = [at for at, name in inputs.items() if wanted.lower() in name.lower()]
        if exact or part:
            return (exact or part)[0]
    raise CaptureError(f'microphone {wanted!r} is not here; inputs: {device_names(devices)}')


def device_names(devices: Any) -> str:
    """All inputs for people: number and name."""
    return ', '.join(f'{at} {device["name"]!r}' for at, device in enumerate(devices)
                     if device['max_input_channels'] > 0) or 'none'


def _mono(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """(n, channels) to (n,), averaged; always a copy."""
    if samples.shape[1] == 1:
        return samples[:, 0].copy()
    return np.round(samples.mean(axis=1)).astype(np.int16)
