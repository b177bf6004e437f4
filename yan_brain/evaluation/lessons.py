"""`yan-brain eval lessons`: is what was taught once found again, and what was known not lost?

Things that no training ever showed are taught, each once, in a room of its own: the robot looks
at the thing for a few seconds, from where it stands and a little aside, and is told its name.
Then it is asked to go to them, in new rooms and among other things, with the same mind, planner
and home as `eval obedience`; and in rooms without them, where it must say so. Lockstep; success is
judged by the simulator.
"""
from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from yan_brain.evaluation import sounds, touches, tricks, voices
from yan_brain.evaluation.episode import Episode
from yan_brain.evaluation.episode import Result as Ended
from yan_brain.evaluation.policies import Minded
from yan_brain.evaluation.report import Report, Result, fraction
from yan_brain.evaluation.tasks import Task, draw_tasks
from yan_brain.signals import Image, Skill, Velocity
from yan_brain.simulation.home import Home
from yan_brain.simulation.judge import Judge
from yan_brain.simulation.room import Pair, Pose, Room, RoomOptions, draw_room
from yan_brain.simulation.things import COLOURS, KINDS, NOVEL_COLOURS, NOVEL_KINDS
from yan_brain.training.language import evaluation_phrase
from yan_brain.training.language_words import pseudo_word

FIGURES = ('taught_once', 'absent_refused', 'known_before_drop', 'unknown_refused')
TEACH_FROM_M = (0.7, 1.3)
TEACH_MARGIN_M = 0.25
# The showing: speeds and seconds, five in all.
LOOKS = ((Velocity(), 1.0), (Velocity(angular_radps=0.25), 0.6),
         (Velocity(angular_radps=-0.25), 1.2), (Velocity(angular_radps=0.25), 0.6),
         (Velocity(linear_mps=0.1), 1.0), (Velocity(), 0.6))
LOOK_S = 0.1
SHOWING_IMAGES = 12
TEST_ROOMS = 400_000         # seeds of the rooms to be judged in ...
ABSENT_ROOMS = 500_000       # ... where what is asked for is not ...
TEACH_ROOMS = 600_000        # ... and to teach in
UNKNOWN = 100                # phrases with words never taught


def draw_lessons(count: int, seed: int) -> list[tuple[str, Pair]]:
    """Names and what they stand for: colours or kinds (or both) that no training ever showed."""
    pairs = [*product(NOVEL_COLOURS, NOVEL_KINDS), *product(COLOURS, NOVEL_KINDS),
             *product(NOVEL_COLOURS, KINDS)]
    if not 1 <= count <= len(pairs):
        raise ValueError(f'{count} things are to be taught; allowed: 1 to {len(pairs)}')
    rng = random.Random(f'lessons {seed}')
    names: dict[str, None] = {}
    while len(names) < count:
        names[pseudo_word(rng)] = None
    return list(zip(names, rng.sample(pairs, count), strict=True))


def show(pair: Pair, seed: int) -> list[Image]:
    """What the robot sees while it is shown a thing in a room of its own."""
    room = facing(draw_room(seed, RoomOptions(novel=(pair,), things=(1, 4))), pair, seed)
    home = Home(room, seed=seed)
    try:
        images = []
        for velocity, seconds in LOOKS:
            for _ in range(round(seconds / LOOK_S)):
                home.advance(velocity, LOOK_S)
                images.append(home.sense().image)
        step = len(images) / SHOWING_IMAGES
        return [images[int(index * step)] for index in range(SHOWING_IMAGES)]
    finally:
        home.close()


