"""Tasks in the order of their work."""

from __future__ import annotations

from collections.abc import Mapping, Set


def in_order(waits_for: Mapping[str, Set[str]]) -> list[str]:
    """Names so that each stands after those it waits for; what waits in a circle stands at the end."""
    known = frozenset(waits_for)
    left = {name: set(producers & known) for name, producers in waits_for.items()}
    waiting: dict[str, list[str]] = {}
    for name, producers in left.items():
        for producer in producers:
            waiting.setdefault(producer, []).append(name)
    free = [name for name, producers in left.items() if not producers]
    ordered: dict[str, None] = {}
    while free:
        following: list[str] = []
        for name in free:
            ordered[name] = None
            for other in waiting.get(name, ()):
                left[other].discard(name)
                if not left[other]:
                    following.append(other)
        free = following
    return [*ordered, *(name for name in waits_for if name not in ordered)]
