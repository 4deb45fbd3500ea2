"""Ingestion: from files of the user to frozen, checked splits."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milonga.components.ingestion.component import ingest_images, ingest_table
    from milonga.components.ingestion.samples import write_digits

_HOMES = {
    "ingest_images": "component",
    "ingest_table": "component",
    "write_digits": "samples",
}

__all__ = ["ingest_images", "ingest_table", "write_digits"]


if not TYPE_CHECKING:  # a type checker must see that an unknown name is unknown

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
