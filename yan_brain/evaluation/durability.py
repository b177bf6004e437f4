"""Is what was acknowledged still there after `kill -9`? Children that learn are killed at random.

A process of its own: it forks, which nothing with threads or torch in it may do.

    python -m yan_brain.evaluation.durability --kills 40 --lessons 1000
"""
from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.tricks import Step, Trick, TrickBook
from yan_brain.signals import Skill

F = 8
FORGET_EVERY = 5
LONGEST_S = 0.12         # a child lives this long at most after its first acknowledged change


@dataclass
class Outcome:
    """What came of it. `lost` and `half` must be 0."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0            # acknowledged, but not there afterwards
    half: int = 0            # there, but not whole
    seconds: float = 0.0


def _rows(number: int) -> NDArray[np.float32]:
    return np.random.default_rng(number).normal(size=(6, F)).astype(np.float32)


def _child(path: Path, first: int, acknowledge: int) -> None:
    """Teach and forget for ever; each change is acknowledged only when it is said to be safe."""
    memory = ConceptMemory.open(path, width=F, core='test')
    book = TrickBook(memory.store.database)
    number = first
    while True:
        memory.learn(f'thing {number}', _rows(number), _rows(-number % 997))
        os.write(acknowledge, f'learned {number}\n'.encode())
        if number % FORGET_EVERY == 0:
            memory.forget(f'thing {number}')
            os.write(acknowledge, f'forgot {number}\n'.encode())
        elif number % FORGET_EVERY == 1:
            book.teach(Trick(name=f'trick {number}', taught_s=1.0, steps=(
                Step(words='go', skill=Skill.MOVE, amount=float(number)),)))
            os.write(acknowledge, f'trick {number}\n'.encode())
        number += 1


def _round(path: Path, first: int, rng: random.Random) -> list[tuple[str, int]]:
    """One child, killed; what it had acknowledged."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            _child(path, first, write)
        finally:
            os._exit(1)
    os.close(write)
    said = b''
    with os.fdopen(read, 'rb', buffering=0) as pipe:
        said += pipe.read(1)
        time.sleep(rng.uniform(0, LONGEST_S))
        os.kill(child, signal.SIGKILL)
        while more := pipe.read(65536):
            said += more
    _, status = os.waitpid(child, 0)
    if os.WTERMSIG(status) != signal.SIGKILL:
        raise RuntimeError(f'the child ended by itself with {status}; is {path} in order?')
    lines = [line.split() for line in said.decode().splitlines()]
    return [(verb, int(number)) for verb, number in lines]


def measure(folder: Path, *, kills: int, lessons: int, seed: int = 0) -> Outcome:
    """Kill children until both numbers are reached, and look at what is left each time."""
    rng, began, outcome = random.Random(seed), time.monotonic(), Outcome()
    path, learned, tricks = folder / 'lessons.db', set[int](), set[int]()
    forgotten, first = set[int](), 1
    while outcome.kills < kills or len(learned) + len(forgotten) < lessons:
        said = _round(path, first, rng)
        outcome.kills += 1
        outcome.acknowledged += len(said)
        for verb, number in said:
            if verb == 'trick':
                tricks.add(number)
            elif verb == 'learned':
                learned.add(number)
            else:
                learned.discard(number)
                forgotten.add(number)
        if said and said[-1][0] == 'learned' and said[-1][1] % FORGET_EVERY == 0:
            # It may be forgotten by now, without the word having got through.
            learned.discard(said[-1][1])
        first = max([number for _, number in said], default=first) + 2
        _check(path, learned, forgotten, tricks, outcome)
    outcome.seconds = time.monotonic() - began
    return outcome


def _check(path: Path, learned: set[int], forgotten: set[int], tricks: set[int],
           outcome: Outcome) -> None:
    with closing(ConceptMemory.open(path, width=F, core='test')) as memory:
        known = {int(name.split()[1]) for name in memory.names}
        lessons = {int(lesson.concept.split()[1]): lesson for lesson in memory.store.lessons()}
        found = {int(trick.name.split()[1]): trick
                 for trick in TrickBook(memory.store.database).tricks()}
        outcome.lost += len(learned - known) + len(forgotten & known) + len(tricks - found.keys())
        outcome.half += len(memory.problems) + sum(
            not np.array_equal(lessons[n].features, _rows(n)) for n in known & lessons.keys())
        outcome.half += sum(found[n].steps[0].amount != n for n in tricks & found.keys())
        list(memory.store.journal())                     # raises for a damaged line


def main() -> int:
    """Print the outcome as one JSON object."""
    parser = argparse.ArgumentParser(description='Kill what learns, and look what is left.')
    parser.add_argument('--kills', type=int, default=40)
    parser.add_argument('--lessons', type=int, default=1000)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asdict(measure(
            Path(folder), kills=args.kills, lessons=args.lessons, seed=args.seed))))
    return 0


if __name__ == '__main__':
    sys.exit(main())
