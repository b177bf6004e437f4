"""Small pieces of SDF text."""
from __future__ import annotations

import numpy as np

from yan_brain.simulation.things import Rgb


def numbers(values: object) -> str:
    """Numbers between blanks."""
    return ' '.join(f'{v:.5g}' for v in np.ravel(np.asarray(values, float)))


def pose(at: tuple[float, float, float], *, roll: float = 0.0, pitch: float = 0.0,
         yaw: float = 0.0) -> str:
    """Where a frame lies in the one around it: metres, radians."""
    return f'<pose>{numbers((*at, roll, pitch, yaw))}</pose>'


def colours(rgb: Rgb, gloss: float) -> str:
    """A material; rgb in 0..1."""
    return (f'<material><ambient>{numbers(rgb)} 1</ambient><diffuse>{numbers(rgb)} 1</diffuse>'
            f'<specular>{numbers((gloss,) * 3)} 1</specular></material>')
