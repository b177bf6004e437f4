"""Set-up: what is done again and what is not, and the repair of the wheels' CMake files."""
from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def install(tmp_path: Path) -> ModuleType:
    """tools/install.py, told that the repository and its environment are elsewhere."""
    spec = importlib.util.spec_from_file_location('install', ROOT / 'tools/install.py')
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules['install'] = module
    spec.loader.exec_module(module)
    module.ROOT, module.VENV = tmp_path, tmp_path / '.venv'  # type: ignore[attr-defined]
    module.PYTHON = tmp_path / '.venv/bin/python'  # type: ignore[attr-defined]
    module.LOG = tmp_path / '.venv/setup.log'  # type: ignore[attr-defined]
    module.NOTES = tmp_path / '.venv/setup.json'  # type: ignore[attr-defined]
    (tmp_path / '.venv/bin').mkdir(parents=True)
    (tmp_path / '.venv/bin/python').symlink_to(sys.executable)
    return module


def test_steps_are_done_once_and_again_when_their_sources_change(
        install: ModuleType, tmp_path: Path) -> None:
    done: list[str] = []
    source = tmp_path / 'list.txt'
    source.write_text('one')
    todo = [install.Step('environment', '', (), lambda: done.append('environment')),
            install.Step('thing', '', (source,), lambda: done.append('thing'))]
    install.run_steps(todo)
    install.run_steps(todo)
    assert done == ['environment', 'thing']
    source.write_text('two')
    install.run_steps(todo)
    assert done == ['environment', 'thing', 'thing']
    install.PYTHON.unlink()             # half an environment is none
    install.run_steps(todo)
    assert done[3:] == ['environment', 'thing']


def test_an_interrupted_set_up_goes_on_where_it_stopped(
        install: ModuleType, tmp_path: Path) -> None:
    done: list[str] = []

    def fail() -> None:
        raise install.SetupError('the network is gone')

    first = install.Step('environment', '', (), lambda: done.append('environment'))
    with pytest.raises(install.SetupError):
        install.run_steps([first, install.Step('thing', '', (), fail)])
    install.run_steps([first, install.Step('thing', '', (), lambda: done.append('thing'))])
    assert done == ['environment', 'thing']


def test_an_environment_of_somebody_else_is_left_alone(install: ModuleType) -> None:
    with pytest.raises(install.SetupError, match='was not made by this set-up'):
        install.make_venv()
    assert install.PYTHON.exists()


def test_notes_that_are_rubbish_count_as_none(install: ModuleType) -> None:
    for text in ('', '[1, 2]', '{"environment": '):
        install.NOTES.write_text(text)
        assert install.notes() == {}


def test_exports_name_this_python(install: ModuleType, tmp_path: Path) -> None:
    tag = f'python3.{sys.version_info[1]}'
    share = tmp_path / '.venv/share/pkg/cmake'
    share.mkdir(parents=True)
    prefix = '/opt/python/cp3xx-cp3xx'
    theirs = f'{prefix}/include/{tag};{prefix}/lib/{tag}/site-packages/numpy'
    (share / 'a.cmake').write_text(f'set(X "{theirs}")\nset(Y "/opt/ros/include")\n')
    install.correct_exports()
    text = (share / 'a.cmake').read_text()
    assert '/opt/python' not in text and '/opt/ros/include' in text
    first, second = re.findall(r'"([^"]*);([^"]*)"', text)[0]
    assert Path(first, 'Python.h').is_file()
    assert second.endswith('site-packages/numpy')


def test_a_failing_program_is_told_with_its_last_words(install: ModuleType) -> None:
    with pytest.raises(install.SetupError) as error:
        install.run(sys.executable, '-c', 'print("the reason"); raise SystemExit(4)')
    assert 'code 4' in str(error.value) and 'the reason' in str(error.value)


def test_torch_is_named_in_one_place_and_everything_is_pinned() -> None:
    lists = sorted((ROOT / 'requirements').glob('*.txt'))
    naming = []
    for path in lists:
        for line in path.read_text().splitlines():
            wanted = line.split('#')[0].strip()
            if not wanted:
                continue
            assert re.match(r'^[A-Za-z0-9_.-]+==[0-9][^ ;]*($|;)', wanted), f'{path.name}: {line}'
            if wanted.startswith('torch=='):
                naming.append(path.name)
    assert naming == ['torch.txt']
    for path in (ROOT / 'setup.py', ROOT / 'pyproject.toml', ROOT / 'Makefile',
                 ROOT / 'tools/install.py'):
        assert 'torch==' not in path.read_text()


def test_a_sourced_ros_and_other_environments_are_kept_out(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in install.FOREIGN:
        monkeypatch.setenv(name, '/opt/ros/x')
    monkeypatch.delenv('PYTHONHOME')
    code = (f'import os; print([n for n in {install.FOREIGN!r} '
            'if os.environ.get(n) == "/opt/ros/x"])')
    install.run('/usr/bin/env', '-u', 'LD_LIBRARY_PATH', sys.executable, '-S', '-c', code)
    assert install.LOG.read_text().splitlines()[-1] == '[]'
