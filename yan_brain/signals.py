"""What flows through the brain: plain dataclasses, units in the names, no ROS.

Frames follow REP-103: x forward, y left, z up; angles counter-clockwise, so a positive
bearing is to the left. Times are seconds on the clock of the sender.
"""
from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray


class Skill(str, Enum):
    """What the brain can decide to do. `move` and `turn` carry a signed amount."""

    IDLE = 'idle'          # nothing was asked
    STOP = 'stop'
    MOVE = 'move'          # amount in metres, forward positive
    TURN = 'turn'          # amount in radians, left positive
    FIND = 'find'          # look around until it stands in view
    GO_TO = 'go_to'
    TURN_TO = 'turn_to'
    FOLLOW = 'follow'
    DESCRIBE = 'describe'  # say what is seen
    TEACH = 'teach'        # what is shown is called `argument`
    FORGET = 'forget'
    RECALL = 'recall'      # list what was taught
    UNCLEAR = 'unclear'    # heard, not understood
    TRICK = 'trick'        # what is to be done when `argument` is said
    WHEN = 'when'          # what is to be done when `argument` is perceived
    WATCH = 'watch'        # a showing begins (amount +1) or is over (-1)
    PERFORM = 'perform'    # do the trick `argument`
    FEEDBACK = 'feedback'  # praise (amount +1) or blame (-1) of what was just done


TARGET_SKILLS = frozenset({Skill.FIND, Skill.GO_TO, Skill.TURN_TO, Skill.FOLLOW})


class Sense(str, Enum):
    """What something taught is known again by; a place by where the robot is.

    A voice is that of a person.
    """

    SIGHT = 'sight'
    SOUND = 'sound'
    TOUCH = 'touch'
    PLACE = 'place'
    VOICE = 'voice'


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A camera frame. `rgb` is (height, width, 3) uint8."""

    stamp_s: float
    rgb: NDArray[np.uint8]
    horizontal_fov_rad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Mono sound. `samples` is (n,) int16; `voice` is the chance of speech, None: unknown."""

    stamp_s: float
    samples: NDArray[np.int16]
    rate_hz: int
    voice: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A planar range scan in the robot's frame. `ranges_m` is (n,), inf where nothing is."""

    stamp_s: float
    ranges_m: NDArray[np.float32]
    angle_min_rad: float
    angle_increment_rad: float
    range_max_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """Which touch zones are pressed, by name (`front_left`, `front_right`, ...)."""

    stamp_s: float
    pressed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Odometry: pose in the odom frame and speeds in the robot's own frame.

    Poses of one `frame` can be compared, however long ago they were; '' says nothing of it.
    """

    stamp_s: float
    x_m: float
    y_m: float
    yaw_rad: float
    speed_mps: float
    turn_rate_radps: float
    frame: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """All that reached the brain in one tick. A missing sense is None."""

    stamp_s: float
    image: Image | None = None
    sound: Sound | None = None
    touch: Touch | None = None
    body: Body | None = None
    text: str | None = None
    order: Decision | None = None       # what the text means, where that is known beforehand


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One place in view where something may stand.

    In a Decision without an image it is a place that is remembered, seen from the origin of the
    odom frame.
    """

    probability: float
    bearing_rad: float
    range_m: float

    @classmethod
    def remembered(cls, x_m: float, y_m: float) -> Sighting:
        """A place of the odom frame."""
        return cls(probability=1.0, bearing_rad=math.atan2(y_m, x_m),
                   range_m=math.hypot(x_m, y_m))


@dataclass(frozen=True, slots=True, kw_only=True)
class Percept:
    """One thing seen, named by the concepts that fit it best."""

    label: str
    probability: float
    bearing_rad: float
    range_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the core wants done now. It is advice: the planner checks every number."""

    stamp_s: float                      # of the Moment it was made from
    version: str                        # of the weights and lessons that made it
    instruction_id: int = 0             # 0: nothing was asked yet; rises with each instruction
    skill: Skill = Skill.IDLE
    argument: str = ''                  # the words for the target, copied from what was heard
    amount: float | None = None         # metres or radians, signed; +1 or -1 (see Skill)
    confidence: float = 0.0
    known: bool = True                  # False: the argument holds a word never learned
    language: str = 'en'                # 'en' or 'zh': answer in it
    sightings: tuple[Sighting, ...] = ()  # of the target in the newest image, best first
    image_stamp_s: float | None = None  # of the image the sightings came from
    grounding: NDArray[np.float32] | None = None  # (rows, columns): chance per patch
    reply: str = ''                     # what to say at once, if anything

    @property
    def place(self) -> tuple[float, float] | None:
        """Where the target is in the odom frame, in metres, when that is remembered, not seen."""
        if self.image_stamp_s is not None or not self.sightings:
            return None
        one = self.sightings[0]
        return (one.range_m * math.cos(one.bearing_rad), one.range_m * math.sin(one.bearing_rad))


class State(str, Enum):
    """How a skill stands."""

    RUNNING = 'running'
    SUCCEEDED = 'succeeded'
    FAILED = 'failed'
    CANCELLED = 'cancelled'


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillStatus:
    """What the planner reports of the skill it runs.

    `reason` of a failure: 'not_found', 'blocked', 'timeout', 'stale', 'unknown_word',
    'unclear', 'no_odometry', 'no_scan'. 'not_found' after a full look around means: not here.
    """

    stamp_s: float
    instruction_id: int
    skill: Skill
    state: State
    progress: float = 0.0
    reason: str = ''
    target_probability: float = 0.0
    bearing_rad: float | None = None
    range_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Velocity:
    """A command to the base."""

    linear_mps: float = 0.0
    angular_radps: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """Something that was taught."""

    name: str
    lessons: int
    taught_s: float
    certainty: float
    sense: Sense = Sense.SIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class BrainState:
    """What goes on inside, for people and dashboards."""

    stamp_s: float
    version: str
    instruction: str = ''
    skill: Skill = Skill.IDLE
    percepts: tuple[Percept, ...] = ()
    awake: NDArray[np.bool_] | None = None  # (layers, partitions): awake in this tick
    surprise: float | None = None   # error of the newest image's forecast over the usual error
    stage_ms: dict[str, float] = field(default_factory=dict)
