"""Tricks in the home: shown once and done again elsewhere; told in words and understood.

A showing is led like by a joystick, through the planner's own limits, and only the odometry is
remembered. It is done again in another room from another pose, and the way that the simulator
saw is compared with the one it saw at the showing.
"""
from __future__ import annotations

import argparse
import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yan_brain.evaluation.report import Result, fraction
from yan_brain.evaluation.wordings import Wording, wordings
from yan_brain.learning.showing import Showing
from yan_brain.learning.tricks import Step, Trick
from yan_brain.mind.clauses import clauses
from yan_brain.mind.performance import Performer, order
from yan_brain.mind.schooling import School
from yan_brain.mind.tasks import Origin, Task
from yan_brain.planning.planner import Planner
from yan_brain.signals import Decision, Skill, State, Velocity
from yan_brain.simulation.home import Home
from yan_brain.simulation.judge import Judge
from yan_brain.simulation.room import Pose, Room, RoomOptions, draw_room
from yan_brain.training.language import draw_utterance

if TYPE_CHECKING:
    from yan_brain.mind import Mind

FIGURES = ('one_demonstration', 'sequence', 'sequence_zh', 'sequence_fresh', 'sequence_fresh_zh',
           'sequence_named')
TICK_S = 0.05
SHARE = 0.10                 # of the length of the path shown, that it may be missed by
HEADING_RAD = math.radians(10)
LIMIT_S = 240.0
CLEAR_M = 0.35
ROOMS = 200_000              # seeds of rooms
Way = NDArray[np.float64]    # (n, 3) of x, y, yaw
Drive = list[tuple[Velocity, float]]
LANGUAGES = {'en': 'English', 'zh': 'Chinese'}
ENDINGS = {'en': '', 'zh': '_zh'}           # of figures
NAMES = {'en': ('dance', 'wave', 'bow', 'patrol', 'twirl', 'blenk', 'dorp', 'zimmel'),
         'zh': ('跳舞', '敬礼', '鞠躬', '巡逻', '转圈圈', '布噜', '达奇', '米扎')}
TOLD = {'en': ('when i say {n}, {b}', 'when i say {n} {b}', 'if i say {n}, {b}', 'to {n}, {b}'),
        'zh': ('我说{n}的时候，{b}', '当我说{n}时{b}', '如果我说{n}，{b}', '{n}就是{b}')}
LINKS = {'en': (', then ', ', ', ' and then ', ' then '), 'zh': ('，然后', '，', '，再', '然后')}


def draw_drive(rng: random.Random) -> Drive:
    """What a hand on a joystick does: three to eight pieces, at most a minute."""
    drive: Drive = []
    for _ in range(rng.randint(3, 8)):
        seconds, kind = rng.uniform(1.0, 3.0), rng.random()
        if kind < 0.4:
            drive.append((Velocity(linear_mps=rng.choice((0.2, 0.3, 0.4, -0.2))), seconds))
        elif kind < 0.75:
            drive.append((Velocity(linear_mps=0.3, angular_radps=rng.uniform(-0.6, 0.6)), seconds))
        else:
            drive.append((Velocity(angular_radps=rng.choice((-0.8, 0.8))), seconds))
    return drive


def ideal(drive: Drive, start: Pose) -> Way:
    """Where a drive leads, roughly."""
    x, y, yaw = start.x_m, start.y_m, start.yaw_rad
    found = [(x, y, yaw)]
    for velocity, seconds in drive:
        for _ in range(round(seconds / TICK_S)):
            yaw += velocity.angular_radps * TICK_S
            x += velocity.linear_mps * TICK_S * math.cos(yaw)
            y += velocity.linear_mps * TICK_S * math.sin(yaw)
            found.append((x, y, yaw))
    return np.array(found)


def length_m(way: Way) -> float:
    """Metres driven."""
    return float(np.hypot(*np.diff(way[:, :2], axis=0).T).sum())


def with_space(room: Room, drive: Drive, rng: random.Random) -> Room | None:
    """The room with the robot where there is space for a drive, or None."""
    plan, half = room.plan(), (room.width_m / 2, room.depth_m / 2)
    for _ in range(400):
        start = Pose(x_m=rng.uniform(-half[0], half[0]), y_m=rng.uniform(-half[1], half[1]),
                     yaw_rad=rng.uniform(-math.pi, math.pi))
        way = ideal(drive, start)[::4]
        if (np.abs(way[:, :2]) < half).all() and all(
                plan.clearance_at(float(x), float(y)) > CLEAR_M for x, y, _ in way):
            return replace(room, start=start)
    return None


