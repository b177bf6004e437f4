"""Settings of cognition_node, and the ear and voice it has when none are given."""
from __future__ import annotations

from dataclasses import dataclass, field

from yan_brain.learning.learner import ShowingConfig
from yan_brain.mind.listener import Hearing
from yan_brain.mind.moments import GatherConfig
from yan_brain.mind.tasks import TaskConfig
from yan_brain.nodes.minds import CameraConfig, MindConfig
from yan_brain.perception.hearing import Ear, HearingConfig
from yan_brain.settings import check, setting


@dataclass(frozen=True, kw_only=True)
class CognitionConfig:
    """All settings of cognition_node."""

    rate_hz: float = setting(10.0, 'ticks per second', minimum=0.5, maximum=100.0)
    hear: bool = setting(True, 'understand speech on the topic audio')
    speaks: bool = setting(
        True, 'what is published on speech is said aloud: nothing is heard meanwhile (typed words '
        'and goals are)')
    speaking_tail_s: float = setting(
        0.3, 'longest way from speech to its sound, and how long a room rings', minimum=0.0,
        maximum=10.0)
    device_words: str = setting('', "YAML of the robot maker's own words; empty: none")
    hearing: HearingConfig = field(default_factory=HearingConfig)
    mind: MindConfig = field(default_factory=MindConfig)
    camera: CameraConfig = field(default_factory=CameraConfig)
    gather: GatherConfig = field(default_factory=GatherConfig)
    task: TaskConfig = field(default_factory=TaskConfig)
    showing: ShowingConfig = field(default_factory=ShowingConfig)

    def __post_init__(self) -> None:
        check(self)


def default_ear(config: HearingConfig) -> Hearing:
    """Voice activity and speech recognition of the package; RuntimeError without its models."""
    ear = Ear(config)
    ear.load()                           # not when the first words have just been said
    return ear
