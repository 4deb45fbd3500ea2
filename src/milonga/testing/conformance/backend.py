"""The contract of what is put to the test, and the list of those that are known."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from milonga.errors import UsageError
from milonga.testing.conformance.observed import ObservedRun

BACKENDS: Mapping[str, str] = {
    "argo": "milonga.testing.conformance.argo_backend:ArgoConformance",
    "argo-fused": "milonga.testing.conformance.argo_backend:FusedArgoConformance",
    "milonga": "milonga.testing.conformance.milonga_backend:MilongaBackend",
    "kfp.local": "milonga.testing.conformance.kfp_local_backend:KfpLocalBackend",
}


@dataclass(frozen=True, slots=True)
class ArtifactArgument:
    """An artifact that a run gets: a file, its schema title and its metadata."""

    path: Path
    type: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One run of one file.

    Attributes:
        file: the pipeline file.
        arguments: parameters by name; those left out take their defaults.
        artifact_arguments: artifacts by name.
        secrets: secret name → key → value.
        home: folder for all state. A second request with the same home may use results of the first.
        use_cache: whether it does.
    """

    file: Path
    home: Path
    arguments: Mapping[str, Any] = field(default_factory=dict)
    artifact_arguments: Mapping[str, ArtifactArgument] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    use_cache: bool = False


@runtime_checkable
class ConformanceBackend(Protocol):
    """Runs pipeline files. Used by several threads at once, so it keeps no state of a run.

    Attributes:
        provides: what it can supply of the things that a file may require, such as "secrets" or "pod-metadata".
    """

    @property
    def provides(self) -> frozenset[str]:
        """What it can supply."""
        ...

    def read(self, file: Path) -> None:
        """Read and check a file, all of it, without running it.

        Raises:
            InvalidPipeline, UsageError: the file is no valid pipeline, or none that the back end takes.
        """
        ...

    def run(self, request: RunRequest) -> ObservedRun:
        """Run a file to its end, and say what was seen. A run that fails is an observation, no error.

        Raises:
            MilongaError: the run could not be started.
        """
        ...


def backend_named(name: str) -> ConformanceBackend:
    """A back end by its name, or by `package.module:Class`.

    Raises:
        UsageError: E917, there is no such back end, or it is none.
    """
    module_name, _, attribute = BACKENDS.get(name, name).partition(":")
    try:
        backend = getattr(importlib.import_module(module_name), attribute)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(
            "E917", f"there is no back end '{name}'", got=str(error), expected=f"{', '.join(BACKENDS)} or module:Class"
        ) from None
    if not isinstance(backend, ConformanceBackend):
        raise UsageError("E917", f"'{name}' is no back end", expected="provides, read(file) and run(request)")
    return backend
