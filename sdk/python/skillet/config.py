"""The agent's own settings, only the keys that the owner opened to skills. Granted with `config = true`.

What the owner set for this skill is in `settings`.
"""

from . import _failure, _lent

_raw = _lent.interface("config")


class Error(_failure.Failure):
    """Why a setting was not read or changed."""


class Denied(Error, _failure.Denied):
    """The key is not open to skills. The text says how to open it."""


class Unknown(Error, _failure.InvalidInput):
    """There is no such key."""


class Invalid(Error, _failure.InvalidInput):
    """The value does not fit the key. The text says what would."""


class Unavailable(Error, _failure.Unavailable):
    """The settings cannot be reached for now."""


_ERRORS: _lent.Errors = {
    "Denied": (Denied, "{}"),
    "Unknown": (Unknown, "{}"),
    "Invalid": (Invalid, "{}"),
    "Unavailable": (Unavailable, "the settings are unavailable: {}"),
}


def get(key: str) -> str:
    """The value in force, as text."""
    return _lent.ask(_ERRORS, _raw.get, _lent.text(key, "key"))


def set(key: str, value: str) -> None:
    """Changes a setting, at once and for everyone."""
    _lent.ask(_ERRORS, _raw.set, _lent.text(key, "key"), _lent.text(value, "value"))
