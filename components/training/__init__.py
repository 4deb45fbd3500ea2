"""Training: from frozen splits to a model, our own networks for images and scikit-learn for tables."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milonga.components.training.component import Trained, train, train_table

_HOMES = {
    "Trained": "component",
    "train": "component",
    "train_table": "component",
}

__all__ = ["Trained", "train", "train_table"]


if not TYPE_CHECKING:  # a type checker must see that an unknown name is unknown

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
