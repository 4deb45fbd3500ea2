"""Whether settings of a platform depend on the run."""

from __future__ import annotations

from typing import Any

_BINDINGS = frozenset({"taskOutputParameter", "componentInputParameter"})


def is_bound(settings: Any) -> bool:
    """Whether a setting, or anything inside of it, takes its value from an input or an output of a task."""
    if isinstance(settings, dict):
        return bool(_BINDINGS & set(settings)) or any(map(is_bound, settings.values()))
    return isinstance(settings, (list, tuple)) and any(map(is_bound, settings))
