"""Every number of the planner, with its unit, its default and its allowed range, in one place."""
from __future__ import annotations

import math
from dataclasses import dataclass, field

from yan_brain.settings import SettingError, check, setting


@dataclass(frozen=True, kw_only=True)
class LimitsConfig:
    """What the base may be asked to do, and for how long."""

    speed_mps: float = setting(0.45, 'fastest driving ahead', minimum=0.02, maximum=2.0)
    reverse_mps: float = setting(0.25, 'fastest driving back', minimum=0.02, maximum=2.0)
    turn_radps: float = setting(1.2, 'fastest turning', minimum=0.05, maximum=4.0)
    acceleration_mps2: float = setting(0.6, 'gaining speed', minimum=0.05, maximum=5.0)
    deceleration_mps2: float = setting(0.8, 'losing speed', minimum=0.05, maximum=5.0)
    turn_acceleration_radps2: float = setting(
        3.0, 'change of turn rate', minimum=0.1, maximum=20.0)
    stale_s: float = setting(
        0.25, 'a Decision older than this stops the robot', minimum=0.1, maximum=0.5)
    sense_stale_s: float = setting(
        0.35, 'a scan or odometry older than this stops the robot', minimum=0.1, maximum=0.5)
    image_stale_s: float = setting(
        0.35, 'no new image for this long stops a robot that goes by what it sees; more for a '
        'camera slower than 5 Hz', minimum=0.1, maximum=5.0)
    give_up_s: float = setting(
        3.0, 'nothing new for this long: the skill fails', minimum=0.5, maximum=60.0)
    skill_s: float = setting(
        120.0, 'longest time for a skill with a target', minimum=1.0, maximum=3600.0)
    follow_s: float = setting(
        60.0, 'following ends by itself after this', minimum=1.0, maximum=3600.0)
    move_m: float = setting(10.0, 'longest single move', minimum=0.1, maximum=100.0)
    turn_rad: float = setting(4 * math.pi, 'largest single turn', minimum=0.1, maximum=100.0)
    default_move_m: float = setting(
        0.5, 'a move when no amount was said', minimum=-10.0, maximum=10.0)
    default_turn_rad: float = setting(
        math.pi / 2, 'a turn when no amount was said', minimum=-7.0, maximum=7.0)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class BodyConfig:
    """The shape of the robot and of its eye."""

    radius_m: float = setting(0.16, 'radius of the robot', minimum=0.05, maximum=2.0)
    margin_m: float = setting(
        0.05, 'kept free around the robot when a way is planned', minimum=0.0, maximum=1.0)
    reflex_margin_m: float = setting(
        0.03, 'nothing comes nearer than this while it drives', minimum=0.0, maximum=1.0)
    brake_mps2: float = setting(
        0.5, 'braking ahead of an obstacle is begun for this', minimum=0.05, maximum=5.0)
    field_of_view_rad: float = setting(
        math.radians(70), 'of the camera, horizontal', minimum=0.2, maximum=6.28)
    camera_forward_m: float = setting(
        0.08, 'camera ahead of the centre', minimum=-1.0, maximum=1.0)
    has_scan: bool = setting(True, 'false: drive by touch alone, slowly')
    blind_mps: float = setting(0.1, 'speed without a scan', minimum=0.01, maximum=0.3)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class GridConfig:
    """The map around the robot."""

    cell_m: float = setting(0.05, 'side of a cell', minimum=0.02, maximum=0.2)
    size_m: float = setting(
        16.0, 'side of the square that is remembered', minimum=4.0, maximum=40.0)
    hit: int = setting(3, 'evidence of one return', minimum=1, maximum=50)
    miss: int = setting(1, 'evidence of a beam that passed', minimum=1, maximum=50)
    most: int = setting(6, 'evidence is kept within +- this', minimum=1, maximum=100)
    occupied: int = setting(2, 'evidence from which a cell is occupied', minimum=1, maximum=100)
    reach_m: float = setting(
        6.0, 'a beam without return clears the way this far', minimum=0.5, maximum=20.0)

    def __post_init__(self) -> None:
        check(self)
        if self.occupied > self.most:
            raise SettingError(f'GridConfig.occupied is {self.occupied}, above most {self.most}: '
                               'no cell could ever be occupied; make it smaller')


