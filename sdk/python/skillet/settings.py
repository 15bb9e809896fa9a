"""What the owner set for this skill on its page. Granted with `settings = true`."""

from __future__ import annotations

from . import _failure, _lent

_raw = _lent.interface("settings")


class Missing(_failure.Denied):
    """A setting that the skill cannot do without is empty."""


def get(key: str) -> str | None:
    """The setting's value, if the owner gave it one."""
    return _raw.get(_lent.text(key, "key"))


def require(key: str) -> str:
    """The setting's value; an error that says what to fill in when it has none."""
    value = get(key)
    if value is None:
        raise Missing(f"the setting `{key}` of this skill is empty; the owner can fill it in on the skill's page")
    return value
