"""The time. Needs no grant. `time.time()` and `datetime.now()` read this clock too, where a skill uses them."""

from __future__ import annotations

import datetime
import time

from . import _lent

_raw = _lent.interface("clock")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def now_ms() -> int:
    """Milliseconds since 1970-01-01 UTC. In a test outside a component: of the machine's clock."""
    return _raw.now_ms() if _lent.is_lent("clock") else time.time_ns() // 1_000_000


def now() -> datetime.datetime:
    """The same as a `datetime` in UTC."""
    return _EPOCH + datetime.timedelta(milliseconds=now_ms())
