"""Sizes of the Yan core, in one place."""
from __future__ import annotations

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
    chunk: int = 64             # tokens worked on at once by the chunked forms

    def __post_init__(self) -> None:
        for name in ('width', 'layers', 'channels', 'partitions', 'partition_width', 'chunk'):
            if getattr(self, name) < 1:
                raise ValueError(f'{name} is {getattr(self, name)}; it must be at least 1')
        if self.memory_heads < 0:
            raise ValueError(f'memory_heads is {self.memory_heads}; it must be 0 or more')
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

    def mcsd(self) -> CoreConfig:
        """The published block (MCSD) of the same size: fixed decay, no memory heads, no sleep.

        The hidden width of the feed-forward layer stays that of all partitions together.
        """
        return replace(self, decay='fixed', memory_heads=0, partitions=1, awake=1,
                       partition_width=self.partitions * self.partition_width)
