"""The components and executors of the graph under construction: each distinct one stands once.

Executors are shared by content. A component is shared too, unless it makes artifacts: kfp's local runner stores
artifacts by component name, and two uses of one component would overwrite each other there (facts in
docs/explanation/deduplication.md); such a use gets a border of its own, which is small, and shares the executor,
which holds the source.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from milonga.compiler.graph import (
    Component,
    Container,
    EnvironmentVariable,
    Executor,
    Importer,
    Resources,
    RuntimeValue,
    wire,
)
from milonga.compiler.graph.executor import Accelerator
from milonga.compiler.trace.borders import artifact_type, input_definitions, output_definitions
from milonga.compiler.trace.modules import bundle_of, packed_runtime
from milonga.compiler.trace.sources import extract
from milonga.dsl.component_decorator import Component as AuthorComponent
from milonga.dsl.import_step import Importer as ImportStep
from milonga.dsl.options import Options
from milonga.dsl.places import Place
from milonga.dsl.signature import ArtifactSchema
from milonga.runtime.program import LOADER, TaskProgram

DEFAULT_IMAGE = "python:3.11-slim"
DEFAULT_GPU = "nvidia.com/gpu"

_UNITS = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_BINARY_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}


class Library:
    """Tables of the graph under construction; used by one trace, in one thread."""

    def __init__(self) -> None:
        self.components: dict[str, Component] = {}
        self.executors: dict[str, Executor] = {}
        self.platform: dict[str, dict[str, Any]] = {}
        self.functions: dict[str, Callable[..., Any]] = {}
        self.places: dict[str, Place] = {}
        self._executor_labels: dict[str, str] = {}
        self._component_names: dict[str, str] = {}
        self._programs: dict[int, tuple[Any, list[str]]] = {}
        self._steps: dict[tuple[int, str], str] = {}

    def add_step(self, component: AuthorComponent[..., Any], options: Options) -> str:
        """The name of the graph component for a use of `component` with `options`."""
        settings = _settings_key(options)
        makes_artifacts = any(isinstance(output.schema, ArtifactSchema) for output in component.signature.outputs)
        known = self._steps.get((id(component.function), settings))
        if known is not None and not makes_artifacts:
            return known
        label = self._add_executor(
            component.name, self._container(component, options), _platform_settings(options), component.function
        )
        border = Component(input_definitions(component.signature), output_definitions(component.signature), None, label)
        name = self.add_component(component.name, border, places={"": component.place}, share=not makes_artifacts)
        self._steps[(id(component.function), settings)] = name
        return name

    def add_importer(self, step: ImportStep, uri: RuntimeValue) -> str:
        """The name of the graph component of an importer."""
        schema = step.signature.outputs[0].schema
        if not isinstance(schema, ArtifactSchema):
            raise AssertionError("an importer makes an artifact")
        importer = Importer(
            artifact_uri=uri,
            type_schema=artifact_type(schema),
            reimport=step.reimport,
            metadata=step.metadata or None,
        )
        label = self._add_executor(step.name, Executor(importer=importer), {}, None)
        border = Component(input_definitions(step.signature), output_definitions(step.signature), None, label)
        return self.add_component(step.name, border, share=False)

    def add_component(
        self, name: str, component: Component, *, places: Mapping[str, Place] | None = None, share: bool = True
    ) -> str:
        """Put `component` into the graph under a free name made of `name`, or find its equal.

        `places` says where the author wrote its tasks, by name, and itself, by "".
        """
        key = json.dumps(wire.dump(component), sort_keys=True)
        if share and key in self._component_names:
            return self._component_names[key]
        chosen = _free(f"comp-{name}", self.components)
        self.components[chosen] = component
        self._component_names[key] = chosen
        self.add_places(chosen, places or {})
        return chosen

    def add_places(self, component: str, places: Mapping[str, Place]) -> None:
        """Remember where the author wrote the tasks of a component of the graph, and itself."""
        self.places.update({f"{component}/{task}": place for task, place in places.items()})

    def _container(self, component: AuthorComponent[..., Any], options: Options) -> Executor:
        kept = self._programs.get(id(component.function))
        if kept is None:
            source = extract(component.function, component.name)
            modules = bundle_of(source.imports, where=str(component.place))
            program = TaskProgram(component.function.__name__, source.text, component.packages, modules)
            kept = (component.function, [packed_runtime(), *program.to_args()])
            self._programs[id(component.function)] = kept
        environment = tuple(EnvironmentVariable(name, value) for name, value in options.environment.items())
        container = Container(
            image=options.image or DEFAULT_IMAGE,
            command=("python3", "-c", LOADER),
            args=tuple(kept[1]),
            env=environment or None,
            resources=_resources(options),
        )
        return Executor(container=container)

    def _add_executor(
        self, name: str, executor: Executor, platform: dict[str, Any], function: Callable[..., Any] | None
    ) -> str:
        key = json.dumps([wire.dump(executor), platform], sort_keys=True)
        label = self._executor_labels.get(key)
        if label is None:
            label = _free(f"exec-{name}", self.executors)
            self._executor_labels[key] = label
            self.executors[label] = executor
            if platform:
                self.platform[label] = platform
            if function is not None:
                self.functions[label] = function
        return label


def _free(wanted: str, taken: Mapping[str, Any]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}-{count}"
    return name


def _settings_key(options: Options) -> str:
    return json.dumps(
        [
            options.image,
            options.cpu,
            options.memory,
            options.gpu,
            options.gpu_type,
            options.timeout_s,
            list(options.environment.items()),
            sorted(options.secrets.items()),
            sorted(options.node_selector.items()),
        ]
    )


def _resources(options: Options) -> Resources | None:
    accelerator = None
    if options.gpu:
        kind = options.gpu_type or DEFAULT_GPU
        accelerator = Accelerator(
            type=kind, count=str(options.gpu), resource_type=kind, resource_count=str(options.gpu)
        )
    if not (options.cpu or options.memory or accelerator):
        return None
    return Resources(
        resource_cpu_limit=options.cpu,
        resource_memory_limit=options.memory,
        accelerator=accelerator,
        cpu_limit=cores(options.cpu) if options.cpu else None,
        memory_limit=gigabytes(options.memory) if options.memory else None,
    )


def cores(quantity: str) -> float:
    """A Kubernetes cpu quantity as a number of cores: "500m" → 0.5."""
    return int(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def gigabytes(quantity: str) -> float:
    """A Kubernetes memory quantity in 10^9 bytes, the unit of KFP's deprecated number fields."""
    return memory_bytes(quantity) / 1e9


def memory_bytes(quantity: str) -> float:
    """A Kubernetes memory quantity in bytes: "4Gi" → 4294967296."""
    for units in (_BINARY_UNITS, _UNITS):
        for unit, factor in units.items():
            if quantity.endswith(unit):
                return float(quantity[: -len(unit)]) * factor
    return float(quantity)


def _platform_settings(options: Options) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if options.timeout_s is not None:
        settings["activeDeadlineSeconds"] = str(max(1, round(options.timeout_s)))
    if options.node_selector:
        settings["nodeSelector"] = {"labels": dict(sorted(options.node_selector.items()))}
    if options.secrets:
        entries = []
        for variable, reference in sorted(options.secrets.items()):
            secret, _, key = reference.partition("/")
            entries.append(
                {
                    "keyToEnv": [{"envVar": variable, "secretKey": key}],
                    "optional": False,
                    "secretName": secret,
                    "secretNameParameter": {"runtimeValue": {"constant": secret}},
                }
            )
        settings["secretAsEnv"] = entries
    return settings


__all__ = ["DEFAULT_IMAGE", "Library", "cores", "gigabytes", "memory_bytes"]
