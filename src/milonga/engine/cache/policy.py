"""How long results may be used, and how much of them is kept."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from decimal import Decimal

from milonga.errors import UsageError

_AGE = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)\s*(s|m|h|d|w)", re.IGNORECASE | re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)\s*([kmgtp]?)(i?)b?", re.IGNORECASE | re.ASCII)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """Limits of the cache. None is no limit.

    Attributes:
        max_age_s: seconds after which a result is not used any more, counted from when it was made.
        max_bytes: what the content store may hold when a run has ended; beyond that, content that was not used for
            longest is evicted, as far as no run needs it (see `eviction`).
    """

    max_age_s: float | None = None
    max_bytes: int | None = None

    @classmethod
    def chosen(cls, max_age: str | None = None, max_size: str | None = None) -> CachePolicy:
        """From what the user wrote, else from MILONGA_CACHE_MAX_AGE and MILONGA_CACHE_MAX_BYTES.

        Raises:
            UsageError: E963 no age, E964 no size.
        """
        age = max_age if max_age is not None else os.environ.get("MILONGA_CACHE_MAX_AGE") or None
        size = max_size if max_size is not None else os.environ.get("MILONGA_CACHE_MAX_BYTES") or None
        return cls(None if age is None else parse_age(age), None if size is None else parse_size(size))


def parse_age(text: str) -> float:
    """Seconds in "90s", "30m", "12h", "7d" or "2w".

    Raises:
        UsageError: E963, it is none of these.
    """
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise UsageError("E963", "this is no age", got=text, expected="a number and a unit: 90s, 30m, 12h, 7d, 2w")
    return float(match.group(1)) * _SECONDS[match.group(2).lower()]


def parse_size(text: str) -> int:
    """Bytes in "1000000", "500MB" (powers of 1000) or "20GiB" (powers of 1024).

    Raises:
        UsageError: E964, it is none of these.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or (match.group(3) and not match.group(2)):
        raise UsageError("E964", "this is no size", got=text, expected="bytes, or a number and a unit: 500MB, 20GiB")
    base = 1024 if match.group(3) else 1000
    return int(Decimal(match.group(1)) * base ** _POWERS[match.group(2).lower()])
