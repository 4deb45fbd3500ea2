"""Circles among things that wait for each other."""

from __future__ import annotations


def find_cycle(waits_for: dict[str, frozenset[str]]) -> list[str]:
    """One circle of names, each waiting for the next, or an empty list."""
    state: dict[str, int] = {}
    for start in waits_for:
        if state.get(start):
            continue
        stack: list[tuple[str, list[str]]] = [(start, sorted(waits_for[start]))]
        path = [start]
        state[start] = 1
        while stack:
            name, rest = stack[-1]
            if rest:
                following = rest.pop()
                if following not in waits_for:
                    continue
                if state.get(following) == 1:
                    return path[path.index(following) :]
                if not state.get(following):
                    state[following] = 1
                    path.append(following)
                    stack.append((following, sorted(waits_for[following])))
            else:
                state[name] = 2
                stack.pop()
                path.pop()
    return []
