"""The home: physics and senses of one room with a robot in it.

    home = Home(draw_room(7), seed=1)
    home.say('go to the red ball')
    while home.time_s < 60:
        senses = home.sense()
        home.advance(think(senses), 0.05)

What `sense` gives holds no truth, only what the robot's sensors measure; see `judge.py`.
"""
from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from yan_brain.settings import check, setting
from yan_brain.signals import Body, Image, Scan, Sound, Touch, Velocity
from yan_brain.simulation.base import Base, BaseConfig, base_xml
from yan_brain.simulation.microphone import Microphone, Voice
from yan_brain.simulation.mjcf import SOLID, THING, model_of
from yan_brain.simulation.painter import Painter
from yan_brain.simulation.room import Room, RoomOptions, draw_room
from yan_brain.simulation.sounds import Source, play
from yan_brain.simulation.voice import RATE_HZ
from yan_brain.simulation.walker import Walker

__all__ = ['Home', 'HomeConfig', 'Room', 'RoomOptions', 'Senses', 'draw_room']

JUDGED_WIDTH = 160          # of the image on which the judge counts pixels
ROBOT_MOUTH_M = 0.5         # the robot's loudspeaker from its microphone
_STEP_S = 0.005
_SCAN_HEIGHT_M = 0.12
_LONGEST_ADVANCE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class HomeConfig:
    """The robot's sensors, and the noise in them."""

    image_width: int = setting(320, 'pixels of an image across', minimum=32, maximum=1920)
    image_height: int = setting(240, 'pixels of an image down', minimum=24, maximum=1080)
    camera_rate_hz: float = setting(10.0, 'images per second', minimum=0.5, maximum=60.0)
    camera_fov_rad: float = setting(
        math.radians(70), 'horizontal field of view', minimum=0.5, maximum=2.0)
    camera_height_m: float = setting(0.25, 'camera above the floor', minimum=0.1, maximum=1.0)
    camera_forward_m: float = setting(
        0.08, 'camera ahead of the centre', minimum=-0.15, maximum=0.16)
    camera_pitch_rad: float = setting(0.0, 'camera looks up by', minimum=-0.6, maximum=0.6)
    camera_noise: float = setting(
        2.0, 'noise of a pixel (grey levels of 255, rms)', minimum=0.0, maximum=40.0)
    scan_beams: int = setting(360, 'beams of a range scan', minimum=16, maximum=2000)
    scan_rate_hz: float = setting(10.0, 'range scans per second', minimum=0.5, maximum=60.0)
    scan_noise_m: float = setting(0.01, 'noise of a range (rms)', minimum=0.0, maximum=0.5)
    scan_near_m: float = setting(0.05, 'shortest range', minimum=0.0, maximum=0.5)
    scan_far_m: float = setting(8.0, 'longest range', minimum=0.5, maximum=50.0)
    snr_db: float = setting(
        20.0, 'speech at 1 m above the noise at the microphone', minimum=-20.0, maximum=80.0)
    snr_at_ear: bool = setting(
        False, "snr_db holds for what arrives at the robot's ear, however far the person is")
    person_m: float = setting(
        1.5, 'distance of the person who speaks from where the robot starts', minimum=0.3,
        maximum=10.0)
    base: BaseConfig = field(default_factory=BaseConfig)

    def __post_init__(self) -> None:
        """Check ranges."""
        check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Senses:
    """What the robot senses now. `sound` and `touch` cover the time since the last look."""

    stamp_s: float
    image: Image
    sound: Sound
    scan: Scan
    touch: Touch
    body: Body


