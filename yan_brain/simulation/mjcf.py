"""A room as a MuJoCo model: MJCF text, and the textures painted into the compiled model."""
from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from yan_brain.simulation.room import Room, Surface
from yan_brain.simulation.things import Part

_TEXTURE = 64  # pixels a side
# Geom groups: scenery a robot runs into, scenery it does not, things; the ceiling, which a
# window onto the room leaves out; the robot, which its own camera leaves out.
SOLID, PICTURE, THING, CEILING, ROBOT = 0, 1, 2, 3, 4


def model_of(room: Room, *, robot: str = '', size: tuple[int, int] = (320, 240),
             timestep_s: float = 0.005) -> mujoco.MjModel:
    """Compile a room. `robot` is MJCF put into the worldbody; `size` the largest image."""
    model = mujoco.MjModel.from_xml_string(
        _xml(room, robot=robot, size=size, timestep_s=timestep_s))
    rng = np.random.default_rng([room.seed, 7])
    for name, surface in (('floor', room.floor), ('wall', room.walls)):
        begin = model.tex_adr[model.tex(name).id]
        image = _paint(surface, rng)
        model.tex_data[begin:begin + image.size] = image.ravel()
    return model


def thing_of_geom(model: mujoco.MjModel, things: int) -> NDArray[np.int16]:
    """Return for each geom the index of the thing it belongs to, or -1."""
    owner = np.full(model.ngeom, -1, np.int16)
    for index in range(things):
        owner[model.geom_bodyid == model.body(f'thing{index}').id] = index
    return owner


