class Failure(Exception):
    """Why a run did not produce an output. Raise one of the four below.

    The text goes back to whoever asked, a model or a person.
    """

    kind = "failed"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = str(text)


class InvalidInput(Failure):
    """The arguments make no sense. The text should say what would be right."""

    kind = "invalid-input"


class Unavailable(Failure):
    """Something needed is away for now; the same call may work later.

    The host tries again, if the manifest's `idempotency` allows it or nothing has left the host.
    """

    kind = "unavailable"


class Denied(Failure):
    """The owner has not granted what this needs. The text should say what to grant."""

    kind = "denied"


class Failed(Failure):
    """Anything else. An exception of any other class ends the call this way too."""
