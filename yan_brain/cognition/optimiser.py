"""AdamW that lets sleeping neurons sleep.

Plain AdamW moves every weight at every step: momentum goes on, moments fade and weight decay
bites even where the gradient is zero. Here a block that nobody woke since the last step keeps its
weights, its moments and its own count of steps, bit for bit.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Three groups for `SleepyAdamW`: blocks that may sleep, other matrices, and vectors.

    Blocks are what a module names in `sleepy`: parameters whose first axis counts the blocks.
    Vectors (gains, biases) do not decay. Frozen weights are left out.
    """
    sleepy = {id(getattr(module, name)) for module in model.modules()
              for name in getattr(module, 'sleepy', ())}
    weights = [w for w in model.parameters() if w.requires_grad]
    blocks = [w for w in weights if id(w) in sleepy]
    others = [w for w in weights if id(w) not in sleepy]
    groups = [
        {'params': blocks, 'weight_decay': weight_decay, 'blocks': True},
        {'params': [w for w in others if w.ndim > 1], 'weight_decay': weight_decay},
        {'params': [w for w in others if w.ndim < 2], 'weight_decay': 0.0}]
    return [group for group in groups if group['params']]


class SleepyAdamW(torch.optim.Optimizer):
    """AdamW (arXiv 1711.05101); in a group with `blocks=True`, block by block along axis 0.

    Args:
        params: parameters, or groups as from `parameter_groups`.
        lr: step size, above 0.
        betas: of the two moments, each in 0..1.
        eps: added to the root of the second moment.
        weight_decay: share of a weight that a step of size 1 takes away.
    """

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.98),
        eps: float = 1e-8, weight_decay: float = 0.01,
    ) -> None:
        if not lr > 0 or not eps > 0 or not weight_decay >= 0 or not all(
                0 <= beta < 1 for beta in betas):
            raise ValueError(f'lr {lr}, eps {eps}, weight_decay {weight_decay}, betas {betas}: '
                             f'expected above 0, above 0, 0 or more, and each in 0..1')
        super().__init__(params, {'lr': lr, 'betas': betas, 'eps': eps,
                                  'weight_decay': weight_decay, 'blocks': False})

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move the weights whose neurons were awake since `zero_grad`."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            pieces: list[tuple[Tensor, ...]] = []
            for weight in group['params']:
                if weight.grad is None:
                    continue
                state = self._state_of(weight, group['blocks'])
                whole = (weight, weight.grad, state['first'], state['second'], state['step'])
                if not group['blocks']:
                    pieces.append(whole)
                elif weight.ndim > 2:           # a few large blocks: each where it lies
                    pieces += [tuple(t[i] for t in whole) for i in _awake(weight.grad).tolist()]
                else:                           # many small ones: together
                    self._rows(group, _awake(weight.grad), *whole)
            if pieces:
                self._move(group, *(list(column) for column in zip(*pieces, strict=True)))
        return loss

    def _state_of(self, weight: Tensor, blocks: bool) -> dict[str, Tensor]:
        state: dict[str, Tensor] = self.state[weight]
        if not state:
            state['step'] = torch.zeros(weight.shape[:1] if blocks else (), device=weight.device)
            state['first'] = torch.zeros_like(weight)
            state['second'] = torch.zeros_like(weight)
        return state

    @staticmethod
    def _move(
        group: dict[str, Any], weights: list[Tensor], grads: list[Tensor], first: list[Tensor],
        second: list[Tensor], steps: list[Tensor],
    ) -> None:
        adamw(weights, grads, first, second, [], steps, fused=True, amsgrad=False,
              beta1=group['betas'][0], beta2=group['betas'][1], lr=group['lr'],
              weight_decay=group['weight_decay'], eps=group['eps'], maximize=False)

    @staticmethod
    def _rows(
        group: dict[str, Any], awake: Tensor, weight: Tensor, grad: Tensor, first: Tensor,
        second: Tensor, steps: Tensor,
    ) -> None:
        one, two = group['betas']
        grad = grad[awake]
        steps[awake] += 1
        first[awake] = mean = torch.lerp(first[awake], grad, 1 - one)
        second[awake] = square = torch.lerp(second[awake], grad * grad, 1 - two)
        count = steps[awake, None]
        move = (mean / (1 - one ** count)) / (
            (square / (1 - two ** count)).sqrt() + group['eps'])
        weight[awake] = weight[awake] * (1 - group['lr'] * group['weight_decay']) - (
            group['lr'] * move)


def _awake(grad: Tensor) -> Tensor:
    """Indices of the blocks that have any gradient."""
    return grad.flatten(1).any(1).nonzero()[:, 0]
