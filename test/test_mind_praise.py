"""Praise tells sleep what was understood rightly."""
from __future__ import annotations

from talk import Talk

from yan_brain.learning.tricks import Step
from yan_brain.signals import Skill


def test_what_was_done_and_praised_is_told_with_its_meaning() -> None:
    praised: list[tuple[str, Step, str]] = []
    it = Talk(praise=lambda *about: praised.append(about))
    it.say('good')                                     # nothing was done
    it.say('Go back!')
    it.steps()
    it.say('wrong')
    it.say('turn left')
    it.steps()
    it.say('good')
    assert praised == [('turn left', Step(words='turn left', skill=Skill.TURN, amount=1.5), 'en')]
    it.say('what do you know')
    it.say('good')                                     # an answer is nothing to learn
    it.say('go to the wug')
    it.talk.tasks.end_all('target_lost')
    it.say('good')
    assert len(praised) == 1
