"""Does the millionth token cost what the thousandth does, in time and in state?

The core reads a million tokens and its state is kept at four places. Then each state writes on
for a few tokens in turn, round after round, so that whatever else the machine does hits all four
alike; the median over the rounds counts.
"""
from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import torch

from yan_brain.cognition.core import state_bytes
from yan_brain.evaluation.core_bench import ours
from yan_brain.evaluation.core_bench.groups import Budget, Found
from yan_brain.evaluation.report import Result

PLACES = (1_000, 10_000, 100_000, 1_000_000)
PIECE = 8                # tokens written at a place in one round


def measure(budget: Budget) -> Iterator[Found]:
    """`state.bytes` and `growth.1m_over_1k`."""
    torch.set_num_threads(budget.threads)
    size, vocabulary, rounds = ('tiny', 512, 60) if budget.quick else ('small', 8192, 400)
    brain, found = ours.model(size, vocabulary), Found()
    state, at, steps, sizes = brain.initial_state(), 0, {}, {}
    for place in PLACES:
        state = ours.read(brain, state, place - at, seed=place)
        at = place
        sizes[place] = state_bytes(state.core)
        _, steps[place] = ours.steppers(brain, state, budget.threads)[-1]
    times: dict[int, list[float]] = {place: [] for place in PLACES}
    for number in range(rounds + 3):
        for place, step in steps.items():
            began = time.perf_counter()
            for _ in range(PIECE):
                step()
            if number >= 3:
                times[place].append((time.perf_counter() - began) / PIECE)
    medians = {place: statistics.median(times[place]) for place in PLACES}
    for place, seconds in medians.items():
        found.point('growth', 'ours', place, 1e3 * seconds)
    first, last = PLACES[0], PLACES[-1]
    found.results += [
        Result(name='state.bytes', value=sizes[last], unit='bytes', baseline=sizes[first],
               ratio=sizes[last] / sizes[first],
               note=f'{size}, at {last} tokens; baseline: at {first}'),
        Result(name='growth.1m_over_1k', value=medians[last] / medians[first], unit='ratio',
               n=rounds, note='; '.join(f'{1e3 * s:.3f} ms a token at {place}'
                                        for place, s in medians.items()))]
    yield found
