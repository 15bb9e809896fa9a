"""What the agent knows about the user this call is for. Granted with `memory = ["read", "write"]`, or one of them."""

from __future__ import annotations

from dataclasses import dataclass

from . import _failure, _lent

_raw = _lent.interface("memory")


class Error(_failure.Failure):
    """Why memory refused."""


class Denied(Error, _failure.Denied):
    """The owner has not granted it. The text says what to grant."""


class Unavailable(Error, _failure.Unavailable):
    """Memory cannot be reached for now."""


_ERRORS: _lent.Errors = {"Denied": (Denied, "{}"), "Unavailable": (Unavailable, "memory is unavailable: {}")}


@dataclass(frozen=True)
class Fact:
    """Something the agent keeps about the user."""

    key: str
    """What the fact is about; one fact per key."""
    text: str
    """The fact in words."""
    score: float
    """Higher is nearer to the query. Only comparable within one answer."""
    recorded_at_ms: int
    """When it was learnt, in milliseconds since 1970-01-01 UTC."""


def search(query: str, limit: int = 10) -> list[Fact]:
    """The facts nearest to the query, best first, at most `limit` of them."""
    facts = _lent.ask(_ERRORS, _raw.search, _lent.text(query, "query"), _lent.whole(limit, "limit"))
    return [Fact(fact.key, fact.text, fact.score, fact.recorded_at_ms) for fact in facts]


def remember(text: str, key: str = "") -> None:
    """Keeps a fact, under a key in place of what was known under it. Without one the host derives the key."""
    _lent.ask(_ERRORS, _raw.remember, _lent.text(key, "key"), _lent.text(text, "text"))
