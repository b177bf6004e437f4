"""The robot's body: a differential-drive base in MuJoCo, its bumpers and its odometry."""
from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco
import numpy as np

from yan_brain.settings import check, setting
from yan_brain.signals import Body, Velocity
from yan_brain.simulation.mjcf import ROBOT
from yan_brain.simulation.room import ROBOT_RADIUS_M, Pose

BUMPERS = ('front_left', 'front_right', 'rear')
_MASS_KG = 8.0
_TURN_INERTIA = 0.5 * _MASS_KG * ROBOT_RADIUS_M ** 2
_DRIVE_N, _GRIP_N, _TURN_NM = 60.0, 80.0, 8.0   # what wheels can push, hold sideways and turn
_HEIGHT_M = 0.28
_FRONT_RAD = np.radians(100)                    # the front bumpers reach this far round


@dataclass(frozen=True, kw_only=True)
class BaseConfig:
    """Limits of the drive and faults of the odometry."""

    speed_mps: float = setting(0.6, 'fastest driving', minimum=0.05, maximum=2.0)
    turn_radps: float = setting(2.5, 'fastest turning', minimum=0.1, maximum=8.0)
    acceleration_mps2: float = setting(1.5, 'hardest gain of speed', minimum=0.1, maximum=10.0)
    braking_mps2: float = setting(2.5, 'hardest loss of speed', minimum=0.1, maximum=10.0)
    turn_acceleration_radps2: float = setting(
        8.0, 'hardest change of turn rate', minimum=0.5, maximum=50.0)
    odometry_scale: float = setting(
        0.01, 'spread of the scale error of odometry (share)', minimum=0.0, maximum=0.2)
    odometry_noise: float = setting(
        0.01, 'random walk of odometry per root metre or radian', minimum=0.0, maximum=0.2)

    def __post_init__(self) -> None:
        """Check ranges."""
        check(self)


def base_xml(start: Pose, *, camera_forward_m: float, camera_height_m: float,
             camera_pitch_rad: float, fov_y_rad: float) -> str:
    """Return the robot for the worldbody: planar joints, so that it cannot fall over."""
    half = _HEIGHT_M / 2
    # The camera's axes in the robot's frame: x right, y up.
    up = (-np.sin(camera_pitch_rad), 0.0, np.cos(camera_pitch_rad))
    return f"""<body name="robot" pos="{start.x_m:.6g} {start.y_m:.6g} 0">
<joint name="x" type="slide" axis="1 0 0"/><joint name="y" type="slide" axis="0 1 0"/>
<joint name="yaw" type="hinge" axis="0 0 1"/>
<inertial pos="0 0 0.1" mass="{_MASS_KG}"
 diaginertia="{_TURN_INERTIA:.4g} {_TURN_INERTIA:.4g} {_TURN_INERTIA:.4g}"/>
<geom name="robot" type="cylinder" size="{ROBOT_RADIUS_M} {half - 0.01:.4g}"
 pos="0 0 {half + 0.01:.4g}" group="{ROBOT}" contype="1" conaffinity="0"
 priority="1" friction="0.15 0 0" condim="3"/>
<geom name="axis" type="capsule" size="0.0005 {half - 0.02:.4g}" pos="0 0 {half + 0.01:.4g}"
 group="{ROBOT}" contype="0" conaffinity="0" mass="0"/>
<camera name="eye" mode="fixed" pos="{camera_forward_m:.4g} 0 {camera_height_m:.4g}"
 xyaxes="0 -1 0 {up[0]:.6g} {up[1]:.6g} {up[2]:.6g}" fovy="{np.degrees(fov_y_rad):.6g}"/>
</body>"""


