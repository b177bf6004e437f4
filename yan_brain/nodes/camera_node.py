"""camera_node: a V4L2 camera, a video file or a folder of pictures as image topics.

Publishes camera/image_raw, camera/image_raw/compressed and camera/camera_info. Only for robots
that do not publish images themselves.
"""
from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import CameraInfo, CompressedImage
from sensor_msgs.msg import Image as ImageMsg

from yan_brain.nodes import convert
from yan_brain.nodes.common import SENSOR, BrainNode, Health, spin
from yan_brain.perception.camera import Calibration, CameraConfig, read_calibration, source_of
from yan_brain.perception.capture import Capture
from yan_brain.settings import setting
from yan_brain.signals import Image


@dataclass(frozen=True, kw_only=True)
class CameraNodeConfig(CameraConfig):
    """Where images come from, and how they are published."""

    raw: bool = setting(True, 'publish camera/image_raw')
    compressed: bool = setting(True, 'publish camera/image_raw/compressed (JPEG) when somebody '
                               'listens to it')
    encoding: str = setting('rgb8', 'of camera/image_raw', choices=('rgb8', 'bgr8', 'mono8'))
    jpeg_quality: int = setting(90, 'of the compressed images', minimum=1, maximum=100, live=True)
    calibration: str = setting('', 'YAML file as ROS camera_calibration writes it; empty: a '
                               'pinhole with horizontal_fov_deg')
    frame_id: str = setting('camera_optical_frame', 'the optical frame of the images')


class CameraNode(BrainNode[CameraNodeConfig]):
    """Publishes what a camera sees."""

    def __init__(self) -> None:
        """Declares the parameters."""
        super().__init__('camera', CameraNodeConfig)
        self._capture: Capture[Image] | None = None
        self._calibration: Calibration | None = None
        self._mismatch = ''

    def setup(self) -> None:
        """Makes the topics. The camera is opened when the node becomes active."""
        config = self.config
        self._calibration = (read_calibration(Path(config.calibration)) if config.calibration
                             else None)
        self._raw = self.publisher(ImageMsg, 'camera/image_raw', SENSOR) if config.raw else None
        self._compressed = (self.publisher(CompressedImage, 'camera/image_raw/compressed', SENSOR)
                            if config.compressed else None)
        self._info = self.publisher(CameraInfo, 'camera/camera_info', SENSOR)

    def start(self) -> None:
        """Begins to look."""
        self._source = source_of(self.config, self.now_s)
        self._capture = Capture(self._source, self._on_image, said=self._on_fault,
                                retry_s=self.config.retry_s, stale_s=self.config.stale_s).start()

    def stop(self) -> None:
        """Frees the camera."""
        if self._capture is not None:
            self._capture.close()
            self._capture = None

    def teardown(self) -> None:
        """Frees the camera."""
        self.stop()

    def health(self) -> Health:
        """Whether images come in."""
        capture = self._capture
        if capture is None:
            return Health(message='inactive')
        values = {'source': self._source.name, 'images': str(capture.pieces),
                  'openings': str(capture.openings)}
        fault = capture.fault or self._mismatch
        if fault:
            return Health(level=DiagnosticStatus.ERROR, message=fault, values=values)
        return Health(values=values)

    # On the capturing thread; `stop` waits for it before the publishers go.

    def _on_image(self, image: Image) -> None:
        frame = self.config.frame_id
        self._info.publish(self._info_of(image))
        if self._raw is not None and self._raw.get_subscription_count():
            self._raw.publish(convert.image_out(image, frame, self.config.encoding))
        if self._compressed is not None and self._compressed.get_subscription_count():
            self._compressed.publish(
                convert.compressed_out(image, frame, self.config.jpeg_quality))

    def _info_of(self, image: Image) -> CameraInfo:
        height, width = image.rgb.shape[:2]
        frame, known = self.config.frame_id, self._calibration
        if known is None:
            return convert.camera_info(width, height, image.horizontal_fov_rad, image.stamp_s,
                                       frame)
        if (known.width, known.height) != (width, height):
            mismatch = (f'calibration {self.config.calibration} is for {known.width} x '
                        f'{known.height} pixels, the images have {width} x {height}: its field '
                        'of view is used, its distortion is not')
            if mismatch != self._mismatch:
                self._mismatch = mismatch
                self.get_logger().error(mismatch)
            return convert.camera_info(width, height, known.horizontal_fov_rad, image.stamp_s,
                                       frame)
        return CameraInfo(header=convert.header(image.stamp_s, frame), width=width, height=height,
                          distortion_model=known.model, d=list(known.d), k=list(known.k),
                          r=list(known.r), p=list(known.p))

    def _on_fault(self, fault: str) -> None:
        if fault:
            self.get_logger().error(fault)
        else:
            self.get_logger().info(f'{self._source.name}: images come in')


def main() -> int:
    """The process."""
    return spin(CameraNode)


if __name__ == '__main__':
    sys.exit(main())
