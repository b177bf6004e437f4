"""The newest of what a brain publishes, put into words for people."""
from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from std_msgs.msg import String
from yan_brain_msgs.msg import BrainState, Decision, Percepts, SkillStatus

from yan_brain.cli.client import Brain
from yan_brain.nodes.common import RELIABLE

LEAST_SEEN = 0.5                        # of a percept's probability, to be named
MOST_NAMED = 3
FRESH_S = 2.0
STRAIGHT_RAD = math.radians(8)


class Live:
    """Listens to a brain; `event` is called with a line for each thing worth telling."""

    def __init__(self, brain: Brain, event: Callable[[str], None]) -> None:
        self._event = event
        self._seen: tuple[float, list[Any]] = (0.0, [])
        self._state: tuple[float, Any] = (0.0, None)
        self._decision: Any = None
        self._status: Any = None
        self._told: tuple[int, str] = (0, '')
        self._troubles: dict[str, str] = {}
        brain.listen(Percepts, 'percepts', self._on_percepts, RELIABLE)
        brain.listen(BrainState, 'brain_state', self._on_state, RELIABLE)
        brain.listen(Decision, 'decision', self._on_decision, RELIABLE)
        brain.listen(SkillStatus, 'skill_status', self._on_status, RELIABLE)
        brain.listen(String, 'heard', lambda m: event(f'  hears: "{m.data}"'), RELIABLE)
        brain.listen(String, 'speech', lambda m: event(f'  robot: {m.data}'), RELIABLE)
        brain.listen(DiagnosticArray, 'diagnostics', self._on_health, RELIABLE)

    def line(self) -> str:
        """How things stand, in one line."""
        now_s = time.monotonic()
        at_s, state = self._state
        if state is None or now_s - at_s > FRESH_S:
            thinks = 'no thought for a while' if state else 'no thought yet'
        else:
            spent_ms = sum(state.stage_ms)
            thinks = f'tick {spent_ms:.0f} ms'
        return ' | '.join((self._sees(now_s), self._does(), thinks))

    def _sees(self, now_s: float) -> str:
        at_s, percepts = self._seen
        if now_s - at_s > FRESH_S:
            return 'sees: no image'
        best: dict[str, Any] = {}       # of each name, what it is surest of
        for percept in sorted(percepts, key=lambda p: -p.probability):
            if percept.probability >= LEAST_SEEN:
                best.setdefault(percept.label, percept)
        named = [f'{p.label} {p.range:.1f} m {direction(p.bearing)}'
                 for p in list(best.values())[:MOST_NAMED]]
        return 'sees: ' + (', '.join(named) or 'nothing it knows')

    def _does(self) -> str:
        decision, status = self._decision, self._status
        if decision is None or decision.skill in ('', 'idle'):
            return 'does: nothing'
        text = f'does: {decision.skill} {decision.argument}'.rstrip()
        if status is not None and status.instruction_id == decision.instruction_id:
            text += f' {status.state} {100 * status.progress:.0f}%'
            if math.isfinite(status.range):
                text += f', {status.range:.1f} m'
        return text

    def _on_percepts(self, message: Any) -> None:
        self._seen = (time.monotonic(), list(message.percepts))

    def _on_state(self, message: Any) -> None:
        self._state = (time.monotonic(), message)

    def _on_decision(self, message: Any) -> None:
        last, self._decision = self._decision, message
        if message.instruction_id and (last is None
                                       or last.instruction_id != message.instruction_id):
            amount = f' {message.amount:+.2f}' if message.has_amount else ''
            self._event(f'  decides: {message.skill} {message.argument}{amount}'.rstrip()
                        + f' (confidence {message.confidence:.2f})')

    def _on_status(self, message: Any) -> None:
        self._status = message
        told = (message.instruction_id, message.state)
        if message.state not in ('', 'running') and told != self._told and told[0]:
            self._told = told
            why = f': {message.reason}' if message.reason else ''
            self._event(f'  {message.skill}: {message.state}{why}')

    def _on_health(self, message: Any) -> None:
        for status in message.status:
            text = '' if status.level == status.OK else status.message
            if self._troubles.get(status.name, '') != text:
                self._troubles[status.name] = text
                self._event(f'  {status.name}: {text or "well again"}')


def direction(bearing_rad: float) -> str:
    """A bearing in words."""
    if abs(bearing_rad) < STRAIGHT_RAD:
        return 'ahead'
    side = 'left' if bearing_rad > 0 else 'right'
    return f'{abs(math.degrees(bearing_rad)):.0f}° {side}'
