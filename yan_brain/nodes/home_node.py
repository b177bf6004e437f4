"""The simulated home as a robot: the topics of a real robot's drivers, made by MuJoCo.

Publishes camera/image_raw (and /compressed), camera/camera_info, audio, touch, scan, odom;
takes cmd_vel, person/say (words), person/sound (a recording of them) and speech, which the robot
says aloud. In real time by
default; with `publish_clock` it is the clock of all nodes under `use_sim_time`, at `speed` times
real time. With `judge` the truth is published too, for evaluation only.
"""
from __future__ import annotations

import math
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from geometry_msgs.msg import Twist, TwistStamped
from numpy.typing import NDArray
from std_msgs.msg import String
from yan_brain_msgs.msg import Audio

from yan_brain.nodes import convert
from yan_brain.nodes.common import COMMAND, RELIABLE, BadMessage, BrainNode, Health, spin
from yan_brain.nodes.home_config import HomeNodeConfig
from yan_brain.nodes.home_topics import HomeTopics
from yan_brain.perception.sound import resample
from yan_brain.signals import Velocity
from yan_brain.simulation.home import Home, draw_room
from yan_brain.simulation.voice import LONGEST_TEXT, VoiceError, synthesise

if TYPE_CHECKING:
    from yan_brain.simulation.window import Window

SLICE_S = 0.02              # simulated between two looks at the sensors
MOST_BEHIND_S = 0.2         # of real time; what is more is let go, and not caught up in a burst
CLOCK_BEGIN_S = 1.0         # a ROS time of 0 means: no time yet
LONGEST_QUEUE = 4           # of things to say


class _Speech(NamedTuple):
    """Something to be said, and its sound to come."""

    text: str
    sound: Future[NDArray[np.int16]]
    own: bool                           # the robot's, not the person's


class HomeNode(BrainNode[HomeNodeConfig]):
    """Runs one Home and speaks for its sensors."""

    def __init__(self) -> None:
        """Declare the parameters."""
        super().__init__('home', HomeNodeConfig)
        self.home: Home | None = None
        self._window: Window | None = None
        self._speaker: ThreadPoolExecutor | None = None
        self._late_s = 0.0

    def setup(self) -> None:
        """Draw the room, make the topics."""
        config = self.config
        self.home = Home(draw_room(config.seed, config.options), seed=config.noise_seed,
                         config=config.home)
        if config.walk:
            self.home.walk(0, speed_mps=config.walk_mps)
        if config.window:
            self._window = open_window(self.home)
        self._topics = HomeTopics(self, self.home)
        self.listen(TwistStamped if config.stamped else Twist, 'cmd_vel', self._on_command,
                    COMMAND, silent_after_s=5.0)    # a planner commands all the time
        self.listen(String, 'person/say', self._on_say, RELIABLE)
        self.listen(Audio, 'person/sound', self._on_sound, RELIABLE)
        if config.robot_voice:
            self.listen(String, 'speech', self._on_speech, RELIABLE)
        # Making speech takes longer than a slice; the home must not stand still for it.
        self._speaker = ThreadPoolExecutor(1, 'voice')
        self._spoken: list[_Speech] = []
        self._velocity, self._commanded_s = Velocity(), -math.inf
        self.every(0.005, self._tick, steady=True)

    def start(self) -> None:
        """Let time run."""
        assert self.home is not None
        self._velocity = Velocity()
        self._anchor()

    def stop(self) -> None:
        """Let time stand."""
        self._velocity = Velocity()

    def teardown(self) -> None:
        """Close the home."""
        if self._window is not None:
            self._window.close()
            self._window = None
        if self._speaker is not None:
            self._speaker.shutdown(wait=False, cancel_futures=True)
            self._speaker = None
        if self.home is not None:
            self.home.close()
            self.home = None

    def health(self) -> Health:
        """Tell how far it is and whether it keeps up."""
        simulated = self.home.time_s if self.home is not None else 0.0
        return Health(values={'simulated_s': f'{simulated:.1f}', 'late_s': f'{self._late_s:.1f}'})

    def _anchor(self) -> None:
        """Tie simulated time to the steady clock, and stamps to the node's."""
        assert self.home is not None
        self._began = time.monotonic() - self.home.time_s / self.config.speed
        self._offset_s = (CLOCK_BEGIN_S if self.config.publish_clock
                          else self.now_s() - self.home.time_s)

    def _tick(self) -> None:
        home = self.home
        assert home is not None
        behind = time.monotonic() - self._began - home.time_s / self.config.speed
        if behind > MOST_BEHIND_S:
            if not self._late_s:
                self.get_logger().warning(
                    f'this machine does not keep up: {behind:.2f} s of simulated time let go '
                    '(said once; see late_s in diagnostics)')
            self._late_s += behind
            self._anchor()
            behind = SLICE_S / self.config.speed
        self._say_what_is_ready(home)
        # A few slices a call: commands that have come are heard in between.
        most = max(2, math.ceil(self.config.speed))
        for _ in range(min(most, int(behind * self.config.speed / SLICE_S))):
            if home.time_s - self._commanded_s > self.config.command_timeout_s:
                self._velocity = Velocity()
            home.advance(self._velocity, SLICE_S)
            self._topics.publish(home.sense(), self._offset_s)
            if self._window is not None:
                self._window.show()

    def _on_command(self, message: Twist | TwistStamped) -> None:
        assert self.home is not None
        self._velocity = Velocity()     # also when the command turns out to be nonsense
        self._velocity = convert.velocity_in(message)
        self._commanded_s = self.home.time_s

    def _on_say(self, message: String) -> None:
        self._speak(message.data.strip(), self.config.voice)

    def _on_speech(self, message: String) -> None:
        text = message.data.strip()
        if text.isascii():              # its voice speaks English only
            self._speak(text[:LONGEST_TEXT], self.config.robot_voice, own=True)

    def _speak(self, text: str, voice: str, *, own: bool = False) -> None:
        if not text:
            raise BadMessage('there is nothing to say in an empty text')
        if len(self._spoken) >= LONGEST_QUEUE:
            raise BadMessage(f'{LONGEST_QUEUE} texts wait to be spoken; wait for them')
        assert self._speaker is not None
        self._spoken.append(_Speech(text, self._speaker.submit(synthesise, text, voice), own))

    def _on_sound(self, message: Audio) -> None:
        assert self.home is not None
        sound = convert.sound_in(message)
        try:
            seconds = self.home.say('a recording',
                                    speech=resample(sound.samples, sound.rate_hz))
        except ValueError as error:
            raise BadMessage(str(error)) from error
        self.get_logger().info(f'the person plays a recording ({seconds:.1f} s)')

    def _say_what_is_ready(self, home: Home) -> None:
        if not self._spoken or not self._spoken[0].sound.done():
            return
        speech = self._spoken.pop(0)
        who, say = ('robot', home.speak) if speech.own else ('person', home.say)
        try:
            seconds = say(speech.text, speech=speech.sound.result(timeout=0))
        except (VoiceError, ValueError) as error:
            self.get_logger().error(f'the {who} cannot say {speech.text[:80]!r}: {error}')
        else:
            self.get_logger().info(f'the {who} says {speech.text[:80]!r} ({seconds:.1f} s)')


def open_window(home: Home) -> Window:
    """Open a window; the viewer is imported only where one is wanted."""
    from yan_brain.simulation.window import Window
    return Window(home)


def main() -> int:
    """Run the node until it is told to stop."""
    return spin(HomeNode)


if __name__ == '__main__':
    sys.exit(main())
