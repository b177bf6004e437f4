"""Measures one group in this process: `python -m yan_brain.evaluation.core_bench.child GROUP`.

Reads a budget as JSON from standard input. Every line of its output is a part of what was found,
as JSON, printed as soon as it is known. All else that is printed goes to standard error.
"""
from __future__ import annotations

import contextlib
import importlib
import json
import sys
from pathlib import Path

from yan_brain.evaluation.core_bench.groups import GROUPS, Budget


def main() -> int:
    """Command line."""
    group = {group.name: group for group in GROUPS}[sys.argv[1]]
    given = json.load(sys.stdin)
    budget = Budget(**given | {'text': Path(given['text'])})
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        for found in importlib.import_module(group.module).measure(budget):
            print(json.dumps({'results': [result.as_dict() for result in found.results],
                              'lines': found.lines}, allow_nan=False), file=out, flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
