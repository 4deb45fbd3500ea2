"""The Graph: one whole pipeline, loss-free over KFP's PipelineSpec 2.1.0 and its platform document.

Frozen; equality is equality of content. Loading and dumping a document gives the same canonical JSON. `places` says
where the author wrote a task; it is not part of the content, so the same pipeline on another machine has the same
digest. Says nothing about YAML: `milonga.compiler.documents` reads and writes files.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.compiler.graph import wire
from milonga.compiler.graph.component import Component
from milonga.compiler.graph.executor import Executor
from milonga.compiler.graph.field_names import in_camel_case
from milonga.compiler.graph.task import Task
from milonga.dsl.places import Place
from milonga.errors import InvalidPipeline

SCHEMA_VERSION = "2.1.0"
KUBERNETES = "kubernetes"
"""The platform whose settings KFP's own back end reads."""


@dataclass(frozen=True, slots=True)
class PipelineInfo:
    """Name and texts of a pipeline."""

    name: str
    display_name: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """What runs the steps, by executor label."""

    executors: Mapping[str, Executor] | None = None


@dataclass(frozen=True, slots=True)
class PlatformDeployment:
    """Platform settings by executor label. The settings stay JSON: each platform names its own."""

    executors: Mapping[str, Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Platform:
    """Settings of one platform."""

    deployment_spec: PlatformDeployment | None = None
    pipeline_config: Mapping[str, Any] | None = None
    platform: str | None = None
    config: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Specification:
    """The wire form of the first document."""

    pipeline_info: PipelineInfo
    root: Component
    schema_version: str | None = None
    sdk_version: str | None = None
    components: Mapping[str, Component] | None = None
    deployment_spec: Deployment | None = None
    default_pipeline_root: str | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """A pipeline.

    Attributes:
        specification: the portable part.
        platforms: settings that only one platform understands, by its name; None when there is no such document.
        places: the author's file and line of a task, by "component/task", and of a component, by "component/"; the
            root's name is "root".
    """

    specification: Specification
    platforms: Mapping[str, Platform] | None = None
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)
    _read: Mapping[str, Platform] = field(init=False, compare=False, repr=False)
    """`platforms` as they are read, where `platforms` is as it is written."""

    def __post_init__(self) -> None:
        platforms = dict(self.platforms or {})
        if KUBERNETES in platforms:
            platforms[KUBERNETES] = _in_one_spelling(platforms[KUBERNETES])
        object.__setattr__(self, "_read", platforms)

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return self.specification.pipeline_info.name

    @property
    def root(self) -> Component:
        """The outermost component."""
        return self.specification.root

    @property
    def components(self) -> Mapping[str, Component]:
        """Components by name."""
        return self.specification.components or {}

    @property
    def executors(self) -> Mapping[str, Executor]:
        """Executors by label."""
        deployment = self.specification.deployment_spec
        return (deployment.executors if deployment else None) or {}

    def _repr_html_(self) -> str:
        """What a notebook shows. Pages are made layers above this one, so their module is loaded by its name."""
        page: str = importlib.import_module("milonga.reporting.notebook").graph_html(self)
        return page

    def __repr__(self) -> str:
        tasks = sum(len(component.dag.tasks or {}) for _, component in self.dags() if component.dag is not None)
        return f"<graph {self.name}: {tasks} tasks, {len(self.components)} components, {self.digest()[:12]}>"

    def component_of(self, task: Task, where: str = "") -> Component:
        """The component that `task` uses.

        Raises:
            InvalidPipeline: E210, the graph has no component of that name.
        """
        name = task.component_ref.name if task.component_ref else ""
        component = self.components.get(name)
        if component is None:
            raise InvalidPipeline("E210", f"a task uses component '{name}', which does not exist", where=where)
        return component

    @property
    def wants_workspace(self) -> bool:
        """Whether the run has a folder that all of its tasks share."""
        return "workspace" in self.run_settings()

    def platform_settings(self, executor_label: str, platform: str = KUBERNETES) -> Mapping[str, Any]:
        """Settings of one platform for one executor, empty when there are none; fields of Kubernetes in camelCase."""
        settings = self._read.get(platform)
        if settings is None or settings.deployment_spec is None:
            return {}
        return (settings.deployment_spec.executors or {}).get(executor_label, {})

    def run_settings(self, platform: str = KUBERNETES) -> Mapping[str, Any]:
        """Settings of one platform for the whole run (`pipelineConfig`), empty when there are none; fields of
        Kubernetes in camelCase."""
        settings = self._read.get(platform)
        return (settings.pipeline_config if settings is not None else None) or {}

    def dags(self) -> Iterator[tuple[str, Component]]:
        """The root ("root") and every component that holds tasks, by name."""
        yield "root", self.root
        for name, component in self.components.items():
            if component.dag is not None:
                yield name, component

    def to_documents(self) -> tuple[dict[str, Any], ...]:
        """One or two JSON documents: the specification, and the platforms if there are any."""
        first = wire.dump(self.specification)
        if self.platforms is None:
            return (first,)
        return first, {"platforms": wire.dump(self.platforms)}

    @classmethod
    def from_documents(cls, documents: tuple[Any, ...]) -> Graph:
        """The graph of one or two JSON documents.

        Raises:
            InvalidPipeline: E201-E205, not a pipeline.
        """
        if not documents:
            raise InvalidPipeline("E204", "the file is empty", expected="a KFP PipelineSpec")
        specification = wire.load(Specification, documents[0])
        _check_version(specification)
        platforms = None
        if len(documents) > 1:
            second = documents[1]
            if len(documents) > 2 or not _is_platforms(second):
                raise InvalidPipeline(
                    "E205",
                    "more than a pipeline and its platform settings in one file",
                    got=f"{len(documents)} documents",
                    expected="a PipelineSpec, then at most one document with the key 'platforms'",
                )
            platforms = {
                name: wire.load(Platform, item, f"platforms.{name}") for name, item in second["platforms"].items()
            }
        return cls(specification, platforms)

    def digest(self) -> str:
        """SHA-256 over the canonical JSON of all documents."""
        return digest_of(self.to_documents())

    def replace(self, **changes: Any) -> Graph:
        """A copy with other fields of the specification."""
        return dataclasses.replace(self, specification=dataclasses.replace(self.specification, **changes))


def digest_of(documents: tuple[Any, ...]) -> str:
    """The digest of the graph with these documents, for those that have made them anyway."""
    text = json.dumps(documents, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _in_one_spelling(platform: Platform) -> Platform:
    deployment = platform.deployment_spec
    executors = deployment.executors if deployment is not None else None
    return dataclasses.replace(
        platform,
        deployment_spec=PlatformDeployment({label: in_camel_case(item) for label, item in executors.items()})
        if executors is not None
        else deployment,
        pipeline_config=in_camel_case(platform.pipeline_config),
    )


def _is_platforms(document: Any) -> bool:
    return (
        isinstance(document, Mapping) and set(document) == {"platforms"} and isinstance(document["platforms"], Mapping)
    )


def _check_version(specification: Specification) -> None:
    version = specification.schema_version
    if version is not None and not version.startswith("2."):
        raise InvalidPipeline(
            "E206", "a pipeline of an unknown schema version", got=version, expected=f"2.x, such as {SCHEMA_VERSION}"
        )
