"""Constants of a file in the forms that Kubernetes takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.compiler.graph.quantities import is_quantity
from milonga.compiler.targets.argo.pod.refusals import refused


def whole(value: Any) -> Any:
    """A constant of a file, in which all numbers are doubles, with whole numbers as such."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, (list, tuple)) else value


def integer(value: Any, setting: str) -> int:
    """A whole number that may be written as text.

    Raises:
        UnsupportedByTarget: E315, it is none.
    """
    try:
        return int(str(value))
    except ValueError as error:
        raise refused(setting, "this is no whole number", got=value) from error


def quantity(value: Any, setting: str) -> str:
    """A size as text.

    Raises:
        UnsupportedByTarget: E315, Kubernetes does not read it.
    """
    if not is_quantity(str(value)):
        raise refused(setting, "this is no size that Kubernetes reads", got=value, expected='such as "500m" or "4Gi"')
    return str(value)
