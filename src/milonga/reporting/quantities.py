"""Numbers with units, as a person reads them. All output is the same on every machine and in every locale."""

from __future__ import annotations

import math
from datetime import datetime, timezone


def duration(seconds: float | None) -> str:
    """340 ms, 3.2 s, 4 min 12 s, 2 h 05 min, 3 d 04 h."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return "—"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600:02d} h"


def byte_size(count: float) -> str:
    """512 B, 1.5 KiB, 20 MiB."""
    size, unit = float(count), "B"
    for following in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, following
    return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.3g} {unit}"


def moment(seconds: float | None) -> str:
    """A time since the epoch as UTC."""
    if seconds is None:
        return "—"
    try:
        return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return "unknown"


def number(value: float) -> str:
    """Whole numbers in full with groups of three, others with four significant digits."""
    try:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int):
            return f"{value:,}".replace(",", "\u202f")
        if math.isfinite(value) and value == int(value) and abs(value) < 1e6:
            return f"{value:.1f}"
        return f"{value:.4g}"
    except ValueError:  # Python refuses to spell whole numbers of more than 4300 digits
        return "a very large number"


def percent(value: float) -> str:
    """A share 0 to 1 in percent, with one digit more than a share of a thousand samples can show."""
    return f"{value * 100:.2f} %"


def as_number(value: object) -> float | None:
    """`value` if it is a finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
