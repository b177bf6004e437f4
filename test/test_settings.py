"""Settings: ranges, nesting, names, and the files in config/ that are written from them."""
from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from yan_brain.cli.config import SETTINGS, as_yaml, config_folder, scalar, settings_class
from yan_brain.settings import Setting, SettingError, build, check, flatten, setting, settings_of


@dataclass(frozen=True, kw_only=True)
class Inner:
    speed_mps: float = setting(0.5, 'top speed', minimum=0.0, maximum=2.0)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class Outer:
    count: int = setting(3, 'how many', minimum=1)
    mode: str = setting('slow', 'which', choices=('slow', 'fast'))
    names: tuple[str, ...] = setting(('a', 'b'), 'names')
    on: bool = setting(True, 'whether', live=True)
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self) -> None:
        check(self)


@pytest.mark.parametrize(('values', 'told'), [
    ({'count': 0}, 'Outer.count is 0; allowed: whole number of at least 1'),
    ({'count': 2.0}, 'whole number'),
    ({'count': True}, 'whole number'),
    ({'mode': 'quick'}, "one of 'slow', 'fast'"),
    ({'names': ('a', 3)}, 'holds 3'),
    ({'names': 'ab'}, 'list of: text'),
    ({'on': 1}, 'true or false'),
    ({'inner.speed_mps': 2.1}, 'Inner.speed_mps is 2.1; allowed: number from 0 to 2'),
    ({'inner.speed_mps': math.nan}, 'is nan'),
    ({'inner.speed_mps': math.inf}, 'is inf'),
    ({'inner.spede_mps': 1.0}, "has no 'inner.spede_mps'; it has: count, inner.speed_mps"),
])
def test_what_is_not_allowed_is_told_with_what_is(values: dict[str, object], told: str) -> None:
    with pytest.raises(SettingError, match=r'.') as error:
        build(Outer, values)  # type: ignore[arg-type]
    assert told in str(error.value)


def test_build_and_flatten_are_inverse() -> None:
    made = build(Outer, {'inner.speed_mps': 1, 'names': ['c'], 'on': False})  # type: ignore[dict-item]
    assert made == Outer(inner=Inner(speed_mps=1), names=('c',), on=False)
    assert build(Outer, flatten(made)) == made
    assert [leaf.name for leaf in settings_of(Outer)] == [
        'count', 'mode', 'names', 'on', 'inner.speed_mps']
    assert [leaf.live for leaf in settings_of(Outer)] == [False, False, False, True, False]


def test_a_class_that_ros_could_not_carry_is_refused() -> None:
    @dataclass(frozen=True)
    class Odd:
        table: dict[str, int] = field(default_factory=dict)

    with pytest.raises(TypeError):
        list(settings_of(Odd))


@pytest.mark.parametrize('value', [True, 0, -3, 1e-05, 1.0, 1e30, 0.1, "it's", '', '10', 'no',
                                   (1.0, 2.5), ('a', 'b')])
def test_yaml_keeps_value_and_type(value: object) -> None:
    read = yaml.safe_load(scalar(value))  # type: ignore[arg-type]
    if isinstance(value, tuple):
        assert tuple(read) == value
    else:
        assert read == value and type(read) is type(value)


@pytest.mark.parametrize('node', SETTINGS)
def test_the_files_in_config_are_what_the_classes_say(node: str) -> None:
    """Regenerate with `yan-brain config --write config`."""
    config_type = settings_class(node)
    text = (config_folder() / f'{node}.yaml').read_text()
    assert text == as_yaml(node, config_type)
    read = yaml.safe_load(text)[f'/**/{node}']['ros__parameters']
    assert build(config_type, _dotted(read)) == config_type()


def test_each_setting_of_each_node_is_described() -> None:
    for node in SETTINGS:
        bare = [leaf.name for leaf in settings_of(settings_class(node)) if not leaf.description]
        assert not bare, f'{node}: {bare}'


def test_config_folder_is_the_checkouts() -> None:
    assert config_folder() == Path(__file__).resolve().parent.parent / 'config'


def test_limits_of_whole_numbers_are_written_out() -> None:
    leaf = Setting(name='n', default=1, kind=int, many=False, minimum=0, maximum=2**31)
    assert leaf.allowed() == 'whole number from 0 to 2147483648'


def _dotted(tree: dict[str, object], prefix: str = '') -> dict[str, object]:
    out: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            out.update(_dotted(value, f'{prefix}{key}.'))
        else:
            out[prefix + key] = tuple(value) if isinstance(value, list) else value
    return out
