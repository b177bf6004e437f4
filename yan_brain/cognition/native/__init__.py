"""The core's C++ helpers: built once a machine, at first use, into a cache folder.

Plain functions over float32 memory, called through ctypes: no torch headers, a few seconds to
build. Without a compiler, or with `YAN_BRAIN_NATIVE=0`, the same results come from torch, slower.
"""
from __future__ import annotations

import ctypes
import functools
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

# Sums may be reordered (which vectors need); NaN and infinity keep their meaning.
FLAGS = ('-O3', '-march=native', '-std=c++17', '-shared', '-fPIC', '-pthread',
         '-fno-math-errno', '-fno-trapping-math', '-fno-signed-zeros', '-fassociative-math',
         '-freciprocal-math')
_WIDE = '-mprefer-vector-width=512'       # AVX-512 where there is one: x86 only

_log = logging.getLogger(__name__)


@functools.cache
def library() -> ctypes.CDLL | None:
    """The compiled helpers, or None where they cannot be had (the reason is logged once)."""
    if os.environ.get('YAN_BRAIN_NATIVE') == '0':
        return None
    try:
        return ctypes.CDLL(str(build()))
    except (OSError, subprocess.SubprocessError) as error:
        reason = getattr(error, 'stderr', None) or error
        _log.warning('no native helpers, going on with torch alone (slower): %s', reason)
        return None


def build() -> Path:
    """Compile the sources beside this file unless that was done before; the library's path.

    Raises:
        OSError: no compiler (install g++ or clang, or set CXX), or the cache cannot be written.
        subprocess.SubprocessError: the compiler failed; its words are in `stderr`.
    """
    sources = sorted(Path(__file__).parent.glob('*.cpp'))
    flags = [*FLAGS, *([_WIDE] if platform.machine() == 'x86_64' else [])]
    made_of = hashlib.sha256(' '.join([*flags, _processor()]).encode())
    for source in [*sources, *sorted(Path(__file__).parent.glob('*.h'))]:
        made_of.update(source.read_bytes())
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'yan_brain'
    target = cache / f'native-{made_of.hexdigest()[:16]}.so'
    if target.exists():
        return target
    compiler = next(filter(None, map(shutil.which, (
        os.environ.get('CXX') or 'c++', 'g++', 'clang++'))), None)
    if compiler is None:
        raise OSError('no C++ compiler found; install g++ or clang, or set CXX')
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        made = Path(folder) / target.name
        subprocess.run([compiler, *flags, *map(str, sources), '-o', str(made)], check=True,
                       capture_output=True, text=True, timeout=300)
        made.replace(target)            # whoever builds at the same time makes the same file
    return target


def _processor() -> str:
    """What -march=native depends on, so that a shared home serves unlike machines."""
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        return platform.processor()
    return '\n'.join(sorted({line for line in lines if line.startswith(
        ('model name', 'flags', 'Features', 'CPU part'))}))
