"""Multi-query associative recall (2312.04927) as needles in a stream.

A few key-value pairs are told, then a stream of other tokens flows by, then every key is asked
in another order and its value must come back. Length is how many tokens lie between. Both models
learn on lengths drawn anew for each batch, up to what each can be expected to bridge; then longer
and longer streams are tried. The figure is the longest length at which at least 90% come back,
against a sliding-window Transformer whose keys and values take as many bytes as our state.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.core import state_bytes
from yan_brain.cognition.text import TextConfig, TextModel
from yan_brain.evaluation.core_bench.groups import Budget, Found
from yan_brain.evaluation.core_bench.window import WindowTransformer, window_for
from yan_brain.evaluation.report import Result, wilson
from yan_brain.training.text_models import BALANCE

PAIRS = 4
KEYS = VALUES = 32
FILLERS = 32
VOCABULARY = KEYS + VALUES + FILLERS + 1         # the last announces a question
ASK = VOCABULARY - 1
GOAL = 0.9
RATE, WARM = 3e-3, 20
LONGEST = 32768
CORE = CoreConfig(width=64, layers=2, channels=4, memory_heads=2, memory_key=64, memory_value=64,
                  partitions=4, partition_width=64, awake=2)
Predict = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Plan:
    """How long to train and to try."""

    steps: int
    train_length: int
    tried: int                  # sequences at a length
    longest: int


def draw(rng: np.random.Generator, rows: int, length: int) -> tuple[Tensor, Tensor]:
    """(rows, T) ids and (rows, T) targets, -1 where nothing is asked.

    The first answer comes `length` tokens or more after its pair was told.
    """
    ids = np.empty((rows, 2 * PAIRS + length + 3 * PAIRS), np.int64)
    targets = np.full_like(ids, -1)
    for row in range(rows):
        keys = rng.choice(KEYS, PAIRS, replace=False)
        values = KEYS + rng.integers(VALUES, size=PAIRS)
        told = np.stack([keys, values], 1).reshape(-1)
        order = rng.permutation(PAIRS)
        asked = np.stack([np.full(PAIRS, ASK), keys[order], values[order]], 1).reshape(-1)
        filler = KEYS + VALUES + rng.integers(FILLERS, size=length)
        ids[row] = np.concatenate([told, filler, asked])
        targets[row, 2 * PAIRS + length + 1::3] = values[order]      # at the key, say the value
    return torch.from_numpy(ids), torch.from_numpy(targets)


def train(model: nn.Module, predict: Callable[[Tensor], tuple[Tensor, Tensor]],
          plan: Plan, seed: int) -> None:
    """Learn for so many steps; lengths grow as the task is mastered."""
    rng = np.random.default_rng((seed, 1))
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0)
    reach = 4.0
    for step in range(plan.steps):
        length = int(rng.integers(0, int(reach) + 1))
        rows = max(2, min(64, 4096 // (length + 5 * PAIRS)))
        ids, targets = draw(rng, rows, length)
        logits, added = predict(ids)
        asked = targets >= 0
        loss = F.cross_entropy(logits[asked], targets[asked]) + added
        optimiser.param_groups[0]['lr'] = RATE * min(
            1.0, (step + 1) / WARM, 2.0 * (1.0 - step / plan.steps) + 0.02)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        right = float((logits[asked].argmax(-1) == targets[asked]).float().mean())
        if right > 0.95:
            reach = min(plan.train_length, reach * 1.05 + 1)


def accuracy(predict: Predict, length: int, plan: Plan, seed: int) -> tuple[int, int]:
    """Right answers and questions at a length, on sequences that were never trained on."""
    rng = np.random.default_rng((seed, 2, length))
    right = asked = 0
    with torch.inference_mode():
        for _ in range(max(1, plan.tried // 8)):
            ids, targets = draw(rng, 8, length)
            end = predict(ids)                                # (8, 3 * PAIRS, V), the last part
            wanted = targets[:, -end.shape[1]:]
            hit = wanted >= 0
            right += int((end.argmax(-1)[hit] == wanted[hit]).sum())
            asked += int(hit.sum())
    return right, asked


def longest(predict: Predict, lengths: list[int], plan: Plan, seed: int, found: Found,
            name: str) -> tuple[int, str]:
    """The last length before recall falls below GOAL, and how often it was right there."""
    best, note = 0, 'never'
    for length in lengths:
        right, asked = accuracy(predict, length, plan, seed)
        found.point('recall', name, length, right / asked)
        if right / asked < GOAL:
            break
        low, high = wilson(right, asked)
        best, note = length, f'{right} of {asked} right ({low:.2f} to {high:.2f})'
    return best, note


def measure(budget: Budget) -> Iterator[Found]:
    """`recall.mqar.length`: ours over the Transformer's."""
    torch.set_num_threads(budget.threads)
    torch.manual_seed(budget.seed)
    plan = (Plan(60, 64, 16, 1024) if budget.quick else Plan(2000, 2048, 64, LONGEST))
    brain = TextModel(TextConfig(core=CORE, vocabulary=VOCABULARY, segment=1))
    size = state_bytes(brain.initial_state().core)
    window = window_for(size, CORE.width, CORE.layers)
    peer = WindowTransformer(vocabulary=VOCABULARY, width=CORE.width, layers=CORE.layers, heads=4,
                             window=window, hidden=4 * CORE.width)

    def think(ids: Tensor) -> tuple[Tensor, Tensor]:
        logits, _, wakes = brain(ids, brain.initial_state(len(ids)))
        return logits, BALANCE * torch.stack([wake.balance for wake in wakes]).sum()
    train(brain, think, plan, budget.seed)
    train(peer, lambda ids: (peer(ids), torch.zeros(())),
          replace(plan, train_length=window * CORE.layers), budget.seed)
    found = Found()
    seen = window * CORE.layers + 3 * PAIRS      # no token further back reaches an answer
    mine, my_note = longest(lambda ids: _end(brain, ids), _lengths(plan.longest, 2.0), plan,
                            budget.seed, found, 'ours')
    theirs, their_note = longest(
        lambda ids: peer(ids[:, -seen:])[:, -3 * PAIRS:],
        _lengths(4 * window * CORE.layers, 1.15), plan, budget.seed, found, 'sliding window')
    note = (f'ours {mine} tokens, {my_note}; Transformer with a window of {window} tokens: '
            f'{theirs}, {their_note}; state {size} bytes against {peer.state_bytes()}')
    if not theirs:
        found.results.append(Result(name='recall.mqar.length', value=None, note=note
                                    + '; the Transformer did not learn in so many steps'))
        yield found
    found.results.append(Result(name='recall.mqar.length', value=mine, unit='tokens',
                                baseline=theirs, ratio=mine / theirs, note=note))
    yield found


def _end(brain: TextModel, ids: Tensor) -> Tensor:
    """Logits of the questions alone; the stream before them is read piece by piece."""
    brain.eval()
    state = brain.initial_state(len(ids))
    for piece in ids[:, :-3 * PAIRS].split(2048, 1):
        _, state, _ = brain.think(piece, state)
    return brain(ids[:, -3 * PAIRS:], state)[0]


def _lengths(most: int, factor: float) -> list[int]:
    """From 4 to `most`, each about `factor` times the one before."""
    count = math.ceil(math.log(most / 4) / math.log(factor))
    return sorted({min(most, round(4 * factor ** i)) for i in range(count + 1)})
