"""Settings that only milonga reads, since KFP's files have no field for them: the platform "milonga"."""

from __future__ import annotations

import dataclasses
from typing import Any

from milonga.compiler.graph.graph import Graph, Platform

MILONGA = "milonga"
"""The platform's name. Whoever does not know it leaves it alone."""

RUNTIME_IMAGE = "runtimeImage"
"""An image with Python for pods, and containers in them, that run nothing of the author's."""


def own_setting(graph: Graph, key: str) -> Any:
    """A setting, None when there is none. It is what the file says, so it may be anything."""
    platform = (graph.platforms or {}).get(MILONGA)
    return ((platform.config if platform is not None else None) or {}).get(key)


def with_own_setting(graph: Graph, key: str, value: Any) -> Graph:
    """The graph with another value of a setting; None removes it."""
    platforms = dict(graph.platforms or {})
    known = platforms.get(MILONGA) or Platform(platform=MILONGA)
    config = {name: item for name, item in (known.config or {}).items() if name != key}
    if value is not None:
        config[key] = value
    platforms[MILONGA] = dataclasses.replace(known, config=config or None)
    if not config and platforms[MILONGA] == Platform(platform=MILONGA):
        del platforms[MILONGA]
    return dataclasses.replace(graph, platforms=dict(sorted(platforms.items())) or None)
