"""The artifact contracts: what one component writes and another one reads, checked at both ends."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milonga.components.contracts.compiled_model import CompiledModel
    from milonga.components.contracts.data_splits import DataSplits
    from milonga.components.contracts.deployment import Deployment
    from milonga.components.contracts.device_profile import DeviceProfile
    from milonga.components.contracts.evaluation import Evaluation
    from milonga.components.contracts.latency_table import LatencyTable
    from milonga.components.contracts.trained_model import TrainedModel

_HOMES = {
    "CompiledModel": "compiled_model",
    "DataSplits": "data_splits",
    "Deployment": "deployment",
    "DeviceProfile": "device_profile",
    "Evaluation": "evaluation",
    "LatencyTable": "latency_table",
    "TrainedModel": "trained_model",
}

__all__ = ["CompiledModel", "DataSplits", "Deployment", "DeviceProfile", "Evaluation", "LatencyTable", "TrainedModel"]


if not TYPE_CHECKING:  # a type checker must see that an unknown name is unknown

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
