"""What the simulated home sends: its senses as the topics of a real robot's drivers."""
from __future__ import annotations

import dataclasses
import json

import numpy as np
from nav_msgs.msg import Odometry
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, LaserScan
from std_msgs.msg import String
from yan_brain_msgs.msg import Audio, Touch

from yan_brain.nodes import convert
from yan_brain.nodes.common import NEWEST, RELIABLE, SENSOR, STREAM, BrainNode
from yan_brain.nodes.home_config import HomeNodeConfig
from yan_brain.signals import Sound
from yan_brain.simulation.home import Home, Senses
from yan_brain.simulation.judge import Judge

JUDGE_PERIOD_S = 0.2
TOUCH_PERIOD_S = 0.1        # besides each change


class HomeTopics:
    """The publishers of one home. Each sensor's data is sent once, when it is new."""

    def __init__(self, node: BrainNode[HomeNodeConfig], home: Home) -> None:
        """Make the publishers, to be destroyed with the node's others."""
        self._config = node.config
        self._home, self._judge = home, Judge(home)
        self._image = node.publisher(Image, 'camera/image_raw', NEWEST)
        self._jpeg = node.publisher(CompressedImage, 'camera/image_raw/compressed', NEWEST)
        self._info = node.publisher(CameraInfo, 'camera/camera_info', SENSOR)
        self._audio = node.publisher(Audio, 'audio', STREAM)
        self._touch = node.publisher(Touch, 'touch', SENSOR)
        self._scan = node.publisher(LaserScan, 'scan', NEWEST)
        self._odom = node.publisher(Odometry, 'odom', SENSOR)
        self._truth = (node.publisher(String, 'judge', RELIABLE)
                       if self._config.judge else None)
        # Absolute: the ROS clock of all namespaces is one.
        self._clock = (node.publisher(Clock, '/clock', NEWEST)
                       if self._config.publish_clock else None)
        self._sounds: list[Sound] = []
        self._sent = {'image': -1.0, 'scan': -1.0, 'touch': -1.0, 'judge': -1.0}
        self._pressed: frozenset[str] = frozenset()

    def publish(self, senses: Senses, offset_s: float) -> None:
        """Send what is new; `offset_s` is added to all stamps."""
        now = offset_s + senses.stamp_s
        if self._clock is not None:
            self._clock.publish(Clock(clock=convert.to_time(now)))
        self._odom.publish(convert.body_out(dataclasses.replace(senses.body, stamp_s=now)))
        touch = senses.touch
        if touch.pressed != self._pressed or senses.stamp_s - self._sent['touch'] >= 0.1 - 1e-6:
            self._touch.publish(convert.touch_out(
                dataclasses.replace(touch, stamp_s=now), 'base_link'))
            self._pressed, self._sent['touch'] = touch.pressed, senses.stamp_s
        self._publish_sound(senses.sound, offset_s)
        if senses.scan.stamp_s > self._sent['scan']:
            self._sent['scan'] = senses.scan.stamp_s
            stamp = offset_s + senses.scan.stamp_s
            self._scan.publish(convert.scan_out(
                dataclasses.replace(senses.scan, stamp_s=stamp), 'lidar_link',
                self._config.home.scan_near_m))
        if senses.image.stamp_s > self._sent['image']:
            self._sent['image'] = senses.image.stamp_s
            self._publish_image(senses, offset_s)
        if self._truth is not None and senses.stamp_s - self._sent['judge'] >= JUDGE_PERIOD_S:
            self._sent['judge'] = senses.stamp_s
            self._truth.publish(String(data=self._verdict(now)))

    def _publish_image(self, senses: Senses, offset_s: float) -> None:
        image = dataclasses.replace(
            senses.image, stamp_s=offset_s + senses.image.stamp_s)
        high, wide = image.rgb.shape[:2]
        frame = 'camera_link_optical'
        self._info.publish(convert.camera_info(
            wide, high, image.horizontal_fov_rad, image.stamp_s, frame))
        if self._image.get_subscription_count():
            self._image.publish(convert.image_out(image, frame))
        if self._jpeg.get_subscription_count():
            self._jpeg.publish(convert.compressed_out(image, frame))

    def _publish_sound(self, sound: Sound, offset_s: float) -> None:
        self._sounds.append(sound)
        if sum(len(s.samples) for s in self._sounds) < self._config.audio_s * sound.rate_hz - 1:
            return
        stamp = offset_s + self._sounds[0].stamp_s
        samples = np.concatenate([s.samples for s in self._sounds])
        self._sounds.clear()
        self._audio.publish(convert.sound_out(
            dataclasses.replace(sound, stamp_s=stamp, samples=samples), 'base_link'))

    def _verdict(self, now: float) -> str:
        things = [{'colour': thing.colour, 'kind': thing.kind} | dataclasses.asdict(verdict)
                  for thing, verdict in zip(self._home.room.things, self._judge.verdicts(),
                                            strict=True)]
        return json.dumps({'stamp_s': now, 'pose': dataclasses.asdict(self._judge.pose),
                           'hits': self._judge.hits, 'hit': self._judge.hit, 'things': things})
