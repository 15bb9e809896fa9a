"""Requests to the hosts that the owner granted: `http = ["api.example.org"]`.

    rate = http.get("https://api.example.org/eur/cny").ok().json()["rate"]

Secrets never pass through a skill: the manifest names the header and the host puts the value in, only for the
host it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

from . import _failure, _lent

_raw = _lent.interface("http")

DEFAULT_TIMEOUT_MS = 10_000
"""Long enough for a slow interface, short enough for a person who waits."""


class Error(_failure.Failure):
    """Why there is no usable response."""


class Denied(Error, _failure.Denied):
    """The host or the method is not granted, or the address is not public."""


class Invalid(Error, _failure.Failed):
    """The request makes no sense, for example its URL."""


class Timeout(Error, _failure.Unavailable):
    """No whole response in time."""


class TooLarge(Error, _failure.Failed):
    """The response is longer than the host accepts."""


class Unreachable(Error, _failure.Unavailable):
    """No connection."""


class Status(Error, _failure.Failed):
    """The server answered, with a status that is not a success.

    What a retry may mend is unavailable: too many requests, the server's own fault.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"the server answered with status {status}")
        self.status = status
        if status in (408, 429) or status >= 500:
            self.kind = _failure.Unavailable.kind


_ERRORS: _lent.Errors = {
    "Denied": (Denied, "{}"),
    "Invalid": (Invalid, "the request is invalid: {}"),
    "Timeout": (Timeout, "the server did not answer in time"),
    "TooLarge": (TooLarge, "the response is too large"),
    "Unreachable": (Unreachable, "the server cannot be reached: {}"),
}


@dataclass(frozen=True)
class Response:
    """What the server answered."""

    status: int
    """The status code, 200 for a success."""
    headers: list[tuple[str, str]]
    """The headers, in the order they came."""
    body: bytes
    """The body, already decompressed."""

    def ok(self) -> Response:
        """This response if its status is a success (2xx), else an exception `Status`."""
        if not 200 <= self.status <= 299:
            raise Status(self.status)
        return self

    def header(self, name: str) -> str | None:
        """The first header of that name, in whatever case."""
        return next((value for given, value in self.headers if given.lower() == name.lower()), None)

    def text(self, encoding: str = "utf-8") -> str:
        """The body as text; bytes that do not fit the encoding become U+FFFD."""
        return self.body.decode(encoding, "replace")

    def json(self) -> Any:
        """The body, parsed as JSON."""
        return _lent.from_json(self.body, "the response")


def fetch(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | list[tuple[str, str]] = {},
    body: bytes | str = b"",
    timeout_ms: int = DEFAULT_TIMEOUT_MS,
) -> Response:
    """Sends a request of any method. A status like 404 is a response, not an error: see `Response.ok`."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    request = _raw.Request(
        method=_lent.text(method, "method"),
        url=_lent.text(url, "url"),
        headers=[(_lent.text(name, "a header's name"), _lent.text(value, "a header's value")) for name, value in pairs],
        body=_lent.data(body, "body"),
        timeout_ms=_lent.whole(timeout_ms, "timeout_ms"),
    )
    response = _lent.ask(_ERRORS, _raw.fetch, request)
    return Response(response.status, list(response.headers), response.body)


def get(url: str, *, headers: Mapping[str, str] = {}, timeout_ms: int = DEFAULT_TIMEOUT_MS) -> Response:
    """A `GET` request."""
    return fetch("GET", url, headers=headers, timeout_ms=timeout_ms)


def post(
    url: str,
    *,
    json: Any = None,
    body: bytes | str = b"",
    headers: Mapping[str, str] = {},
    timeout_ms: int = DEFAULT_TIMEOUT_MS,
) -> Response:
    """A `POST` request with a body as it is, or with a JSON body and the header that says so."""
    if json is not None:
        headers, body = {**headers, "content-type": "application/json"}, _lent.to_json(json)
    return fetch("POST", url, headers=headers, body=body, timeout_ms=timeout_ms)
