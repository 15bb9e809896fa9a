"""JSON values to the types that `run` is annotated with, and back."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any, get_args, get_origin, get_type_hints

from ._failure import InvalidInput

_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", type(None): "null"}


def read(kind: Any, value: Any, path: str) -> Any:
    """The value as that type. What this does not know, such as `dict`, is passed as it is."""
    if dataclasses.is_dataclass(kind):
        return _record(kind, value, path)
    if kind in _NAMES:
        return _plain(kind, value, path)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _one_of(arguments, value, path)
    if origin is typing.Literal:
        _expect(value in arguments, path, "one of " + ", ".join(map(str, arguments)))
    if origin is list:
        _expect(isinstance(value, list), path, "a list")
        return [read(arguments[0], item, f"{path}[{at}]") for at, item in enumerate(value)]
    if origin is dict:
        _expect(isinstance(value, dict), path, "an object")
        return {key: read(arguments[1], item, f"{path}.{key}") for key, item in value.items()}
    return value


def write(value: Any) -> Any:
    """Dataclasses, also within lists and dicts, as dicts."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: write(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: write(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [write(item) for item in value]
    return value


def _record(kind: Any, value: Any, path: str) -> Any:
    _expect(isinstance(value, dict), path, "an object")
    hints = get_type_hints(kind)
    given = {}
    for field in dataclasses.fields(kind):
        if field.name in value:
            given[field.name] = read(hints[field.name], value[field.name], f"{path}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise InvalidInput(f"{path}.{field.name} is missing")
    return kind(**given)


def _plain(kind: Any, value: Any, path: str) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    _expect(type(value) is kind, path, _NAMES[kind])
    return value


def _one_of(kinds: tuple[Any, ...], value: Any, path: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    for kind in kinds[:-1]:
        try:
            return read(kind, value, path)
        except InvalidInput:
            pass
    return read(kinds[-1], value, path)


def _expect(fits: bool, path: str, what: str) -> None:
    if not fits:
        raise InvalidInput(f"{path} must be {what}")
