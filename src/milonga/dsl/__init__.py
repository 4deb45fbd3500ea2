"""The language: what authors write. Importing it loads a name only when it is used, so tasks stay light."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milonga.dsl.artifacts import (
        HTML,
        Artifact,
        ClassificationMetrics,
        Dataset,
        Markdown,
        Metrics,
        Model,
        SlicedClassificationMetrics,
    )
    from milonga.dsl.component_decorator import Component, component
    from milonga.dsl.conditions import contains
    from milonga.dsl.control import Collected, Elif, Else, ExitHandler, If, OneOf, ParallelFor
    from milonga.dsl.import_step import importer
    from milonga.dsl.parameters import TaskFinalStatus
    from milonga.dsl.pipeline_decorator import Pipeline, pipeline

HOMES = {
    "HTML": "artifacts",
    "Artifact": "artifacts",
    "ClassificationMetrics": "artifacts",
    "Collected": "control",
    "Component": "component_decorator",
    "Dataset": "artifacts",
    "Elif": "control",
    "Else": "control",
    "ExitHandler": "control",
    "If": "control",
    "Markdown": "artifacts",
    "Metrics": "artifacts",
    "Model": "artifacts",
    "OneOf": "control",
    "ParallelFor": "control",
    "Pipeline": "pipeline_decorator",
    "SlicedClassificationMetrics": "artifacts",
    "TaskFinalStatus": "parameters",
    "component": "component_decorator",
    "contains": "conditions",
    "importer": "import_step",
    "pipeline": "pipeline_decorator",
}

__all__ = [
    "HTML",
    "Artifact",
    "ClassificationMetrics",
    "Collected",
    "Component",
    "Dataset",
    "Elif",
    "Else",
    "ExitHandler",
    "If",
    "Markdown",
    "Metrics",
    "Model",
    "OneOf",
    "ParallelFor",
    "Pipeline",
    "SlicedClassificationMetrics",
    "TaskFinalStatus",
    "component",
    "contains",
    "importer",
    "pipeline",
]


if not TYPE_CHECKING:  # a type checker must see that an unknown name is unknown

    def __getattr__(name: str) -> Any:
        if name not in HOMES:
            raise AttributeError(f"module 'milonga.dsl' has no attribute {name!r}")
        return getattr(importlib.import_module(f"milonga.dsl.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
