"""Validation bits a byte at equal compute a token, trained side by side on the same tokens.

`transformer`, `mamba` and `mcsd` have as many active weights as ours (the attention's own
products come on top); ours holds more weights in all, of which most sleep. The ablations leave
out one part each (partitions and memory heads: their compute goes into neurons), or add slots.
"""
from __future__ import annotations

from collections.abc import Iterator

import torch

from yan_brain.evaluation.core_bench import side_by_side
from yan_brain.evaluation.core_bench.groups import Budget, Found
from yan_brain.evaluation.report import Result
from yan_brain.training import peers
from yan_brain.training.memory import keep_freed_memory
from yan_brain.training.text import TextTraining

NAMES = ('ours', 'transformer', 'mamba', 'mcsd')
ABLATIONS = ('ours_without_partitions', 'ours_without_memory', 'ours_fixed_decay',
             'ours_with_slots')


def measure(budget: Budget) -> Iterator[Found]:
    """Four figures, four ablations, all curves."""
    torch.set_num_threads(budget.threads)
    keep_freed_memory()
    size, steps, held = ('tiny', 10, 8192) if budget.quick else ('study', 160, 65536)
    text = side_by_side.text(budget, held)
    best: dict[str, float] = {}
    for name in (*NAMES, *ABLATIONS):
        found = Found()
        key = f'quality.bits_per_byte.{name}'
        why = peers.missing('mamba') if name in ('transformer', 'mamba') else ''
        if why:
            yield Found([Result(name=key, value=None, note=why)])
            continue
        made = side_by_side.trainer(name, size, text, TextTraining(
            steps=steps, rate=side_by_side.rate(name), seed=budget.seed))
        for bits in side_by_side.learn(made, text, max(1, steps // 5)):
            best[name] = bits
            found.point('quality', name, made.history[-1]['tokens'], bits)
        ours = best['ours']
        found.results.append(Result(
            name=key, value=best[name], unit='bits/byte',
            baseline=None if name == 'ours' else ours,
            ratio=None if name == 'ours' else best[name] / ours,
            n=len(text.held), note=f'{side_by_side.sizes(made)}; '
            f'{made.history[-1]["tokens"] / 1e6:.2f}M tokens in {made.seconds:.0f} s'
            + ('' if name == 'ours' else '; baseline: ours')))
        yield found
