"""Sizes of the Yan core, in one place."""
from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class CoreConfig:
    """Shape of a Yan core. The defaults are the `small` brain of the first release."""

    width: int = 128            # D, floats a token
    layers: int = 3
    channels: int = 8           # C of MCSD; each is width / channels wide
    decay: str = 'input'        # how fast channels forget: 'input' decides, or 'fixed' as in MCSD
    memory_heads: int = 2       # gated-delta heads; 0: MCSD alone
    memory_key: int = 32
    memory_value: int = 64
    partitions: int = 16        # neuron blocks of every feed-forward layer
    partition_width: int = 64   # hidden neurons of one block
    awake: int = 4              # blocks that wake for a segment
    slots: int = 0              # sparse memory slots of the middle layer, a square; 0: none
    slots_awake: int = 16       # slots that a token reads
    slot_key: int = 64          # floats of half a slot's key
    chunk: int = 64             # tokens worked on at once by the chunked forms

    def __post_init__(self) -> None:
        for name in ('width', 'layers', 'channels', 'partitions', 'partition_width', 'chunk'):
            if getattr(self, name) < 1:
                raise ValueError(f'{name} is {getattr(self, name)}; it must be at least 1')
        if self.memory_heads < 0:
            raise ValueError(f'memory_heads is {self.memory_heads}; it must be 0 or more')
        if self.slots < 0 or self.slot_side ** 2 != self.slots:
            raise ValueError(f'slots is {self.slots}; it must be 0 or a square such as 16384')
        if self.slots and not (1 <= self.slots_awake <= self.slots and self.slot_key >= 1):
            raise ValueError(f'slots_awake is {self.slots_awake} and slot_key {self.slot_key}; '
                             f'they must be at least 1, and slots_awake at most slots '
                             f'({self.slots})')
        if self.width % self.channels:
            raise ValueError(
                f'width {self.width} is not a multiple of channels {self.channels}')
        if self.decay not in ('input', 'fixed'):
            raise ValueError(f"decay is {self.decay!r}; it must be 'input' or 'fixed'")
        if not 1 <= self.awake <= self.partitions:
            raise ValueError(
                f'awake is {self.awake}; it must be 1 to partitions ({self.partitions})')

    @property
    def channel_width(self) -> int:
        """Floats of one channel (Dc)."""
        return self.width // self.channels

    @property
    def slot_side(self) -> int:
        """Half keys on each side: slots are their pairs."""
        return math.isqrt(max(self.slots, 0))

    def mcsd(self) -> CoreConfig:
        """The published block (MCSD) of the same size: fixed decay, no memory heads, no sleep.

        The hidden width of the feed-forward layer stays that of all partitions together.
        """
        return replace(self, decay='fixed', memory_heads=0, slots=0, partitions=1, awake=1,
                       partition_width=self.partitions * self.partition_width)
