"""Random numbers from the host, fit for tokens and keys. Needs no grant.

In a skill that imports `random`, `secrets` or `uuid`, these draw from the host as well: `random` is seeded at
the start of each call.
"""

from __future__ import annotations

import builtins

from . import _lent

_raw = _lent.interface("random")

_BYTES_PER_CALL = 1_024
"""The most that one call to the host gives."""


def bytes(length: int) -> builtins.bytes:
    """`length` random bytes."""
    left = _lent.whole(length, "length")
    pieces = []
    while left > 0:
        pieces.append(_raw.bytes(min(left, _BYTES_PER_CALL)))
        left -= len(pieces[-1])
    return b"".join(pieces)


def u64() -> int:
    """A number from 0 to 2^64 - 1, every value equally likely."""
    return int.from_bytes(bytes(8), "big")
