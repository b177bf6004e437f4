"""Thinking one token at a time near the speed of memory: one compiled call a token.

Eager torch reaches about a third of the memory's bandwidth at batch 1 (a matrix-vector product
is small, and there are hundreds of them a token). `native/stepper.cpp` walks through the layers
in one call, on a few threads, over the weights where they lie. Where it cannot be had (no
compiler, another device or type) the same object answers through torch: same tokens, slower.
"""
from __future__ import annotations

import ctypes
import os
import weakref
from typing import Any

import torch
from torch import Tensor

from yan_brain.cognition.core import CoreState, LayerState, YanCore
from yan_brain.cognition.mixers import MixerState
from yan_brain.cognition.native import library
from yan_brain.cognition.text import TextModel, TextState

_SHAPE = ('width', 'layers', 'channels', 'memory_heads', 'memory_key', 'memory_value',
          'partitions', 'partition_width', 'awake', 'slot_side', 'slot_key', 'slots_awake')


class _Shape(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in (*_SHAPE, 'vocabulary', 'gated')]


class CoreStepper:
    """A core for one stream. It reads the core's weights where they are: train or step, not both.

    Args:
        core: in float32 on a CPU for the compiled form.
        head: (vocabulary, D) weights of a head, or None.
        threads: that share a token; None: as many as torch has.
        native: False keeps to torch.
    """

    def __init__(
        self, core: YanCore, head: Tensor | None = None, *, threads: int | None = None,
        native: bool = True,
    ) -> None:
        self.core, self.head = core, head
        self.threads = threads or min(torch.get_num_threads(), os.cpu_count() or 1)
        if self.threads < 1:
            raise ValueError(f'threads is {threads}; it must be at least 1')
        self._state = core.initial_state(1)
        self._floats: Tensor | None = None          # the state, as the compiled form keeps it
        self._handle: int | None = None
        self._library = library() if native and _plain(core, head) else None
        if self._library is not None:
            self._open(self._library)

    @property
    def native(self) -> bool:
        """True when tokens go through the compiled form."""
        return self._handle is not None

    @property
    def state(self) -> CoreState:
        """A copy of what the stream carries; may be set."""
        if self._floats is None:
            return self._state
        return _unpacked(self._floats.clone(), self._state)

    @state.setter
    def state(self, state: CoreState) -> None:
        for mine, given in zip(_tensors(self._state), _tensors(state), strict=True):
            if mine.shape != given.shape:
                raise ValueError(f'the state has a part of shape {tuple(given.shape)} where this '
                                 f'core keeps {tuple(mine.shape)}; it is of another core')
        if self._floats is None:
            self._state = state
        else:
            self._floats.copy_(_packed(state))

    def reset(self) -> None:
        """Forget the stream."""
        self.state = self.core.initial_state(1)

    @torch.no_grad()
    def read(
        self, x: Tensor, starts: Tensor, want_logits: bool = True,
    ) -> tuple[Tensor, Tensor | None]:
        """Think over some tokens; the state goes on.

        Args:
            x: (T, D).
            starts: (T,) bool, where partitions are chosen anew.
            want_logits: run the head (if there is one) on the last token.

        Returns:
            (T, D) thoughts, and (vocabulary,) logits or None.
        """
        if x.ndim != 2 or x.shape[1] != self.core.config.width or starts.shape != x.shape[:1]:
            raise ValueError(f'tokens of shape {tuple(x.shape)} and starts of shape '
                             f'{tuple(starts.shape)}; expected (T, {self.core.config.width}) '
                             f'and (T,)')
        head = self.head if want_logits else None
        if self._floats is None:
            out, self._state, _ = self.core(x[None], self._state, starts[None])
            logits = None if head is None or not len(x) else head @ out[0, -1]
            return out[0], logits
        x, starts = x.float().contiguous(), starts.bool().contiguous()
        thoughts = torch.empty_like(x)
        logits = None if head is None or not len(x) else x.new_empty(len(head))
        assert self._library is not None
        self._library.stepper_read(
            ctypes.c_void_p(self._handle), *map(_pointer, (x, starts)), ctypes.c_long(len(x)),
            *map(_pointer, (self._floats, thoughts, logits)))
        return thoughts, logits

    def _open(self, lib: ctypes.CDLL) -> None:
        config = self.core.config
        weights = [w for block in self.core.blocks for w in _weights(block)]
        weights += [self.core.norm.gain, self.head]
        self._keep = weights                        # the pointers below stay valid
        pointers = (ctypes.c_void_p * len(weights))(*(
            None if w is None else w.data_ptr() for w in weights))
        shape = _Shape(*(getattr(config, name) for name in _SHAPE),
                       0 if self.head is None else len(self.head), config.decay == 'input')
        lib.stepper_open.restype = ctypes.c_void_p
        lib.stepper_state_floats.restype = ctypes.c_long
        handle = lib.stepper_open(ctypes.byref(shape), pointers, self.threads)
        self._handle = handle
        weakref.finalize(self, lib.stepper_close, ctypes.c_void_p(handle))
        self._floats = _packed(self._state)
        assert self._floats.numel() == lib.stepper_state_floats(ctypes.c_void_p(handle))


