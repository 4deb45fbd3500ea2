"""A graph that stands ready becomes part of the graph under construction, under names that are free there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from milonga.compiler.graph import Component, Container, Executor, Graph, Resources
from milonga.compiler.graph.executor import EnvironmentVariable
from milonga.compiler.graph.task import ComponentRef
from milonga.compiler.graph.together import marks_of
from milonga.compiler.trace.library import Library, kubernetes_settings, resources_of, settings_key
from milonga.compiler.trace.ready_made import ReadyMade
from milonga.dsl.options import Options
from milonga.dsl.places import Place
from milonga.errors import AuthoringError


def embed(library: Library, definition: ReadyMade, options: Options) -> str:
    """The name of the graph component for a use of `definition`, whose graph is consistent, with `options`.

    Equal content is shared, as everywhere in the library. Settings of the whole run that the embedded pipeline asks
    for are asked for by the pipeline around it.

    Raises:
        AuthoringError: E174, two pipelines that want different things of the run.
    """
    key = (id(definition.graph), settings_key(options))
    known = library.embedded.get(key)
    makes_artifacts = definition.step is not None and bool(definition.step.output_artifacts)
    if known is not None and not makes_artifacts:
        return known[1]
    embedding = _Embedding(library, definition)
    embedding.add_run_settings()
    name = embedding.add_step(definition.step, options) if definition.step is not None else embedding.add_root()
    library.embedded[key] = (definition.graph, name)  # the graph is kept, so that no other gets its id
    return name


class _Embedding:
    """One graph on its way into a library: old names → new names."""

    def __init__(self, library: Library, definition: ReadyMade) -> None:
        self.library = library
        self.definition = definition
        self.graph: Graph = definition.graph
        self.names: dict[str, str] = {}

    def add_step(self, component: Component, options: Options) -> str:
        """A single step, with the author's options laid over its own settings."""
        label = component.executor_label or ""
        executor = _with_options(self.graph.executors[label], options)
        asked = kubernetes_settings(options)
        platforms: dict[str, dict[str, Any]] = {}
        for name in [*(self.graph.platforms or {}), *asked]:
            platforms[name] = _merged(self.graph.platform_settings(label, name), asked.get(name, {}))
        new_label = self.library.add_executor(self.definition.name, executor, platforms)
        border = dataclasses.replace(component, executor_label=new_label)
        return self.library.add_component(
            self.definition.name, border, places={"": self.definition.place}, share=not component.output_artifacts
        )

    def add_root(self) -> str:
        """The whole graph, as one nested DAG."""
        root = self._renamed("root", self.graph.root)
        return self.library.add_component(
            self.definition.name, root, places=self._places("root", root), together=self._together("root")
        )

    def add_run_settings(self) -> None:
        """What the graph asks of the whole run."""
        for name in self.graph.platforms or {}:
            asked = self.library.pipeline_configs.setdefault(name, {})
            for key, value in self.graph.run_settings(name).items():
                if asked.setdefault(key, value) != value:
                    raise AuthoringError(
                        "E174",
                        f"pipeline '{self.definition.name}' asks for another '{key}' of the run than one before it",
                        where=str(self.definition.place),
                        got=str(value),
                        expected=str(asked[key]),
                        hint="a run has one such setting; make them equal",
                    )
            if not asked:
                del self.library.pipeline_configs[name]

    def _component(self, name: str) -> str:
        known = self.names.get(name)
        if known is not None:
            return known
        component = self._renamed(name, self.graph.components[name])
        share = component.dag is not None or not component.output_artifacts
        places = self._places(name, component)
        self.names[name] = self.library.add_component(
            name.removeprefix("comp-"), component, places=places, together=self._together(name), share=share
        )
        return self.names[name]

    def _together(self, name: str) -> Mapping[str, str]:
        return marks_of(self.graph).get(name, {})

    def _renamed(self, name: str, component: Component) -> Component:
        """`component` with the new names of what it uses, which is in the library afterwards."""
        if component.dag is None:
            label = component.executor_label or ""
            platforms = {item: self.graph.platform_settings(label, item) for item in self.graph.platforms or {}}
            executor = self.graph.executors[label]
            return dataclasses.replace(
                component, executor_label=self.library.add_executor(label.removeprefix("exec-"), executor, platforms)
            )
        tasks = {
            key: dataclasses.replace(task, component_ref=ComponentRef(self._component(task.component_ref.name)))
            for key, task in (component.dag.tasks or {}).items()
            if task.component_ref is not None
        }
        return dataclasses.replace(component, dag=dataclasses.replace(component.dag, tasks=tasks))

    def _places(self, name: str, component: Component) -> dict[str, Place]:
        tasks = (component.dag.tasks if component.dag else None) or {}
        found = {task: self.graph.places[f"{name}/{task}"] for task in tasks if f"{name}/{task}" in self.graph.places}
        return {"": self.graph.places.get(f"{name}/", self.definition.place), **found}


def _with_options(executor: Executor, options: Options) -> Executor:
    container = executor.container
    if container is None:
        return executor
    variables = {item.name: item for item in container.env or ()}
    variables |= {name: EnvironmentVariable(name, value) for name, value in options.environment.items()}
    changed: Container = dataclasses.replace(
        container,
        image=options.image or container.image,
        env=tuple(variables.values()) or container.env,
        resources=_laid_over(container.resources, resources_of(options)),
    )
    return dataclasses.replace(executor, container=changed)


def _laid_over(below: Resources | None, above: Resources | None) -> Resources | None:
    if below is None or above is None:
        return above or below
    asked = {item.name: getattr(above, item.name) for item in dataclasses.fields(above)}
    return dataclasses.replace(below, **{name: value for name, value in asked.items() if value is not None})


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of one executor: lists are joined, labels too, everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        if isinstance(value, list) and isinstance(known, list):
            merged[key] = [*known, *value]
        elif isinstance(value, dict) and isinstance(known, dict):
            merged[key] = _merged(known, value)
        else:
            merged[key] = value
    return merged


__all__ = ["embed"]
