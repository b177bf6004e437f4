"""Decisions, percepts, states, concepts and words: messages to signals and back."""
from __future__ import annotations

import array
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from yan_brain_msgs.msg import BrainState as BrainStateMsg
from yan_brain_msgs.msg import Concept as ConceptMsg
from yan_brain_msgs.msg import Decision as DecisionMsg
from yan_brain_msgs.msg import Percept as PerceptMsg
from yan_brain_msgs.msg import Percepts as PerceptsMsg
from yan_brain_msgs.msg import Sighting as SightingMsg
from yan_brain_msgs.msg import SkillStatus as SkillStatusMsg

from yan_brain.nodes.common import BadMessage
from yan_brain.nodes.convert.times import header, to_seconds, to_time
from yan_brain.signals import (
    BrainState,
    Concept,
    Decision,
    Percept,
    Sighting,
    Skill,
    SkillStatus,
    State,
)

MAX_CHARACTERS = 2_000                  # of text taken from one message


def _skill(name: str) -> Skill:
    try:
        return Skill(name)
    except ValueError as error:
        allowed = ', '.join(skill.value for skill in Skill)
        raise BadMessage(f'skill is {name[:40]!r}; allowed: {allowed}') from error


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _maybe(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def decision_in(message: DecisionMsg) -> Decision:
    """A decision; its numbers are not judged here."""
    grid = np.array(message.grounding, dtype=np.float32)
    rows, columns = message.grounding_rows, message.grounding_columns
    if grid.size != rows * columns:
        raise BadMessage(f'grounding has {grid.size} numbers for {rows} rows of {columns}')
    return Decision(
        stamp_s=to_seconds(message.header.stamp), version=message.version,
        instruction_id=message.instruction_id, skill=_skill(message.skill),
        argument=message.argument, amount=float(message.amount) if message.has_amount else None,
        confidence=float(message.confidence), known=message.known, language=message.language,
        sightings=tuple(Sighting(probability=float(s.probability), bearing_rad=float(s.bearing),
                                 range_m=float(s.range)) for s in message.sightings),
        image_stamp_s=to_seconds(message.image_stamp) if message.has_image else None,
        grounding=grid.reshape(rows, columns) if grid.size else None, reply=message.reply)


def decision_out(decision: Decision) -> DecisionMsg:
    """A decision as a message."""
    grid = decision.grounding
    return DecisionMsg(
        header=header(decision.stamp_s), version=decision.version,
        instruction_id=decision.instruction_id, skill=decision.skill.value,
        argument=decision.argument, has_amount=decision.amount is not None,
        amount=float(decision.amount or 0.0), confidence=float(decision.confidence),
        known=decision.known, language=decision.language,
        sightings=[SightingMsg(probability=float(s.probability), bearing=float(s.bearing_rad),
                               range=float(s.range_m)) for s in decision.sightings],
        has_image=decision.image_stamp_s is not None,
        image_stamp=to_time(decision.image_stamp_s or 0.0),
        grounding_rows=0 if grid is None else grid.shape[0],
        grounding_columns=0 if grid is None else grid.shape[1],
        grounding=array.array('f', b'' if grid is None else grid.astype(np.float32).tobytes()),
        reply=decision.reply)


def status_in(message: SkillStatusMsg) -> SkillStatus:
    """How a skill stands."""
    try:
        state = State(message.state)
    except ValueError as error:
        allowed = ', '.join(state.value for state in State)
        raise BadMessage(f'state is {message.state[:40]!r}; allowed: {allowed}') from error
    return SkillStatus(
        stamp_s=to_seconds(message.header.stamp), instruction_id=message.instruction_id,
        skill=_skill(message.skill), state=state, progress=float(message.progress),
        reason=message.reason, target_probability=float(message.target_probability),
        bearing_rad=_maybe(message.bearing), range_m=_maybe(message.range))


def status_out(status: SkillStatus) -> SkillStatusMsg:
    """How a skill stands, as a message."""
    return SkillStatusMsg(
        header=header(status.stamp_s), instruction_id=status.instruction_id,
        skill=status.skill.value, state=status.state.value, progress=float(status.progress),
        reason=status.reason, target_probability=float(status.target_probability),
        bearing=_number(status.bearing_rad), range=_number(status.range_m))


def _percepts_in(messages: Sequence[Any]) -> tuple[Percept, ...]:
    return tuple(Percept(label=m.label, probability=float(m.probability),
                         bearing_rad=float(m.bearing), range_m=float(m.range)) for m in messages)


def _percepts_out(percepts: Sequence[Percept]) -> list[PerceptMsg]:
    return [PerceptMsg(label=p.label, probability=float(p.probability),
                       bearing=float(p.bearing_rad), range=float(p.range_m)) for p in percepts]


def percepts_in(message: PerceptsMsg) -> tuple[float, tuple[Percept, ...]]:
    """The stamp of the image in seconds, and what was seen in it."""
    return to_seconds(message.header.stamp), _percepts_in(message.percepts)


def percepts_out(stamp_s: float, percepts: Sequence[Percept], frame_id: str = '') -> PerceptsMsg:
    """What was seen in the image of that stamp."""
    return PerceptsMsg(header=header(stamp_s, frame_id), percepts=_percepts_out(percepts))


def brain_state_in(message: BrainStateMsg) -> BrainState:
    """What goes on inside."""
    layers, partitions = message.layers, message.partitions
    awake = np.array(message.awake, dtype=np.bool_)
    if awake.size != layers * partitions or len(message.stages) != len(message.stage_ms):
        raise BadMessage(f'awake has {awake.size} entries for {layers} layers of {partitions}; '
                         f'{len(message.stages)} stages have {len(message.stage_ms)} times')
    return BrainState(
        stamp_s=to_seconds(message.header.stamp), version=message.version,
        instruction=message.instruction, skill=_skill(message.skill),
        percepts=_percepts_in(message.percepts),
        awake=awake.reshape(layers, partitions) if awake.size else None,
        surprise=float(message.surprise) if message.surprise >= 0 else None,
        stage_ms=dict(zip(message.stages, map(float, message.stage_ms), strict=True)))


def brain_state_out(state: BrainState) -> BrainStateMsg:
    """What goes on inside, as a message."""
    awake = state.awake
    return BrainStateMsg(
        header=header(state.stamp_s), version=state.version, instruction=state.instruction,
        skill=state.skill.value, percepts=_percepts_out(state.percepts),
        layers=0 if awake is None else awake.shape[0],
        partitions=0 if awake is None else awake.shape[1],
        awake=[] if awake is None else [bool(value) for value in awake.ravel()],
        surprise=-1.0 if state.surprise is None else state.surprise,
        stages=list(state.stage_ms), stage_ms=[float(value) for value in state.stage_ms.values()])


def concept_in(message: ConceptMsg) -> Concept:
    """Something that was taught."""
    return Concept(name=message.name, lessons=message.lessons, taught_s=to_seconds(message.taught),
                   certainty=float(message.certainty))


def concept_out(concept: Concept) -> ConceptMsg:
    """Something that was taught, as a message."""
    return ConceptMsg(name=concept.name, lessons=concept.lessons, taught=to_time(concept.taught_s),
                      certainty=float(concept.certainty))


def text_in(text: str) -> str:
    """Words from a String message, trimmed. Raises BadMessage when empty or very long."""
    trimmed = text.strip()
    if not trimmed:
        raise BadMessage('text is empty; say what the robot should do')
    if len(trimmed) > MAX_CHARACTERS:
        raise BadMessage(f'text has {len(trimmed)} characters; allowed: {MAX_CHARACTERS}')
    return trimmed
