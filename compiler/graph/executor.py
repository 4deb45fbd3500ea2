"""What runs a step: a container, an importer, or one of the two kinds that only Google's back end knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from milonga.compiler.graph.component import ArtifactType
from milonga.compiler.graph.task import RuntimeValue


@dataclass(frozen=True, slots=True)
class Accelerator:
    """An accelerator request; `resource_type` and `resource_count` may hold placeholders."""

    type: str | None = None
    count: Any = None
    resource_type: str | None = None
    resource_count: str | None = None


@dataclass(frozen=True, slots=True)
class Resources:
    """Limits and requests: strings (Kubernetes quantities, placeholders allowed) and the deprecated numbers."""

    resource_cpu_limit: str | None = None
    resource_memory_limit: str | None = None
    resource_cpu_request: str | None = None
    resource_memory_request: str | None = None
    accelerator: Accelerator | None = None
    cpu_limit: float | None = None
    memory_limit: float | None = None
    cpu_request: float | None = None
    memory_request: float | None = None

    def limits(self) -> dict[str, str]:
        """What the step may use at most: "cpu" in cores and "memory" in bytes, as Kubernetes quantities.

        A number of the older fields (cores, and 10^9 bytes) counts where the newer text is absent, as in KFP's driver.
        """
        return _quantities(self.resource_cpu_limit, self.cpu_limit, self.resource_memory_limit, self.memory_limit)

    def requests(self) -> dict[str, str]:
        """What the step needs at least, like `limits`."""
        return _quantities(
            self.resource_cpu_request, self.cpu_request, self.resource_memory_request, self.memory_request
        )


def _quantities(
    cpu: str | None, older_cpu: float | None, memory: str | None, older_memory: float | None
) -> dict[str, str]:
    found = {"cpu": cpu or _decimal(older_cpu, ""), "memory": memory or _decimal(older_memory, "G")}
    return {resource: quantity for resource, quantity in found.items() if quantity}


def _decimal(number: float | None, unit: str) -> str:
    """A number without an exponent, which Kubernetes takes no unit after."""
    return f"{Decimal(str(number)):f}".removesuffix(".0") + unit if number else ""


@dataclass(frozen=True, slots=True)
class EnvironmentVariable:
    """One environment variable."""

    name: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """A command in an image. Command, arguments and image may hold KFP placeholders."""

    image: str | None = None
    command: tuple[str, ...] | None = None
    args: tuple[str, ...] | None = None
    env: tuple[EnvironmentVariable, ...] | None = None
    resources: Resources | None = None
    lifecycle: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Importer:
    """Registers a URI as an artifact."""

    artifact_uri: RuntimeValue | None = None
    type_schema: ArtifactType | None = None
    reimport: bool | None = None
    metadata: Mapping[str, Any] | None = None
    download_to_workspace: bool | None = None
    properties: Mapping[str, Any] | None = None
    custom_properties: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Executor:
    """Exactly one of these is set."""

    container: Container | None = None
    importer: Importer | None = None
    resolver: Mapping[str, Any] | None = None
    custom_job: Mapping[str, Any] | None = None
