"""launch/brain.launch.py, where `launch_ros` is installed; and the package around it anywhere."""
from __future__ import annotations

import ast
import importlib.util
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from yan_brain.cli.config import settings_class
from yan_brain.cli.programs import PROCESSES, TRANSPORTS
from yan_brain.settings import settings_of

ROOT = Path(__file__).resolve().parent.parent


def test_each_process_has_a_script_a_module_and_a_place_in_the_launch_file() -> None:
    setup = (ROOT / 'setup.py').read_text()
    launch = (ROOT / 'launch/brain.launch.py').read_text()
    for module, nodes in PROCESSES.values():
        script = module.rpartition('.')[2]
        assert f"'{script} = {{NAME}}.nodes.{script}:main'" in setup.replace("f'", "'"), script
        assert f"'{script}'" in launch
        assert importlib.util.find_spec(module) is not None
        for node in nodes:
            assert f"'{node}'" in launch
            assert (ROOT / f'config/{node}.yaml').is_file()


def _calls(name: str) -> list[ast.Call]:
    """All calls of a function in the launch file."""
    tree = ast.parse((ROOT / 'launch/brain.launch.py').read_text())
    return [item for item in ast.walk(tree) if isinstance(item, ast.Call)
            and isinstance(item.func, ast.Name) and item.func.id == name]


def _words(items: list[ast.expr]) -> list[str]:
    return [item.value for item in items if isinstance(item, ast.Constant)]


def test_the_launch_file_starts_the_same_processes_as_the_command_line() -> None:
    started = {}
    for call in _calls('brain_node'):
        script, *nodes = _words(call.args)
        started[script] = tuple(nodes)
    assert started == {module.rpartition('.')[2]: nodes for module, nodes in PROCESSES.values()}


def test_the_launch_file_makes_room_for_raw_images_as_the_command_line_does() -> None:
    name, value, *_ = next(call for call in _calls('SetEnvironmentVariable')
                           if _words(call.args) == ['FASTDDS_BUILTIN_TRANSPORTS']).args
    assert _words([name]) == _words(value.args)         # what is set already stays
    assert _words([word.value for word in value.keywords]) == [TRANSPORTS]


def test_the_launch_file_uses_the_arguments_it_declares() -> None:
    tree = ast.parse((ROOT / 'launch/brain.launch.py').read_text())
    declared = next(ast.literal_eval(ast.Tuple([row.elts[0] for row in item.value.elts]))
                    for item in tree.body if isinstance(item, ast.Assign)
                    and item.targets[0].id == 'ARGUMENTS')
    used = {word for call in _calls('LaunchConfiguration') for word in _words(call.args)}
    assert used == set(declared)


def test_the_launch_file_sets_parameters_that_the_home_has() -> None:
    tree = ast.parse((ROOT / 'launch/brain.launch.py').read_text())
    given = next(item.value for item in ast.walk(tree) if isinstance(item, ast.Assign)
                 and item.targets[0].id == 'home')
    known = {leaf.name: leaf for leaf in settings_of(settings_class('home'))}
    for key, value in zip(given.keys, given.values, strict=True):
        kind = next(word.value.id for word in value.keywords if word.arg == 'value_type')
        assert known[key.value].kind.__name__ == kind, key.value


def test_gazebo_launch_hands_on_arguments_that_the_brain_has() -> None:
    gazebo = ast.parse((ROOT / 'launch/gazebo.launch.py').read_text())
    given = {word.arg for call in ast.walk(gazebo) if isinstance(call, ast.Call)
             and getattr(call.func, 'id', '') == 'included' and _words(call.args) == [
                 'brain.launch.py'] for word in call.keywords}
    brain = ast.parse((ROOT / 'launch/brain.launch.py').read_text())
    declared = {row.elts[0].value for item in brain.body if isinstance(item, ast.Assign)
                and item.targets[0].id == 'ARGUMENTS' for row in item.value.elts}
    assert {'robot', 'camera', 'use_sim_time', 'namespace'} <= given <= declared
    assert (ROOT / 'worlds/bridge.yaml').is_file()      # setup.py installs what is in worlds/


def test_package_xml_names_each_ros_package_that_is_imported() -> None:
    root = ElementTree.parse(ROOT / 'package.xml').getroot()
    named = {element.text for element in root if element.tag.endswith('depend')}
    imported = set()
    for path in [*(ROOT / 'yan_brain').rglob('*.py'), *(ROOT / 'launch').glob('*.py')]:
        for item in ast.walk(ast.parse(path.read_text())):
            if isinstance(item, ast.ImportFrom) and item.module and not item.level:
                imported.add(item.module.split('.')[0])
            elif isinstance(item, ast.Import):
                imported |= {name.name.split('.')[0] for name in item.names}
    ros = {name for name in imported if name.endswith(('_msgs', '_interfaces', '_srvs'))}
    assert ros | {'rclpy', 'launch', 'launch_ros'} <= named


def test_the_launch_file_describes_a_brain() -> None:
    pytest.importorskip('launch_ros', reason='launch_ros is not there: it does not come by pip')
    from launch.actions import DeclareLaunchArgument
    from launch_ros.actions import Node
    spec = importlib.util.spec_from_file_location('brain', ROOT / 'launch/brain.launch.py')
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    entities = module.generate_launch_description().entities
    arguments = {entity.name for entity in entities if isinstance(entity, DeclareLaunchArgument)}
    assert {'namespace', 'robot', 'params_file', 'use_sim_time', 'seed'} <= arguments
    assert sum(isinstance(entity, Node) for entity in entities) == len(PROCESSES)
