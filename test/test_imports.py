"""The rooms of the package: imports point downwards only, and the lower ones know no ROS."""
from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / 'yan_brain'
ANYWHERE = {'signals', 'settings', '__version__'}
# What each room may import of the others, beside itself and ANYWHERE.
ROOMS: dict[str, set[str]] = {
    'signals': set(), 'settings': set(), '__init__': set(),
    'perception': set(), 'cognition': set(), 'planning': set(), 'simulation': set(),
    'learning': {'cognition'},
    'mind': {'perception', 'cognition', 'learning'},
    'training': {'perception', 'cognition', 'learning', 'mind', 'planning', 'simulation'},
    'nodes': {'perception', 'learning', 'mind', 'planning', 'simulation'},
    # bench loop runs the whole brain
    'evaluation': {'perception', 'cognition', 'learning', 'mind', 'planning', 'simulation',
                   'training', 'nodes', 'cli'},
    'cli': {'perception', 'learning', 'mind', 'simulation', 'training', 'nodes', 'evaluation'},
}
# The lessons' background is drawn from frames that the package itself makes.
EXCEPTIONS = {('mind/world.py', 'simulation'), ('mind/sounds.py', 'simulation')}
ROS = ('rclpy', 'yan_brain_msgs', 'sensor_msgs', 'geometry_msgs', 'std_msgs', 'nav_msgs')
WITH_ROS = {'nodes', 'cli', 'evaluation'}


def imported(path: Path) -> Iterator[str]:
    """Dotted names of all that a file imports, inside functions too."""
    for item in ast.walk(ast.parse(path.read_text())):
        if isinstance(item, ast.ImportFrom):
            assert not item.level, f'{path}: relative import'
            yield from (f'{item.module}.{name.name}' for name in item.names)
        elif isinstance(item, ast.Import):
            yield from (name.name for name in item.names)


def rooms() -> Iterator[tuple[str, str, str]]:
    """(room, file, imported name) of the whole package."""
    for path in sorted(PACKAGE.rglob('*.py')):
        inside = path.relative_to(PACKAGE)
        for name in imported(path):
            yield inside.parts[0].removesuffix('.py'), inside.as_posix(), name


def test_imports_point_downwards() -> None:
    wrong = []
    for room, file, name in rooms():
        words = name.split('.')
        if words[0] != 'yan_brain' or len(words) < 2:
            continue
        allowed = ROOMS[room] | ANYWHERE | {room}
        if words[1] not in allowed and (file, words[1]) not in EXCEPTIONS:
            wrong.append(f'{file} imports {name}; {room} may import {sorted(allowed)}')
    assert not wrong, '\n'.join(wrong)


def test_each_room_is_known() -> None:
    found = {path.relative_to(PACKAGE).parts[0].removesuffix('.py')
             for path in PACKAGE.rglob('*.py')}
    assert found == set(ROOMS)


def test_only_the_upper_rooms_know_of_ros() -> None:
    wrong = [f'{file} imports {name}' for room, file, name in rooms()
             if room not in WITH_ROS and name.split('.')[0] in ROS]
    assert not wrong, '\n'.join(wrong)


@pytest.mark.parametrize('module', ['yan_brain.mind.tasks', 'yan_brain.planning.planner',
                                    'yan_brain.perception.hearing'])
def test_what_needs_no_network_does_without_torch(module: str) -> None:
    asked = f'import {module}, sys; sys.exit("torch" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', asked], check=False, timeout=60).returncode == 0
