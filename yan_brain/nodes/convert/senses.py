"""Images, sound, touch, ranges, odometry and base commands: messages to signals and back."""
from __future__ import annotations

import array
import math
import os

import numpy as np
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, CompressedImage, LaserScan
from sensor_msgs.msg import Image as ImageMsg
from yan_brain_msgs.msg import Audio as AudioMsg
from yan_brain_msgs.msg import Touch as TouchMsg

from yan_brain.nodes.common import BadMessage
from yan_brain.nodes.convert.times import header, to_seconds
from yan_brain.signals import Body, Image, Scan, Sound, Touch, Velocity

MAX_PIXELS = 16_000_000                 # larger frames are a fault or an attack, not a camera
MAX_BEAMS = 100_000
MAX_SOUND_S = 60.0

# OpenCV reads this when it first decodes: a small file must not unpack to gigabytes.
os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(MAX_PIXELS))
import cv2  # noqa: E402

# encoding: (bytes per pixel, OpenCV code to RGB, None: it is RGB)
ENCODINGS: dict[str, tuple[int, int | None]] = {
    'rgb8': (3, None),
    'bgr8': (3, cv2.COLOR_BGR2RGB),
    '8UC3': (3, cv2.COLOR_BGR2RGB),     # OpenCV's own order, as cv_bridge has it
    'rgba8': (4, cv2.COLOR_RGBA2RGB),
    'bgra8': (4, cv2.COLOR_BGRA2RGB),
    'mono8': (1, cv2.COLOR_GRAY2RGB),
    '8UC1': (1, cv2.COLOR_GRAY2RGB),
    'yuv422': (2, cv2.COLOR_YUV2RGB_UYVY),
    'yuv422_yuy2': (2, cv2.COLOR_YUV2RGB_YUY2),
}


# Sight.

def fov_of(info: CameraInfo) -> float:
    """The horizontal field of view of a pinhole camera in radians."""
    focal = float(info.k[0])
    if info.width < 1 or not math.isfinite(focal) or focal <= 0.0:
        raise BadMessage(f'camera_info has width {info.width} and focal length {focal}; '
                         'both must be positive: calibrate the camera')
    return 2.0 * math.atan(info.width / (2.0 * focal))


def camera_info(width: int, height: int, horizontal_fov_rad: float, stamp_s: float,
                frame_id: str) -> CameraInfo:
    """The CameraInfo of an ideal pinhole camera with square pixels."""
    focal = width / (2.0 * math.tan(horizontal_fov_rad / 2.0))
    centre_x, centre_y = width / 2.0, height / 2.0
    return CameraInfo(
        header=header(stamp_s, frame_id), width=width, height=height,
        distortion_model='plumb_bob', d=[0.0] * 5,
        k=[focal, 0.0, centre_x, 0.0, focal, centre_y, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[focal, 0.0, centre_x, 0.0, 0.0, focal, centre_y, 0.0, 0.0, 0.0, 1.0, 0.0])


def image_in(message: ImageMsg, horizontal_fov_rad: float) -> Image:
    """A raw image as RGB. Raises BadMessage for wrong sizes, steps and encodings."""
    width, height, encoding = message.width, message.height, message.encoding
    if encoding not in ENCODINGS:
        raise BadMessage(f'encoding is {encoding[:40]!r}; allowed: {", ".join(ENCODINGS)}')
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise BadMessage(f'image is {width} x {height}; allowed: 1 to {MAX_PIXELS} pixels')
    if encoding.startswith('yuv422') and width % 2:
        raise BadMessage(f'{encoding} image has odd width {width}; it must be even')
    depth, code = ENCODINGS[encoding]
    if message.step < width * depth:
        raise BadMessage(f'step is {message.step}; {width} pixels of {encoding} need at least '
                         f'{width * depth}')
    flat = np.frombuffer(message.data, dtype=np.uint8)
    # The last row may lack its padding.
    needed = (height - 1) * message.step + width * depth
    if flat.size < needed:
        raise BadMessage(f'data has {flat.size} bytes; {width} x {height} {encoding} with step '
                         f'{message.step} needs {needed}')
    rows = np.lib.stride_tricks.as_strided(
        flat, shape=(height, width, depth), strides=(message.step, depth, 1))
    pixels = np.ascontiguousarray(rows)
    rgb = pixels if code is None else cv2.cvtColor(pixels, code)
    return Image(stamp_s=to_seconds(message.header.stamp), rgb=np.asarray(rgb, dtype=np.uint8),
                 horizontal_fov_rad=horizontal_fov_rad)


def compressed_in(message: CompressedImage, horizontal_fov_rad: float) -> Image:
    """A JPEG or PNG image as RGB. Raises BadMessage when it does not decode."""
    data = np.frombuffer(message.data, dtype=np.uint8)
    if data.size == 0:
        raise BadMessage(f'compressed image ({message.format[:40]!r}) is empty')
    try:
        bgr = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise BadMessage(f'compressed image ({message.format[:40]!r}, {data.size} bytes) does '
                         f'not decode: {str(error)[:200]}') from error
    if bgr is None:
        raise BadMessage(f'compressed image ({message.format[:40]!r}, {data.size} bytes) does '
                         'not decode; allowed: jpeg, png')
    return Image(stamp_s=to_seconds(message.header.stamp),
                 rgb=np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8),
                 horizontal_fov_rad=horizontal_fov_rad)


