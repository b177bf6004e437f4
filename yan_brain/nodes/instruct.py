"""The `instruct` action: a goal is words, its result what became of them."""
from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import rclpy.task
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import CallbackGroup
from yan_brain_msgs.action import Instruct

from yan_brain.mind.conversation import Conversation
from yan_brain.mind.tasks import Origin, Task
from yan_brain.nodes.common import BadMessage, BrainNode
from yan_brain.nodes.convert import text_in
from yan_brain.signals import Decision, SkillStatus

FEEDBACK_PERIOD_S = 0.1


@dataclass(eq=False)
class _Goal:
    task: Task
    handle: Any
    done: Any                    # rclpy Future of the reply
    told_s: float = -math.inf


class InstructServer:
    """One goal runs at a time; a newer one preempts it.

    Args:
        talk: what runs the words; its `ended` and `news` must come to `ended` and `tell` here.
    """

    def __init__(self, node: BrainNode[Any], group: CallbackGroup, *,
                 talk: Callable[[], Conversation]) -> None:
        self._talk = talk
        self._goals: dict[Task, _Goal] = {}
        self._early: dict[Task, str] = {}        # ended before it was entered above
        self._submitting = False
        server = ActionServer(
            node, Instruct, 'instruct', self._execute, callback_group=group,
            goal_callback=lambda _: GoalResponse.ACCEPT if node.active else GoalResponse.REJECT,
            cancel_callback=self._cancelled)
        node.own(lambda made: made.destroy(), server)

    def ended(self, task: Task, reply: str) -> None:
        """A task is over; those that are no goals are of no interest here."""
        if task in self._goals:
            self._goals.pop(task).done.set_result(reply)
        elif self._submitting:
            self._early[task] = reply

    def tell(self, task: Task) -> None:
        """News of a task that runs."""
        goal = self._goals.get(task)
        now_s = time.monotonic()
        if goal is None or task.decision is None or now_s - goal.told_s < FEEDBACK_PERIOD_S:
            return
        goal.told_s = now_s
        goal.handle.publish_feedback(_feedback(task.decision, task.status))

    async def _execute(self, handle: Any) -> Instruct.Result:
        self._submitting = True
        try:
            task = self._talk().submit(text_in(handle.request.text), Origin.GOAL)
        except (BadMessage, ValueError) as error:
            handle.abort()
            return Instruct.Result(success=False, reason=str(error), reply='', range=math.nan)
        finally:
            self._submitting = False
        if task.ended:
            reply = self._early.pop(task, '')
        else:
            goal = self._goals[task] = _Goal(task, handle, rclpy.task.Future())
            if handle.is_cancel_requested:
                self._talk().cancel(task)
            reply = await goal.done
        if task.succeeded:
            handle.succeed()
        elif handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        return _result(task, reply)

    def _cancelled(self, handle: Any) -> CancelResponse:
        # The handle turns to "canceling" after this returns; the waiting coroutine runs later.
        for task, goal in list(self._goals.items()):
            if goal.handle == handle:
                self._talk().cancel(task)
        return CancelResponse.ACCEPT


def _feedback(decision: Decision, status: SkillStatus | None) -> Instruct.Feedback:
    best = decision.sightings[0] if decision.sightings else None
    bearing = status.bearing_rad if status else best.bearing_rad if best else None
    range_m = status.range_m if status else best.range_m if best else None
    return Instruct.Feedback(
        skill=decision.skill.value, argument=decision.argument,
        progress=status.progress if status else 0.0,
        target_probability=(status.target_probability if status
                            else best.probability if best else 0.0),
        bearing=math.nan if bearing is None else bearing,
        range=math.nan if range_m is None else range_m)


def _result(task: Task, reply: str) -> Instruct.Result:
    decision, status = task.decision, task.status
    return Instruct.Result(
        success=task.succeeded, reason=task.reason, reply=reply,
        instruction_id=task.instruction_id, skill=decision.skill.value if decision else '',
        argument=decision.argument if decision else '', seconds=task.seconds,
        target_probability=status.target_probability if status else 0.0,
        range=math.nan if status is None or status.range_m is None else status.range_m)
