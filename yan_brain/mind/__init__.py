"""The mind: eye, core and lessons tied together, and what goes on around a tick.

`Mind` brings torch with it and is imported when it is first asked for: settings and the rest of
this room do without.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yan_brain.mind.mind import Mind, Thought

__all__ = ['Mind', 'Thought']


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from yan_brain.mind import mind
    return getattr(mind, name)
