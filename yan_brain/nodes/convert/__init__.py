"""ROS messages to signals and back. What cannot be used raises BadMessage with the cause.

Numbers inside a well-formed message (NaN ranges, odd confidences) pass through: judging them
is the work of who uses them. Shapes, encodings, sizes and names are judged here.
"""
from __future__ import annotations

from yan_brain.nodes.convert.senses import (
    body_in,
    body_out,
    camera_info,
    compressed_in,
    compressed_out,
    fov_of,
    image_in,
    image_out,
    scan_in,
    scan_out,
    sound_in,
    sound_out,
    touch_in,
    touch_out,
    velocity_in,
    velocity_out,
)
from yan_brain.nodes.convert.thoughts import (
    brain_state_in,
    brain_state_out,
    concept_in,
    concept_out,
    decision_in,
    decision_out,
    percepts_in,
    percepts_out,
    status_in,
    status_out,
    text_in,
)
from yan_brain.nodes.convert.times import (
    header,
    to_seconds,
    to_time,
)

__all__ = [
    'body_in',
    'body_out',
    'brain_state_in',
    'brain_state_out',
    'camera_info',
    'compressed_in',
    'compressed_out',
    'concept_in',
    'concept_out',
    'decision_in',
    'decision_out',
    'fov_of',
    'header',
    'image_in',
    'image_out',
    'percepts_in',
    'percepts_out',
    'scan_in',
    'scan_out',
    'sound_in',
    'sound_out',
    'status_in',
    'status_out',
    'text_in',
    'to_seconds',
    'to_time',
    'touch_in',
    'touch_out',
    'velocity_in',
    'velocity_out',
]
