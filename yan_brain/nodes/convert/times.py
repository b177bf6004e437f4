"""Seconds and ROS times."""
from __future__ import annotations

import math

from builtin_interfaces.msg import Time
from std_msgs.msg import Header


def to_time(seconds: float) -> Time:
    """Seconds (not negative, finite) as a ROS time."""
    if not math.isfinite(seconds) or seconds < 0.0:
        raise ValueError(f'a time is {seconds}; allowed: finite seconds from 0')
    whole = math.floor(seconds)
    nanoseconds = round((seconds - whole) * 1e9)
    if nanoseconds >= 1_000_000_000:
        whole, nanoseconds = whole + 1, nanoseconds - 1_000_000_000
    return Time(sec=whole, nanosec=nanoseconds)


def to_seconds(stamp: Time) -> float:
    """A ROS time in seconds; exact to about 0.2 microseconds in this century."""
    return float(stamp.sec) + float(stamp.nanosec) * 1e-9


def header(stamp_s: float, frame_id: str = '') -> Header:
    """A header with that stamp and frame."""
    return Header(stamp=to_time(stamp_s), frame_id=frame_id)
