"""`yan-brain config`: the settings of each node as YAML, written from their dataclasses.

    yan-brain config planner            # prints planner.yaml
    yan-brain config --write config     # writes all files (those of the repository)
"""
from __future__ import annotations

import argparse
import importlib
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import yan_brain
from yan_brain.settings import Setting, Value, settings_of

# Node name: where its settings class lives.
SETTINGS = {
    'camera': 'yan_brain.nodes.camera_node:CameraNodeConfig',
    'microphone': 'yan_brain.nodes.microphone_node:MicrophoneConfig',
    'home': 'yan_brain.nodes.home_config:HomeNodeConfig',
    'cognition': 'yan_brain.nodes.cognition_config:CognitionConfig',
    'learning': 'yan_brain.nodes.learning_node:LearningConfig',
    'planner': 'yan_brain.nodes.planner_node:PlannerNodeConfig',
}
WIDTH = 99


def config_folder() -> Path:
    """Where the YAML files are: in the checkout, the workspace's or the environment's share."""
    package = Path(yan_brain.__file__).resolve().parent
    places = [package.parent / 'config']
    # <prefix>/lib/python3.x/site-packages/yan_brain, or .../local/lib/... on Debian
    places += [parent / 'share' / 'yan_brain' / 'config' for parent in package.parents]
    places.append(Path(sys.prefix) / 'share' / 'yan_brain' / 'config')
    for place in places:
        if (place / 'planner.yaml').is_file():
            return place
    raise FileNotFoundError(
        'the settings files (planner.yaml, ...) are nowhere to be found; looked in '
        + ', '.join(str(place) for place in places) + '; install the package again')


def settings_class(node: str) -> type:
    """The settings dataclass of a node."""
    module, _, name = SETTINGS[node].partition(':')
    found: type = getattr(importlib.import_module(module), name)
    return found


def as_yaml(node: str, config_type: type) -> str:
    """The parameter file of a node, each setting with its meaning and what is allowed."""
    lines = [f'# Settings of the {node} node; these are the defaults. Written by '
             '`yan-brain config`.', f'/**/{node}:', '  ros__parameters:']
    lines += _lines(list(settings_of(config_type)))
    return '\n'.join(lines) + '\n'


def _lines(leaves: list[Setting]) -> Iterator[str]:
    above: list[str] = []
    for leaf in leaves:
        *groups, name = leaf.name.split('.')
        while above != groups[:len(above)]:
            above.pop()
        for group in groups[len(above):]:
            yield '    ' + '  ' * len(above) + f'{group}:'
            above.append(group)
        indent = '    ' + '  ' * len(above)
        yield from textwrap.wrap(f'{leaf.description} ({leaf.allowed()})', WIDTH,
                                 initial_indent=f'{indent}# ', subsequent_indent=f'{indent}# ')
        # ROS takes no empty lists from a file.
        hidden = '# ' if leaf.default == () else ''
        yield f'{indent}{hidden}{name}: {scalar(leaf.default)}'


def scalar(value: Value) -> str:
    """A value in YAML, of the type that ROS shall see."""
    if isinstance(value, tuple):
        return '[' + ', '.join(scalar(element) for element in value) + ']'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        digits, power, exponent = repr(value).partition('e')
        # YAML 1.1 takes 1e-05 for text.
        return digits + ('' if '.' in digits else '.0') + power + exponent
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `yan-brain config`."""
    parser.add_argument('node', nargs='?', choices=sorted(SETTINGS), help='one node; else all')
    parser.add_argument('--write', type=Path, metavar='FOLDER',
                        help='write FOLDER/<node>.yaml instead of printing')


def main(args: argparse.Namespace) -> int:
    """Prints or writes."""
    for node in [args.node] if args.node else SETTINGS:
        text = as_yaml(node, settings_class(node))
        if args.write:
            args.write.mkdir(parents=True, exist_ok=True)
            (args.write / f'{node}.yaml').write_text(text)
            print(args.write / f'{node}.yaml')
        else:
            print(text)
    return 0