def image_out(image: Image, frame_id: str, encoding: str = 'rgb8') -> ImageMsg:
    """A raw image message; `encoding` is rgb8, bgr8 or mono8."""
    height, width = image.rgb.shape[:2]
    pixels = _encoded(image.rgb, encoding)
    return ImageMsg(header=header(image.stamp_s, frame_id), height=height, width=width,
                    encoding=encoding, is_bigendian=0, step=pixels.size // height,
                    data=array.array('B', pixels.tobytes()))


def compressed_out(image: Image, frame_id: str, quality: int = 90) -> CompressedImage:
    """A JPEG message."""
    done, data = cv2.imencode('.jpg', cv2.cvtColor(image.rgb, cv2.COLOR_RGB2BGR),
                              [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f'an image of shape {image.rgb.shape} does not encode as JPEG')
    return CompressedImage(header=header(image.stamp_s, frame_id),
                           format='rgb8; jpeg compressed bgr8',
                           data=array.array('B', data.tobytes()))


def _encoded(rgb: NDArray[np.uint8], encoding: str) -> NDArray[np.uint8]:
    if encoding == 'rgb8':
        return np.ascontiguousarray(rgb)
    if encoding == 'bgr8':
        return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), dtype=np.uint8)
    if encoding == 'mono8':
        return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    raise ValueError(f'encoding is {encoding!r}; allowed: rgb8, bgr8, mono8')


# Hearing, touch, body, ranges.

def sound_in(message: AudioMsg) -> Sound:
    """Sound as mono; more channels are averaged."""
    rate, channels = message.rate, message.channels
    if not 1_000 <= rate <= 384_000:
        raise BadMessage(f'rate is {rate}; allowed: 1000 to 384000 samples per second')
    samples = np.frombuffer(message.samples, dtype=np.int16)
    if channels < 1 or samples.size % channels:
        raise BadMessage(f'{samples.size} samples do not make up {channels} channels')
    if samples.size > MAX_SOUND_S * rate * channels:
        raise BadMessage(f'{samples.size / rate / channels:.0f} s of sound in one message; '
                         f'allowed: {MAX_SOUND_S:.0f} s')
    if channels > 1:
        samples = np.round(samples.reshape(-1, channels).mean(axis=1)).astype(np.int16)
    voice = float(message.voice)
    return Sound(stamp_s=to_seconds(message.header.stamp), samples=samples, rate_hz=rate,
                 voice=voice if 0.0 <= voice <= 1.0 else None)


def sound_out(sound: Sound, frame_id: str = '') -> AudioMsg:
    """Mono sound as a message."""
    return AudioMsg(header=header(sound.stamp_s, frame_id), rate=sound.rate_hz, channels=1,
                    samples=array.array('h', sound.samples.astype(np.int16).tobytes()),
                    voice=-1.0 if sound.voice is None else float(sound.voice))


def touch_in(message: TouchMsg) -> Touch:
    """Pressed touch zones."""
    return Touch(stamp_s=to_seconds(message.header.stamp), pressed=frozenset(message.pressed))


def touch_out(touch: Touch, frame_id: str = '') -> TouchMsg:
    """Pressed touch zones as a message."""
    return TouchMsg(header=header(touch.stamp_s, frame_id), pressed=sorted(touch.pressed))