class _Body:
    """A home, its robot and a planner, moved on tick by tick."""

    def __init__(self, room: Room) -> None:
        self.home = Home(room, seed=room.seed)
        self.judge, self.planner = Judge(self.home), Planner()
        pose = self.judge.pose
        self.way = [(pose.x_m, pose.y_m, pose.yaw_rad)]
        self._pending = Velocity()

    def tick(self, decision: Decision | None, lead: Velocity | None = None) -> State:
        """One control period; how the skill stands."""
        senses, now = self.home.sense(), self.home.time_s
        self.body = senses.body
        self.planner.sense(scan=senses.scan, body=senses.body, touch=senses.touch)
        if lead is not None:
            self.planner.lead(lead, now)
        if decision is not None:
            self.planner.decide(replace(decision, stamp_s=senses.stamp_s), now)
        velocity, status = self.planner.control(now)
        self.home.advance(self._pending, TICK_S)
        self._pending = velocity
        pose, last = self.judge.pose, self.way[-1]
        self.way.append((pose.x_m, pose.y_m, last[2] + math.remainder(
            pose.yaw_rad - last[2], 2 * math.pi)))
        running = decision is not None and status.instruction_id != decision.instruction_id
        self.reason = status.reason
        return State.RUNNING if running else status.state

    def close(self) -> None:
        self.home.close()


def demonstrate(room: Room, drive: Drive) -> tuple[tuple[Step, ...], Way]:
    """Lead the robot; what it remembers, and the way it truly went."""
    body, showing = _Body(room), Showing()
    try:
        for velocity, seconds in [*drive, (Velocity(), 1.0)]:
            for _ in range(round(seconds / TICK_S)):
                body.tick(None, velocity)
                showing.feel(body.body)
        return showing.steps(), np.array(body.way)
    finally:
        body.close()


def perform(room: Room, trick: Trick) -> tuple[Way, str]:
    """Do a trick; the way it truly went, and why it was not finished ('' when it was)."""
    body, ended = _Body(room), list[str]()
    steps: list[Decision] = []

    def begin(step: Step, language: str) -> Task:
        steps.append(replace(order(step, language), instruction_id=len(steps) + 1, version='t'))
        return Task(step.words, Origin.STEP)

    performer, whole = Performer(begin, lambda _, why: ended.append(why)), Task(
        trick.name, Origin.TYPED)
    try:
        body.tick(None)
        performer.feel(body.body)
        performer.perform(trick, whole)
        while not ended and body.home.time_s < LIMIT_S:
            state = body.tick(steps[-1])
            performer.feel(body.body)
            if state is not State.RUNNING:
                step = performer.running_step
                if step is not None:
                    step.ended = True
                    step.reason = '' if state is State.SUCCEEDED else body.reason or state.value
                    performer.ended(step)
        return np.array(body.way), ended[0] if ended else 'timeout'
    finally:
        body.close()


def missed(shown: Way, done: Way) -> str:
    """Why a way is not the one shown, both seen from where they began; '' when it is."""
    a, b = _from_start(shown), _from_start(done)
    allowed = SHARE * length_m(shown)
    apart = np.hypot(a[:, None, 0] - b[None, :, 0], a[:, None, 1] - b[None, :, 1])
    if max(apart.min(0).max(), apart.min(1).max()) > allowed:
        return 'left the path'
    if math.dist(a[-1, :2], b[-1, :2]) > allowed:
        return 'ended elsewhere'
    return 'wrong heading' if abs(a[-1, 2] - b[-1, 2]) > HEADING_RAD else ''


def _from_start(way: Way) -> Way:
    x, y, yaw = way[0]
    turn = np.array([[math.cos(yaw), math.sin(yaw)], [-math.sin(yaw), math.cos(yaw)]])
    return np.column_stack([(way[:, :2] - (x, y)) @ turn.T, way[:, 2] - yaw])[::2]


def one_demonstration(count: int, seed: int) -> Result:
    """Show `count` drives and have them done again elsewhere."""
    causes: Counter[str] = Counter()
    number = tried = 0
    while tried < count:
        rng = random.Random(f'trick {seed} {number}')
        drive, options = draw_drive(rng), RoomOptions(things=(0, 3), side_m=(5.0, 7.0))
        rooms = [with_space(draw_room(ROOMS + seed * 10_000 + 2 * number + i, options), drive, rng)
                 for i in range(2)]
        number += 1
        if rooms[0] is None or rooms[1] is None or length_m(
                ideal(drive, rooms[0].start)) < 1.0:
            continue
        steps, shown = demonstrate(rooms[0], drive)
        done, why = perform(rooms[1], Trick(name='dance', steps=steps, taught_s=0.0, shown=True))
        causes[why or missed(shown, done)] += 1
        tried += 1
    return fraction('tricks.one_demonstration', successes=causes[''], n=tried, note=', '.join(
        f'{cause} {times}' for cause, times in causes.most_common() if cause))


def draw_sequence(
    rng: random.Random, language: str = 'en', *, held_out: bool,
) -> tuple[str, str, list[tuple[Skill, float]]]:
    """Words that tell a trick, its name, and what is truly to be done.

    `held_out`: each step is worded as training never read it.
    """
    parts: list[str] = []
    truth = []
    steps = rng.randint(2, 5)
    while len(parts) < steps:
        skill = rng.choice((Skill.MOVE, Skill.TURN))
        said = draw_utterance(rng, language, skill=skill, held_out=held_out, noise=False)
        words = said.text.strip(' .!。！')
        if len(clauses(words, '')) != 1:        # pauses within: no one could tell it from two
            continue
        size = float(said.amount or 0)
        size = size / 100 if skill is Skill.MOVE else math.radians(size)
        parts.append(words)
        truth.append((skill, -size if said.direction < 0 else size))
    return *_told_as(rng, language, parts), truth


