"""Times and texts as SQLite keeps them."""

from __future__ import annotations

from datetime import datetime, timezone


def moment_of(seconds: float) -> datetime:
    """The moment so many seconds after the epoch, in UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc)


def time_of(seconds: float | None) -> datetime | None:
    """As `moment_of`; None stays None."""
    return None if seconds is None else moment_of(seconds)


def seconds_of(time: datetime | None) -> float | None:
    """Seconds since the epoch; None stays None."""
    return None if time is None else time.timestamp()


def shown(time: datetime | None) -> str:
    """A time in UTC as RFC 3339 writes it, in whole seconds; "" for none."""
    return "" if time is None else time.strftime("%Y-%m-%dT%H:%M:%SZ")


def storable(text: str) -> str:
    """`text` with an escape for each surrogate that stands alone: it has no UTF-8, and SQLite keeps nothing else."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
