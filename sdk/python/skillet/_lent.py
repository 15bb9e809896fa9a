"""Between the generated bindings and the modules that skills import.

The bindings end the whole component, without a word, on an argument of the wrong type. So each argument
is checked here, where a mistake is still an exception.
"""

from __future__ import annotations

import importlib
import json
from typing import Any, Callable, Mapping

from ._failure import Failed, Failure
from ._json import parse_json

try:
    from componentize_py_types import Err  # type: ignore[import-not-found]
except ImportError:

    class Err(Exception):  # type: ignore[no-redef]
        """Outside a component nothing raises it."""

        value: Any = None


Errors = Mapping[str, "tuple[type[Failure], str]"]
"""By the name of a case in WIT: the exception, and its text with `{}` for what the host says."""


class _Absent:
    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, function: str) -> Any:
        raise RuntimeError(
            f"no host lends `{self.name}` here: outside a component there is none, and inside one the build "
            f"has to see `from skillet import {self.name}`"
        )


def interface(name: str) -> Any:
    """The generated module of an interface, if it is in the component."""
    try:
        return importlib.import_module(f"wit_world.imports.{name}")
    except ImportError:
        return _Absent(name)


def is_lent(name: str) -> bool:
    return not isinstance(interface(name), _Absent)


def ask(errors: Errors, function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls the host. Its refusal becomes an exception of the SDK's."""
    try:
        return function(*arguments)
    except Err as refusal:
        case = refusal.value
    exception, text = errors[type(case).__name__.partition("_")[2]]
    raise exception(text.format(getattr(case, "value", "")))


def text(value: str, name: str) -> str:
    """What UTF-8 cannot hold becomes a question mark."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return value.encode("utf-8", "replace").decode("utf-8")


def data(value: bytes | bytearray | memoryview | str, name: str) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{name} must be bytes or a str, not {type(value).__name__}")
    return bytes(value)


def whole(value: int, name: str, bits: int = 32) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not 0 <= value < 1 << bits:
        raise ValueError(f"{name} must be 0 to {(1 << bits) - 1}, not {value}")
    return value


def to_json(value: Any) -> str:
    return text(json.dumps(value, ensure_ascii=False, allow_nan=False), "JSON")


def from_json(written: str | bytes, whose: str) -> Any:
    """`whose` is the word for it in the failure, such as `the response`."""
    try:
        return parse_json(written)
    except ValueError as error:
        raise Failed(f"{whose} is not usable JSON: {error}") from None
