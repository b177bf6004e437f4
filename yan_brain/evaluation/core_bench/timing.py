"""Clocks and limits: how fast a step runs, how fast memory can be read."""
from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.core import YanCore
from yan_brain.cognition.stepper import CoreStepper

BANDWIDTH_BYTES = 1 << 30
WIDE = 1024


def seconds_each(step: Callable[[], Any], *, budget_s: float, least: int = 3,
                 warm: int = 1) -> float:
    """Median seconds of a step, over as many as fit into `budget_s`, `least` at least."""
    for _ in range(warm):
        step()
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < least or time.perf_counter() - began < budget_s:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def read_bandwidth(threads: int, rounds: int = 5) -> float:
    """Bytes a second that the machine reads from memory: the best of several ways, 1 GiB each.

    Torch's own passes (sums, a maximum, a dot product) and the compiled stepper's product with
    one matrix; none of them finds anything of it in a cache.
    """
    big = torch.ones(BANDWIDTH_BYTES // 4)
    whole = big.view(torch.int64)
    one_matrix = _product_with(big.view(-1, WIDE), threads)
    best = 0.0
    for read in (big.sum, whole.sum, big.max, lambda: torch.dot(big, big), one_matrix):
        for _ in range(rounds):
            start = time.perf_counter()
            read()
            best = max(best, BANDWIDTH_BYTES / (time.perf_counter() - start))
    return best


def _product_with(matrix: Tensor, threads: int) -> Callable[[], Any]:
    """One token through a core of hardly any weights, and then through `matrix` as its head."""
    core = YanCore(CoreConfig(width=WIDE, layers=1, channels=64, memory_heads=0, partitions=1,
                              partition_width=16, awake=1)).eval()
    stepper = CoreStepper(core, matrix, threads=threads)
    token, start = torch.ones(1, WIDE), torch.ones(1, dtype=torch.bool)
    return lambda: stepper.read(token, start)
