"""Parameters of the simulated home's node."""
from __future__ import annotations

from dataclasses import dataclass, field

from yan_brain.settings import check, setting
from yan_brain.simulation.home import HomeConfig, RoomOptions
from yan_brain.simulation.things import COLOURS, KINDS
from yan_brain.simulation.voice import PERSON_VOICE, ROBOT_VOICE, VOICES


@dataclass(frozen=True, kw_only=True)
class HomeNodeConfig:
    """Parameters of the home."""

    seed: int = setting(1, 'which room is drawn', minimum=0, maximum=2**31)
    noise_seed: int = setting(0, 'noise of the sensors, walks of things', minimum=0,
                              maximum=2**31)
    target_colour: str = setting('', 'colour of a thing that must be there; empty: any',
                                 choices=('', *COLOURS))
    target_kind: str = setting('', 'its kind', choices=('', *KINDS))
    absent: bool = setting(False, 'the target must not be there instead')
    distract: bool = setting(True, 'another of its colour and another of its kind are there')
    walk: bool = setting(False, 'the target walks about')
    walk_mps: float = setting(0.2, 'how fast', minimum=0.01, maximum=1.0)
    publish_clock: bool = setting(False, 'publish /clock: for nodes with use_sim_time')
    speed: float = setting(1.0, 'simulated seconds in a second of real time', minimum=0.01,
                           maximum=100.0)
    stamped: bool = setting(False, 'cmd_vel is TwistStamped (false: Twist)')
    command_timeout_s: float = setting(
        0.2, 'the base stops itself when no cmd_vel came for so long', minimum=0.05, maximum=5.0)
    audio_s: float = setting(0.1, 'length of a piece of sound', minimum=0.02, maximum=1.0)
    voice: str = setting(PERSON_VOICE, 'voice of the person', choices=tuple(VOICES))
    robot_voice: str = setting(ROBOT_VOICE, 'voice that says aloud what comes on speech, in '
                               'English; empty: the robot has no loudspeaker',
                               choices=('', *VOICES))
    window: bool = setting(False, 'show the room from above; needs a screen')
    judge: bool = setting(False, 'publish the truth on `judge` (JSON), for evaluation only')
    home: HomeConfig = field(default_factory=HomeConfig)

    def __post_init__(self) -> None:
        """Check ranges and what goes together."""
        check(self)
        if bool(self.target_colour) != bool(self.target_kind):
            raise ValueError(
                f'target_colour is {self.target_colour!r} and target_kind '
                f'{self.target_kind!r}; give both or none')
        if self.speed != 1.0 and not self.publish_clock:
            raise ValueError(f'speed is {self.speed} without publish_clock; set it, and '
                             'use_sim_time for all other nodes')
        if (self.absent or self.walk) and not self.target_kind:
            raise ValueError('absent or walk is true without a target; set target_colour and '
                             'target_kind')
        if self.absent and self.walk:
            raise ValueError('absent and walk are both true; what is not there cannot walk')

    @property
    def options(self) -> RoomOptions:
        """Return what the room must hold."""
        if not self.target_kind:
            return RoomOptions()
        pair = (self.target_colour, self.target_kind)
        return RoomOptions(target=None if self.absent else pair,
                           absent=frozenset({pair}) if self.absent else frozenset(),
                           distract=pair if self.distract else None)
