"""Microphones: a real capture device (a null sink's monitor), WAV files, what vanishes."""
from __future__ import annotations

import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from sound_server import NoServer, SoundServer

from yan_brain.perception.capture import Capture, CaptureError
from yan_brain.perception.hearing import Ear
from yan_brain.perception.microphone import (
    DeviceSource,
    MicrophoneConfig,
    WavSource,
    device_names,
    find_device,
    read_wav,
    source_of,
)
from yan_brain.perception.sound import SoundError
from yan_brain.settings import SettingError
from yan_brain.signals import Sound

RECORDING = Path(__file__).parent / 'recordings' / 'go_forward_ten_meters.wav'
PATIENCE_S = 30.0
DEVICES = [{'name': 'HDMI', 'max_input_channels': 0},
           {'name': 'Webcam USB', 'max_input_channels': 1},
           {'name': 'pulse', 'max_input_channels': 32}]


def until(there: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < end, f'{what}: not within {PATIENCE_S} s'
        time.sleep(0.02)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    try:
        made = SoundServer(tmp_path)
        made.start()
    except NoServer as why:
        pytest.skip(f'no capture device: {why}')
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    yield made
    made.stop()


def test_a_real_capture_device_hears_a_real_person(server: SoundServer) -> None:
    sounds: list[Sound] = []
    capture = Capture(source_of(MicrophoneConfig(device='pulse')), sounds.append).start()
    try:
        until(lambda: len(sounds) > 3, 'silence from the device')
        assert server.play(RECORDING).wait(PATIENCE_S) == 0
        played = len(sounds)
        until(lambda: len(sounds) > played + 15, 'silence after the words')
    finally:
        capture.close()
    assert not capture.running
    assert {(s.samples.size, s.rate_hz, s.samples.dtype) for s in sounds} == {
        (1600, 16_000, np.dtype(np.int16))}
    gaps = np.diff([s.stamp_s for s in sounds])
    assert abs(float(gaps.mean()) - 0.1) < 0.03
    ear = Ear()
    said = [words for sound in sounds if (words := ear.hear(sound))]
    assert ' '.join(said).lower().startswith('go forward'), said


def test_a_device_that_vanishes_comes_back(server: SoundServer) -> None:
    sounds: list[Sound] = []
    said: list[str] = []
    capture = Capture(source_of(MicrophoneConfig(device='pulse')), sounds.append,
                      said=said.append, retry_s=0.2, stale_s=2.0).start()
    try:
        until(lambda: len(sounds) > 3, 'sound')
        server.stop()
        until(lambda: capture.fault != '', 'the fault')
        count = len(sounds)
        server.start()
        until(lambda: len(sounds) > count + 5, 'sound after it came back')
        assert capture.fault == '' and capture.openings >= 2
        assert any('opened again' in f or 'not here' in f for f in said), said
    finally:
        capture.close()


def test_a_device_that_is_not_here_is_named_with_the_others(server: SoundServer) -> None:
    with pytest.raises(CaptureError, match=r"'walkie' is not here; inputs: .*'pulse'"):
        DeviceSource(MicrophoneConfig(device='walkie'), time.time).open()


def test_closing_in_silence_is_prompt(server: SoundServer) -> None:
    capture = Capture(source_of(MicrophoneConfig(device='pulse')), lambda _: None).start()
    until(lambda: capture.pieces > 0, 'sound')
    began = time.monotonic()
    capture.close()
    assert time.monotonic() - began < 2.5 and not capture.running


@pytest.mark.parametrize(('wanted', 'index'), [('', None), ('2', 2), ('webcam', 1), ('pulse', 2)])
def test_devices_are_found_by_name_or_number(wanted: str, index: int | None) -> None:
    assert find_device(DEVICES, wanted) == index


@pytest.mark.parametrize('wanted', ['HDMI', '0', '7', 'nothing'])
def test_outputs_and_unknown_devices_are_refused(wanted: str) -> None:
    with pytest.raises(CaptureError, match=r"1 'Webcam USB', 2 'pulse'"):
        find_device(DEVICES, wanted)
    assert device_names([]) == 'none'


def test_a_wav_file_comes_in_real_time_then_silence() -> None:
    sounds: list[Sound] = []
    source = source_of(MicrophoneConfig(file=str(RECORDING)), time.monotonic)
    capture = Capture(source, sounds.append).start()
    until(lambda: len(sounds) >= 40, 'forty pieces')
    capture.close()
    spent = sounds[39].stamp_s - sounds[0].stamp_s
    assert 3.7 < spent < 6.0
    whole = np.concatenate([sound.samples for sound in sounds[:40]])
    recording = read_wav(RECORDING)
    assert np.array_equal(whole[:recording.size], recording)
    assert not whole[recording.size:].any()


def test_a_wav_file_can_begin_again() -> None:
    source = WavSource(MicrophoneConfig(file=str(RECORDING), loop=True, piece_s=1.0), time.time)
    source.open()
    source._begin_s -= 100.0            # all is due at once
    pieces = [source.read(1.0) for _ in range(4)]
    made = np.concatenate([piece.samples for piece in pieces if piece is not None])
    recording = read_wav(RECORDING)
    assert np.array_equal(made[recording.size:recording.size + 1000], recording[:1000])


def test_wav_files_of_other_rates_and_channels(tmp_path: Path) -> None:
    path = tmp_path / 'stereo.wav'
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        tone = (8000 * np.sin(np.arange(48_000) / 20)).astype('<i2')
        file.writeframes(np.stack([tone, tone], 1).tobytes())
    made = read_wav(path)
    assert made.size == 16_000 and 7000 < np.abs(made).max() < 8500


def test_what_is_no_wav_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'text.wav').write_text('hello')
    with pytest.raises(SoundError, match=r'text\.wav is not a WAV file'):
        read_wav(tmp_path / 'text.wav')
    with pytest.raises(SoundError, match='cannot be read: No such file'):
        read_wav(tmp_path / 'none.wav')
    with wave.open(str(tmp_path / 'bytes.wav'), 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(16_000)
        file.writeframes(bytes(100))
    with pytest.raises(SoundError, match='8 bits'):
        read_wav(tmp_path / 'bytes.wav')
    with pytest.raises(CaptureError, match='cannot be read'):
        source_of(MicrophoneConfig(file=str(tmp_path / 'none.wav'))).open()
    with pytest.raises(SettingError, match='one of them'):
        MicrophoneConfig(device='pulse', file='a.wav')