class Base:
    """Drives the robot of a model made with `base_xml`: call `push` before each mj_step."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, start: Pose,
                 config: BaseConfig, rng: np.random.Generator) -> None:
        """Stand still at `start`; the odometry's origin is there."""
        self._model, self._data, self._config, self._rng = model, data, config, rng
        self._qpos = [int(model.joint(name).qposadr[0]) for name in ('x', 'y', 'yaw')]
        self._dof = [int(model.joint(name).dofadr[0]) for name in ('x', 'y', 'yaw')]
        self._geom = int(model.geom('robot').id)
        self._origin = start.x_m, start.y_m
        self._step_s = float(model.opt.timestep)
        self._ahead_mps = self._turn_radps = 0.0
        self._scale = [1 + config.odometry_scale * max(-2.0, min(2.0, spread))
                       for spread in rng.standard_normal(2).tolist()]
        self._odometry = 0.0, 0.0, 0.0
        self._speeds = 0.0, 0.0
        data.qpos[self._qpos] = 0.0, 0.0, start.yaw_rad

    @property
    def pose(self) -> Pose:
        """Return where it truly is. For the simulation and the judge only."""
        x, y, yaw = self._data.qpos[self._qpos]
        turned = (yaw + np.pi) % (2 * np.pi) - np.pi
        return Pose(x_m=float(x + self._origin[0]), y_m=float(y + self._origin[1]),
                    yaw_rad=float(turned))

    def push(self, velocity: Velocity) -> None:
        """Apply the wheels' forces of one time step towards a commanded velocity."""
        config, step = self._config, self._step_s
        goal = _clip(velocity.linear_mps, config.speed_mps)
        braking = abs(goal) < abs(self._ahead_mps) or goal * self._ahead_mps < 0
        most = config.braking_mps2 if braking else config.acceleration_mps2
        self._ahead_mps += _clip(goal - self._ahead_mps, step * most)
        goal = _clip(velocity.angular_radps, config.turn_radps)
        self._turn_radps += _clip(goal - self._turn_radps,
                                  step * config.turn_acceleration_radps2)
        c, s, ahead, side, turning = self._moving()
        # Scalars, not arrays: this runs 200 times a second of simulated time.
        drive = _clip((self._ahead_mps - ahead) * _MASS_KG / step, _DRIVE_N)
        grip = _clip(-side * _MASS_KG / step, _GRIP_N)
        turn = _clip((self._turn_radps - turning) * _TURN_INERTIA / step, _TURN_NM)
        self._data.qfrc_applied[self._dof] = drive * c - grip * s, drive * s + grip * c, turn

    def count(self) -> None:
        """Let the wheel encoders see the time step just taken."""
        _, _, ahead, _, turning = self._moving()
        way, arc = ahead * self._step_s, turning * self._step_s
        noise = self._config.odometry_noise
        if noise:
            one, two = self._rng.standard_normal(2).tolist()
            way += noise * math.sqrt(abs(way)) * one
            arc += noise * math.sqrt(abs(arc)) * two
        way, arc = way * self._scale[0], arc * self._scale[1]
        x, y, yaw = self._odometry
        middle = yaw + arc / 2
        self._odometry = x + way * math.cos(middle), y + way * math.sin(middle), yaw + arc
        self._speeds = ahead * self._scale[0], turning * self._scale[1]

    def _moving(self) -> tuple[float, float, float, float, float]:
        """Return cosine and sine of the yaw, and the speeds ahead, to the left and turning."""
        vx, vy, turning = self._data.qvel[self._dof].tolist()
        yaw = float(self._data.qpos[self._qpos[2]])
        c, s = math.cos(yaw), math.sin(yaw)
        return c, s, c * vx + s * vy, c * vy - s * vx, turning

    def body(self, stamp_s: float) -> Body:
        """Return the odometry."""
        x, y, yaw = self._odometry
        return Body(stamp_s=stamp_s, x_m=x, y_m=y,
                    yaw_rad=(yaw + math.pi) % (2 * math.pi) - math.pi,
                    speed_mps=self._speeds[0], turn_rate_radps=self._speeds[1])

    def pressed(self) -> set[str]:
        """Return the bumpers that touch something now."""
        zones: set[str] = set()
        pose, data = self.pose, self._data
        for i in range(data.ncon):
            contact = data.contact[i]
            if self._geom not in contact.geom or contact.dist > 0:
                continue
            x, y = contact.pos[0] - pose.x_m, contact.pos[1] - pose.y_m
            angle = (np.arctan2(y, x) - pose.yaw_rad + np.pi) % (2 * np.pi) - np.pi
            if abs(angle) > _FRONT_RAD:
                zones.add('rear')
            elif abs(angle) < np.radians(5):
                zones |= {'front_left', 'front_right'}
            else:
                zones.add('front_left' if angle > 0 else 'front_right')
        return zones


def _clip(value: float, most: float) -> float:
    return max(-most, min(most, value))
