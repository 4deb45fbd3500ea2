"""Device profiles: what a device is, what runs on it, and which limits a network must keep there."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milonga.components.device_profiling.catalogue import list_devices, load_device
    from milonga.components.device_profiling.component import probe_device
    from milonga.components.device_profiling.host import probe_host

_HOMES = {
    "list_devices": "catalogue",
    "load_device": "catalogue",
    "probe_device": "component",
    "probe_host": "host",
}

__all__ = ["list_devices", "load_device", "probe_device", "probe_host"]


if not TYPE_CHECKING:  # a type checker must see that an unknown name is unknown

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
