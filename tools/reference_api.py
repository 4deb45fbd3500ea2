"""The page of the Python API, from the public docstrings."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

from reference_text import markdown_of, spelled_signature

PAGES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "Run and compile": (
        "`import milonga as ml`.",
        {
            "milonga": ("run", "compile"),
            "milonga.engine.result": ("RunResult",),
            "milonga.lineage.records": ("RunRecord", "TaskRecord", "ArtifactRecord"),
        },
    ),
    "Components and pipelines": (
        "All but `Options` are also names of `milonga`. See [language.md](language.md).",
        {
            "milonga.dsl": ("component", "Component", "pipeline", "Pipeline", "importer"),
            "milonga.dsl.options": ("Options",),
        },
    ),
    "Control flow": (
        "All of them are also names of `milonga`.",
        {
            "milonga.dsl": (
                "If",
                "Elif",
                "Else",
                "OneOf",
                "ParallelFor",
                "Collected",
                "ExitHandler",
                "TaskFinalStatus",
                "contains",
            )
        },
    ),
    "Artifacts": (
        "All but the last are also names of `milonga`.",
        {
            "milonga.dsl": (
                "Artifact",
                "Dataset",
                "Model",
                "Metrics",
                "ClassificationMetrics",
                "HTML",
                "Markdown",
                "SlicedClassificationMetrics",
            )
        },
    ),
    "Contracts of the catalogue": (
        "Their files: [artifacts.md](artifacts.md).",
        {
            "milonga.components.contracts": (
                "DataSplits",
                "TrainedModel",
                "DeviceProfile",
                "LatencyTable",
                "CompiledModel",
                "Evaluation",
                "Deployment",
            )
        },
    ),
    "Errors": (
        "Their codes: [errors.md](errors.md).",
        {
            "milonga.errors": (
                "MilongaError",
                "AuthoringError",
                "InvalidPipeline",
                "UnsupportedByTarget",
                "RunError",
                "TaskFailed",
                "StoreError",
                "DataError",
                "DeviceError",
                "LimitNotMet",
                "ServingError",
                "RemoteError",
                "UsageError",
                "MissingExtra",
            )
        },
    ),
    "For extensions": ("", {"milonga.testing.device_backend_conformance": ("DeviceBackendConformance",)}),
}

PUBLIC = {name for _, modules in PAGES.values() for names in modules.values() for name in names}
WITHOUT_MEMBERS = {"Options"}
"""Classes that are only ever given, never asked."""


def python_api_page() -> str:
    """All public names."""
    parts = ["# Python API", "The names that a program may use; what is not here may change."]
    for title, (introduction, modules) in PAGES.items():
        parts += [f"## {title}", introduction]
        for module, names in modules.items():
            for name in names:
                parts += _entry(module, name, getattr(importlib.import_module(module), name))
    return "\n\n".join(part for part in parts if part)


def _entry(module: str, name: str, target: Any) -> Iterator[str]:
    yield f"### {name}"
    if inspect.isclass(target):
        bases = ", ".join(f"`{base.__name__}`" for base in target.__bases__ if base.__name__ in PUBLIC)
        makers = [target, *(base for base in target.__bases__ if base.__name__.startswith("_"))]
        own = any("__init__" in vars(maker) for maker in makers)
        signature = spelled_signature(target).partition(" -> ")[0] if own else ""
        yield f"```text\nclass {module}.{name}{signature}\n```"
        yield f"A kind of {bases}." if bases else ""
    else:
        yield f"```text\n{module}.{name}{spelled_signature(target)}\n```"
    yield markdown_of(target.__doc__)
    if inspect.isclass(target) and name not in WITHOUT_MEMBERS:
        yield from _members(target)


def _members(owner: type) -> Iterator[str]:
    for name, value in vars(owner).items():
        if name.startswith(("_", "test_")):
            continue
        is_class_method = isinstance(value, (classmethod, staticmethod))
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if not inspect.isfunction(function) or not function.__doc__:
            continue
        signature = "" if isinstance(value, property) else spelled_signature(function, bound=True)
        kind = "property " if isinstance(value, property) else "class method " if is_class_method else ""
        yield f"#### {owner.__name__}.{name}"
        if signature or kind:
            yield f"```text\n{kind}{owner.__name__}.{name}{signature}\n```"
        yield markdown_of(function.__doc__)
