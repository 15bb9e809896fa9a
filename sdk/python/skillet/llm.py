"""A language model behind the host's gateway: budgets, tiers and caches apply.

Granted with `llm = "small"` or `llm = "large"`.

    answer = llm.complete(page, instructions="Summarise in two sentences.", max_output_tokens=120)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from . import _failure, _lent

_raw = _lent.interface("llm")


class Error(_failure.Failure):
    """Why there is no answer."""


class BudgetExceeded(Error, _failure.Denied):
    """A budget of the owner's does not allow it; a retry would not help. The text says which."""


class Denied(Error, _failure.Denied):
    """The tier is not granted."""


class Unavailable(Error, _failure.Unavailable):
    """No model answers for now."""


_ERRORS: _lent.Errors = {
    "BudgetExceeded": (BudgetExceeded, "{}"),
    "Denied": (Denied, "{}"),
    "Unavailable": (Unavailable, "the model is unavailable: {}"),
}


@dataclass(frozen=True)
class Answer:
    """What the model said, and what it used."""

    text: str
    """The answer; JSON when there was an `output_schema`."""
    input_tokens: int
    output_tokens: int

    def json(self) -> Any:
        """The answer, parsed as JSON."""
        return _lent.from_json(self.text, "the model's answer")


def complete(
    prompt: str,
    *,
    tier: Literal["small", "large"] = "small",
    instructions: str = "",
    output_schema: dict[str, Any] | None = None,
    max_output_tokens: int = 512,
) -> Answer:
    """Asks, and waits for the answer.

    `small` is cheap and quick, `large` is for reasoning over much material. Keep the instructions the same from
    call to call: they are cached. With an `output_schema`, a JSON Schema, the answer is JSON that satisfies it.
    The host reserves money for `max_output_tokens`; ask for no more than needed.
    """
    if tier not in ("small", "large"):
        raise ValueError(f"the tier must be small or large, not {tier!r}")
    request = _raw.Request(
        tier=_raw.Tier[tier.upper()],
        instructions=_lent.text(instructions, "instructions"),
        prompt=_lent.text(prompt, "prompt"),
        output_schema=None if output_schema is None else _lent.to_json(output_schema),
        max_output_tokens=_lent.whole(max_output_tokens, "max_output_tokens"),
    )
    answer = _lent.ask(_ERRORS, _raw.complete, request)
    return Answer(answer.text, answer.input_tokens, answer.output_tokens)
