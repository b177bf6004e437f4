"""A recording said to a running brain, and what becomes of it."""
from __future__ import annotations

import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from std_msgs.msg import String
from yan_brain_msgs.msg import Audio, Decision, SkillStatus

from yan_brain.cli.client import Brain, Outcome
from yan_brain.nodes.common import RELIABLE, STREAM
from yan_brain.nodes.convert import sound_out
from yan_brain.signals import Sound

PIECE_S = 0.1
AFTER_S = 1.5                           # of silence, so that the end of the words is noticed
HEAR_LIMIT_S = 20.0                     # from the end of the recording to words
ANSWER_LIMIT_S = 10.0                   # from words to a decision, or to an answer
BESIDE_S = 0.5                          # by which what one thought led to may come apart
LONGEST_S = 30.0
BODY_SKILLS = frozenset({'stop', 'move', 'turn', 'find', 'go_to', 'turn_to', 'follow'})


class BadRecording(ValueError):
    """A recording that cannot be said. The text says why and what is allowed."""


def read_wav(path: Path) -> Sound:
    """A 16 bit PCM WAV file as mono sound."""
    try:
        with wave.open(str(path), 'rb') as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise BadRecording(f'{path}: {error}; a WAV file of 16 bit PCM is needed') from error
    if width != 2:
        raise BadRecording(f'{path}: samples have {8 * width} bits; allowed: 16')
    samples = np.frombuffer(data[:len(data) - len(data) % (2 * channels)], dtype='<i2')
    if not 0.1 <= samples.size / channels / rate <= LONGEST_S:
        raise BadRecording(f'{path}: lasts {samples.size / channels / rate:.2f} s; allowed: '
                           f'0.1 to {LONGEST_S:.0f} s')
    mono = samples.reshape(-1, channels).mean(axis=1).round().astype(np.int16)
    return Sound(stamp_s=time.time(), samples=mono, rate_hz=rate)


class Spoken:
    """Says a recording and follows what the brain does with it."""

    def __init__(self, brain: Brain, tell: Callable[[str], None]) -> None:
        self._brain, self._tell = brain, tell
        self._news = threading.Condition()
        self._before = 0
        self._heard = ''
        self._decision: Any = None
        self._status: Any = None
        self._reply = ''
        self._saying = False
        self._person = brain.publisher(Audio, 'person/sound', RELIABLE)
        self._audio: Any = None
        brain.listen(String, 'heard', self._on_heard, RELIABLE)
        brain.listen(String, 'speech', self._on_speech, RELIABLE)
        brain.listen(Decision, 'decision', self._on_decision, RELIABLE)
        brain.listen(SkillStatus, 'skill_status', self._on_status, RELIABLE)

    def say(self, sound: Sound, limit_s: float) -> Outcome:
        """Plays it where the brain hears it; the outcome within `limit_s`."""
        began_s = time.monotonic()
        self._await(lambda: self._decision is not None, 2.0)    # what it was busy with before
        with self._news:
            self._before = self._decision.instruction_id if self._decision is not None else 0
            self._decision, self._saying = None, True
        self._play(sound)
        length_s = sound.samples.size / sound.rate_hz
        if not self._await(lambda: bool(self._heard), length_s + HEAR_LIMIT_S):
            return self._end(began_s, 'no words were understood in the recording')
        if not self._await(lambda: self._decision is not None or bool(self._reply),
                           ANSWER_LIMIT_S):
            return self._end(began_s, f'"{self._heard}" led to no decision')
        # "Where are you?" is answered without a thought; else one topic was the quicker one.
        if not self._await(lambda: self._decision is not None, BESIDE_S):
            return self._end(began_s, '', True)
        if self._decision.skill in BODY_SKILLS:
            if not self._await(lambda: self._status is not None,
                               limit_s - (time.monotonic() - began_s)):
                self._brain.tell('stop').wait(2.0)
                return self._end(began_s, f'not done within {limit_s:.0f} s')
            self._await(lambda: bool(self._reply), 1.0)
            return self._end(began_s, self._status.reason, self._status.state == 'succeeded')
        self._await(lambda: bool(self._reply), ANSWER_LIMIT_S)
        unclear = self._decision.skill in ('unclear', 'idle') or not self._reply
        return self._end(began_s, 'unclear' if unclear else '', not unclear)

    def _play(self, sound: Sound) -> None:
        node = self._brain.node
        deadline_s = time.monotonic() + 2.0
        while time.monotonic() < deadline_s and not self._person.get_subscription_count():
            time.sleep(0.05)
        if self._person.get_subscription_count():
            self._person.publish(sound_out(sound))      # somebody says it at the robot's place
            return
        if node.count_publishers('audio'):
            raise BadRecording('a microphone publishes audio already, and the recording would '
                               'mix with it; stop it (run --without microphone) or use '
                               '`yan-brain once --wav`')
        self._audio = self._brain.publisher(Audio, 'audio', STREAM)
        step = int(PIECE_S * sound.rate_hz)
        quiet = np.zeros(int(AFTER_S * sound.rate_hz), dtype=np.int16)
        samples = np.concatenate([quiet[:step], sound.samples, quiet])
        began_s, stamp_s = time.monotonic(), self._brain.node.get_clock().now().nanoseconds * 1e-9
        for index in range(0, samples.size, step):
            at_s = index / sound.rate_hz
            time.sleep(max(0.0, began_s + at_s - time.monotonic()))
            self._audio.publish(sound_out(Sound(
                stamp_s=stamp_s + at_s, samples=samples[index:index + step],
                rate_hz=sound.rate_hz)))

    def _await(self, there: Callable[[], bool], limit_s: float) -> bool:
        deadline_s = time.monotonic() + limit_s
        with self._news:
            while not there():
                left_s = deadline_s - time.monotonic()
                if left_s <= 0.0:
                    return False
                self._news.wait(min(left_s, 0.2))
                self._brain.check()
        return True

    def _end(self, began_s: float, reason: str, success: bool = False) -> Outcome:
        decision = self._decision
        return Outcome(
            success=success, reason=reason, reply=self._reply,
            skill=decision.skill if decision is not None else '',
            argument=decision.argument if decision is not None else '',
            instruction_id=decision.instruction_id if decision is not None else 0,
            seconds=time.monotonic() - began_s)

    # From the thread of the client.

    def _on_heard(self, message: Any) -> None:
        with self._news:
            if self._saying:
                self._heard = message.data
                self._tell(f'hears "{message.data}"')
            self._news.notify_all()

    def _on_decision(self, message: Any) -> None:
        with self._news:
            fresh = message.instruction_id > self._before and message.skill != 'idle'
            if not self._saying or (fresh and self._decision is None):
                if fresh and self._saying:
                    self._tell(f'decides {message.skill} {message.argument}'.rstrip())
                self._decision = message
            self._news.notify_all()

    def _on_status(self, message: Any) -> None:
        with self._news:
            ours = (self._saying and self._decision is not None
                    and message.instruction_id == self._decision.instruction_id)
            if ours and message.state != 'running':
                self._status = message
            self._news.notify_all()

    def _on_speech(self, message: Any) -> None:
        with self._news:
            if self._saying and self._heard:
                self._reply = message.data
            self._news.notify_all()
