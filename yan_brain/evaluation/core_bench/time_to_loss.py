"""Time to the same validation loss: ours against a LLaMA of the same total of weights.

Ours trains for its budget at each of its two best learning rates; the better one's loss at three
quarters of it is the loss to reach. Then the LLaMA trains on the same tokens in the same order
until its validation loss is as low, or its own budget ends; at its two best rates too, of which
the faster counts. Only seconds of training count, not those of validation. Rates are constant
after their warm-up, since nobody knows beforehand how long it will take.
"""
from __future__ import annotations

from collections.abc import Iterator

import torch

from yan_brain.evaluation.core_bench import side_by_side
from yan_brain.evaluation.core_bench.groups import Budget, Found
from yan_brain.evaluation.report import Result
from yan_brain.training import peers
from yan_brain.training.memory import keep_freed_memory
from yan_brain.training.text import TextTrainer, TextTraining

NAME = 'train.time_to_loss.hf_llama'
Curve = list[tuple[float, float]]
STEPS = 100_000          # never reached: time ends it
# The best of each with decay (`core_bench.rates`), and half of it, since decay is left out here.
OUR_RATES, LLAMA_RATES = (4e-3, 8e-3), (2e-3, 4e-3)


def measure(budget: Budget) -> Iterator[Found]:
    """The figure and both curves."""
    torch.set_num_threads(budget.threads)
    keep_freed_memory()
    if peers.missing('hf_llama'):
        yield Found([Result(name=NAME, value=None, note=peers.missing('hf_llama'))])
        return
    size, mine_s, theirs_s, every, held = (
        ('tiny', 6.0, 25.0, 5, 8192) if budget.quick else ('study', 120.0, 720.0, 20, 32768))
    text, found = side_by_side.text(budget, held), Found()
    curve: Curve = []
    goal = our_rate = best_rate = float('inf')
    for rate in OUR_RATES:
        made, tried = _curve('ours', size, text, budget, every, found, mine_s, rate=rate)
        low = min([bits for at, bits in tried if at <= 0.75 * mine_s] or [tried[-1][1]])
        if low < goal:
            curve, goal, our_rate = tried, low, rate
    best: Curve = []
    for rate in LLAMA_RATES:
        other, their_curve = _curve('transformer_same_total', size, text, budget, every, found,
                                    theirs_s, goal, rate=rate)
        there_s = crossing(their_curve, goal)
        if not best or (there_s is not None and there_s < theirs_s):
            best, best_rate = their_curve, rate
        theirs_s = min(theirs_s, there_s or theirs_s)    # another counts only where it is faster
    found.results.append(judged(
        curve, best, goal, f'ours {side_by_side.sizes(made)} at {our_rate:g}, '
        f'LLaMA {side_by_side.sizes(other)} at {best_rate:g}, the better rate of two each'))
    yield found


def _curve(name: str, size: str, text: side_by_side.Text, budget: Budget, every: int,
           found: Found, limit_s: float, goal: float = 0.0, *,
           rate: float) -> tuple[TextTrainer, Curve]:
    """Train for so long, or until the goal; validation bits a byte by seconds of training."""
    made = side_by_side.trainer(name, size, text, TextTraining(
        steps=STEPS, rate=rate, decay=False, seed=budget.seed))
    curve: Curve = []
    for bits in side_by_side.learn(made, text, every):
        curve.append((made.seconds, bits))
        found.point('time to loss', f'{name} {rate:g}', made.seconds, bits)
        if made.seconds > limit_s or bits <= goal:
            break
    return made, curve


def judged(mine: Curve, theirs: Curve, goal: float, sizes: str) -> Result:
    """Seconds of both to the loss; a LLaMA that never got there gives a lower bound."""
    note = f'to {goal:.3f} validation bits a byte; {sizes}'
    ours_s, theirs_s = crossing(mine, goal), crossing(theirs, goal)
    if ours_s is None:
        raise ValueError(f'ours never came down to {goal}')
    if theirs_s is None:
        theirs_s = theirs[-1][0]
        note += (f'; the LLaMA did not get there: {min(bits for _, bits in theirs):.3f} after '
                 f'{theirs_s:.0f} s, so baseline and ratio are lower bounds')
    return Result(name=NAME, value=ours_s, unit='s', baseline=theirs_s,
                  ratio=theirs_s / ours_s, note=note)


def crossing(curve: Curve, target: float) -> float | None:
    """When a curve first comes down to a value, between its points; None: never."""
    before: tuple[float, float] | None = None
    for at, value in curve:
        if value <= target:
            if before is None or before[1] == value:
                return at
            share = (before[1] - target) / (before[1] - value)
            return before[0] + share * (at - before[0])
        before = (at, value)
    return None
