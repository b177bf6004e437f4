"""microphone_node: a sound device or a WAV file as `audio`, 16 kHz mono, with the chance of voice.

Only for robots that do not publish sound themselves.
"""
from __future__ import annotations

import sys

from diagnostic_msgs.msg import DiagnosticStatus
from yan_brain_msgs.msg import Audio

from yan_brain.nodes import convert
from yan_brain.nodes.common import STREAM, BrainNode, Health, spin
from yan_brain.perception.capture import Capture
from yan_brain.perception.microphone import DeviceSource, MicrophoneConfig, source_of
from yan_brain.perception.voice_activity import VoiceDetector
from yan_brain.signals import Sound

FRAME = 'microphone'


class MicrophoneNode(BrainNode[MicrophoneConfig]):
    """Publishes what a microphone hears."""

    def __init__(self) -> None:
        """Declares the parameters."""
        super().__init__('microphone', MicrophoneConfig)
        self._capture: Capture[Sound] | None = None
        self._detector: VoiceDetector | None = None
        self._voice = -1.0

    def setup(self) -> None:
        """Makes the topic. The device is opened when the node becomes active."""
        self._audio = self.publisher(Audio, 'audio', STREAM)
        self._detector = VoiceDetector() if self.config.detect_voice else None
        self._source = source_of(self.config, self.now_s)

    def start(self) -> None:
        """Begins to listen."""
        if self._detector is not None:
            self._detector.reset()
        self._capture = Capture(self._source, self._on_sound, said=self._on_fault,
                                retry_s=self.config.retry_s, stale_s=self.config.stale_s).start()

    def stop(self) -> None:
        """Frees the device."""
        if self._capture is not None:
            self._capture.close()
            self._capture = None

    def teardown(self) -> None:
        """Forgets the detector."""
        self.stop()
        self._detector = None

    def health(self) -> Health:
        """Whether sound comes in."""
        capture = self._capture
        if capture is None:
            return Health(message='inactive')
        values = {'source': self._source.name, 'pieces': str(capture.pieces),
                  'openings': str(capture.openings), 'voice': f'{self._voice:.2f}'}
        if isinstance(self._source, DeviceSource):
            values['overflows'] = str(self._source.overflows)
        if capture.fault:
            return Health(level=DiagnosticStatus.ERROR, message=capture.fault, values=values)
        return Health(values=values)

    # On the capturing thread; `stop` waits for it before the publisher goes.

    def _on_sound(self, sound: Sound) -> None:
        message = convert.sound_out(sound, FRAME)
        if self._detector is not None:
            voice = self._detector.newest(sound.samples)
            self._voice = self._voice if voice is None else voice
            message.voice = self._voice
        self._audio.publish(message)

    def _on_fault(self, fault: str) -> None:
        if fault:
            self.get_logger().error(fault)
        else:
            self.get_logger().info(f'{self._source.name}: sound comes in')


def main() -> int:
    """The process."""
    return spin(MicrophoneNode)


if __name__ == '__main__':
    sys.exit(main())
