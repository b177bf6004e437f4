"""A room for Gazebo: the same rooms as in the simulated home, as an SDF world with a robot.

`python -m yan_brain.simulation.sdf --seed 1 --out FOLDER` writes `home.sdf` and the meshes it
names. `launch/gazebo.launch.py` does so by itself. Of what the simulated home has, patterns on
floor and walls, a person's voice and bumpers are not there.
"""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from yan_brain.simulation.home import HomeConfig
from yan_brain.simulation.room import ROBOT_RADIUS_M, Room, draw_room
from yan_brain.simulation.sdf_robot import robot
from yan_brain.simulation.sdf_text import colours, numbers, pose
from yan_brain.simulation.things import Part, Rgb

WORLD = 'home.sdf'
_THICK_M = 0.1
_SYSTEMS = {'physics': 'Physics', 'user-commands': 'UserCommands',
            'scene-broadcaster': 'SceneBroadcaster', 'sensors': 'Sensors'}


def write(seed: int, folder: Path, config: HomeConfig | None = None) -> Path:
    """Write the room of a seed; the path of the world.

    Raises:
        ValueError: there is no such room.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    world = folder / WORLD
    world.write_text(world_of(draw_room(seed), folder, config or HomeConfig()))
    return world


def world_of(room: Room, folder: Path, config: HomeConfig) -> str:
    """SDF 1.9 of a room and the robot at its start; meshes are written into `folder`."""
    models = [_walls(room)]
    for index, thing in enumerate(room.things):
        models.append(_model(
            f'{thing.colour}_{thing.kind}_{index}', (thing.x_m, thing.y_m, thing.yaw_rad),
            [(part, part.rgb or thing.rgb) for part in thing.parts], folder, room.gloss))
    for index, piece in enumerate(room.furniture):
        models.append(_model(
            f'{piece.name}_{index}', (piece.x_m, piece.y_m, piece.yaw_rad),
            [(one.part, one.rgb) for one in piece.pieces], folder, 0.1, solid=piece.solid))
    systems = ''.join(
        f'<plugin filename="gz-sim-{file}-system" name="gz::sim::systems::{name}">'
        f'{"<render_engine>ogre2</render_engine>" if file == "sensors" else ""}</plugin>\n'
        for file, name in _SYSTEMS.items())
    return f"""<?xml version="1.0"?>
<sdf version="1.9">
<world name="home">
<physics name="5ms" type="ode"><max_step_size>0.005</max_step_size>
<real_time_factor>1</real_time_factor></physics>
{systems}<scene><ambient>{numbers(room.ambient)} 1</ambient><shadows>false</shadows></scene>
{_lights(room)}
{chr(10).join(models)}
{robot(room.start, config, ROBOT_RADIUS_M)}
</world>
</sdf>
"""


def _lights(room: Room) -> str:
    made = []
    for index, lamp in enumerate(room.lights):
        kind = 'directional' if lamp.directional else 'point'
        made.append(
            f'<light name="lamp{index}" type="{kind}"><pose>{numbers(lamp.at)} 0 0 0</pose>'
            f'<direction>{numbers(lamp.towards)}</direction>'
            f'<diffuse>{numbers(lamp.rgb)} 1</diffuse>'
            f'<specular>{numbers(0.4 * np.array(lamp.rgb))} 1</specular>'
            '<attenuation><range>30</range><constant>1</constant><linear>0</linear>'
            '<quadratic>0</quadratic></attenuation><cast_shadows>false</cast_shadows></light>')
    return '\n'.join(made)


def _walls(room: Room) -> str:
    """Floor, four walls and a ceiling."""
    x, y, high, half = room.width_m / 2, room.depth_m / 2, room.height_m, _THICK_M / 2
    plates = [((0.0, 0.0, -half), (x, y, half), room.floor.rgb),
              ((0.0, 0.0, high + half), (x, y, half), room.ceiling)]
    plates += [((side * (x + half), 0.0, high / 2), (half, y + _THICK_M, high / 2), room.walls.rgb)
               for side in (-1, 1)]
    plates += [((0.0, side * (y + half), high / 2), (x, half, high / 2), room.walls.rgb)
               for side in (-1, 1)]
    return _model('room', (0.0, 0.0, 0.0),
                  [(Part(geom='box', at=at, size=size), rgb) for at, size, rgb in plates],
                  Path(), 0.1)


def _model(name: str, at: tuple[float, float, float], parts: list[tuple[Part, Rgb]],
           folder: Path, gloss: float, *, solid: bool = True) -> str:
    """Something that stays where it is: x, y in metres and yaw in radians."""
    bodies = []
    for index, (part, rgb) in enumerate(parts):
        shape = _shape(part, folder, f'{name}_{index}.obj')
        where = pose(part.at)
        bodies.append(f'<visual name="v{index}">{where}{shape}{colours(rgb, gloss)}</visual>')
        if solid:
            bodies.append(f'<collision name="c{index}">{where}{shape}</collision>')
    return (f'<model name="{name}"><static>true</static>{pose((at[0], at[1], 0), yaw=at[2])}'
            f'<link name="link">{"".join(bodies)}</link></model>')


def _shape(part: Part, folder: Path, file: str) -> str:
    """A geometry; sizes in SDF are whole ones, those of a Part are halves."""
    if part.vertices is not None and part.faces is not None:
        lines = [f'v {numbers(vertex)}' for vertex in part.vertices]
        lines += ['f ' + ' '.join(str(corner + 1) for corner in face) for face in part.faces]
        path = folder / file
        path.write_text('\n'.join(lines) + '\n')
        return f'<geometry><mesh><uri>{path.resolve().as_uri()}</uri></mesh></geometry>'
    size = part.size
    if part.geom == 'box':
        inner = f'<box><size>{numbers(2 * np.array(size))}</size></box>'
    elif part.geom == 'sphere':
        inner = f'<sphere><radius>{size[0]:.5g}</radius></sphere>'
    elif part.geom == 'cylinder':
        inner = (f'<cylinder><radius>{size[0]:.5g}</radius>'
                 f'<length>{2 * size[1]:.5g}</length></cylinder>')
    elif part.geom == 'ellipsoid':
        inner = f'<ellipsoid><radii>{numbers(size)}</radii></ellipsoid>'
    else:
        raise ValueError(f'a part is a {part.geom!r}, which SDF has no shape for')
    return f'<geometry>{inner}</geometry>'


def main() -> int:
    """Write one world."""
    parser = argparse.ArgumentParser(description='Write a room as a world for Gazebo.')
    parser.add_argument('--seed', type=int, default=1, help='which room')
    parser.add_argument('--out', type=Path, default=Path('worlds/home'))
    args = parser.parse_args()
    try:
        print(write(args.seed, args.out))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
