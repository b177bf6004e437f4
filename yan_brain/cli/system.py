"""What the operating system must bring: checked by looking for the thing, named by apt package."""
from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Need:
    """One system package: how to see that it is there, and what is lost without it."""

    package: str
    purpose: str
    there: Callable[[], bool]
    required: bool = False              # set-up cannot go on without it
    for_tests: bool = False             # used by `make test` only


def program(name: str) -> Callable[[], bool]:
    """A check for an executable on PATH."""
    return lambda: shutil.which(name) is not None


def library(name: str) -> Callable[[], bool]:
    """A check for a shared library, by name without lib and .so."""
    return lambda: ctypes.util.find_library(name) is not None


def files(*patterns: str) -> Callable[[], bool]:
    """A check that one of these glob patterns below the library folders exists."""
    folders = [Path('/usr/lib'), Path('/usr/lib64'), *Path('/usr/lib').glob('*-linux-gnu')]
    return lambda: any(next(folder.glob(pattern), None)
                       for folder in folders if folder.is_dir() for pattern in patterns)


def headers() -> bool:
    """True when C code can be built against the running Python."""
    return (Path(sysconfig.get_paths()['include']) / 'Python.h').is_file()


def venv() -> bool:
    """True when the running Python can make virtual environments with pip in them."""
    return all(importlib.util.find_spec(name) for name in ('venv', 'ensurepip'))


NEEDS = (
    Need(package='python3-venv', purpose='the virtual environment', there=venv, required=True),
    Need(package='python3-dev', purpose='building yan_brain_msgs', there=headers, required=True),
    Need(package='cmake', purpose='building yan_brain_msgs', there=program('cmake'),
         required=True),
    Need(package='g++', purpose='building yan_brain_msgs', there=program('g++'), required=True),
    Need(package='make', purpose='building yan_brain_msgs', there=program('make'), required=True),
    Need(package='libegl1', purpose='pictures of the simulated home', there=library('EGL')),
    Need(package='libgl1-mesa-dri', purpose='pictures of the simulated home without a GPU',
         there=files('dri/swrast_dri.so', 'libgallium*.so*', 'dri/libdril_dri.so')),
    Need(package='libgl1', purpose='the window of the simulated home', there=library('GL')),
    Need(package='libportaudio2', purpose='microphones', there=library('portaudio')),
    Need(package='espeak-ng', purpose='voices that training and evaluation speak with',
         there=program('espeak-ng')),
    Need(package='flite', purpose='voices that training and evaluation speak with',
         there=program('flite')),
    Need(package='pulseaudio', purpose='the test of a real sound device',
         there=program('pulseaudio'), for_tests=True),
    Need(package='pulseaudio-utils', purpose='the test of a real sound device',
         there=program('pactl'), for_tests=True),
    Need(package='libasound2-plugins', purpose='the test of a real sound device',
         there=files('alsa-lib/libasound_module_pcm_pulse.so'), for_tests=True),
    Need(package='git', purpose='the commit named in reports', there=program('git')),
)


def missing(*, tests: bool = False) -> list[Need]:
    """The needs that are not met here."""
    return [need for need in NEEDS if (tests or not need.for_tests) and not need.there()]


def apt_line(needs: Iterable[Need]) -> str:
    """The one line that installs them on Debian and Ubuntu."""
    sudo = '' if os.geteuid() == 0 else 'sudo '
    return f'{sudo}apt-get install -y ' + ' '.join(need.package for need in needs)


def describe(needs: Iterable[Need]) -> str:
    """What is missing, what for, and how to get it; for people."""
    needs = list(needs)
    lines = [f'  {need.package:<18} {need.purpose}' + (' (required)' if need.required else '')
             for need in needs]
    return '\n'.join(['Missing system packages:', *lines, 'Install them with:',
                      f'  {apt_line(needs)}'])


def apt_install(needs: Iterable[Need]) -> bool:
    """Installs by apt-get, as root and without questions. True when all went well."""
    if os.geteuid() != 0 or shutil.which('apt-get') is None:
        return False
    environment = os.environ | {'DEBIAN_FRONTEND': 'noninteractive'}
    packages = [need.package for need in needs]
    for command in (['apt-get', 'update', '-q'],
                    ['apt-get', 'install', '-y', '-q', '--no-install-recommends', *packages]):
        print('$', ' '.join(command), flush=True)
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=900,
                              check=False)
        # An update that fails for one source may still leave what is needed.
        if done.returncode != 0 and command[1] == 'install':
            return False
    return True


if __name__ == '__main__':
    gaps = missing(tests=True)
    print(describe(gaps) if gaps else 'All system packages are there.')
    sys.exit(1 if any(need.required for need in gaps) else 0)
