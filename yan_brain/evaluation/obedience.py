"""`yan-brain eval obedience`: does it do what it is told, in rooms it never saw?

The same mind, planner and home as on ROS, in lockstep (see `episode`), which is faster than real
time and repeatable. Success is judged by the simulator; cognition and planning get the sensors'
readings only. A random policy and one that is told the true place bracket the figures, and one
that looks at colour alone shows what kinds add.
"""
from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yan_brain.evaluation.episode import Episode, Listen
from yan_brain.evaluation.episode import Result as Ended
from yan_brain.evaluation.policies import Minded, Oracle, Policy, Random
from yan_brain.evaluation.report import Report, Result, fraction
from yan_brain.evaluation.tasks import Task, draw_tasks
from yan_brain.simulation.home import Home, HomeConfig, Senses
from yan_brain.simulation.judge import Judge
from yan_brain.simulation.voice import TEST_VOICES, VoiceError, available, synthesise


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One figure of the report."""

    name: str
    policy: str = 'mind'            # mind, colour_only, oracle, random
    tasks: str = 'target'
    languages: tuple[str, ...] = ('en',)
    spoken: bool = False


SUITES = (
    Suite(name='obedience.typed.en'),
    Suite(name='obedience.typed.zh', languages=('zh',)),
    Suite(name='obedience.motion', tasks='motion', languages=('en', 'zh')),
    Suite(name='obedience.spoken.en', spoken=True),
    Suite(name='obedience.random', policy='random'),
    Suite(name='obedience.colour_only', policy='colour_only'),
    Suite(name='obedience.oracle', policy='oracle'),
)


def _tasks(suite: Suite, rooms: int, seed: int) -> Iterator[Task]:
    """The rooms shared out among the languages; each room is judged once."""
    drawn = [list(draw_tasks(suite.tasks, rooms, seed, language))
             for language in suite.languages]
    for index in range(rooms):
        yield drawn[index % len(drawn)][index]


def _voice_of(task: Task) -> Callable[[str], NDArray[np.int16]]:
    """A voice that was not used in training, drawn by the task's seed."""
    voices = available(TEST_VOICES)
    if not voices:
        raise VoiceError(f'none of the voices {", ".join(TEST_VOICES)} is installed here')
    voice = random.Random(f'voice {task.seed}').choice(voices)
    return lambda text: synthesise(text, voice)


def _ears() -> Listen:
    from yan_brain.perception.hearing import Ear
    ear = Ear(recogniser=_recogniser())

    def listen(senses: Senses) -> str | None:
        return ear.hear(senses.sound) if senses.sound is not None else None
    return listen


@cache
def _recogniser() -> Any:
    """One recogniser for all episodes of a process: loading it takes a second."""
    from yan_brain.perception.hearing import Ear
    return Ear().load()


def _policy(suite: Suite, task: Task, judge: Judge, weights: Path | None) -> Policy:
    if suite.policy == 'oracle':
        return Oracle(task, judge)
    if suite.policy == 'random':
        return Random(task)
    from yan_brain.mind import Mind  # a new life for every room
    return Minded(Mind.load(weights), colour_only=suite.policy == 'colour_only')


def play(suite: Suite, task: Task, weights: Path | None = None) -> Ended:
    """Run one task of a suite."""
    # Speech is judged at 20 dB at the ear, wherever the person stands.
    home = Home(task.room, seed=task.seed, config=HomeConfig(snr_at_ear=suite.spoken),
                voice=_voice_of(task) if suite.spoken else None)
    try:
        judge = Judge(home)
        policy = _policy(suite, task, judge, weights)
        return Episode(task, home, judge, policy,
                       listen=_ears() if suite.spoken else None).run()
    finally:
        home.close()


def measure(suite: Suite, rooms: int, seed: int, jobs: int,
            weights: Path | None = None) -> list[Ended]:
    """All rooms of a suite, `jobs` at a time."""
    tasks = list(_tasks(suite, rooms, seed))
    if jobs == 1:
        return [play(suite, task, weights) for task in tasks]
    # spawned, not forked: GL and torch do not survive a fork
    with ProcessPoolExecutor(jobs, mp_context=get_context('spawn')) as pool:
        futures = [pool.submit(play, suite, task, weights) for task in tasks]
        found = []
        for number, future in enumerate(futures, 1):
            found.append(future.result())
            if sys.stderr.isatty() or number % 20 == 0:
                print(f'{suite.name}: {number} of {rooms}', file=sys.stderr, flush=True)
        return found


def breakdown(ended: Sequence[Ended]) -> str:
    """By skill: successes, and what failures came from."""
    lines = []
    for skill in sorted({e.task.skill.value for e in ended}):
        mine = [e for e in ended if e.task.skill.value == skill]
        causes = Counter(e.cause for e in mine if not e.success)
        lines.append(f'  {skill:<8} {sum(e.success for e in mine):>3} of {len(mine):<3} '
                     + ', '.join(f'{cause} {count}' for cause, count in causes.most_common()))
    return '\n'.join(lines)


def figures(suite: Suite, ended: Sequence[Ended]) -> list[Result]:
    """The figure of a suite; where words are read, also by whether training had such wording."""
    def figure(name: str, some: Sequence[Ended]) -> Result:
        return fraction(name, successes=sum(e.success for e in some), n=len(some),
                        note=f'mean {np.mean([e.seconds for e in some]):.1f} s simulated')

    found = [figure(suite.name, ended)]
    if suite.policy == 'mind':
        for unread, name in ((False, 'worded_as_trained'), (True, 'never_read')):
            side = [e for e in ended if e.task.unread is unread]
            if side:
                found.append(figure(f'{suite.name}.{name}', side))
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `yan-brain eval obedience`."""
    parser.add_argument('--rooms', type=int, default=100, help='rooms for each figure')
    parser.add_argument('--seed', type=int, default=1, help='rooms seed * rooms and following')
    parser.add_argument('--jobs', type=int, default=2, help='processes')
    parser.add_argument('--only', action='append', metavar='NAME',
                        choices=[s.name.removeprefix('obedience.') for s in SUITES],
                        help='one figure, such as typed.en; may be given several times')
    parser.add_argument('--weights', type=Path, help='folder of a brain')
    parser.add_argument('--episodes', type=Path, help='write each episode as a line of JSON')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def main(args: argparse.Namespace) -> int:
    """Print the report."""
    report = Report(command='eval obedience', seed=args.seed)
    for suite in SUITES:
        if args.only and suite.name.removeprefix('obedience.') not in args.only:
            continue
        try:
            ended = measure(suite, args.rooms, args.seed, args.jobs, args.weights)
        except VoiceError as error:
            report.add(Result(name=suite.name, value=None, note=str(error)))
            continue
        report.add(*figures(suite, ended))
        print(f'{suite.name}\n{breakdown(ended)}', flush=True)
        if args.episodes:
            with args.episodes.open('a') as file:
                for e in ended:
                    file.write(json.dumps({
                        'suite': suite.name, 'room': e.task.seed, 'text': e.task.text,
                        'target': e.task.name, 'absent': e.task.absent, 'success': e.success,
                        'cause': e.cause, 'claim': e.claim, 'heard': e.heard,
                        'decided': e.decided, 'unread': e.task.unread, 'seconds': e.seconds,
                        'distance_m': e.distance_m}, ensure_ascii=False) + '\n')
    report.show(as_json=args.json)
    return 0