def _paint(surface: Surface, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paint a (64, 64, 3) tile."""
    n = _TEXTURE
    one, two = np.array(surface.rgb), np.array(surface.other_rgb)
    row, column = np.indices((n, n))
    if surface.pattern == 'checker':
        mix = ((row // (n // 2) + column // (n // 2)) % 2).astype(float)
    elif surface.pattern == 'planks':
        shade = rng.uniform(size=8)
        mix = shade[row * 8 // n] * 0.8 + 0.1 * np.sin(column * 2 * np.pi / n * 2)
        mix[row % (n // 8) == 0] = 1.3
    elif surface.pattern == 'noise':
        coarse = rng.uniform(size=(8, 8))
        mix = np.kron(coarse, np.ones((n // 8, n // 8))) * 0.6 + rng.uniform(size=(n, n)) * 0.4
    elif surface.pattern == 'speckle':
        mix = (rng.uniform(size=(n, n)) < 0.08).astype(float) * 1.5
    else:
        mix = np.zeros((n, n))
    image = one + mix[..., None] * (two - one)
    tile: NDArray[np.uint8] = np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
    return tile


def _numbers(values: object) -> str:
    return ' '.join(f'{v:.5g}' for v in np.ravel(np.asarray(values, float)))


def _geom(part: Part, rgb: tuple[float, float, float], name: str, meshes: list[str],
          extra: str) -> str:
    colour = f'rgba="{_numbers(rgb)} 1"'
    if part.vertices is not None and part.faces is not None:
        meshes.append(f'<mesh name="{name}" inertia="shell" vertex="{_numbers(part.vertices)}" '
                      f'face="{" ".join(map(str, np.ravel(part.faces)))}"/>')
        body = f'type="mesh" mesh="{name}"'
    else:
        body = f'type="{part.geom}" size="{_numbers(part.size)}"'
    return f'<geom {body} pos="{_numbers(part.at)}" {colour} {extra}/>'


def _things(room: Room, meshes: list[str]) -> str:
    bodies = []
    for index, thing in enumerate(room.things):
        geoms = ''.join(
            _geom(part, part.rgb or thing.rgb, f'mesh{index}_{i}', meshes,
                  f'group="{THING}" material="gloss"')
            for i, part in enumerate(thing.parts))
        bodies.append(
            f'<body name="thing{index}" mocap="true" pos="{_numbers((thing.x_m, thing.y_m, 0))}" '
            f'euler="0 0 {thing.yaw_rad:.5g}">{geoms}</body>')
    return ''.join(bodies)


def _furniture(room: Room, meshes: list[str]) -> str:
    bodies = []
    for index, piece in enumerate(room.furniture):
        how = (f'group="{SOLID}"' if piece.solid else
               f'group="{PICTURE}" conaffinity="0"')
        geoms = ''.join(_geom(p.part, p.rgb, f'furniture{index}_{i}', meshes, how)
                        for i, p in enumerate(piece.pieces))
        bodies.append(f'<body pos="{_numbers((piece.x_m, piece.y_m, 0))}" '
                      f'euler="0 0 {piece.yaw_rad:.5g}">{geoms}</body>')
    return ''.join(bodies)


def _shell(room: Room) -> str:
    x, y, high, thick = room.width_m / 2, room.depth_m / 2, room.height_m, 0.05
    # Planes, since MuJoCo lays a 2d texture on them without stretching it.
    walls = ''.join(
        f'<geom type="plane" pos="{_numbers(at)}" size="{_numbers(half)} 1" '
        f'xyaxes="{_numbers(along)} 0 0 1" material="wall" group="{SOLID}"/>'
        for at, half, along in (
            ((x, 0, high / 2), (y, high / 2), (0, -1, 0)),
            ((-x, 0, high / 2), (y, high / 2), (0, 1, 0)),
            ((0, y, high / 2), (x, high / 2), (1, 0, 0)),
            ((0, -y, high / 2), (x, high / 2), (-1, 0, 0))))
    return (f'<geom name="floor" type="plane" size="{_numbers((x, y))} 1" '
            f'material="floor" group="{PICTURE}" conaffinity="0"/>{walls}'
            f'<geom type="box" pos="0 0 {high + thick:.5g}" size="{_numbers((x, y, thick))}" '
            f'rgba="{_numbers(room.ceiling)} 1" group="{CEILING}" conaffinity="0"/>')


def _lights(room: Room) -> str:
    return ''.join(
        f'<light type="{"directional" if lamp.directional else "point"}" '
        f'pos="{_numbers(lamp.at)}" dir="{_numbers(lamp.towards)}" '
        f'diffuse="{_numbers(lamp.rgb)}" specular="{_numbers(0.4 * np.array(lamp.rgb))}" '
        f'castshadow="false"/>'
        for lamp in room.lights)


def _xml(room: Room, *, robot: str, size: tuple[int, int], timestep_s: float) -> str:
    meshes: list[str] = []
    bodies = _things(room, meshes) + _furniture(room, meshes)
    return f"""<mujoco>
<compiler angle="radian" autolimits="true"/>
<option timestep="{timestep_s}" integrator="implicitfast"/>
<default><geom contype="0" conaffinity="1"/></default>
<statistic extent="1" meansize="0.2" center="0 0 0"/>
<visual>
<global offwidth="{size[0]}" offheight="{size[1]}"/>
<quality shadowsize="0" offsamples="0"/>
<map znear="0.02" zfar="30"/>
<headlight ambient="{_numbers(room.ambient)}" diffuse="0.08 0.08 0.08" specular="0 0 0"/>
</visual>
<asset>
<texture name="floor" type="2d" builtin="flat" width="{_TEXTURE}" height="{_TEXTURE}"/>
<texture name="wall" type="2d" builtin="flat" width="{_TEXTURE}" height="{_TEXTURE}"/>
<material name="floor" texture="floor" texuniform="true"
 texrepeat="{room.floor.scale:.4g} {room.floor.scale:.4g}" specular="0.1"/>
<material name="wall" texture="wall" texuniform="true"
 texrepeat="{room.walls.scale:.4g} {room.walls.scale:.4g}" specular="0.05"/>
<material name="gloss" specular="{room.gloss:.3g}" shininess="{room.gloss:.3g}"/>
{''.join(meshes)}
</asset>
<worldbody>
{_lights(room)}{_shell(room)}{bodies}{robot}
</worldbody>
</mujoco>"""