class Home:
    """A room, a robot, a person who speaks. The same seed, calls and machine repeat exactly.

    Not thread-safe; the thread that makes it draws its images (OpenGL).
    """

    def __init__(self, room: Room, *, seed: int = 0, config: HomeConfig | None = None,
                 voice: Voice | None = None) -> None:
        """Put the robot at the room's start. `voice` turns the person's words into sound."""
        self.room, self.config = room, config or HomeConfig()
        self.time_s = 0.0
        self._steps = 0
        self._owed_s = 0.0
        streams = [np.random.default_rng([room.seed, seed, i]) for i in range(6)]
        (self._camera_rng, self._scan_rng, base_rng, sound_rng, self._walk_rng,
         self._ring_rng) = streams
        fov_y = 2 * math.atan(math.tan(self.config.camera_fov_rad / 2)
                              * self.config.image_height / self.config.image_width)
        robot = base_xml(
            room.start, camera_forward_m=self.config.camera_forward_m,
            camera_height_m=self.config.camera_height_m,
            camera_pitch_rad=self.config.camera_pitch_rad, fov_y_rad=fov_y)
        # At least what the judge counts pixels on.
        scale = max(1.0, JUDGED_WIDTH / self.config.image_width)
        size = (math.ceil(scale * self.config.image_width),
                math.ceil(scale * self.config.image_height))
        self.model = model_of(room, robot=robot, size=size, timestep_s=_STEP_S)
        self.data = mujoco.MjData(self.model)
        self.base = Base(self.model, self.data, room.start, self.config.base, base_rng)
        mujoco.mj_forward(self.model, self.data)
        self.painter: Painter | None = Painter(self.model)
        self._microphone = Microphone(
            snr_db=self.config.snr_db, at_ear=self.config.snr_at_ear, rng=sound_rng, voice=voice)
        self._person = self._draw_person(sound_rng)
        self._walkers: dict[int, Walker] = {}
        self._stood: dict[int, Walker] = {}
        self._heard_s = 0.0
        self._pressed: set[str] = set()
        self.touching = False           # the robot touches anything now, for the judge
        self.hits = 0                   # times that it began to touch something, for the judge
        self._grain = self._draw_grain()
        self._angles = np.arange(self.config.scan_beams) * 2 * np.pi / self.config.scan_beams
        self._image, self._scan = self._take_image(), self._take_scan()
        self._image_due = self._scan_due = 1

    def sense(self) -> Senses:
        """Return the newest image and scan, and all that was heard and touched since."""
        self._open()
        samples = self._microphone.listen(self.time_s)
        begin, self._heard_s = self._heard_s, self.time_s
        zones, self._pressed = frozenset(self._pressed), self.base.pressed()
        return Senses(
            stamp_s=self.time_s, image=self._image, scan=self._scan,
            sound=Sound(stamp_s=begin, samples=samples, rate_hz=RATE_HZ),
            touch=Touch(stamp_s=self.time_s, pressed=zones), body=self.base.body(self.time_s))

    def advance(self, velocity: Velocity, seconds: float) -> None:
        """Let time pass with one command to the base. ValueError for what is no number."""
        self._open()
        for name, value in (('linear_mps', velocity.linear_mps),
                            ('angular_radps', velocity.angular_radps)):
            if not math.isfinite(value):
                raise ValueError(f'advance: {name} is {value}; it must be a finite number')
        if not 0.0 <= seconds <= _LONGEST_ADVANCE_S:
            raise ValueError(
                f'advance: seconds is {seconds}; it must be within 0..{_LONGEST_ADVANCE_S:g}')
        self._owed_s += seconds
        steps = int(self._owed_s / _STEP_S + 1e-6)
        self._owed_s -= steps * _STEP_S
        end = self._steps + steps
        # Of several images due in this time only the newest is ever seen, so only it is drawn.
        image_at = self._last_due(end, self.config.camera_rate_hz, self._image_due)
        scan_at = self._last_due(end, self.config.scan_rate_hz, self._scan_due)
        for _ in range(steps):
            self._step(velocity)
            if image_at is not None and self._steps == image_at[0]:
                self._image, self._image_due = self._take_image(), image_at[1] + 1
            if scan_at is not None and self._steps == scan_at[0]:
                self._scan, self._scan_due = self._take_scan(), scan_at[1] + 1

    def say(self, text: str, *, distance_m: float | None = None,
            speech: NDArray[np.int16] | None = None) -> float:
        """Let the person say something; return how many seconds the speech lasts.

        It is spoken from `distance_m`, by default from where the person stands. `speech`
        (mono at 16 kHz) is heard instead of what the voice would make of the text.
        """
        self._open()
        if distance_m is None:
            pose = self.base.pose
            distance_m = math.hypot(self._person[0] - pose.x_m, self._person[1] - pose.y_m)
        return self._microphone.say(text, distance_m, self.time_s, speech)

    def speak(self, text: str, speech: NDArray[np.int16] | None = None) -> float:
        """Let the robot itself say something, which its ear hears too; as `say`."""
        self._open()
        return self._microphone.say(text, ROBOT_MOUTH_M, self.time_s, speech, at_once=True)

    def ring(self, source: Source, *, distance_m: float | None = None) -> float:
        """Let something in the room sound at once, over whoever speaks; as `say`."""
        self._open()
        if distance_m is None:
            distance_m = self.config.person_m
        return self._microphone.say(source.kind, distance_m, self.time_s,
                                    play(source, self._ring_rng), at_once=True)

    @property
    def speaking(self) -> bool:
        """Return whether the person has not finished."""
        return self._microphone.speaking(self.time_s)

    def walk(self, thing: int, *, speed_mps: float = 0.2) -> None:
        """Let a thing of the room (by index) walk about, until `stand`."""
        walker = self._walkers.get(thing) or self._stood.pop(thing, None)
        self._walkers[thing] = Walker(self.room, thing, speed_mps, self._walk_rng,
                                      None if walker is None else walker.at)

    def stand(self, thing: int) -> None:
        """Let a walking thing stop where it is."""
        if thing in self._walkers:
            self._stood[thing] = self._walkers.pop(thing)

    def close(self) -> None:
        """Free the renderer. Any number of times."""
        if self.painter is not None:
            self.painter.close()
            self.painter = None

    def _open(self) -> Painter:
        if self.painter is None:
            raise RuntimeError('this Home is closed; make a new one')
        return self.painter

    def _step(self, velocity: Velocity) -> None:
        self.base.push(velocity)
        if self._walkers:
            pose = self.base.pose
            here = np.array([pose.x_m, pose.y_m])
            for index, walker in self._walkers.items():
                mocap = int(self.model.body(f'thing{index}').mocapid[0])
                self.data.mocap_pos[mocap, :2] = walker.step(_STEP_S, here)
        mujoco.mj_step(self.model, self.data)
        self.base.count()
        self._steps += 1
        self.time_s = self._steps * _STEP_S
        touching = bool(self.data.ncon)  # only the robot can touch anything in this model
        if touching:
            zones = self.base.pressed()
            touching = bool(zones)
            self._pressed |= zones
        self.hits += touching and not self.touching
        self.touching = touching

    def _last_due(self, end: int, rate_hz: float, due: int) -> tuple[int, int] | None:
        """Return (step, count) of the newest thing due by step `end`, None if none is."""
        newest = int(end * _STEP_S * rate_hz + 1e-6)
        if newest < due:
            return None
        return max(math.ceil(newest / rate_hz / _STEP_S - 1e-6), self._steps + 1), newest

    def _take_image(self) -> Image:
        painter = self._open()
        # mj_step leaves the positions of before its last motion.
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        painter.look(self.data)
        rgb = np.ascontiguousarray(
            painter.picture(self.config.image_width, self.config.image_height))
        if self.config.camera_noise > 0:
            high, wide = rgb.shape[:2]
            row, column = self._camera_rng.integers(0, (high, wide))
            grain = self._grain[row:row + high, column:column + wide]
            rgb = np.asarray(cv2.add(rgb, grain, dtype=cv2.CV_8U), np.uint8)
        return Image(stamp_s=self.time_s, rgb=rgb,
                     horizontal_fov_rad=self.config.camera_fov_rad)

    def _draw_grain(self) -> NDArray[np.int16]:
        # Drawing noise for each image would cost more than rendering it: a window into
        # a sheet of four images is as good.
        shape = (2 * self.config.image_height, 2 * self.config.image_width, 3)
        noise = self._camera_rng.standard_normal(shape, np.float32) * self.config.camera_noise
        grain: NDArray[np.int16] = np.rint(noise).astype(np.int16)
        return grain

    def _take_scan(self) -> Scan:
        pose, beams = self.base.pose, self.config.scan_beams
        angles = self._angles + pose.yaw_rad
        rays = np.stack([np.cos(angles), np.sin(angles), np.zeros(beams)], axis=1)
        groups = np.zeros(6, np.uint8)
        groups[[SOLID, THING]] = 1
        ids, far = np.empty(beams, np.int32), np.empty(beams)
        mujoco.mj_multiRay(
            self.model, self.data, np.array([pose.x_m, pose.y_m, _SCAN_HEIGHT_M]),
            rays.ravel(), groups, True, -1, ids, far, None, beams, self.config.scan_far_m)
        noise = self.config.scan_noise_m * self._scan_rng.standard_normal(beams)
        seen = (far >= 0) & (far <= self.config.scan_far_m)
        ranges = np.where(seen, np.maximum(far + noise, self.config.scan_near_m), np.inf)
        return Scan(stamp_s=self.time_s, ranges_m=ranges.astype(np.float32), angle_min_rad=0.0,
                    angle_increment_rad=2 * math.pi / beams, range_max_m=self.config.scan_far_m)

    def _draw_person(self, rng: np.random.Generator) -> tuple[float, float]:
        angle = rng.uniform(-math.pi, math.pi)
        half_x, half_y = self.room.width_m / 2, self.room.depth_m / 2
        x = self.room.start.x_m + self.config.person_m * math.cos(angle)
        y = self.room.start.y_m + self.config.person_m * math.sin(angle)
        return max(-half_x, min(half_x, x)), max(-half_y, min(half_y, y))
