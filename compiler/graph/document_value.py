"""Values that stand in a pipeline file, as the author meant them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.compiler.graph import wire


def document_value(value: Any, *, is_inside: bool = False) -> Any:
    """A default or constant of a pipeline file as a plain JSON value.

    KFP writes them through protobuf, which knows doubles only: the 1 of an author stands there as 1.0. For a parameter
    its declared type tells; inside of a list or struct nothing does, and a whole number is an integer, as in KFP's
    own back end.
    """
    if is_inside and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [document_value(item, is_inside=True) for item in value]
    if isinstance(value, Mapping):
        return {key: document_value(item, is_inside=True) for key, item in value.items()}
    return wire.plain(value)
