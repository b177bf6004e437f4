"""Time to the same validation loss: ours against a LLaMA of the same total of weights.

Ours trains for its budget; the loss it has at three quarters of it is the loss to reach. Then the
LLaMA trains on the same tokens in the same order until its validation loss is as low, or its own
budget ends. Only seconds of training count, not those of validation. The learning rate of both is
constant after its warm-up, since nobody knows beforehand how long it will take.
"""
from __future__ import annotations

import torch

from yan_brain.evaluation.core_bench import peers, side_by_side
from yan_brain.evaluation.core_bench.groups import Budget, Found
from yan_brain.evaluation.report import Result
from yan_brain.training.text import TextTraining

NAME = 'train.time_to_loss.hf_llama'
STEPS = 100_000          # never reached: time ends it


def measure(budget: Budget) -> Found:
    """The figure and both curves."""
    torch.set_num_threads(budget.threads)
    size, seconds, most, every, held = (
        ('tiny', 6.0, 25.0, 10, 8192) if budget.quick else ('study', 120.0, 780.0, 25, 32768))
    text = side_by_side.text(budget, held)
    found = Found()
    curves = {}
    target = float('inf')
    for name in ('ours', 'transformer_same_total'):
        if name != 'ours' and peers.missing('hf_llama'):
            return Found([Result(name=NAME, value=None, note=peers.missing('hf_llama'))])
        made = side_by_side.trainer(name, size, text, TextTraining(
            steps=STEPS, rate=side_by_side.rate(name), decay=False, seed=budget.seed))
        limit = seconds if name == 'ours' else most
        curve: list[tuple[float, float]] = []
        goal = target
        for bits in side_by_side.learn(made, text, every, lambda bits, made=made, limit=limit,  # type: ignore[misc]
                                       goal=goal: made.seconds > limit or (
                                           goal < float('inf') and bits <= goal)):
            curve.append((made.seconds, bits))
            found.point('time to loss', name, made.seconds, bits)
        curves[name] = (curve, side_by_side.sizes(made))
        if name == 'ours':
            target = min(bits for at, bits in curve if at <= 0.75 * seconds or bits == curve[0][1])
    return _judged(found, curves, target)


def _judged(found: Found, curves: dict[str, tuple[list[tuple[float, float]], str]],
            target: float) -> Found:
    """Seconds of both to the loss; a LLaMA that never got there gives a lower bound."""
    (mine, my_size), (theirs, their_size) = curves['ours'], curves['transformer_same_total']
    ours_s = crossing(mine, target)
    theirs_s = crossing(theirs, target)
    note = (f'to {target:.3f} validation bits a byte; ours {my_size}, LLaMA {their_size}')
    assert ours_s is not None
    if theirs_s is None:
        theirs_s = theirs[-1][0]
        note += (f'; the LLaMA did not get there: {min(b for _, b in theirs):.3f} after '
                 f'{theirs_s:.0f} s, so baseline and ratio are lower bounds')
    found.results.append(Result(name=NAME, value=ours_s, unit='s', baseline=theirs_s,
                                ratio=theirs_s / ours_s, note=note))
    return found


def crossing(curve: list[tuple[float, float]], target: float) -> float | None:
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
