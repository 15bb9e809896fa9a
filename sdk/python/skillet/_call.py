from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One run of a skill. The host fills in every field; the defaults are for tests."""

    id: str = "00000000-0000-7000-8000-000000000000"
    """UUIDv7 of this run; the same on every retry of it. A good idempotency key."""
    attempt: int = 1
    """1 on the first attempt."""
    locale: str = "en"
    """IETF language tag of the user, for example `zh-CN`."""
    time_zone: str = "UTC"
    """IANA zone of the user, for example `Asia/Shanghai`."""
    deadline_ms: int = 10_000
    """Milliseconds that were left, when the run began, until the host stops it."""

    @property
    def is_chinese(self) -> bool:
        """Whether replies should be in Chinese: the locale is `zh` or a variety of it."""
        return self.locale.replace("_", "-").split("-")[0].lower() == "zh"