def draw_fresh(rng: random.Random, language: str) -> tuple[str, str, list[tuple[Skill, float]]]:
    """The same, of `wordings`: worded as neither training nor its held-out templates do."""
    steps = rng.sample(wordings(language), rng.randint(2, 5))
    return (*_told_as(rng, language, [step.text for step in steps]),
            [(step.skill, step.amount) for step in steps])


def _told_as(rng: random.Random, language: str, parts: list[str]) -> tuple[str, str]:
    """A sentence that tells a trick, and the trick's name."""
    name, link = rng.choice(NAMES[language]), rng.choice(LINKS[language])
    return rng.choice(TOLD[language]).format(n=name, b=link.join(parts)), name


def sequences(count: int, seed: int, weights: Path | None, *, language: str = 'en',
              named: bool = False) -> Result:
    """Tell `count` tricks, every second one in words never read.

    `named`: the name is given, only the clauses are to be understood.
    """
    from yan_brain.mind import Mind
    figure = 'tricks.sequence' + ('_named' if named else ENDINGS[language])
    mind = Mind.load(weights)
    if not named and Skill.TRICK.value not in mind.skills:
        return Result(name=figure, value=None, unit='fraction', note=(
            'this brain was trained before there were tricks: train it anew'))
    rng, wrong = random.Random(f'sequence {seed}'), Counter[str]()
    right, asked = [0, 0], [0, 0]           # as trained, never read
    for number in range(count):
        side = number % 2
        text, name, truth = draw_sequence(rng, language, held_out=bool(side))
        why = _told(mind, text, name, truth, named=named)
        asked[side] += 1
        right[side] += not why
        if why:
            wrong[why] += 1
    return fraction(figure, successes=sum(right), n=count, note=(
        f'{LANGUAGES[language]}; steps worded as in training {right[0]} of {asked[0]}, '
        f'as never read {right[1]} of {asked[1]}; ' + ', '.join(
            f'{cause} {times}' for cause, times in wrong.most_common(4))).strip(', ;'))


def fresh_sequences(count: int, seed: int, weights: Path | None, *, language: str) -> Result:
    """Tell `count` tricks whose steps are of `wordings`; each of these is asked alone, too."""
    from yan_brain.mind import Mind
    mind = Mind.load(weights)
    rng, wrong = random.Random(f'fresh sequence {seed}'), Counter[str]()
    for _ in range(count):
        wrong[_told(mind, *draw_fresh(rng, language), named=False)] += 1
    alone = wordings(language)
    right = sum(_means(mind.understand(one.text), one) for one in alone)
    return fraction(
        f'tricks.sequence_fresh{ENDINGS[language]}', successes=wrong[''], n=count,
        note=f'{LANGUAGES[language]}; {right} of the {len(alone)} wordings alone; ' + ', '.join(
            f'{cause} {times}' for cause, times in wrong.most_common(5) if cause))


def _means(meant: Decision, one: Wording) -> bool:
    return meant.skill is one.skill and _close(meant.amount, one.amount)


def _told(mind: Mind, text: str, name: str, truth: Sequence[tuple[Skill, float]], *,
          named: bool) -> str:
    """Tell one trick; what went wrong, '' when it was learned as it was meant."""
    def understand(words: str) -> Future[Decision]:
        future: Future[Decision] = Future()
        future.set_result(mind.understand(words))
        return future

    school = School(understand=understand, find=lambda _: None, perceives=lambda _: False,
                    post=lambda work: work())
    meant = (Decision(stamp_s=0.0, version='', skill=Skill.TRICK, argument=name) if named
             else mind.understand(text))
    if meant.skill is not Skill.TRICK:
        return f'took it for {meant.skill.value} {meant.argument}'.strip()
    told = school.tell(text, meant)
    if told.exception() is not None:
        return str(told.exception())
    trick = told.result()
    if trick is None:
        return 'waits to be shown'
    if trick.name != name:
        return f'called it {trick.name}'
    return '' if _same(trick, truth) else 'other steps'


def _same(trick: Trick | None, truth: Sequence[tuple[Skill, float]]) -> bool:
    return trick is not None and len(trick.steps) == len(truth) and all(
        step.skill is skill and _close(step.amount, amount)
        for step, (skill, amount) in zip(trick.steps, truth, strict=True))


def _close(found: float | None, amount: float) -> bool:
    return found is not None and math.isclose(found, amount, rel_tol=0.02, abs_tol=0.01)


def measure(wanted: set[str], args: argparse.Namespace) -> Iterator[Result]:
    """The figures that are wanted."""
    if 'one_demonstration' in wanted:
        yield one_demonstration(args.tricks, args.seed)
    for figure, told in (('sequence', sequences), ('sequence_fresh', fresh_sequences)):
        for language, ending in ENDINGS.items():
            if figure + ending in wanted:
                yield told(args.tricks, args.seed, args.weights, language=language)
    if 'sequence_named' in wanted:
        yield sequences(args.tricks, args.seed, args.weights, named=True)
