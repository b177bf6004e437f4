"""`yan-brain say --wav`: what comes of words that a recording was understood as."""
from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from std_msgs.msg import String
from yan_brain_msgs.msg import Decision

from yan_brain.cli import spoken
from yan_brain.cli.spoken import Spoken
from yan_brain.signals import Sound


class _Brain:
    """A brain that says and decides at once what it was made with."""

    def __init__(self, answers: list[tuple[str, Any]]) -> None:
        self._answers = answers
        self._told: dict[str, Callable[[Any], None]] = {}
        self.node = SimpleNamespace()

    def publisher(self, *_: object) -> Any:
        return SimpleNamespace(get_subscription_count=lambda: 1, publish=self._hear)

    def listen(self, _: object, topic: str, told: Callable[[Any], None], __: object) -> None:
        self._told[topic] = told

    def check(self) -> None:
        """It is there."""

    def _hear(self, _: object) -> None:
        for topic, message in [('heard', String(data='words')), *self._answers]:
            self._told[topic](message)


def _said(monkeypatch: pytest.MonkeyPatch, *answers: tuple[str, Any]) -> Any:
    monkeypatch.setattr(spoken, 'BESIDE_S', 0.05)
    monkeypatch.setattr(spoken, 'ANSWER_LIMIT_S', 0.3)
    brain = _Brain(list(answers))
    said = Spoken(brain, lambda _: None)            # type: ignore[arg-type]
    said._on_decision(Decision(skill='idle', instruction_id=4))
    return said.say(Sound(stamp_s=0.0, samples=np.zeros(160, np.int16), rate_hz=16000), 5.0)


def test_an_answer_that_needed_no_thought_is_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = _said(monkeypatch, ('speech', String(data='I am at the kitchen.')))
    assert ended.success and ended.reply == 'I am at the kitchen.'


def test_what_was_not_understood_fails_whichever_comes_first(
        monkeypatch: pytest.MonkeyPatch) -> None:
    reply = 'speech', String(data='I did not understand that.')
    decision = 'decision', Decision(skill='unclear', instruction_id=5)
    for answers in ((reply, decision), (decision, reply)):
        ended = _said(monkeypatch, *answers)
        assert not ended.success and ended.reason == 'unclear'


def test_silence_is_said_to_be_no_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = _said(monkeypatch)
    assert not ended.success and 'led to no decision' in ended.reason
