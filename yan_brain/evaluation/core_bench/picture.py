"""One picture of a report: a panel of lines for each thing measured along an axis."""
from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from yan_brain.evaluation.report import Result
from yan_brain.training.text_curves import PictureError, draw, figure

# Panel: label of x, label of y, logarithmic x, logarithmic y. Flat or not is seen from zero.
PANELS: dict[str, tuple[str, str, bool, bool]] = {
    'decode': ('tokens of context', 'tokens a second', True, True),
    'time to loss': ('seconds of training', 'validation bits a byte', False, False),
    'quality': ('training tokens', 'validation bits a byte', False, False),
    'recall': ('tokens between telling and asking', 'share recalled', True, False),
    'growth': ('position in the stream', 'ms a token', True, False)}
FROM_ZERO = ('growth', 'recall')
COLUMNS = 2


def draw_report(path: Path, results: Sequence[Result],
                lines: dict[str, dict[str, list[Any]]]) -> str:
    """Draws what there are lines for; says where the picture is, or why there is none."""
    panels = [name for name in PANELS if lines.get(name)]
    if not panels:
        return 'no picture: nothing was measured along an axis'
    rows = math.ceil(len(panels) / COLUMNS)
    try:
        made, axes = figure(6.5 * COLUMNS, 4.2 * rows, rows, COLUMNS)
    except PictureError as error:
        return str(error)
    places = [place for row in axes for place in row]
    for place, name in zip(places, panels, strict=False):
        x, y, log_x, log_y = PANELS[name]
        draw(place, lines[name], x=x, y=y, title=name, log_x=log_x, log_y=log_y)
        if name in FROM_ZERO:
            place.set_ylim(bottom=0.0)
    for place in places[len(panels):]:
        place.axis('off')
    path.parent.mkdir(parents=True, exist_ok=True)
    made.tight_layout()
    made.savefig(path, dpi=110)
    return f'picture: {path}'
