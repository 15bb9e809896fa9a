"""Messages to the people this call is for.

Granted with `messages = ["me"]`, for the conversation of the call and the person's own Telegram chat, or
`messages = ["me", "people"]`, for any other paired person or group too.

A skill's answer is its output; a message is for what cannot wait for it, or for a job that nobody waits for.
"""

from __future__ import annotations

from . import _failure, _lent

_raw = _lent.interface("messages")


class Error(_failure.Failure):
    """Why a message was not queued."""


class Denied(Error, _failure.Denied):
    """The owner has not granted it, or there is no such chat."""


class Unavailable(Error, _failure.Unavailable):
    """The outbox cannot be reached for now."""


_ERRORS: _lent.Errors = {"Denied": (Denied, "{}"), "Unavailable": (Unavailable, "the outbox is unavailable: {}")}


def send(text: str, chat: str | None = None) -> str:
    """Queues a message to the conversation that this call came from, or to a chat; returns its id.

    `me` is the person's own Telegram chat; anything else is the name of a paired person or group, or a Telegram
    chat id, and needs the scope `people`. A retry of the call sends it no second time: the n-th message of a call
    is sent once.
    """
    to = None if chat is None else _lent.text(chat, "chat")
    return _lent.ask(_ERRORS, _raw.send, to, _lent.text(text, "text"))