@dataclass(frozen=True, kw_only=True)
class MemoryConfig:
    """How sightings become beliefs: see memory.py."""

    prior: float = setting(
        0.15, 'belief in a hypothesis before its first look', minimum=0.001, maximum=0.9)
    neutral: float = setting(
        0.35, 'a sighting of this probability speaks for neither side', minimum=0.01,
        maximum=0.99)
    unseen: float = setting(
        0.03, 'what a look without any sighting counts as', minimum=0.001, maximum=0.5)
    birth: float = setting(
        0.12, 'weaker sightings make no hypothesis', minimum=0.0, maximum=1.0)
    step: float = setting(2.5, 'most log odds that one view gives', minimum=0.1, maximum=10.0)
    saturation: float = setting(
        2.0, 'looks of one view that give half its evidence', minimum=0.1, maximum=50.0)
    bearing_std_rad: float = setting(
        math.radians(2.5), 'error of a bearing', minimum=0.001, maximum=0.5)
    range_std: float = setting(0.22, 'error of a range (share)', minimum=0.01, maximum=1.0)
    scan_ratio: float = setting(
        1.35, 'a return this near to the sighted range is the thing', minimum=1.0, maximum=3.0)
    gate_m: float = setting(
        0.3, 'sightings nearer than this are the same thing', minimum=0.05, maximum=2.0)
    near_m: float = setting(
        1.7, 'looks from nearer than this can verify', minimum=0.3, maximum=10.0)
    most: int = setting(12, 'hypotheses remembered', minimum=1, maximum=100)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class SearchConfig:
    """How the robot looks for what it was told to find."""

    turn_radps: float = setting(0.7, 'turning while looking around', minimum=0.1, maximum=3.0)
    sure: float = setting(0.9, 'belief that ends a look around', minimum=0.1, maximum=0.999)
    visit: float = setting(
        0.22, 'a hypothesis believed less is not worth a visit', minimum=0.0, maximum=1.0)
    accept: float = setting(
        0.55, 'mean probability near by to call it found', minimum=0.05, maximum=0.999)
    glimpse: float = setting(
        0.3, 'the same from afar, for a visit once all else was looked at', minimum=0.0,
        maximum=1.0)
    settle: float = setting(
        0.4, 'the same, once all was searched through and nothing else is like it', minimum=0.05,
        maximum=0.999)
    looks: int = setting(5, 'images of a near view before a verdict', minimum=1, maximum=100)
    verify_m: float = setting(
        1.1, 'distance that a hypothesis is verified from', minimum=0.4, maximum=5.0)
    viewpoints: int = setting(3, 'other places to look around from', minimum=0, maximum=20)
    longest_s: float = setting(
        80.0, 'then what was not found is held not to be here', minimum=1.0, maximum=3600.0)
    gain_m2: float = setting(
        0.4, 'a place must uncover this much floor', minimum=0.01, maximum=20.0)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class ApproachConfig:
    """Where `go_to` stops and how `turn_to` and `follow` keep their place."""

    stop_m: float = setting(
        0.40, 'aim: from the centre to the surface of the thing', minimum=0.1, maximum=3.0)
    stop_within_m: float = setting(
        0.53, 'the most that still counts as being there', minimum=0.1, maximum=5.0)
    facing_rad: float = setting(
        math.radians(3), 'error of heading that is left', minimum=0.005, maximum=0.5)
    follow_m: float = setting(0.85, 'distance kept while following', minimum=0.3, maximum=5.0)
    lost_s: float = setting(
        3.0, 'unseen for this long while following: look around', minimum=0.2, maximum=30.0)

    def __post_init__(self) -> None:
        check(self)
        if self.stop_within_m < self.stop_m:
            raise SettingError(f'ApproachConfig.stop_within_m is {self.stop_within_m}, below '
                               f'stop_m {self.stop_m}; make it at least as large')


@dataclass(frozen=True, kw_only=True)
class PlannerConfig:
    """All of the above; as a ROS parameter `limits.speed_mps` and so on."""

    limits: LimitsConfig = field(default_factory=LimitsConfig)
    body: BodyConfig = field(default_factory=BodyConfig)
    grid: GridConfig = field(default_factory=GridConfig)
    memory: MemoryConfig = field(default_factory=MemoryConfig)
    search: SearchConfig = field(default_factory=SearchConfig)
    approach: ApproachConfig = field(default_factory=ApproachConfig)

    def __post_init__(self) -> None:
        needed = self.body.radius_m + self.body.margin_m
        if self.approach.stop_m < needed:
            raise SettingError(
                f'approach.stop_m is {self.approach.stop_m}, within the {needed:g} m that the '
                'body takes up; make it larger')