class TextStepper:
    """A language model for one stream: ids in, logits out."""

    def __init__(
        self, model: TextModel, *, threads: int | None = None, native: bool = True,
    ) -> None:
        self.model = model.eval()
        self._stepper = CoreStepper(model.core, model.head.weight.detach(), threads=threads,
                                    native=native)
        self._position = 0

    @property
    def native(self) -> bool:
        """True when tokens go through the compiled form."""
        return self._stepper.native

    @property
    def state(self) -> TextState:
        """A copy of what the stream carries, as `TextModel` takes it; may be set."""
        return TextState(self._stepper.state, torch.tensor([self._position]))

    @state.setter
    def state(self, state: TextState) -> None:
        self._stepper.state = state.core
        self._position = int(state.position[0])

    def reset(self) -> None:
        """Forget the stream."""
        self._stepper.reset()
        self._position = 0

    def step(self, token: int) -> Tensor:
        """One token -> (vocabulary,) logits of the next."""
        return self.read([token])

    @torch.no_grad()
    def read(self, ids: list[int] | Tensor) -> Tensor:
        """Some tokens, at least one -> (vocabulary,) logits of the next."""
        ids = torch.as_tensor(ids, dtype=torch.int64)
        config = self.model.config
        if not ids.numel() or not 0 <= int(ids.min()) <= int(ids.max()) < config.vocabulary:
            raise ValueError(f'{len(ids)} ids; expected at least one, each 0 to '
                             f'{config.vocabulary - 1}')
        places = self._position + torch.arange(len(ids))
        _, logits = self._stepper.read(
            self.model.embedding.weight[ids], places % config.segment == 0)
        self._position = (self._position + len(ids)) % config.segment
        assert logits is not None
        return logits

    def generate(self, ids: list[int] | Tensor, count: int) -> list[int]:
        """Read `ids`, then go on with the likeliest token, `count` times."""
        logits, said = self.read(ids), []
        for _ in range(count):
            said.append(int(logits.argmax()))
            if len(said) < count:
                logits = self.step(said[-1])
        return said


def _weights(block: Any) -> list[Tensor | None]:
    """Of one layer, in the order of `Layer` in stepper.cpp; None: this core has none."""
    mixer, neurons, slots = block.mixer, block.neurons, block.slots
    keep, memory = getattr(mixer, 'keep', None), getattr(mixer, 'memory', None)
    return [
        block.mixer_norm.gain, mixer.channel, mixer.decay_norm.gain, mixer.fuse.weight,
        mixer.rate, *((keep.weight, keep.bias) if keep is not None else (None, None)),
        *((memory.qk.weight, memory.vg.weight, memory.gates.weight, memory.gates.bias,
           memory.norm.gain, memory.out.weight) if memory is not None else [None] * 6),
        block.neurons_norm.gain, neurons.selector.weight, neurons.into, neurons.back,
        *((slots.query.weight, slots.keys, slots.values, slots.gate.weight, slots.out.weight)
          if slots is not None else [None] * 5)]


def _plain(core: YanCore, head: Tensor | None) -> bool:
    """True for a core all of whose weights are contiguous float32 on a CPU."""
    weights = [*core.parameters(), *([] if head is None else [head])]
    return all(w.device.type == 'cpu' and w.dtype == torch.float32 and w.is_contiguous()
               for w in weights)


def _tensors(state: CoreState) -> list[Tensor]:
    return [t for layer in state for t in (*layer.mixer, layer.selector)]


def _packed(state: CoreState) -> Tensor:
    return torch.cat([t.detach().float().flatten() for t in _tensors(state)])


def _unpacked(floats: Tensor, like: CoreState) -> CoreState:
    parts = iter(floats.split([t.numel() for t in _tensors(like)]))
    return tuple(LayerState(
        MixerState(*(next(parts).view_as(t) for t in layer.mixer)),
        next(parts).view_as(layer.selector)) for layer in like)


def _pointer(x: Tensor | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if x is None else x.data_ptr())
