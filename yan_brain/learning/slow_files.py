"""Where the weights learned in sleep lie: beside the lessons."""
from __future__ import annotations

from pathlib import Path


def slow_path(store: Path) -> Path:
    """Those that count."""
    return store.with_name(store.stem + '.slow.safetensors')


def previous_path(store: Path) -> Path:
    """Those before them, to go back to."""
    return store.with_name(store.stem + '.slow.previous.safetensors')
