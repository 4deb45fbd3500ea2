"""Profiling: what is in a data set, for a person and for later comparison."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milonga.components.profiling.component import Profile, profile_data

_HOMES = {
    "Profile": "component",
    "profile_data": "component",
}

__all__ = ["Profile", "profile_data"]


if not TYPE_CHECKING:  # a type checker must see that an unknown name is unknown

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
