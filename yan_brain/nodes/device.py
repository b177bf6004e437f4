"""A robot maker's own words: a YAML file of what is said and what is then published or called.

    skills:
      lamp on:
        say: [turn on the lamp, lights on, 开灯]
        service: lamp/set
        type: std_srvs/srv/SetBool
        values: {data: true}
      horn:
        say: [honk, beep]
        topic: horn
        type: std_msgs/msg/Empty

The words are taken as they stand (but for politeness around them, case and punctuation), before
any thought; nothing is trained.
"""
from __future__ import annotations

import importlib
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rclpy.callback_groups import CallbackGroup

from yan_brain.mind.clauses import plain
from yan_brain.mind.reflex import is_stop
from yan_brain.nodes.common import RELIABLE, BrainNode
from yan_brain.settings import SettingError


class DeviceError(RuntimeError):
    """A device did not do what it was asked to; the message says why."""


DEVICE_FAULTS = (DeviceError,)


@dataclass(frozen=True, kw_only=True)
class DeviceSkill:
    """One skill of the file."""

    name: str
    say: tuple[str, ...]
    target: str                  # name of the topic or service
    kind: str                    # package/msg/Type or package/srv/Type
    is_service: bool
    values: Mapping[str, Any] = field(default_factory=dict)


def read_skills(path: Path) -> tuple[DeviceSkill, ...]:
    """Read a file.

    Raises:
        SettingError: it cannot be read, or something in it is wrong; the message says what.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingError(f'the device words {path} cannot be read: {error}') from error
    skills = found.get('skills') if isinstance(found, dict) else None
    if not isinstance(skills, dict) or not skills:
        raise SettingError(f'{path} has no `skills:` with names below it')
    made = tuple(_skill(path, str(name), about) for name, about in skills.items())
    owner: dict[str, str] = {}
    for skill in made:
        for words in skill.say:
            if owner.setdefault(words, skill.name) != skill.name:
                raise SettingError(f'{path}: {words!r} is said for {owner[words]!r} and for '
                                   f'{skill.name!r}; each needs words of its own')
    return made


def _skill(path: Path, name: str, about: Any) -> DeviceSkill:
    where = f'{path}, skill {name!r}'
    if not isinstance(about, dict):
        raise SettingError(f'{where} must hold `say`, `type`, and `topic` or `service`')
    unknown = sorted(set(about) - {'say', 'topic', 'service', 'type', 'values'})
    if unknown:
        raise SettingError(f'{where} has {unknown[0]!r}; allowed are say, topic, service, type '
                           'and values')
    say = about.get('say')
    if isinstance(say, str):
        say = [say]
    if not isinstance(say, list) or not say or not all(isinstance(s, str) and plain(s)
                                                      for s in say):
        raise SettingError(f'{where}: `say` must be one or more texts in quotes, not {say!r}')
    if any(is_stop(words) for words in say):
        raise SettingError(f'{where}: words for stopping cannot be used')
    if ('topic' in about) == ('service' in about):
        raise SettingError(f'{where} needs either a `topic` or a `service`')
    is_service = 'service' in about
    kind, part = str(about.get('type', '')), 'srv' if is_service else 'msg'
    if kind.split('/')[1:2] != [part] or kind.count('/') != 2:
        raise SettingError(f'{where}: type is {kind!r}; give one such as '
                           f'{"std_srvs/srv/Trigger" if is_service else "std_msgs/msg/String"}')
    values = about.get('values', {})
    if not isinstance(values, dict):
        raise SettingError(f'{where}: values is {values!r}; give fields of the type by name')
    return DeviceSkill(name=name, say=tuple(plain(words) for words in say), kind=kind,
                       target=str(about['service' if is_service else 'topic']),
                       is_service=is_service, values=values)


class DeviceWords:
    """The skills of a file on a node; see `Device` in conversation.py."""

    def __init__(self, node: BrainNode[Any], group: CallbackGroup,
                 skills: tuple[DeviceSkill, ...]) -> None:
        self._skills = {skill.name: skill for skill in skills}
        self._names = {words: skill.name for skill in skills for words in skill.say}
        self._ways: dict[str, tuple[Any, Any]] = {}
        for skill in skills:
            kind = _type(skill.kind)
            if skill.is_service:
                client: Any = node.create_client(kind, skill.target, callback_group=group)
                node.own(node.destroy_client, client)
                self._ways[skill.name] = client, filled(kind.Request(), skill)
            else:
                self._ways[skill.name] = (node.publisher(kind, skill.target, RELIABLE),
                                          filled(kind(), skill))

    def find(self, words: str) -> str:
        """Name of the skill that these words ask for; '' when none does."""
        return self._names.get(words, '')

    def call(self, name: str) -> Future[None]:
        """Publish or call; DeviceError when there is nobody, or it says no."""
        way, message = self._ways[name]
        answer: Future[None] = Future()
        answer.set_running_or_notify_cancel()
        if not self._skills[name].is_service:
            way.publish(message)
            answer.set_result(None)
        elif not way.service_is_ready():
            answer.set_exception(DeviceError(
                f'nobody offers the service {self._skills[name].target}'))
        else:
            def done(future: Any) -> None:
                result = future.result()
                if getattr(result, 'success', True):
                    answer.set_result(None)
                else:
                    answer.set_exception(DeviceError(
                        getattr(result, 'message', '') or f'{name} did not work'))

            way.call_async(message).add_done_callback(done)
        return answer


def device_words(node: BrainNode[Any], group: CallbackGroup, path: str) -> DeviceWords | None:
    """The device words of a file; None when none is given."""
    if not path:
        return None
    return DeviceWords(node, group, read_skills(Path(path).expanduser()))


def filled(message: Any, skill: DeviceSkill) -> Any:
    """A message with the values of a skill.

    Raises:
        SettingError: a field that the type lacks, or a value that does not fit.
    """
    _fill(message, skill.values, f'skill {skill.name!r}')
    return message


def _fill(message: Any, values: Mapping[str, Any], where: str) -> None:
    for name, value in values.items():
        if not hasattr(message, str(name)):
            fields = ', '.join(message.get_fields_and_field_types())
            raise SettingError(f'{where}: {type(message).__name__} has no field {name!r}; it has '
                               f'{fields or "none"}')
        if isinstance(value, dict):
            _fill(getattr(message, name), value, where)
            continue
        try:
            setattr(message, name, value)
        except (AssertionError, TypeError, ValueError) as error:
            raise SettingError(f'{where}: {name} cannot be {value!r}: {error}') from error


def _type(kind: str) -> Any:
    package, part, name = kind.split('/')
    try:
        return getattr(importlib.import_module(f'{package}.{part}'), name)
    except (ImportError, AttributeError) as error:
        raise SettingError(f'there is no type {kind} here: {error}') from error
