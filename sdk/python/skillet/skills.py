"""Other skills of the host. Granted with `skills = ["calculator"]`.

    total = skills.call("calculator", {"expression": "2 * 21"})["value"]

What the other skill uses counts against this call: three levels deep at most, sixteen calls in all, within the fuel
and the time of the first one. It runs for the same person, in a sandbox of its own.
"""

from typing import Any

from . import _failure, _lent

_raw = _lent.interface("skills")

_ERRORS: _lent.Errors = {
    "InvalidInput": (_failure.InvalidInput, "{}"),
    "Unavailable": (_failure.Unavailable, "{}"),
    "Denied": (_failure.Denied, "{}"),
    "Failed": (_failure.Failed, "{}"),
}


def call(skill: str, input: Any) -> Any:
    """Runs another skill and returns its output.

    Raises what the other skill says, `Denied` if this one may not call it, `Unavailable` if the share of the first
    call is used up or no place is free.
    """
    output = _lent.ask(_ERRORS, _raw.call, _lent.text(skill, "skill"), _lent.to_json(input))
    return _lent.from_json(output, "the other skill's output")
