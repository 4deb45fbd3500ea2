"""milonga: this data, that device, a network that runs there and stays good.

The public names; each is loaded when it is first used, so that `import milonga` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from milonga.__about__ import __version__

if TYPE_CHECKING:
    from milonga.backends.api import submit
    from milonga.compiler.api import check, compile, diff
    from milonga.compiler.interop import from_kfp
    from milonga.dsl import (
        HTML,
        Artifact,
        ClassificationMetrics,
        Collected,
        Component,
        Dataset,
        Elif,
        Else,
        ExitHandler,
        If,
        Markdown,
        Metrics,
        Model,
        OneOf,
        ParallelFor,
        Pipeline,
        TaskFinalStatus,
        component,
        contains,
        importer,
        pipeline,
    )
    from milonga.dsl.schedule import Schedule
    from milonga.engine.api import run
    from milonga.engine.replay.api import replay
    from milonga.errors import MilongaError

_LANGUAGE = (
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
    "TaskFinalStatus",
    "component",
    "contains",
    "importer",
    "pipeline",
)
_OTHERS = {
    "MilongaError": "milonga.errors",
    "Schedule": "milonga.dsl.schedule",
    "check": "milonga.compiler.api",
    "compile": "milonga.compiler.api",
    "diff": "milonga.compiler.api",
    "from_kfp": "milonga.compiler.interop",
    "replay": "milonga.engine.replay.api",
    "run": "milonga.engine.api",
    "submit": "milonga.backends.api",
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
    "MilongaError",
    "Model",
    "OneOf",
    "ParallelFor",
    "Pipeline",
    "Schedule",
    "TaskFinalStatus",
    "__version__",
    "check",
    "compile",
    "component",
    "contains",
    "diff",
    "from_kfp",
    "importer",
    "pipeline",
    "replay",
    "run",
    "submit",
]


if not TYPE_CHECKING:  # a type checker must see that an unknown name is unknown

    def __getattr__(name: str) -> Any:
        home = "milonga.dsl" if name in _LANGUAGE else _OTHERS.get(name)
        if home is None:
            raise AttributeError(f"module 'milonga' has no attribute {name!r}")
        return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return __all__
