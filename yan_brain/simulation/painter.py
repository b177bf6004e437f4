"""Pictures of a MuJoCo model on a software or GPU driver, without a window."""
from __future__ import annotations

import os

import mujoco
import numpy as np
from numpy.typing import NDArray

from yan_brain.simulation.mjcf import CEILING, PICTURE, SOLID, THING

_DRAWN = (SOLID, PICTURE, THING, CEILING)

_context: list[tuple[tuple[int, int], mujoco.GLContext]] = []  # one per process, made once


def _make_current(size: tuple[int, int]) -> None:
    """Reuse the process's GL context: making one costs 50 ms."""
    if not _context:
        try:
            _context.append((size, mujoco.GLContext(*size)))
        except (ImportError, RuntimeError, AttributeError) as error:
            # AttributeError is what PyOpenGL gives where the library itself is missing.
            raise RuntimeError(
                f'no OpenGL for MUJOCO_GL={os.environ.get("MUJOCO_GL")!r} ({error}); on Debian '
                'and Ubuntu: apt-get install libegl1 libgl1-mesa-dri') from error
    _context[0][1].make_current()


class Painter:
    """Draws one model. Not thread-safe: use it on the thread that made it.

    Shadows, reflections and multisampling are off: on Mesa's software driver they cost a
    factor of twenty (`offsamples` and `shadowsize` are 0 in the model).
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        """Upload the model's meshes and textures."""
        self._model = model
        self._largest = model.vis.global_.offwidth, model.vis.global_.offheight
        _make_current(self._largest)
        self._scene = mujoco.MjvScene(model, maxgeom=model.ngeom + 8)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        self._scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        self._scene.flags[mujoco.mjtRndFlag.mjRND_HAZE] = False
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = False
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = [group in _DRAWN for group in range(mujoco.mjNGROUP)]
        self._pert = mujoco.MjvPerturb()
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._camera.fixedcamid = model.camera('eye').id
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)

    def look(self, data: mujoco.MjData) -> None:
        """Take the scene as the camera `eye` sees it in `data`."""
        mujoco.mjv_updateScene(self._model, data, self._option, self._pert, self._camera,
                               mujoco.mjtCatBit.mjCAT_ALL, self._scene)

    def picture(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return (height, width, 3) of the scene last looked at."""
        if width > self._largest[0] or height > self._largest[1]:
            raise ValueError(f'a picture of {width}x{height} was asked for; this model was made '
                             f'for at most {self._largest[0]}x{self._largest[1]}')
        _make_current((width, height))
        # Another painter of this process may have drawn since.
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        rgb = np.empty((height, width, 3), np.uint8)
        rect = mujoco.MjrRect(0, 0, width, height)
        mujoco.mjr_render(rect, self._scene, self._context)
        mujoco.mjr_readPixels(rgb, None, rect, self._context)
        return rgb[::-1]

    def geoms(self, width: int, height: int) -> NDArray[np.int32]:
        """Return (height, width) ids of the geoms seen, -1 where none."""
        flags = self._scene.flags
        flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = True
        rgb = self.picture(width, height).astype(np.int32)
        flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = False
        number = rgb[..., 0] + (rgb[..., 1] << 8) + (rgb[..., 2] << 16)
        lut = np.full(self._scene.ngeom + 1, -1, np.int32)
        for geom in self._scene.geoms[:self._scene.ngeom]:
            if geom.objtype == mujoco.mjtObj.mjOBJ_GEOM:
                lut[geom.segid + 1] = geom.objid
        ids: NDArray[np.int32] = lut[number]
        return ids

    def close(self) -> None:
        """Free what lies on the driver."""
        self._context.free()
