"""One spelling of the fields of Kubernetes settings.

protobuf's JSON takes each field in camelCase and in snake_case, and KFP's back end reads both. Who writes a file
chooses; who reads a graph sees camelCase alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.compiler.graph.wire import camel_case

AUTHORS_OWN = frozenset(
    (
        *("labels", "annotations", "matchPodLabels", "matchNamespaceLabels", "requests", "limits"),
        *("constant", "pvcSpecPatch"),
    )
)
"""Fields whose keys are the author's own: the maps, `Value` and `Struct` of the protos."""


def in_camel_case(settings: Any) -> Any:
    """`settings` with the names of all fields in camelCase; the very same object when they are so already.

    A field that stands there in both spellings, which protobuf refuses, keeps the value of the camelCase one.
    """
    if isinstance(settings, Mapping):
        renamed: dict[Any, Any] = {}
        changed = False
        for key, value in settings.items():
            name = camel_case(key) if isinstance(key, str) and "_" in key else key
            inner = value if name in AUTHORS_OWN else in_camel_case(value)
            changed = changed or inner is not value or name != key
            if name == key or name not in settings:
                renamed[name] = inner
        return renamed if changed else settings
    if isinstance(settings, (list, tuple)):
        items = [in_camel_case(item) for item in settings]
        return items if any(new is not old for new, old in zip(items, settings, strict=True)) else settings
    return settings
