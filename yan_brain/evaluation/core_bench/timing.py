"""Clocks and limits: how fast a step runs, how fast memory can be read."""
from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

BANDWIDTH_BYTES = 1 << 30


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


def read_bandwidth(rounds: int = 5) -> float:
    """Bytes a second that all threads read from memory: the best of several passes."""
    big = torch.ones(BANDWIDTH_BYTES // 4)
    whole = big.view(torch.int64)
    best = 0.0
    for read in (big.sum, whole.sum, big.max, lambda: torch.dot(big, big)):
        for _ in range(rounds):
            start = time.perf_counter()
            read()
            best = max(best, BANDWIDTH_BYTES / (time.perf_counter() - start))
    return best
