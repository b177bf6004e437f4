"""What truly happened, for evaluation. Nothing of this may reach perception or planning."""
from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco
import numpy as np

from yan_brain.simulation.home import JUDGED_WIDTH, Home
from yan_brain.simulation.mjcf import thing_of_geom
from yan_brain.simulation.room import Pose

IN_VIEW_PIXELS = 25         # of an image of 160x120, as many as a ball of 0.3 m shows at 6 m
_FAR_M = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How the robot stands to one thing."""

    distance_m: float       # from the robot's centre to the nearest point of its surface
    range_m: float          # from the robot's centre to the thing's
    bearing_rad: float      # of the thing's centre, left positive
    pixels: int             # visible ones in the robot's camera, of an image 160 wide
    in_view: bool


class Judge:
    """Reads the truth of a Home."""

    def __init__(self, home: Home) -> None:
        """Watch a home; its hits are counted from here on."""
        self._home = home
        self._first_hits = home.hits
        self._axis = int(home.model.geom('axis').id)
        self._owner = thing_of_geom(home.model, len(home.room.things))

    def find(self, colour: str, kind: str) -> int | None:
        """Return the index of the thing of a colour and kind, None where there is none."""
        for index, thing in enumerate(self._home.room.things):
            if thing.pair == (colour, kind):
                return index
        return None

    @property
    def pose(self) -> Pose:
        """Return the robot's true pose in the room."""
        return self._home.base.pose

    @property
    def hits(self) -> int:
        """Return how many times the robot ran into anything."""
        return self._home.hits - self._first_hits

    @property
    def hit(self) -> bool:
        """Return whether the robot touches or has touched anything but the floor."""
        return self.hits > 0 or self._home.touching

    def place(self, thing: int) -> tuple[float, float]:
        """Return where a thing's centre is now."""
        at = self._home.data.mocap_pos[self._mocap(thing)]
        return float(at[0]), float(at[1])

    def distance_m(self, thing: int) -> float:
        """Return the distance from the robot's upright axis to the thing's nearest surface."""
        home = self._home
        self._mocap(thing)
        mujoco.mj_kinematics(home.model, home.data)
        return min(float(mujoco.mj_geomDistance(home.model, home.data, self._axis, int(geom),
                                                _FAR_M, None))
                   for geom in np.flatnonzero(self._owner == thing))

    def bearing_rad(self, thing: int) -> float:
        """Return the angle from the robot's heading to the thing's centre, left positive."""
        (x, y), pose = self.place(thing), self.pose
        turn = math.atan2(y - pose.y_m, x - pose.x_m) - pose.yaw_rad
        return (turn + math.pi) % (2 * math.pi) - math.pi

    def range_m(self, thing: int) -> float:
        """Return the distance from the robot's centre to the thing's."""
        (x, y), pose = self.place(thing), self.pose
        return math.hypot(x - pose.x_m, y - pose.y_m)

    def pixels(self) -> list[int]:
        """Return for each thing how many pixels of an image 160 wide show it to the camera."""
        home = self._home
        if home.painter is None:
            raise RuntimeError('the Home is closed; judge before you close it')
        mujoco.mj_kinematics(home.model, home.data)
        mujoco.mj_camlight(home.model, home.data)
        home.painter.look(home.data)
        high = round(JUDGED_WIDTH * home.config.image_height / home.config.image_width)
        geoms = home.painter.geoms(JUDGED_WIDTH, high)
        seen = np.where(geoms >= 0, self._owner[geoms], -1) + 1
        counts: list[int] = np.bincount(
            seen.ravel(), minlength=len(home.room.things) + 1)[1:].tolist()
        return counts

    def verdicts(self) -> list[Verdict]:
        """Return how the robot stands to each thing."""
        return [Verdict(distance_m=self.distance_m(thing), range_m=self.range_m(thing),
                        bearing_rad=self.bearing_rad(thing), pixels=pixels,
                        in_view=pixels >= IN_VIEW_PIXELS)
                for thing, pixels in enumerate(self.pixels())]

    def verdict(self, thing: int) -> Verdict:
        """Return how the robot stands to one thing."""
        self._mocap(thing)
        return self.verdicts()[thing]

    def _mocap(self, thing: int) -> int:
        things = len(self._home.room.things)
        if not 0 <= thing < things:
            raise ValueError(f'thing {thing} does not exist; the room has {things}, from 0')
        return int(self._home.model.body(f'thing{thing}').mocapid[0])
