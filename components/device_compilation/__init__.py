"""Device compilation: what fits on a device, and a trained model in the form that runs best there."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milonga.components.device_compilation.component import Compiled, Measured, compile_model, measure_levels

_HOMES = {
    "Compiled": "component",
    "Measured": "component",
    "compile_model": "component",
    "measure_levels": "component",
}

__all__ = ["Compiled", "Measured", "compile_model", "measure_levels"]


if not TYPE_CHECKING:  # a type checker must see that an unknown name is unknown

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
