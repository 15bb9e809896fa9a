"""Lines that the owner reads beside the call. Needs no grant; the host cuts long lines and keeps only so many.

`print` writes here too, at level info. In a test outside a component the lines go to standard error.
"""

from __future__ import annotations

import sys
from typing import Literal

from . import _lent

Level = Literal["debug", "info", "warn", "error"]

_raw = _lent.interface("log")


def write(level: Level, message: object) -> None:
    """One line of a level that is known only at run time."""
    if level not in ("debug", "info", "warn", "error"):
        raise ValueError(f"the level must be debug, info, warn or error, not {level!r}")
    line = _lent.text(str(message), "message")
    if _lent.is_lent("log"):
        _raw.write(_raw.Level[level.upper()], line)
    else:
        sys.stderr.write(f"{level}: {line}\n")


def debug(message: object) -> None:
    """For whoever debugs the skill."""
    write("debug", message)


def info(message: object) -> None:
    """Worth knowing."""
    write("info", message)


def warn(message: object) -> None:
    """Odd, but the call goes on."""
    write("warn", message)


def error(message: object) -> None:
    """The call will not do what was asked."""
    write("error", message)
