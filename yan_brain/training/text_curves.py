"""Curves as a picture, by matplotlib, which is optional (requirements/peers.txt)."""
from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class PictureError(RuntimeError):
    """No picture can be drawn here; the figures stand without it."""


def figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    """A matplotlib figure and its axes, drawn to memory.

    Raises:
        PictureError: matplotlib is not installed.
    """
    if importlib.util.find_spec('matplotlib') is None:
        raise PictureError('no picture: matplotlib is not installed; '
                           'pip install -r requirements/peers.txt')
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    made = pyplot.subplots(rows, columns, figsize=(width, height), squeeze=False)
    return made[0], made[1]


def draw(axes: Any, lines: Mapping[str, Sequence[tuple[float, float]]], *, x: str, y: str,
         title: str = '', log_x: bool = False, log_y: bool = False) -> None:
    """Lines by name into one matplotlib axes."""
    for name, points in lines.items():
        axes.plot([p[0] for p in points], [p[1] for p in points], marker='o',
                  markersize=3, label=name)
    given = {'xlabel': x, 'ylabel': y, 'title': title}
    if log_x:
        given['xscale'] = 'log'
    if log_y:
        given['yscale'] = 'log'
    axes.set(**given)
    axes.grid(alpha=0.3)
    axes.legend(fontsize='small')


def curves(path: Path, lines: Mapping[str, Sequence[tuple[float, float]]], *, x: str,
           y: str) -> None:
    """One picture of lines by name.

    Raises:
        PictureError: matplotlib is not installed.
    """
    made, axes = figure(8, 5)
    draw(axes[0][0], lines, x=x, y=y)
    path.parent.mkdir(parents=True, exist_ok=True)
    made.tight_layout()
    made.savefig(path, dpi=120)
