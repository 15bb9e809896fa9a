"""What the component exports: the skill's `run`, with everything that goes wrong in it made a failure."""

from __future__ import annotations

import inspect
import json
import os.path
from types import TracebackType
from typing import Any, get_type_hints

from . import _lent, _sandbox, _shape
from ._call import Call
from ._failure import Failure, InvalidInput

_sandbox.prepare()

import skill  # type: ignore[import-not-found]
from skillet_uses import MODULES  # type: ignore[import-not-found]
from wit_world import exports  # type: ignore[import-not-found]
from wit_world.imports import types as raw  # type: ignore[import-not-found]

_sandbox.load(MODULES)

_FAILURES = {
    "invalid-input": raw.Failure_InvalidInput,
    "unavailable": raw.Failure_Unavailable,
    "denied": raw.Failure_Denied,
    "failed": raw.Failure_Failed,
}


def _input_type() -> Any:
    run = getattr(skill, "run", None)
    parameters = list(inspect.signature(run).parameters) if inspect.isfunction(run) else []
    if len(parameters) != 2 or inspect.iscoroutinefunction(run):
        raise TypeError("skill.py needs a function `def run(input, call)`")
    return get_type_hints(run).get(parameters[0])


_INPUT = _input_type()


class Skill(exports.Skill):
    def run(self, call: raw.Call) -> str:
        try:
            _sandbox.begin()
            return _answer(call)
        except Failure as failure:
            kind, text = failure.kind, _words(failure)
        except BaseException as error:
            kind, text = "failed", _describe(error)
        raise _lent.Err(_FAILURES.get(kind, raw.Failure_Failed)(_lent.text(text, "text")))


def _answer(call: raw.Call) -> str:
    try:
        given = json.loads(call.input)
    except ValueError as error:
        raise InvalidInput(f"the input does not parse: {error}") from None
    of = Call(call.id, call.attempt, call.locale, call.time_zone, call.deadline_ms)
    try:
        output = skill.run(_shape.read(_INPUT, given, "input"), of)
    finally:
        _sandbox.end()
    return _lent.to_json(_shape.write(output))


def _describe(error: BaseException) -> str:
    """`ValueError: no digits (skill.py, line 12)`; the line is the last one outside the SDK."""
    where = ""
    step: TracebackType | None = error.__traceback__
    while step is not None:
        folder, file = os.path.split(step.tb_frame.f_code.co_filename)
        if os.path.basename(folder) != "skillet":
            where = f" ({file}, line {step.tb_lineno})"
        step = step.tb_next
    return ": ".join(filter(None, [type(error).__name__, _words(error)])) + where


def _words(error: BaseException) -> str:
    """An exception of the skill's own may fail even at this."""
    try:
        return str(error)
    except BaseException:
        return ""
