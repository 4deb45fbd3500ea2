"""Systems that run pipelines, one folder each; `local` is this machine. A new one is a folder here and a line below."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping

from milonga.backends.base import Backend
from milonga.errors import UsageError

BACKENDS: Mapping[str, str] = {
    "argo": "milonga.backends.argo.backend:ArgoBackend",
    "kfp": "milonga.backends.kfp.backend:KfpBackend",
    "local": "milonga.backends.local.backend:LocalBackend",
    "vertex": "milonga.backends.vertex.backend:VertexBackend",
}


def backend_named(name: str) -> type[Backend]:
    """The class of a back end; its module is loaded now, the client library that it uses is not.

    Raises:
        UsageError: E930, there is none of that name.
    """
    place = BACKENDS.get(name)
    if place is None:
        near = difflib.get_close_matches(name, BACKENDS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else ""
        raise UsageError("E930", f"unknown back end '{name}'", expected=", ".join(sorted(BACKENDS)), hint=hint)
    module, _, attribute = place.partition(":")
    backend: type[Backend] = getattr(importlib.import_module(module), attribute)
    return backend


__all__ = ["BACKENDS", "Backend", "backend_named"]