def facing(room: Room, pair: Pair, seed: int) -> Room:
    """The room with the robot in front of a thing, nothing between them.

    Raises:
        ValueError: there is no such place.
    """
    index = next(i for i, thing in enumerate(room.things) if thing.pair == pair)
    thing, plan = room.things[index], room.plan(without=index)
    rng = np.random.default_rng([seed, 7])
    for _ in range(400):
        angle = rng.uniform(-math.pi, math.pi)
        far = thing.radius_m + rng.uniform(*TEACH_FROM_M)
        spots = [(thing.x_m + d * math.cos(angle), thing.y_m + d * math.sin(angle))
                 for d in np.linspace(thing.radius_m, far, 8)]
        if all(plan.clearance_at(*spot) > TEACH_MARGIN_M for spot in spots[1:]):
            x, y = spots[-1]
            return replace(room, start=Pose(x_m=x, y_m=y, yaw_rad=math.remainder(
                angle + math.pi, 2 * math.pi)))
    raise ValueError(f'room {room.seed} has no free place before its {pair}; choose another seed')


def teach(lessons: Sequence[tuple[str, Pair]], store: Path, seed: int,
          weights: Path | None) -> None:
    """One showing of each thing, into a store."""
    from yan_brain.mind import Mind
    mind = Mind.load(weights, store=store)
    with closing(mind.memory):
        for number, (name, pair) in enumerate(lessons):
            mind.teach(name, _shown(pair, TEACH_ROOMS + seed * 1000 + number))
            _progress('taught', number + 1, len(lessons))


def _shown(pair: Pair, seed: int) -> list[Image]:
    """A showing in the first of some rooms that has place for it."""
    for offset in range(0, 100_000, 10_000):
        try:
            return show(pair, seed + offset)
        except ValueError:
            continue
    raise ValueError(f'no room has a place to show {pair} in')


def taught_tasks(lessons: Sequence[tuple[str, Pair]], seed: int, *,
                 absent: bool = False) -> Iterator[Task]:
    """Go to each thing, in a new room with two other taught things that are like it.

    `absent`: in rooms without it.
    """
    for number, (name, pair) in enumerate(lessons):
        rng = random.Random(f'lesson task {seed} {number}')
        others = [other for _, other in lessons if other != pair]
        rng.shuffle(others)
        others.sort(key=lambda other: -sum(a == b for a, b in zip(other, pair, strict=True)))
        room_seed = (ABSENT_ROOMS if absent else TEST_ROOMS) + seed * 1000 + number
        there = others[:2] if absent else [pair, *others[:2]]
        yield Task(
            seed=room_seed, language='en', skill=Skill.GO_TO, colour=pair[0], kind=pair[1],
            text=evaluation_phrase(rng, Skill.GO_TO, None, name, 'en'), distracted=True,
            absent=absent, room=draw_room(room_seed, RoomOptions(novel=tuple(there))))


def play(task: Task, store: Path, weights: Path | None) -> Ended:
    """One task with the lessons of a store."""
    from yan_brain.mind import Mind  # a new life for every room
    home = Home(task.room, seed=task.seed)
    mind = Mind.load(weights, store=store)
    try:
        return Episode(task, home, Judge(home), Minded(mind)).run()
    finally:
        mind.memory.close()
        home.close()


def play_all(tasks: Sequence[Task], store: Path, weights: Path | None, jobs: int,
             what: str) -> list[Ended]:
    """All tasks, `jobs` at a time."""
    # spawned, not forked: GL and torch do not survive a fork
    with ProcessPoolExecutor(jobs, mp_context=get_context('spawn')) as pool:
        futures = [pool.submit(play, task, store, weights) for task in tasks]
        found = []
        for number, future in enumerate(futures, 1):
            found.append(future.result())
            _progress(what, number, len(tasks))
        return found


def unknown_refused(store: Path, seed: int, weights: Path | None,
                    lessons: Sequence[tuple[str, Pair]]) -> Result:
    """Words never taught must be refused, whatever else was."""
    from yan_brain.mind import Mind
    rng, taught = random.Random(f'unknown {seed}'), {name for name, _ in lessons}
    mind, refused, asked = Mind.load(weights, store=store), 0, 0
    with closing(mind.memory):
        while asked < UNKNOWN:
            word = pseudo_word(rng)
            if word in taught:
                continue
            skill = rng.choice((Skill.GO_TO, Skill.FIND, Skill.TURN_TO, Skill.FOLLOW))
            meant = mind.understand(evaluation_phrase(rng, skill, None, word, 'en'))
            refused += not (meant.skill is skill and meant.known)
            asked += 1
    return fraction('lessons.unknown_refused', successes=refused, n=asked,
                    note='English phrasings never trained on, made-up words')


