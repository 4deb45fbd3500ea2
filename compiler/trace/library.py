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
    Graph,
    Importer,
    Resources,
    RuntimeValue,
    wire,
)
from milonga.compiler.graph.executor import Accelerator
from milonga.compiler.graph.quantities import amount
from milonga.compiler.trace.borders import artifact_type, input_definitions, output_definitions
from milonga.compiler.trace.literals import moved_to_inputs, with_defaults
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


class Library:
    """Tables of the graph under construction; used by one trace, in one thread.

    Args:
        reserved: a name that no component gets: kfp's loader takes a file for the step that has its pipeline's name.

    Attributes:
        components, executors: by their names in the graph.
        platforms: platform → executor → settings that only this platform understands.
        pipeline_configs: platform → settings of the whole run.
        functions: executor → the author's function.
        places: where the author wrote what, as `Graph.places` has it.
        together: names of groups that share a pod, by task, by component.
        embedded: graphs that were embedded, with their component's name, by identity and settings.
    """

    def __init__(self, reserved: str = "") -> None:
        self._reserved = reserved
        self.components: dict[str, Component] = {}
        self.executors: dict[str, Executor] = {}
        self.platforms: dict[str, dict[str, dict[str, Any]]] = {}
        self.pipeline_configs: dict[str, dict[str, Any]] = {}
        self.functions: dict[str, Callable[..., Any]] = {}
        self.places: dict[str, Place] = {}
        self.together: dict[str, dict[str, str]] = {}
        self.embedded: dict[tuple[int, str], tuple[Graph, str]] = {}
        self._executor_labels: dict[str, str] = {}
        self._component_names: dict[str, str] = {}
        self._programs: dict[int, tuple[Any, list[str]]] = {}
        self._steps: dict[tuple[int, str], str] = {}

    def add_step(self, component: AuthorComponent[..., Any], options: Options) -> str:
        """The name of the graph component for a use of `component` with `options`."""
        settings = settings_key(options)
        makes_artifacts = any(isinstance(output.schema, ArtifactSchema) for output in component.signature.outputs)
        known = self._steps.get((id(component.function), settings))
        if known is not None and not makes_artifacts:
            return known
        label = self.add_executor(
            component.name, self._container(component, options), kubernetes_settings(options), component.function
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
        moved: dict[str, str] = {}
        importer = Importer(
            artifact_uri=uri,
            type_schema=artifact_type(schema),
            reimport=step.reimport,
            metadata=moved_to_inputs(step.metadata, moved) or None,
        )
        label = self.add_executor(step.name, Executor(importer=importer))
        border = Component(input_definitions(step.signature), output_definitions(step.signature), None, label)
        return self.add_component(step.name, with_defaults(border, moved) if moved else border, share=False)

    def add_with_defaults(self, name: str, defaults: Mapping[str, Any]) -> str:
        """The name of a component like that of `name`, with other defaults for some of its inputs."""
        border = with_defaults(self.components[name], defaults)
        chosen = self.add_component(name.removeprefix("comp-"), border, share=not border.output_artifacts)
        if chosen != name:
            inside = f"{name}/"
            places = {key: place for key, place in self.places.items() if key.startswith(inside)}
            self.add_places(chosen, {key.removeprefix(inside): place for key, place in places.items()})
        return chosen

    def used_by(self, root: Component) -> dict[str, Component]:
        """The components that `root` reaches, by name, sorted; one of which only a variant is used is left out."""
        found: dict[str, Component] = {}
        pending = [root]
        while pending:
            dag = pending.pop().dag
            for task in ((dag.tasks if dag is not None else None) or {}).values():
                name = task.component_ref.name if task.component_ref else ""
                if name in self.components and name not in found:
                    found[name] = self.components[name]
                    pending.append(found[name])
        return dict(sorted(found.items()))

    def add_component(
        self,
        name: str,
        component: Component,
        *,
        places: Mapping[str, Place] | None = None,
        together: Mapping[str, str] | None = None,
        share: bool = True,
    ) -> str:
        """Put `component` into the graph under a free name made of `name`, or find its equal.

        `places` says where the author wrote its tasks, by name, and itself, by ""; `together` with which ones a task
        shares a pod.
        """
        key = json.dumps([wire.dump(component), dict(together or {})], sort_keys=True)
        if share and key in self._component_names:
            return self._component_names[key]
        chosen = self._free("comp", name, self.components)
        self.components[chosen] = component
        self._component_names[key] = chosen
        self.add_places(chosen, places or {})
        if together:
            self.together[chosen] = dict(together)
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
            resources=resources_of(options),
        )
        return Executor(container=container)

    def add_executor(
        self,
        name: str,
        executor: Executor,
        platforms: Mapping[str, Mapping[str, Any]] | None = None,
        function: Callable[..., Any] | None = None,
    ) -> str:
        """Put `executor` into the graph under a free name made of `name`, or find its equal.

        Args:
            name: what it runs.
            executor: the executor.
            platforms: settings that only one platform understands, by its name.
            function: the author's function behind it, for running it in this process.
        """
        settings = {platform: dict(values) for platform, values in (platforms or {}).items() if values}
        key = json.dumps([wire.dump(executor), settings], sort_keys=True)
        label = self._executor_labels.get(key)
        if label is None:
            label = self._free("exec", name, self.executors)
            self._executor_labels[key] = label
            self.executors[label] = executor
            for platform, values in settings.items():
                self.platforms.setdefault(platform, {})[label] = values
            if function is not None:
                self.functions[label] = function
        return label

    def _free(self, prefix: str, name: str, taken: Mapping[str, Any]) -> str:
        chosen, count = f"{prefix}-{name}", 1
        while chosen in taken or chosen == f"{prefix}-{self._reserved}":
            count += 1
            chosen = f"{prefix}-{name}-{count}"
        return chosen


def settings_key(options: Options) -> str:
    """Text that is the same for options that make the same executor."""
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


def resources_of(options: Options) -> Resources | None:
    """Limits of a container; None when there are none."""
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
        cpu_limit=amount(options.cpu) if options.cpu else None,
        memory_limit=amount(options.memory) / 1e9 if options.memory else None,
    )


def kubernetes_settings(options: Options) -> dict[str, dict[str, Any]]:
    """What only Kubernetes understands, by platform; empty when nothing is asked for."""
    settings: dict[str, Any] = {}
    if options.timeout_s is not None:
        settings["activeDeadlineSeconds"] = str(max(1, round(options.timeout_s)))
    if options.node_selector:
        settings["nodeSelector"] = {"labels": dict(sorted(options.node_selector.items()))}
    if options.secrets:
        settings["secretAsEnv"] = [
            _secret_entry(variable, reference) for variable, reference in sorted(options.secrets.items())
        ]
    return {"kubernetes": settings} if settings else {}


def _secret_entry(variable: str, reference: str) -> dict[str, Any]:
    secret, _, key = reference.partition("/")
    return {
        "keyToEnv": [{"envVar": variable, "secretKey": key}],
        "optional": False,
        "secretName": secret,
        "secretNameParameter": {"runtimeValue": {"constant": secret}},
    }


__all__ = [
    "DEFAULT_IMAGE",
    "Library",
    "kubernetes_settings",
    "resources_of",
    "settings_key",
]
