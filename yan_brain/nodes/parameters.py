"""ROS parameters from settings dataclasses: declared with description and range, read back."""
from __future__ import annotations

from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterUninitializedException,
)
from rclpy.node import Node

from yan_brain.settings import Setting, SettingError, Value


def declare(node: Node, leaf: Setting) -> Any:
    """Declares one setting as a parameter of `node`; its value (given or default).

    Raises SettingError naming the parameter, what is wrong with the value and what is allowed.
    """
    default = list(leaf.default) if isinstance(leaf.default, tuple) else leaf.default
    try:
        return node.declare_parameter(leaf.name, default, describe(leaf)).value
    except (InvalidParameterTypeException, InvalidParameterValueException,
            ParameterUninitializedException) as error:
        point = ' (written with a point: 10.0, not 10)' if leaf.kind is float else ''
        raise SettingError(
            f'parameter {leaf.name!r} of {node.get_fully_qualified_name()}: {error}; '
            f'allowed: {leaf.allowed()}{point}; default: {default!r}') from error


def describe(leaf: Setting) -> ParameterDescriptor:
    """The ROS descriptor of a setting: description, range, allowed values."""
    descriptor = ParameterDescriptor(description=leaf.description)
    descriptor.additional_constraints = leaf.allowed()
    if leaf.many or (leaf.minimum is None and leaf.maximum is None):
        return descriptor
    if leaf.kind is float:
        descriptor.floating_point_range = [FloatingPointRange(
            from_value=float('-inf') if leaf.minimum is None else float(leaf.minimum),
            to_value=float('inf') if leaf.maximum is None else float(leaf.maximum))]
    elif leaf.kind is int:
        descriptor.integer_range = [IntegerRange(
            from_value=-2**63 if leaf.minimum is None else int(leaf.minimum),
            to_value=2**63 - 1 if leaf.maximum is None else int(leaf.maximum))]
    return descriptor


def plain(value: Any) -> Value:
    """A parameter's value as a settings class takes it: lists and arrays as tuples."""
    if isinstance(value, str | bool | int | float):
        return value
    return tuple(value)
