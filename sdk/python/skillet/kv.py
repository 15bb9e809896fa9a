"""Bytes kept for this skill and this user, from one call to the next. Granted with `kv = true`.

    count = int(kv.get_text("count") or 0) + 1
    kv.set("count", str(count))

Calls of one skill may run at the same time (unless `can_parallel = false`), so this count can lose a step;
`compare_and_set` cannot.
"""

from __future__ import annotations

from . import _failure, _lent

_raw = _lent.interface("kv")


class Error(_failure.Failure):
    """Why the store refused."""


class TooLarge(Error, _failure.Failed):
    """The key or the value is longer than the host keeps."""


class QuotaExceeded(Error, _failure.Failed):
    """This skill's share for this user is full."""


class Unavailable(Error, _failure.Unavailable):
    """The store cannot be reached for now."""


_ERRORS: _lent.Errors = {
    "TooLarge": (TooLarge, "the key or the value is too large to keep"),
    "QuotaExceeded": (QuotaExceeded, "this skill's storage for this user is full"),
    "Unavailable": (Unavailable, "the store is unavailable: {}"),
}


def get(key: str) -> bytes | None:
    """What is kept under the key."""
    return _lent.ask(_ERRORS, _raw.get, _lent.text(key, "key"))


def get_text(key: str) -> str | None:
    """What is kept under the key, as text; bytes that are not UTF-8 become U+FFFD."""
    value = get(key)
    return None if value is None else value.decode("utf-8", "replace")


def set(key: str, value: bytes | str) -> None:
    """Keeps a value under the key, in place of what was there. Text is kept as UTF-8."""
    _lent.ask(_ERRORS, _raw.set, _lent.text(key, "key"), _lent.data(value, "value"))


def compare_and_set(key: str, expected: bytes | str | None, value: bytes | str) -> bool:
    """Keeps a value only if the present one is `expected` (None: if there is none); whether it did."""
    before = None if expected is None else _lent.data(expected, "expected")
    return _lent.ask(_ERRORS, _raw.compare_and_set, _lent.text(key, "key"), before, _lent.data(value, "value"))


def delete(key: str) -> None:
    """Forgets the key. To forget what is not there succeeds."""
    _lent.ask(_ERRORS, _raw.delete, _lent.text(key, "key"))


def keys(prefix: str = "", limit: int = 100) -> list[str]:
    """The keys that start with `prefix`, sorted, at most `limit` of them."""
    return _lent.ask(_ERRORS, _raw.list_keys, _lent.text(prefix, "prefix"), _lent.whole(limit, "limit"))