def scan_in(message: LaserScan) -> Scan:
    """A range scan after REP-117: inf nothing there, 0 too close to measure, NaN no reading."""
    ranges = np.array(message.ranges, dtype=np.float32)
    if not 1 <= ranges.size <= MAX_BEAMS:
        raise BadMessage(f'scan has {ranges.size} ranges; allowed: 1 to {MAX_BEAMS}')
    start, step = float(message.angle_min), float(message.angle_increment)
    if not math.isfinite(start) or not math.isfinite(step) or step == 0.0:
        raise BadMessage(f'angle_min is {start} and angle_increment {step}; both must be finite '
                         'and the increment not 0')
    nearest, farthest = float(message.range_min), float(message.range_max)
    if not math.isfinite(nearest) or math.isnan(farthest) or farthest <= max(nearest, 0.0):
        raise BadMessage(f'range_min is {nearest} and range_max {farthest}; range_max must be '
                         'positive and above range_min')
    too_close = np.isneginf(ranges)
    with np.errstate(invalid='ignore'):
        invalid = (ranges < nearest) & ~too_close
        nothing = ranges > farthest
    ranges[invalid] = np.nan
    ranges[nothing] = np.inf
    ranges[too_close] = 0.0
    return Scan(stamp_s=to_seconds(message.header.stamp), ranges_m=ranges, angle_min_rad=start,
                angle_increment_rad=step, range_max_m=farthest)


def scan_out(scan: Scan, frame_id: str, range_min_m: float = 0.0) -> LaserScan:
    """A range scan as a message."""
    count = int(scan.ranges_m.size)
    return LaserScan(
        header=header(scan.stamp_s, frame_id), angle_min=scan.angle_min_rad,
        angle_max=scan.angle_min_rad + scan.angle_increment_rad * (count - 1),
        angle_increment=scan.angle_increment_rad, range_min=range_min_m,
        range_max=scan.range_max_m,
        ranges=array.array('f', scan.ranges_m.astype(np.float32).tobytes()))


def body_in(message: Odometry, frame: str = '') -> Body:
    """Planar pose in a frame, and speeds. Raises BadMessage when a number is not finite."""
    at, turn = message.pose.pose.position, message.pose.pose.orientation
    speed = message.twist.twist
    numbers = (at.x, at.y, turn.x, turn.y, turn.z, turn.w, speed.linear.x, speed.angular.z)
    if not all(map(math.isfinite, numbers)):
        raise BadMessage(f'odometry holds a number that is not finite: {numbers}')
    length = math.sqrt(turn.x**2 + turn.y**2 + turn.z**2 + turn.w**2)
    if not 0.5 < length < 2.0:
        raise BadMessage(f'orientation has length {length:.3f}; a unit quaternion is needed')
    yaw = math.atan2(2.0 * (turn.w * turn.z + turn.x * turn.y),
                     turn.w**2 + turn.x**2 - turn.y**2 - turn.z**2)
    return Body(stamp_s=to_seconds(message.header.stamp), x_m=at.x, y_m=at.y, yaw_rad=yaw,
                speed_mps=speed.linear.x, turn_rate_radps=speed.angular.z, frame=frame)


def body_out(body: Body, frame_id: str = 'odom', child_frame_id: str = 'base_link') -> Odometry:
    """Planar pose and speeds as odometry."""
    message = Odometry(header=header(body.stamp_s, frame_id), child_frame_id=child_frame_id)
    message.pose.pose.position.x = float(body.x_m)
    message.pose.pose.position.y = float(body.y_m)
    message.pose.pose.orientation.z = math.sin(body.yaw_rad / 2.0)
    message.pose.pose.orientation.w = math.cos(body.yaw_rad / 2.0)
    message.twist.twist.linear.x = float(body.speed_mps)
    message.twist.twist.angular.z = float(body.turn_rate_radps)
    return message


def velocity_in(message: Twist | TwistStamped) -> Velocity:
    """A base command from either kind. Raises BadMessage when a number is not finite."""
    twist = message.twist if isinstance(message, TwistStamped) else message
    if not (math.isfinite(twist.linear.x) and math.isfinite(twist.angular.z)):
        raise BadMessage(f'command is {twist.linear.x} m/s, {twist.angular.z} rad/s; '
                         'both must be finite')
    return Velocity(linear_mps=float(twist.linear.x), angular_radps=float(twist.angular.z))


def velocity_out(velocity: Velocity, *, stamped: bool, stamp_s: float = 0.0,
                 frame_id: str = 'base_link') -> Twist | TwistStamped:
    """A base command as Twist, or as TwistStamped."""
    twist = Twist()
    twist.linear.x = float(velocity.linear_mps)
    twist.angular.z = float(velocity.angular_radps)
    return TwistStamped(header=header(stamp_s, frame_id), twist=twist) if stamped else twist
