"""What changes when training runs as several processes; one alone needs none of it.

`torchrun` starts the processes. Weights, gradients and optimiser state are sharded over them
(FSDP2, `torch.distributed.fsdp.fully_shard`), streams are dealt out evenly.
"""
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn

from yan_brain.training.text_stream import State, mapped


@contextmanager
def processes(device: str) -> Iterator[str]:
    """Join the processes that torchrun started, if it did; yields the device of this one."""
    if 'WORLD_SIZE' not in os.environ:
        yield device
        return
    cuda = device.startswith('cuda')
    if cuda:
        device = f'cuda:{os.environ.get("LOCAL_RANK", "0")}'
        torch.cuda.set_device(device)
    distributed.init_process_group('nccl' if cuda else 'gloo')
    try:
        yield device
        distributed.barrier()       # who left first would pull the connection away from the rest
    finally:
        distributed.destroy_process_group()


def several() -> bool:
    """True under torchrun."""
    return distributed.is_initialized()


def rank() -> int:
    """Number of this process; 0 when it is alone."""
    return distributed.get_rank() if several() else 0


def wait() -> None:
    """Until all processes are here."""
    if several():
        distributed.barrier()


def rows(streams: int) -> range:
    """The streams that this process reads.

    Raises:
        ValueError: they cannot be dealt out evenly.
    """
    if not several():
        return range(streams)
    size = distributed.get_world_size()
    if streams % size:
        raise ValueError(f'{streams} streams cannot be dealt out to {size} processes evenly; '
                         f'choose a multiple of {size}')
    share = streams // size
    return range(rank() * share, (rank() + 1) * share)


def shard(model: nn.Module) -> Any:
    """Deal out the weights: each block of layers by itself, then the rest."""
    if several():
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        kind = next(model.parameters()).device.type
        mesh = init_device_mesh(kind, (distributed.get_world_size(),))
        for layers in [m for m in model.modules() if isinstance(m, nn.ModuleList)]:
            for block in layers:
                fully_shard(block, mesh=mesh)
        fully_shard(model, mesh=mesh)
    return model


def mean(value: float) -> float:
    """Over all processes."""
    if not several():
        return value
    total = torch.tensor(value, dtype=torch.float64)
    if distributed.get_backend() == 'nccl':
        total = total.cuda()
    distributed.all_reduce(total)
    return float(total) / distributed.get_world_size()


def gather_weights(
    model: nn.Module, optimiser: torch.optim.Optimizer,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Whole weights and optimiser state; empty on processes other than the first."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict

    options = StateDictOptions(full_state_dict=True, cpu_offload=several())
    return get_state_dict(model, optimiser, options=options)


def scatter_weights(model: nn.Module, optimiser: torch.optim.Optimizer,
                    weights: dict[str, Any], state: dict[str, Any]) -> None:
    """The way back: every process has read the whole file and keeps its share."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, set_state_dict

    set_state_dict(model, optimiser, model_state_dict=weights, optim_state_dict=state,
                   options=StateDictOptions(full_state_dict=True))


def gather_state(state: State) -> State:
    """The state of all streams, in order; meant for the first process."""
    if not several():
        return state
    size = distributed.get_world_size()

    def gather(tensor: Tensor) -> Tensor:
        parts = [torch.empty_like(tensor) for _ in range(size)]
        distributed.all_gather(parts, tensor.contiguous())
        return torch.cat(parts)
    return mapped(state, gather)
