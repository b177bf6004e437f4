"""What `yan-brain bench core` measures: groups of figures, each by a module of this folder.

A module has `measure(budget)`, which yields what it found, part by part; it runs in a process of
its own.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from yan_brain.evaluation.report import Result

PEERS = ('llama_cpp_f32', 'llama_cpp_q4', 'hf_llama', 'mamba', 'rwkv')
CONTEXTS = (32, 256, 8192, 32768)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much time there is, and where things are."""

    quick: bool = False             # everything at a size that takes seconds; says so in notes
    seed: int = 0
    text: Path = Path('data/text')
    threads: int = 2


@dataclass
class Found:
    """Figures of a group, and points for the picture: panel, then line, then (x, y)."""

    results: list[Result] = field(default_factory=list)
    lines: dict[str, dict[str, list[tuple[float, float]]]] = field(default_factory=dict)

    def point(self, panel: str, line: str, x: float, y: float) -> None:
        """One more point."""
        self.lines.setdefault(panel, {}).setdefault(line, []).append((x, y))

    def add(self, other: Found) -> None:
        """All that another part holds."""
        self.results += other.results
        for panel, lines in other.lines.items():
            self.lines.setdefault(panel, {}).update(lines)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Figures that are measured together; `minutes` and `quick_minutes` are a rough budget."""

    name: str
    names: tuple[str, ...]
    minutes: float
    quick_minutes: float

    @property
    def module(self) -> str:
        """Where it is measured."""
        return f'yan_brain.evaluation.core_bench.{self.name}'


GROUPS: tuple[Group, ...] = (
    Group(name='decode', minutes=8, quick_minutes=1.5, names=(
        *(f'decode.ctx{context}.{peer}' for context in CONTEXTS for peer in PEERS),
        'decode.bandwidth_fraction')),
    Group(name='train_tokens', minutes=4, quick_minutes=0.6,
          names=('train.tokens.len4096.hf_llama',)),
    Group(name='time_to_loss', minutes=38, quick_minutes=0.6,
          names=('train.time_to_loss.hf_llama',)),
    Group(name='quality', minutes=25, quick_minutes=1.0, names=tuple(
        f'quality.bits_per_byte.{name}' for name in ('ours', 'transformer', 'mamba', 'mcsd'))),
    Group(name='recall', minutes=7, quick_minutes=0.7, names=('recall.mqar.length',)),
    Group(name='growth', minutes=3, quick_minutes=0.7,
          names=('state.bytes', 'growth.1m_over_1k')),
    Group(name='tick', minutes=0.5, quick_minutes=0.2,
          names=('tick.p50_ms', 'tick.p99_ms', 'tick.memory_mib')),
)


def chosen(only: list[str] | None) -> list[Group]:
    """The groups that hold any of these names or the beginning of one; None: all.

    Raises:
        ValueError: a name that nothing here begins with.
    """
    if not only:
        return list(GROUPS)
    found = []
    for wanted in only:
        fits = [group for group in GROUPS if group.name == wanted
                or any(name.startswith(wanted) for name in group.names)]
        if not fits:
            raise ValueError(f'nothing is named {wanted!r}; there are: '
                             f'{", ".join(group.name for group in GROUPS)}, or the beginning of '
                             'a name in the report')
        found += [group for group in fits if group not in found]
    return found
