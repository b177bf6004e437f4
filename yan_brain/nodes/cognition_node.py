"""cognition_node: the senses come in; decisions, percepts and words go out."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from nav_msgs.msg import Odometry
from numpy.typing import NDArray
from rclpy.callback_groups import ReentrantCallbackGroup
from std_msgs.msg import String
from yan_brain_msgs import msg
from yan_brain_msgs.srv import Ask

from yan_brain.learning.learner import CANNOT_LEARN
from yan_brain.mind.conversation import Conversation
from yan_brain.mind.listener import Hearing, Listener, Mutes
from yan_brain.mind.moments import Gatherer
from yan_brain.mind.pace import Pace
from yan_brain.mind.parties import Parties, Voice
from yan_brain.mind.reflex import is_stop
from yan_brain.mind.tasks import Origin, Task
from yan_brain.mind.thinker import BAD_INPUT, Outlet, Thinker, ThoughtLike
from yan_brain.mind.voice import Sentences, spoken_s
from yan_brain.nodes import convert
from yan_brain.nodes.cognition_config import CognitionConfig, default_ear
from yan_brain.nodes.common import (
    RELIABLE,
    SENSOR,
    STREAM,
    BadMessage,
    BrainNode,
    Health,
    spin,
)
from yan_brain.nodes.device import DEVICE_FAULTS, device_words
from yan_brain.nodes.frames import Frames
from yan_brain.nodes.inbox import Inbox
from yan_brain.nodes.instruct import InstructServer
from yan_brain.nodes.minds import MindRoom, announce_lessons, follow_lessons, watch_camera
from yan_brain.nodes.troubles import Troubles
from yan_brain.perception.hearing import HearingConfig
from yan_brain.signals import Image

MOST_SPEAKING_S = 20.0   # at a stretch; more is not spoken, and would make it deaf


class CognitionNode(BrainNode[CognitionConfig]):
    """Thinks at a steady rate, in step with the camera; see `Thinker` and `Conversation`.

    Args:
        room: the mind, shared with the other nodes of the process.
        ear: makes what turns sound into words; it may raise RuntimeError when it cannot.
        voice: what puts answers into words.
    """

    def __init__(self, room: MindRoom | None = None, *,
                 ear: Callable[[HearingConfig], Hearing] = default_ear,
                 voice: Voice | None = None, **node: Any) -> None:
        super().__init__('cognition', CognitionConfig, **node)
        self.room = room or MindRoom()
        self._make_ear = ear
        self._voice = voice or Sentences()
        self._talk: Conversation | None = None
        self._listener: Listener | None = None
        self._mutes = Mutes()
        self._troubles = Troubles(self.get_logger())

    def setup(self) -> None:
        config, group = self.config, ReentrantCallbackGroup()
        self.mind, self.learner, self.senses = self.room.enter(self, config.mind)
        self.inbox, self.frames = Inbox(self, group), Frames(self, 'odom')
        self.gatherer = Gatherer(config.gather)
        self.device = device_words(self, group, config.device_words)
        self._ear = self._try_ear() if config.hear else None
        self.out_decision = self.publisher(msg.Decision, 'decision', RELIABLE)
        self.out_percepts = self.publisher(msg.Percepts, 'percepts', RELIABLE)
        self.out_state = self.publisher(msg.BrainState, 'brain_state', RELIABLE)
        self.out_speech = self.publisher(String, 'speech', RELIABLE)
        self.out_heard = self.publisher(String, 'heard', RELIABLE)
        watch_camera(self, config.camera, self.on_image)
        self.listen(msg.Touch, 'touch', self.on_touch, SENSOR)
        self.listen(Odometry, 'odom', self.on_body, SENSOR)
        self.listen(msg.Audio, 'audio', self.on_audio, STREAM)
        self.listen(String, 'text', self.on_text, RELIABLE)
        self.listen(msg.SkillStatus, 'skill_status', self.on_status, RELIABLE)
        self.instruct = InstructServer(self, group, talk=lambda: self.talk)
        self.serve(Ask, 'ask', self.on_ask, group=group)
        self.every(0.1, lambda: self._pass(lambda talk: talk.tasks.expire()), steady=True)
        follow_lessons(self, self.learner)
        if 'learning' not in self.room.members:
            announce_lessons(self, self.learner)

    def start(self) -> None:
        simulated = self.get_parameter('use_sim_time').value
        pace = Pace(1.0 / self.config.rate_hz,
                    clock_s=self.now_s if simulated else time.monotonic)
        thinker = Thinker(self.mind, self.gatherer, pace, Outlet(
            decide=lambda d: self.out_decision.publish(convert.decision_out(d)),
            thought=self.on_thought, failed=self.on_failed, broke=self.inbox.fail),
            self.now_s, self.senses.places.led)
        self._talk = Conversation(self.config.task, thinker, Parties(
            voice=self._voice, teach=lambda name: self.learner.teach(name, self.config.showing),
            forget=self.learner.forget, concepts=self.learner.concepts,
            sounds=self.senses.sounds, touches=self.senses.touches, places=self.senses.places,
            say=self.say, post=self.inbox.post,
            began=self.instruct.tell, news=self.instruct.tell, ended=self.instruct.ended,
            book=self.learner.tricks, teach_trick=self.learner.teach_trick,
            undo=self.learner.undo, correct=self.learner.correct,
            feedback=self.learner.feedback, praise=self.learner.praise, device=self.device,
            cannot_learn=CANNOT_LEARN + DEVICE_FAULTS))
        self._speaks_until_s = 0.0
        if self._ear is not None:
            self._listener = Listener(self._ear, heard=self.on_words, failed=self.on_failed,
                                      broke=self.inbox.fail)
            self._listener.start()
        thinker.start()

    def stop(self) -> None:
        self.talk.submit('stop', Origin.CANCEL)          # goes out at once
        self.talk.tasks.end_all('shutdown')
        if self._listener is not None:
            self._listener.close()
        self.talk.thinker.close()
        self.gatherer.clear()
        self._talk = self._listener = None

    def teardown(self) -> None:
        self.room.leave(self)
        self._ear = None

    @property
    def talk(self) -> Conversation:
        """What goes on; there is something only while active."""
        if self._talk is None:
            raise BadMessage('cognition is not active: activate it first')
        return self._talk

    def health(self) -> Health:
        values: dict[str, object] = {'version': self.mind.version}
        if self._talk is not None:
            thinker = self._talk.thinker
            values |= {'ticks': thinker.pace.ticks, 'ticks_missed': thinker.pace.missed,
                       'ticks_failed': thinker.failures, 'tick_ms': f'{thinker.tick_ms:.1f}'}
        if self._listener is not None:
            values['sound_dropped'] = self._listener.dropped
        return self._troubles.health(self.learner.problems, values)

    # In the executor's thread.

    def on_image(self, image: Image) -> None:
        self.gatherer.see(image, self.now_s())
        self.learner.gallery.put(image)
        self.talk.occasions.see(image)
        self.talk.thinker.pace.saw()

    def on_touch(self, message: msg.Touch) -> None:
        touch = convert.touch_in(message)
        self.gatherer.feel(touch)
        self._pass(lambda talk: talk.occasions.feel(touch))

    def on_body(self, message: Odometry) -> None:
        body = convert.body_in(message, self.frames.of(message.header.frame_id))
        self.gatherer.move(body)
        self._pass(lambda talk: talk.felt(body))

    def on_audio(self, message: msg.Audio) -> None:
        sound = convert.sound_in(message)
        self.gatherer.listen(sound)
        heard = self._mutes.apply(sound)
        if self._listener is not None:
            self._listener.put(heard)
        try:
            self._pass(lambda talk: talk.occasions.hear(heard))
        except ValueError as error:
            raise BadMessage(str(error)) from error

    def on_text(self, message: String) -> None:
        try:
            self.talk.submit(convert.text_in(message.data), Origin.TYPED)
        except ValueError as error:
            raise BadMessage(str(error)) from error

    def say(self, text: str) -> None:
        """Speak, and do not listen to it."""
        now_s = self.now_s()
        if self.config.speaks:
            self._speaks_until_s = min(
                max(now_s, self._speaks_until_s) + spoken_s(text), now_s + MOST_SPEAKING_S)
            self._mutes.add(now_s, self._speaks_until_s + self.config.speaking_tail_s)
        self.out_speech.publish(String(data=text))

    def on_status(self, message: msg.SkillStatus) -> None:
        self.talk.status(convert.status_in(message))

    async def on_ask(self, request: Ask.Request, response: Ask.Response) -> Ask.Response:
        try:
            question = self.talk.thinker.understand(convert.text_in(request.question))
            response.success, response.answer = self.talk.answer(
                await self.inbox.result(question))
        except BAD_INPUT as error:
            response.success, response.answer = False, str(error)
        return response

    # In the threads that think and listen.

    def on_thought(self, thought: ThoughtLike, task: Task | None) -> None:
        stamp_s = thought.decision.image_stamp_s or thought.decision.stamp_s
        self.out_percepts.publish(convert.percepts_out(stamp_s, thought.percepts))
        self.out_state.publish(convert.brain_state_out(thought.state))
        self.inbox.post(lambda: self._pass(lambda talk: talk.thought(thought, task)))

    def on_words(self, text: str, utterance: NDArray[np.int16]) -> None:
        self.out_heard.publish(String(data=text))
        if is_stop(text):               # whoever said it, it does not wait
            self._overheard(text)
            self.senses.persons.hear(utterance)
        else:
            self._overheard(text, self.senses.persons.hear(utterance))

    def on_failed(self, why: str, task: Task | None = None) -> None:
        self._troubles.note(why)
        self.inbox.post(lambda: self._pass(lambda talk: talk.failed(why, task)))

    def _overheard(self, text: str, speaker: str = '') -> None:
        self.inbox.post(lambda: self._pass(lambda talk: talk.overheard(text, speaker)))

    def _pass(self, work: Callable[[Conversation], None]) -> None:
        if self._talk is not None:
            work(self._talk)

    def _try_ear(self) -> Hearing | None:
        try:
            return self._make_ear(self.config.hearing)
        except (OSError, RuntimeError, ImportError) as error:
            self._troubles.note(f'speech is not understood: {error}', lasting=True)
            return None


def main() -> int:
    """Run the node in a process of its own."""
    return spin(CognitionNode)


if __name__ == '__main__':
    raise SystemExit(main())
