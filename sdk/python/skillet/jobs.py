"""Work done later, on the host's schedule. Granted with `jobs = true`.

A skill sees and changes the jobs of the person its call is for. What a job says or does goes to the conversation
that the call came from.

    jobs.schedule("reminder", clock.now_ms() + 3_600_000, {"text": "tea"})
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any, Literal

from . import _failure, _lent

_raw = _lent.interface("jobs")


class Error(_failure.Failure):
    """Why a job was not scheduled, listed or changed."""


class Invalid(Error, _failure.InvalidInput):
    """The kind, the time or the recurrence makes no sense."""


class Denied(Error, _failure.Denied):
    """The owner has not granted it, or it is somebody else's job."""


class Unavailable(Error, _failure.Unavailable):
    """The scheduler cannot be reached for now."""


_ERRORS: _lent.Errors = {
    "Invalid": (Invalid, "{}"),
    "Denied": (Denied, "{}"),
    "Unavailable": (Unavailable, "the scheduler is unavailable: {}"),
}

State = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Job:
    """A job that is there."""

    id: str
    """What `reschedule` and `cancel` know it by."""
    kind: str
    """As in `schedule`."""
    state: State
    """`failed`: its attempts are used up."""
    run_at_ms: int
    """When it runs next, or ran last, in milliseconds since 1970-01-01 UTC."""
    recurrence: str | None
    """Its cron expression, if it runs again and again."""
    payload: Any
    """What it is given when it runs."""


def schedule(
    kind: str, run_at_ms: int, payload: Any = None, *, every: str | None = None, once_per: str | None = None
) -> str:
    """Schedules a job at a time in milliseconds since 1970-01-01 UTC; returns its id.

    The host knows the kinds `reminder` with the payload `{"text"}`, `skill_call` with `{"skill", "input"}`, and
    `daily_digest`. `every` is a cron expression of five fields, read in the user's time zone: the job runs again
    and again from its time on. A second job with the same `once_per` is not made; the first one's id is returned.
    """
    job = _raw.NewJob(
        kind=_lent.text(kind, "kind"),
        run_at_ms=_lent.whole(run_at_ms, "run_at_ms", bits=64),
        recurrence=None if every is None else _lent.text(every, "every"),
        payload=_lent.to_json(payload),
        idempotency_key=None if once_per is None else _lent.text(once_per, "once_per"),
    )
    return _lent.ask(_ERRORS, _raw.schedule, job)


def list(limit: int = 100) -> builtins.list[Job]:
    """The jobs still to run, the next one first; then those that ended in the last day, newest first."""
    jobs = _lent.ask(_ERRORS, _raw.list, _lent.whole(limit, "limit"))
    return [
        Job(job.id, job.kind, job.state.name.lower(), job.run_at_ms, job.recurrence, _payload(job.payload))
        for job in jobs
    ]


def _payload(written: str) -> Any:
    return _lent.from_json(written, "the job's payload")


def reschedule(id: str, run_at_ms: int) -> bool:
    """Moves a job that is still to run; false when it is not waiting any more."""
    return _lent.ask(_ERRORS, _raw.reschedule, _lent.text(id, "id"), _lent.whole(run_at_ms, "run_at_ms", bits=64))


def cancel(id: str) -> bool:
    """Takes a job off the schedule; whether it was still to run."""
    return _lent.ask(_ERRORS, _raw.cancel, _lent.text(id, "id"))
