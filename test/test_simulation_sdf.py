"""Rooms for Gazebo: the world that is written, and the bridge to ROS that fits it."""
from __future__ import annotations

import math
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pytest
import yaml

from yan_brain.simulation import sdf
from yan_brain.simulation.home import HomeConfig
from yan_brain.simulation.room import draw_room
from yan_brain.simulation.sdf_robot import SCAN_HEIGHT_M
from yan_brain.simulation.things import Part

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope='module', params=[1, 7])
def world(request: pytest.FixtureRequest,
          tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    return request.param, sdf.write(request.param, tmp_path_factory.mktemp('world'))


def _models(path: Path) -> dict[str, ElementTree.Element]:
    return {model.get('name', ''): model for model in ElementTree.parse(path).iter('model')}


def _numbers(element: ElementTree.Element, name: str) -> list[float]:
    return [float(word) for word in element.findtext(name, '').split()]


def test_every_thing_stands_where_the_room_has_it(world: tuple[int, Path]) -> None:
    room, models = draw_room(world[0]), _models(world[1])
    assert len(models) == len(room.things) + len(room.furniture) + 2
    for index, thing in enumerate(room.things):
        model = models[f'{thing.colour}_{thing.kind}_{index}']
        assert model.findtext('static') == 'true'
        np.testing.assert_allclose(
            _numbers(model, 'pose'), (thing.x_m, thing.y_m, 0, 0, 0, thing.yaw_rad), rtol=1e-4)
        link = model.find('link')
        assert link is not None
        assert len(link.findall('visual')) == len(link.findall('collision')) == len(thing.parts)
    pose = _numbers(models['robot'], 'pose')
    assert pose[:2] == pytest.approx([room.start.x_m, room.start.y_m], rel=1e-4)


def test_meshes_are_there_and_span_what_the_parts_span(world: tuple[int, Path]) -> None:
    uris = {uri.text or '' for uri in ElementTree.parse(world[1]).iter('uri')}
    parts = {f'{thing.colour}_{thing.kind}_{index}_{number}': part
             for index, thing in enumerate(draw_room(world[0]).things)
             for number, part in enumerate(thing.parts) if part.vertices is not None}
    assert {Path(urlparse(uri).path).stem for uri in uris} == set(parts)
    for uri in uris:
        path = Path(urlparse(uri).path)
        rows = [line.split() for line in path.read_text().splitlines()]
        corners = np.array([row[1:] for row in rows if row[0] == 'v'], float)
        faces = np.array([row[1:] for row in rows if row[0] == 'f'], int)
        expected = parts[path.stem].vertices
        assert expected is not None
        np.testing.assert_allclose(corners, expected, rtol=1e-3, atol=1e-6)
        assert faces.min() == 1
        assert faces.max() == len(corners)


def test_sizes_are_whole_ones(tmp_path: Path) -> None:
    made = sdf._shape(Part(geom='box', size=(0.1, 0.2, 0.3)), tmp_path, 'a.obj')
    assert '<size>0.2 0.4 0.6</size>' in made
    made = sdf._shape(Part(geom='cylinder', size=(0.1, 0.2)), tmp_path, 'a.obj')
    assert '<radius>0.1</radius><length>0.4</length>' in made
    with pytest.raises(ValueError, match='no shape'):
        sdf._shape(Part(geom='plane', size=(1, 1)), tmp_path, 'a.obj')


def test_the_robot_senses_as_in_the_simulated_home(world: tuple[int, Path]) -> None:
    robot, config = _models(world[1])['robot'], HomeConfig()
    sensors = {sensor.get('name'): sensor for sensor in robot.iter('sensor')}
    camera, lidar = sensors['camera'], sensors['lidar']
    assert float(camera.findtext('camera/horizontal_fov', '')) == pytest.approx(
        config.camera_fov_rad, rel=1e-4)
    assert _numbers(camera, 'pose')[:3] == pytest.approx(
        [config.camera_forward_m, 0, config.camera_height_m])
    beams = lidar.find('lidar/scan/horizontal')
    assert beams is not None
    count = int(beams.findtext('samples', ''))
    step = (float(beams.findtext('max_angle', '')) - float(beams.findtext('min_angle', ''))
            ) / (count - 1)
    assert step * count == pytest.approx(2 * math.pi, rel=1e-4)     # no beam twice
    assert _numbers(lidar, 'pose')[2] == pytest.approx(SCAN_HEIGHT_M)
    shown = {int(flags.text or '') for flags in robot.iter('visibility_flags')}
    for mask in (camera.findtext('camera/visibility_mask'),
                 lidar.findtext('lidar/visibility_mask')):
        assert all(int(mask or '') & flags == 0 for flags in shown)     # itself unseen


def test_a_driven_wheel_turns_forward(world: tuple[int, Path]) -> None:
    robot = _models(world[1])['robot']
    for name, side in (('left', 1), ('right', -1)):
        wheel = next(link for link in robot.iter('link') if link.get('name') == f'{name}_wheel')
        x, y, z, roll, pitch, yaw = _numbers(wheel, 'pose')
        assert math.copysign(1, y) == side
        assert x == pitch == yaw == 0
        # The joint's axis is z of the wheel; rolled, it must be y of the body.
        assert (-math.sin(roll), math.cos(roll)) == pytest.approx((1.0, 0.0), abs=1e-4)
        radius = float(wheel.findtext('collision/geometry/cylinder/radius', ''))
        assert z == pytest.approx(radius)                               # it stands on the floor


def test_the_bridge_carries_what_robot_and_brain_name(world: tuple[int, Path]) -> None:
    rows = yaml.safe_load((ROOT / 'worlds/bridge.yaml').read_text())
    carried = {row['gz_topic_name']: row for row in rows}
    robot = _models(world[1])['robot']
    named = {element.text for tag in ('topic', 'odom_topic') for element in robot.iter(tag)}
    # The camera's own beside its image, and the world's clock.
    assert set(carried) == named | {'robot/camera/camera_info', 'clock'}
    assert {row['ros_topic_name'] for row in rows} == {
        '/clock', 'camera/image_raw', 'camera/camera_info', 'scan', 'odom', 'cmd_vel'}
    assert [row['ros_topic_name'] for row in rows
            if row['direction'] == 'ROS_TO_GZ'] == ['cmd_vel']


def test_gazebos_own_parser_finds_it_valid(world: tuple[int, Path]) -> None:
    tool = shutil.which('gz') or shutil.which('ign')
    if tool is None:
        pytest.skip('neither gz nor ign is installed (Debian: ignition-tools, libsdformat-dev)')
    found = subprocess.run([tool, 'sdf', '-k', str(world[1])], capture_output=True, text=True,
                           timeout=60, check=False)
    assert 'Valid.' in found.stdout, found.stdout + found.stderr


def test_a_room_that_cannot_be_is_refused(capsys: pytest.CaptureFixture[str],
                                          monkeypatch: pytest.MonkeyPatch,
                                          tmp_path: Path) -> None:
    monkeypatch.setattr('sys.argv', ['sdf', '--seed', '-1', '--out', str(tmp_path)])
    assert sdf.main() == 1
    assert 'seed is -1' in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
