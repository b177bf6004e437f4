"""Training speed: forward and backward over one stretch of 4,096 tokens, same total size.

Both are run with their logits at once and in pieces (cognition/head_loss.py), the faster counts,
and both keep freed memory (training/memory.py).
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from yan_brain.cognition.head_loss import head_loss
from yan_brain.cognition.partitions import Wake
from yan_brain.evaluation.core_bench import ours
from yan_brain.evaluation.core_bench.groups import Budget, Found
from yan_brain.evaluation.report import Result
from yan_brain.training import peers
from yan_brain.training.memory import keep_freed_memory
from yan_brain.training.text_models import BALANCE
from yan_brain.training.text_stream import cross_entropy

LENGTH = 4096
VOCABULARY = 8192
WARM = 256               # tokens of a first pass that is not counted


def measure(budget: Budget) -> Iterator[Found]:
    """`train.tokens.len4096.hf_llama`."""
    torch.set_num_threads(budget.threads)
    keep_freed_memory()
    size, width, rounds = ('study', 384, 1) if budget.quick else ('base', 768, 2)
    name = f'train.tokens.len{LENGTH}.hf_llama'
    mine, total = _ours(size, rounds)
    sizes = f'{total / 1e6:.0f}M weights each, batch 1'
    why = peers.missing('hf_llama')
    if why:
        yield Found([Result(name=name, value=mine, unit='tokens/s', note=f'{sizes}; {why}')])
        return
    theirs = _llama(width, total, rounds)
    yield Found([Result(name=name, value=mine, unit='tokens/s', baseline=theirs,
                         ratio=mine / theirs, n=rounds, note=sizes)])


def _ours(size: str, rounds: int) -> tuple[float, int]:
    """Tokens a second, the faster of two ways; all weights."""
    brain = ours.model(size, VOCABULARY).train()

    def balance(wakes: list[Wake]) -> Tensor:
        return BALANCE * torch.stack([wake.balance for wake in wakes]).sum()

    def at_once(ids: Tensor) -> Tensor:
        logits, _, wakes = brain(ids[:, :-1], brain.initial_state())
        return cross_entropy(logits, ids[:, 1:]) + balance(wakes)

    def in_pieces(ids: Tensor) -> Tensor:
        loss, _, wakes = brain.loss(ids[:, :-1], ids[:, 1:], brain.initial_state())
        return loss + balance(wakes)
    return (max(tokens_per_s(brain, way, rounds) for way in (at_once, in_pieces)),
            sum(weight.numel() for weight in brain.parameters()))


def _llama(width: int, total: int, rounds: int) -> float:
    """Tokens a second, the faster of the same two ways."""
    llama = peers.llama(peers.fitting_llama(width, total, VOCABULARY), LENGTH).train()

    def at_once(ids: Tensor) -> Tensor:
        return cross_entropy(llama(ids[:, :-1], use_cache=False).logits, ids[:, 1:])

    def in_pieces(ids: Tensor) -> Tensor:
        read = llama.model(ids[:, :-1], use_cache=False).last_hidden_state
        return head_loss(read, llama.lm_head.weight, ids[:, 1:])
    return max(tokens_per_s(llama, way, rounds) for way in (at_once, in_pieces))


def tokens_per_s(model: nn.Module, loss_of: Callable[[Tensor], Tensor], rounds: int) -> float:
    """Forward and backward, without the optimiser; the best of `rounds`."""
    ids = torch.randint(VOCABULARY, (1, LENGTH + 1), generator=torch.Generator().manual_seed(0))
    best = float('inf')
    for number in range(rounds + 1):
        piece = ids if number else ids[:, :WARM + 1]
        model.zero_grad(set_to_none=True)
        began = time.perf_counter()
        loss_of(piece).backward()
        if number:
            best = min(best, time.perf_counter() - began)
    return LENGTH / best
