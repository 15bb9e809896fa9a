from __future__ import annotations

import json
import re
from typing import Any

_MAX_DEPTH = 400
"""Levels. The parser's own recursion, in C, overflows the sandbox's stack between 1,000 and 1,500."""

_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}]', re.DOTALL)
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}


def parse_json(written: str | bytes, **options: Any) -> Any:
    """`json.loads` for text of others: nested too deeply it is a ValueError, where `json.loads` ends the component.

    Bytes are read as UTF-8. The options are those of `json.loads`, such as `parse_float=decimal.Decimal`.
    """
    if isinstance(written, (bytes, bytearray)):
        written = written.decode("utf-8-sig", "replace")
    if _depth(written) > _MAX_DEPTH:
        raise ValueError(f"nested deeper than {_MAX_DEPTH} levels")
    return json.loads(written, **options)


def _depth(written: str) -> int:
    """Not counted where there are too few brackets for it to matter, which is nearly always."""
    if written.count("[") + written.count("{") <= _MAX_DEPTH:
        return 0
    depth = deepest = 0
    for token in _STRING_OR_BRACKET.finditer(written):
        depth += _STEP.get(token[0], 0)
        deepest = max(deepest, depth)
    return deepest
