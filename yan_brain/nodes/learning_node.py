"""learning_node: teach, forget, list, snapshot, restore and feedback as services."""
from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.callback_groups import ReentrantCallbackGroup
from std_srvs.srv import Trigger
from yan_brain_msgs.srv import Concepts, Feedback, Forget, Restore, Snapshot, Teach

from yan_brain.learning.learner import CANNOT_LEARN, ShowingConfig
from yan_brain.learning.sleeper import IdleConfig
from yan_brain.nodes.common import BrainNode, Health, spin
from yan_brain.nodes.convert import concept_out
from yan_brain.nodes.fleet import FleetConfig, FleetLink
from yan_brain.nodes.inbox import Inbox
from yan_brain.nodes.minds import (
    CameraConfig,
    MindConfig,
    MindRoom,
    announce_lessons,
    follow_lessons,
    watch_body,
    watch_camera,
    watch_sound,
    watch_touch,
)
from yan_brain.nodes.sleep import SleepLink
from yan_brain.settings import check

T = TypeVar('T')


@dataclass(frozen=True, kw_only=True)
class LearningConfig:
    """All settings of learning_node."""

    mind: MindConfig = field(default_factory=MindConfig)
    camera: CameraConfig = field(default_factory=CameraConfig)
    showing: ShowingConfig = field(default_factory=ShowingConfig)
    fleet: FleetConfig = field(default_factory=FleetConfig)
    sleep: IdleConfig = field(default_factory=IdleConfig)

    def __post_init__(self) -> None:
        check(self)


class LearningNode(BrainNode[LearningConfig]):
    """Answers when a lesson is safe on disk; what could not be learned is said with the cause.

    Args:
        room: the mind, shared with the other nodes of the process. Where cognition is in it
            too, its images and sound are used; else this node looks and listens itself.
    """

    def __init__(self, room: MindRoom | None = None, **node: Any) -> None:
        super().__init__('learning', LearningConfig, **node)
        self.room = room or MindRoom()

    def setup(self) -> None:
        group = ReentrantCallbackGroup()
        self.mind, self.learner, senses = self.room.enter(self, self.config.mind)
        self.inbox = Inbox(self, group)
        announce_lessons(self, self.learner)
        for kind, name, callback in (
                (Teach, 'teach', self.on_teach), (Forget, 'forget', self.on_forget),
                (Concepts, 'concepts', self.on_concepts), (Feedback, 'feedback', self.on_feedback),
                (Snapshot, 'snapshot', self.on_snapshot), (Restore, 'restore', self.on_restore),
                (Trigger, 'undo', self.on_undo)):
            self.serve(kind, name, callback, group=group)
        follow_lessons(self, self.learner)
        self.fleet = FleetLink.join(self, self.learner, self.config.fleet)
        self.sleep = SleepLink.join(self, self.learner, self.config.sleep,
                                    self.config.mind.weights)
        if 'cognition' not in self.room.members:
            watch_camera(self, self.config.camera, self.learner.gallery.put,
                         lambda: self.learner.gallery.wanted)
            watch_sound(self, senses.sounds)
            watch_touch(self, senses.touches)
            watch_body(self, senses.places)

    def teardown(self) -> None:
        self.room.leave(self)

    def health(self) -> Health:
        problems = list(self.learner.problems)
        if self.learner.tricks.damaged:
            problems.append('damaged tricks were left out, teach them again: '
                            + ', '.join(self.learner.tricks.damaged))
        fleet = self.fleet.health() if self.fleet else Health()
        problems += [fleet.message] if fleet.level != DiagnosticStatus.OK else []
        return Health(level=DiagnosticStatus.WARN if problems else DiagnosticStatus.OK,
                      message='; '.join(problems) or 'ok', values={
                          'version': self.mind.version,
                          'concepts': str(len(self.learner.concepts())),
                          'tricks': str(len(self.learner.tricks.tricks())),
                          **fleet.values})

    async def on_teach(self, request: Teach.Request, response: Teach.Response) -> Teach.Response:
        def good(concept: Any) -> None:
            response.lessons = concept.lessons
            response.message = f'learned {concept.name!r}, certainty {concept.certainty:.2f}'

        return await self._answer(
            response, lambda: self.learner.teach(request.name, self.config.showing,
                                                 request.seconds), good)

    async def on_forget(
        self, request: Forget.Request, response: Forget.Response,
    ) -> Forget.Response:
        def good(known: bool) -> None:
            response.success = known
            names = ', '.join(c.name for c in self.learner.concepts()) or 'nothing'
            response.message = (f'forgot {request.name!r}' if known else
                                f'{request.name!r} was never taught; taught were: {names}')

        return await self._answer(response, lambda: self.learner.forget(request.name), good)

    def on_concepts(
        self, _request: Concepts.Request, response: Concepts.Response,
    ) -> Concepts.Response:
        response.concepts = [concept_out(concept) for concept in self.learner.concepts()]
        response.version = self.mind.version
        return response

    async def on_feedback(
        self, request: Feedback.Request, response: Feedback.Response,
    ) -> Feedback.Response:
        def good(_: None) -> None:
            response.message = 'noted'

        return await self._answer(response, lambda: self.learner.feedback(
            request.value, request.instruction_id, ''), good)

    async def on_snapshot(
        self, request: Snapshot.Request, response: Snapshot.Response,
    ) -> Snapshot.Response:
        def good(name: str) -> None:
            response.name, response.message = name, f'kept as {name!r}'

        return await self._answer(response, lambda: self.learner.snapshot(request.name), good)

    async def on_restore(
        self, request: Restore.Request, response: Restore.Response,
    ) -> Restore.Response:
        def good(_: None) -> None:
            response.message = f'went back to {request.name!r}'

        return await self._answer(response, lambda: self.learner.restore(request.name), good)

    async def on_undo(
        self, _request: Trigger.Request, response: Trigger.Response,
    ) -> Trigger.Response:
        def good(name: str) -> None:
            response.success = bool(name)
            response.message = (f'took back the last lesson on {name!r}' if name
                                else 'nothing was taught that could be taken back')

        return await self._answer(response, self.learner.undo, good)

    async def _answer(self, response: Any, begin: Callable[[], Future[T]],
                      good: Callable[[T], None]) -> Any:
        """Wait for the learner; `good` fills in what came of it."""
        if not self.active:
            response.success, response.message = False, 'learning is not active: activate it first'
            return response
        response.success = True
        try:
            good(await self.inbox.result(begin()))
        except CANNOT_LEARN as error:
            response.success, response.message = False, str(error)
        if hasattr(response, 'version'):
            response.version = self.mind.version
        return response


def main() -> int:
    """Run the node in a process of its own."""
    return spin(LearningNode)


if __name__ == '__main__':
    raise SystemExit(main())
