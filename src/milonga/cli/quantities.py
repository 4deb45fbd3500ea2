"""Times and sizes as a person reads them; "" for what was not measured."""

from __future__ import annotations

import time


def seconds(value: float | None) -> str:
    """A duration."""
    if value is None:
        return ""
    if value < 100:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def size(value: int | None) -> str:
    """An amount of bytes."""
    if not value:
        return ""
    amount = float(value)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def instant(value: float | None) -> str:
    """A time of day on this machine's clock."""
    return "" if value is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(value))
