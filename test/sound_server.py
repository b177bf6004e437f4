"""A sound server of its own for tests: PulseAudio with a null sink, whose monitor is a microphone.

No sound card is needed and nothing of the user's own server is touched.
"""
from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

START_LIMIT_S = 15.0
PROGRAMS = ('pulseaudio', 'pactl', 'paplay')


class NoServer(RuntimeError):
    """PulseAudio cannot run here. The text says why."""


class SoundServer:
    """Start it, play into it, kill it. `environment` is for the programs that shall use it."""

    def __init__(self, folder: Path) -> None:
        missing = [name for name in PROGRAMS if shutil.which(name) is None]
        if missing:
            raise NoServer(f'{", ".join(missing)} not installed: apt-get install pulseaudio '
                           'pulseaudio-utils libasound2-plugins libportaudio2')
        self._folder = folder
        self._socket = folder / 'pulse.socket'
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = {
            'PULSE_SERVER': f'unix:{self._socket}', 'PULSE_SOURCE': 'room.monitor',
            'PULSE_SINK': 'room', 'PULSE_RUNTIME_PATH': str(folder / 'runtime'),
            'PULSE_COOKIE': str(folder / 'cookie'), 'XDG_RUNTIME_DIR': str(folder)}

    def start(self) -> None:
        """Raises NoServer when it does not answer."""
        self._socket.unlink(missing_ok=True)
        log = (self._folder / 'pulse.log').open('wb')
        self._process = subprocess.Popen(
            ['pulseaudio', '-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1',
             '--disallow-exit', '--realtime=no', '--high-priority=no',
             '-L', f'module-native-protocol-unix socket={self._socket} auth-anonymous=1',
             '-L', 'module-null-sink sink_name=room rate=48000 channels=2'],
            env=os.environ | self.environment | {'HOME': str(self._folder)},
            stdout=log, stderr=log)
        latest_s = time.monotonic() + START_LIMIT_S
        while time.monotonic() < latest_s and self._process.poll() is None:
            asked = subprocess.run(['pactl', 'list', 'short', 'sources'], capture_output=True,
                                   env=os.environ | self.environment, timeout=10, check=False)
            if b'room.monitor' in asked.stdout:
                return
            time.sleep(0.1)
        self.stop()
        raise NoServer('pulseaudio did not start: '
                       + (self._folder / 'pulse.log').read_text(errors='replace')[-400:])

    def play(self, path: Path) -> subprocess.Popen[bytes]:
        """Plays a WAV into the null sink."""
        return subprocess.Popen(['paplay', str(path)], env=os.environ | self.environment)

    def stop(self) -> None:
        """Kills the server, as a cable that is pulled."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(5)
            self._process = None
