"""Counts of what was taught by one showing of a sense: known again, and strangers refused."""
from __future__ import annotations

from collections import Counter


class Tally:
    """What came of asking."""

    def __init__(self) -> None:
        self.right, self.asked, self.refused, self.unknown = 0, 0, 0, 0
        self._missed, self._taken = Counter[str](), Counter[str]()

    def known(self, kind: str, right: bool) -> None:
        """Something taught was asked for once."""
        self.asked, self.right = self.asked + 1, self.right + right
        self._missed[kind] += not right

    def stranger(self, kind: str, taken: bool) -> None:
        """Something never taught was met once; `taken` for something taught."""
        self.unknown, self.refused = self.unknown + 1, self.refused + (not taken)
        self._taken[kind] += taken

    @property
    def missed(self) -> str:
        """Kinds that were not known again, and how often."""
        return _some(self._missed)

    @property
    def taken(self) -> str:
        """Kinds that were taken for something taught, and how often."""
        return _some(self._taken)


def _some(counted: Counter[str]) -> str:
    return ', '.join(f'{kind} {n}' for kind, n in counted.most_common() if n) or 'none'
