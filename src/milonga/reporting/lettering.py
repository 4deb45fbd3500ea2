"""How wide text gets in a sans-serif face that is not known: rather too wide than too narrow."""

from __future__ import annotations

import unicodedata

from milonga.reporting.markup import plain

_NARROW = frozenset("fijlrtI.,:;|!'()[]{}/\\ -·")
_WIDE = frozenset("mwMW@%—…")


def text_width(value: str, size_px: float) -> float:
    """Estimated width in pixels at a font size."""
    return sum(_em(character) for character in value) * size_px


def fit(value: str, width_px: float, size_px: float) -> str:
    """`value`, its end replaced by an ellipsis where it would not fit."""
    shown = plain(value[:400])
    if shown == value and text_width(shown, size_px) <= width_px:
        return shown
    room = width_px - text_width("…", size_px)
    kept: list[str] = []
    for character in shown:
        room -= _em(character) * size_px
        if room < 0:
            return "".join(kept).rstrip() + "…"
        kept.append(character)
    return "".join(kept) + ("…" if len(value) > 400 else "")


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.34
    if character in _WIDE:
        return 0.95
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return 1.05
    return 0.7 if character.isupper() else 0.58
