"""A window that shows a home from above, where a screen is."""
from __future__ import annotations

import os
import threading

import mujoco.viewer

from yan_brain.simulation.home import Home
from yan_brain.simulation.mjcf import ROBOT

PERIOD_S = 0.05
_CLOSE_LIMIT_S = 2.0


class Window:
    """MuJoCo's own viewer on a running Home. It reads the home, and changes nothing in it."""

    def __init__(self, home: Home) -> None:
        """Open the window. RuntimeError where there is no screen."""
        if not (os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
            raise RuntimeError('a window was asked for, but neither DISPLAY nor WAYLAND_DISPLAY '
                               'is set: there is no screen; run without the window')
        self._home, self._shown_s = home, -1.0
        before = set(threading.enumerate())
        self._viewer = mujoco.viewer.launch_passive(
            home.model, home.data, show_left_ui=False, show_right_ui=False)
        self._threads = set(threading.enumerate()) - before
        with self._viewer.lock():
            self._viewer.opt.geomgroup[ROBOT] = 1
            camera = self._viewer.cam
            camera.lookat[:] = 0.0, 0.0, 0.0
            camera.distance = 1.4 * max(home.room.width_m, home.room.depth_m)
            camera.elevation, camera.azimuth = -60.0, 90.0

    @property
    def open(self) -> bool:
        """Return whether a person has not closed it."""
        return bool(self._viewer.is_running())

    def show(self) -> None:
        """Show the present, at most twenty times a simulated second."""
        if self._home.time_s - self._shown_s >= PERIOD_S - 1e-6 and self.open:
            self._shown_s = self._home.time_s
            self._viewer.sync()

    def close(self) -> None:
        """Close it, and wait for its thread: an end of the process under it would crash."""
        self._viewer.close()
        for thread in self._threads:
            thread.join(timeout=_CLOSE_LIMIT_S)
