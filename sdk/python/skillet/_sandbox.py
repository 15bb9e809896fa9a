"""What Python would reach through WASI. A skill has no WASI: touching it ends the component without a word.

So each way there is either lent by the host (the time, random numbers, printed lines) or refused with an exception.
While the component is built, and the skill's module loads, everything still works: a file beside `skill.py` can be
read into a constant.
"""

from __future__ import annotations

import builtins
import codecs
import importlib
import io
import os
import posix
import sys
import time
from types import ModuleType
from typing import Any, Callable

from . import _lent, log, random

_FILE_FUNCTIONS = (
    "access chdir chmod fsync ftruncate getcwd link listdir lstat mkdir open pipe read readlink remove rename replace "
    "rmdir scandir stat symlink truncate unlink utime write"
)
_NO_PROCESS = "a skill is no process: return an output or raise a failure"
_NO_NETWORK = "a skill has no sockets: use skillet.http"
_REFUSED_IF_LOADED = {
    "asyncio.events": ("new_event_loop", "a skill has no event loop: calls of the host wait for their answer"),
    "select": ("poll select", _NO_NETWORK),
    "signal": ("raise_signal", _NO_PROCESS),
    "socket": ("create_connection create_server getaddrinfo gethostbyname socket socketpair", _NO_NETWORK),
}

_CODECS = "big5 cp1252 euc_kr gb18030 gbk idna latin-1 punycode shift_jis utf-16 utf-8-sig"
"""Beside UTF-8 what web pages are written in. A codec that is not loaded now is unknown in a call."""

_RECURSION_LIMIT = 200
"""Python calls within one another. At some 220, where C code is between them, the sandbox's stack overflows."""

_running = False

_seeded: Any = None
"""Python's `random`, if the skill uses it."""


def prepare() -> None:
    """Before the skill's module loads: what it imports by name is already the wrapped one."""
    sys.dont_write_bytecode = True
    for module, names in ((builtins, "open"), (io, "open open_code"), (os, _FILE_FUNCTIONS)):
        _refuse(module, names, "a skill has no files")
    for module in (os, posix):
        _refuse(module, "_exit abort system", _NO_PROCESS)
    _refuse(time, "sleep", "a skill cannot sleep: schedule a job")
    if _lent.is_lent("clock"):
        _lend_clock()
    else:
        _refuse(time, "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time", _unseen("clock"))
    if _lent.is_lent("random"):
        _replace(os, "urandom", random.bytes)
    else:
        _refuse(os, "urandom", _unseen("random"))
    for codec in _CODECS.split():
        codecs.lookup(codec)


def load(modules: list[str]) -> None:
    """Imports what the skill imports anywhere, also within functions: in a call there is nothing to import from."""
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception:
            # The skill is told when it imports it itself, and may know what to do without.
            continue
    for name in _REFUSED_IF_LOADED.keys() & sys.modules.keys():
        _refuse(sys.modules[name], *_REFUSED_IF_LOADED[name])
    if "random" in modules:
        _seed_through_os(importlib.import_module("random"))


def begin() -> None:
    """At the start of a call."""
    global _running
    _running = True
    sys.setrecursionlimit(_RECURSION_LIMIT)
    sys.meta_path[:] = [finder for finder in sys.meta_path if getattr(finder, "__name__", "") != "PathFinder"]
    sys.stdin = None
    sys.stdout = _Lines("info")  # type: ignore[assignment]
    sys.stderr = _Lines("warn")  # type: ignore[assignment]
    if _seeded is not None and _lent.is_lent("random"):
        _seeded.seed()


class _Lines:
    """Standard output: whole lines to the log, if that is in the component."""

    encoding = "utf-8"

    def __init__(self, level: log.Level) -> None:
        self._level = level
        self._line = ""

    def write(self, text: str) -> int:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._log(line)
        return len(text)

    def flush(self) -> None:
        if self._line:
            self._log(self._line)
        self._line = ""

    def isatty(self) -> bool:
        return False

    def _log(self, line: str) -> None:
        if _lent.is_lent("log"):
            log.write(self._level, line)


def end() -> None:
    """At the end of a call: a line without an end is written too."""
    sys.stdout.flush()
    sys.stderr.flush()


def _lend_clock() -> None:
    # The one written in Python asks `time`; the one in C asks WASI. `_zoneinfo` needs the one in C.
    for in_c in ("_datetime", "_zoneinfo"):
        sys.modules[in_c] = None  # type: ignore[assignment]
    from . import clock

    def now_ns() -> int:
        return clock.now_ms() * 1_000_000

    for name in ("time", "monotonic", "perf_counter", "process_time"):
        _replace(time, name, lambda: now_ns() / 1e9)
        _replace(time, f"{name}_ns", now_ns)
    for name in ("gmtime", "localtime", "ctime"):
        _replace(time, name, _given(getattr(time, name), lambda: time.time()))
    _replace(time, "asctime", _given(time.asctime, lambda: time.gmtime()))
    written = time.strftime
    _replace(time, "strftime", lambda shape, moment=None: written(shape, moment or time.gmtime()))


def _seed_through_os(module: Any) -> None:
    """Else a generator without a seed asks WASI, from C."""
    global _seeded
    _seeded = module
    seed = module.Random.seed

    def seeded(self: Any, a: Any = None, version: int = 2) -> None:
        seed(self, os.urandom(32) if a is None else a, version)

    module.Random.seed = seeded
    module.seed = module._inst.seed


def _given(function: Callable[..., Any], default: Callable[[], Any]) -> Callable[..., Any]:
    return lambda value=None: function(default() if value is None else value)


def _refuse(module: ModuleType, names: str, reason: str) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(reason)

    for name in names.split():
        if hasattr(module, name):
            _replace(module, name, refuse)


def _replace(module: ModuleType, name: str, in_a_call: Callable[..., Any]) -> None:
    original = getattr(module, name)

    def either(*arguments: Any, **named: Any) -> Any:
        return in_a_call(*arguments, **named) if _running else original(*arguments, **named)

    either.__name__ = name
    setattr(module, name, either)


def _unseen(interface: str) -> str:
    return f"the build did not see that the skill needs it: write `from skillet import {interface}`"