def causes(ended: Sequence[Ended]) -> str:
    """What failures came from."""
    counted = Counter(e.cause for e in ended if not e.success)
    return ', '.join(f'{cause} {count}' for cause, count in counted.most_common())


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """All figures that were asked for."""
    wanted = set(args.only or (*FIGURES, *tricks.FIGURES, *sounds.FIGURES, *touches.FIGURES,
                               *voices.FIGURES))
    for name, sense in (('sounds', sounds), ('touches', touches), ('voices', voices)):
        if name in wanted:
            wanted |= set(sense.FIGURES)
    lessons = draw_lessons(args.things, args.seed)
    if wanted & set(FIGURES):
        with tempfile.TemporaryDirectory() as folder:
            store, empty = Path(folder) / 'lessons.db', Path(folder) / 'none.db'
            teach(lessons, store, args.seed, args.weights)
            for name, absent in (('taught_once', False), ('absent_refused', True)):
                if name in wanted:
                    ended = play_all(list(taught_tasks(lessons, args.seed, absent=absent)), store,
                                     args.weights, args.jobs, name.replace('_', ' '))
                    yield fraction(f'lessons.{name}', successes=sum(e.success for e in ended),
                                   n=len(ended), note=causes(ended))
            if 'known_before_drop' in wanted:
                yield _drop(args, empty, store)
            if 'unknown_refused' in wanted:
                yield unknown_refused(store, args.seed, args.weights, lessons)
    yield from tricks.measure(wanted, args)
    yield from sounds.measure(wanted, args)
    yield from touches.measure(wanted, args)
    yield from voices.measure(wanted, args)


def _drop(args: argparse.Namespace, before: Path, after: Path) -> Result:
    tasks = list(draw_tasks('target', args.known, args.seed))
    counts = [sum(e.success for e in play_all(tasks, store, args.weights, args.jobs, what))
              for store, what in ((before, 'before the lessons'), (after, 'after the lessons'))]
    return Result(name='lessons.known_before_drop', value=(counts[0] - counts[1]) / len(tasks),
                  unit='fraction', n=len(tasks), baseline=counts[0] / len(tasks),
                  note=f'{counts[0]} of {len(tasks)} before {args.things} lessons, {counts[1]} '
                       'after, the same tasks')


def _progress(what: str, number: int, count: int) -> None:
    if sys.stderr.isatty() or number % 20 == 0:
        print(f'{what}: {number} of {count}', file=sys.stderr, flush=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain eval lessons`."""
    parser.add_argument('--things', type=int, default=50, help='things taught, once each')
    parser.add_argument('--known', type=int, default=100,
                        help='tasks with things known before, done before and after the lessons')
    parser.add_argument('--tricks', type=int, default=50, help='tricks shown, and told')
    parser.add_argument('--sound-rounds', type=int, default=5,
                        help='rounds of sounds taught, 12 in each')
    parser.add_argument('--touch-rounds', type=int, default=10,
                        help='rounds of touches taught, 6 in each')
    parser.add_argument('--voice-rounds', type=int, default=10,
                        help='rounds of persons taught by their voice, 5 in each')
    parser.add_argument('--recordings', type=Path, help='one folder of WAV files for each person, '
                        'in place of voices that are programs')
    parser.add_argument('--seed', type=int, default=1, help='of things, rooms and words')
    parser.add_argument('--jobs', type=int, default=2, help='processes')
    parser.add_argument('--only', action='append',
                        choices=[*FIGURES, *tricks.FIGURES, *sounds.FIGURES,
                                 *touches.FIGURES, *voices.FIGURES, 'sounds', 'touches',
                                 'voices'],
                        help='one figure, or all of a sense; may be given several times')
    parser.add_argument('--weights', type=Path, help='folder of a brain')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def main(args: argparse.Namespace) -> int:
    """Print the report."""
    Report.run('eval lessons', args, lambda: measure(args))
    return 0
