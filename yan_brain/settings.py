"""Settings as frozen dataclasses: default, range and meaning of each stand in one place.

    @dataclass(frozen=True, kw_only=True)
    class CameraConfig:
        rate_hz: float = setting(10.0, 'images per second', minimum=0.1, maximum=120.0)

        def __post_init__(self) -> None:
            check(self)

Nodes declare ROS parameters from such a class (`nodes/common.py`), the files in `config/` are
written from it (`yan_brain.cli.config`), and rooms below use it as it is. Knows nothing of ROS.
"""
from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Scalar = bool | int | float | str
Value = Scalar | tuple[Scalar, ...]
SCALARS = (bool, int, float, str)
T = TypeVar('T')


class SettingError(ValueError):
    """A setting has a value that is not allowed. The text says which are."""


def setting(default: T, description: str, *, minimum: float | None = None,
            maximum: float | None = None, choices: tuple[str, ...] = (),
            live: bool = False) -> T:
    """A field of a settings dataclass.

    Limits are inclusive and hold for each element of a tuple. `live`: a running node takes a
    new value at once; others are taken when it is configured.
    """
    made: T = field(default=default, metadata={
        'description': description, 'minimum': minimum, 'maximum': maximum,
        'choices': choices, 'live': live})
    return made


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One leaf of a settings class, named with dots when it lies in a nested one."""

    name: str
    default: Value
    kind: type                          # of a scalar, or of the elements of a tuple
    many: bool
    description: str = ''
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    live: bool = False

    def allowed(self) -> str:
        """What may be written, for people."""
        kind = {bool: 'true or false', int: 'whole number', float: 'number',
                str: 'text'}[self.kind]
        if self.choices:
            kind = 'one of ' + ', '.join(repr(choice) for choice in self.choices)
        elif self.minimum is not None and self.maximum is not None:
            kind += f' from {self._limit(self.minimum)} to {self._limit(self.maximum)}'
        elif self.minimum is not None:
            kind += f' of at least {self._limit(self.minimum)}'
        elif self.maximum is not None:
            kind += f' of at most {self._limit(self.maximum)}'
        return f'list of: {kind}' if self.many else kind

    def _limit(self, value: float) -> str:
        return str(int(value)) if self.kind is int else f'{value:g}'

    def fault(self, value: object) -> str:
        """Why `value` cannot be taken; empty when it can."""
        if self.many:
            if not isinstance(value, tuple | list):
                return f'is {value!r}; allowed: {self.allowed()}'
            wrong = [element for element in value if not self._fits(element)]
            return f'holds {wrong[0]!r}; allowed: {self.allowed()}' if wrong else ''
        return '' if self._fits(value) else f'is {value!r}; allowed: {self.allowed()}'

    def _fits(self, value: object) -> bool:
        if self.kind is float:
            if isinstance(value, bool) or not isinstance(value, int | float):
                return False
            if not math.isfinite(value):
                return False
        elif type(value) is not self.kind:
            return False
        if self.choices and value not in self.choices:
            return False
        if isinstance(value, int | float) and not isinstance(value, bool):
            if self.minimum is not None and value < self.minimum:
                return False
            if self.maximum is not None and value > self.maximum:
                return False
        return True


def check(config: object) -> None:
    """Raises SettingError when a field of `config` breaks its own type, range or choices.

    Call it first in `__post_init__`; what ties several fields together is checked after it.
    """
    for leaf in settings_of(type(config)):
        if '.' in leaf.name:
            continue                    # the nested dataclass has checked itself
        fault = leaf.fault(getattr(config, leaf.name))
        if fault:
            raise SettingError(f'{type(config).__name__}.{leaf.name} {fault}')


def settings_of(config_type: type, prefix: str = '') -> Iterator[Setting]:
    """All leaves of a settings dataclass, nested ones with dotted names, in order."""
    hints = get_type_hints(config_type)
    for entry in fields(config_type):
        hint = hints[entry.name]
        name = prefix + entry.name
        if is_dataclass(hint) and isinstance(hint, type):
            yield from settings_of(hint, name + '.')
            continue
        many = get_origin(hint) is tuple
        kind = get_args(hint)[0] if many else hint
        if kind not in SCALARS or (many and get_args(hint)[1:] != (Ellipsis,)):
            raise TypeError(
                f'{config_type.__name__}.{entry.name} is a {hint}; settings are bool, int, float, '
                'str, a tuple[..., ...] of them, or another dataclass of settings')
        if entry.default is MISSING:
            raise TypeError(f'{config_type.__name__}.{entry.name} needs a default')
        yield Setting(name=name, default=entry.default, kind=kind, many=many,
                      **{key: value for key, value in entry.metadata.items()
                         if key in Setting.__dataclass_fields__})


def build(config_type: type[T], values: Mapping[str, Value]) -> T:
    """An instance from dotted names; names not given keep their default.

    Raises SettingError for a name that does not exist and for values that are not allowed.
    """
    known = {leaf.name for leaf in settings_of(config_type)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise SettingError(f'{config_type.__name__} has no {unknown[0]!r}; it has: '
                           + ', '.join(sorted(known)))
    return _build(config_type, values, '')


def _build(config_type: type[T], values: Mapping[str, Value], prefix: str) -> T:
    hints = get_type_hints(config_type)
    given: dict[str, Any] = {}
    for entry in fields(config_type):  # type: ignore[arg-type]
        name = prefix + entry.name
        if is_dataclass(hints[entry.name]):
            given[entry.name] = _build(hints[entry.name], values, name + '.')
        elif name in values:
            value = values[name]
            given[entry.name] = tuple(value) if isinstance(value, list) else value
    return config_type(**given)


def flatten(config: object, prefix: str = '') -> dict[str, Value]:
    """The dotted names and values of an instance: what `build` takes."""
    out: dict[str, Value] = {}
    for entry in fields(config):  # type: ignore[arg-type]
        value = getattr(config, entry.name)
        if is_dataclass(value):
            out.update(flatten(value, f'{prefix}{entry.name}.'))
        else:
            out[prefix + entry.name] = value
    return out
