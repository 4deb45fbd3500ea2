"""A graph that is being rewritten: new components, executors and tasks under free names."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from milonga.compiler.graph import (
    Component,
    Dag,
    Deployment,
    Executor,
    Graph,
    Platform,
    PlatformDeployment,
    Task,
    wire,
)
from milonga.compiler.graph.nesting import used_names
from milonga.dsl.component_decorator import Component as AuthorComponent
from milonga.dsl.options import Options
from milonga.dsl.places import Place


class GraphEditor:
    """Collects changes to one graph; owned by one pass, used in one thread. `finish` may be called once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._components: dict[str, Component] = dict(graph.components)
        self._executors: dict[str, Executor] = dict(graph.executors)
        self._places: dict[str, Place] = {}
        self._settings: dict[str, Mapping[str, Any]] = {}
        self._steps: dict[int, Component] = {}
        self._shared: dict[str, str] = {}
        self._root = graph.root
        self._changed = False

    def component(self, name: str) -> Component:
        """A component as it is now; "root" is the outermost."""
        return self._root if name == "root" else self._components[name]

    def set_component(self, name: str, component: Component) -> None:
        """Replace a component; "root" is the outermost."""
        self._changed = True
        if name == "root":
            self._root = component
        else:
            self._components[name] = component

    def set_task(self, scope: str, name: str, task: Task) -> None:
        """Add a task to the DAG `scope`, or replace it."""
        component = self.component(scope)
        dag = component.dag or Dag()
        tasks = {**(dag.tasks or {}), name: task}
        self.set_component(scope, dataclasses.replace(component, dag=dataclasses.replace(dag, tasks=tasks)))

    def add_component(self, wanted: str, component: Component) -> str:
        """Add a component; its name. One that was added before serves again, unless it makes artifacts.

        kfp's local runner stores artifacts by the name of their component, so that two tasks would overwrite theirs.
        """
        self._changed = True
        key = json.dumps(wire.dump(component), sort_keys=True)
        if key in self._shared:
            return self._shared[key]
        name = _free(wanted, self._components)
        self._components[name] = component
        if component.dag is None and not component.output_artifacts:
            self._shared[key] = name
        return name

    def set_settings(self, label: str, settings: Mapping[str, Any]) -> None:
        """Kubernetes settings of an executor."""
        self._changed = True
        self._settings[label] = settings

    def add_executor(self, wanted: str, executor: Executor) -> str:
        """Add an executor, or find its equal; its label."""
        known = next((label for label, other in self._executors.items() if other == executor), None)
        if known is not None:
            return known
        label = _free(wanted, self._executors)
        self._executors[label] = executor
        return label

    def set_executor(self, label: str, executor: Executor) -> None:
        """Replace an executor."""
        self._changed = True
        self._executors[label] = executor

    def add_step(self, step: AuthorComponent[..., Any]) -> Component:
        """The graph component of a step of milonga's own, with its executor; not yet under a name."""
        from milonga.compiler.trace.library import Library  # heavy, and needed by few graphs

        if id(step) not in self._steps:
            library = Library()
            made = library.components[library.add_step(step, Options())]
            label = self.add_executor(made.executor_label or "", library.executors[made.executor_label or ""])
            self._steps[id(step)] = dataclasses.replace(made, executor_label=label)
        return self._steps[id(step)]

    def free_task(self, scope: str, wanted: str) -> str:
        """A name that no task of the DAG has."""
        dag = self.component(scope).dag
        return _free(wanted, (dag.tasks if dag else None) or {})

    def copy_place(self, path: str, new: str) -> None:
        """Let a new task stand where an old one was written."""
        place = self._places.get(path) or self.graph.places.get(path)
        if place is not None:
            self._places[new] = place

    def copy_places(self, component: str, new: str) -> None:
        """Let the tasks of a new component stand where those of an old one were written."""
        dag = self.component(component).dag
        for task in ("", *((dag.tasks if dag else None) or {})):
            self.copy_place(f"{component}/{task}", f"{new}/{task}")

    def finish(self) -> Graph:
        """The new graph, or the old one if nothing has changed."""
        if not self._changed:
            return self.graph
        self._drop_unused()
        specification = self.graph.specification
        deployment = specification.deployment_spec or Deployment()
        changed = dataclasses.replace(
            specification,
            root=self._root,
            components=dict(sorted(self._components.items())) or None,
            deployment_spec=dataclasses.replace(deployment, executors=dict(sorted(self._executors.items()))),
        )
        places = {**self.graph.places, **self._places} if self._places else self.graph.places
        return dataclasses.replace(self.graph, specification=changed, platforms=self._platforms(), places=places)

    def _platforms(self) -> Mapping[str, Platform] | None:
        if not self._settings:
            return self.graph.platforms
        platforms = dict(self.graph.platforms or {})
        known = platforms.get("kubernetes", Platform())
        executors = (known.deployment_spec.executors if known.deployment_spec else None) or {}
        deployment = PlatformDeployment({**executors, **self._settings})
        platforms["kubernetes"] = dataclasses.replace(known, deployment_spec=deployment)
        return platforms

    def _drop_unused(self) -> None:
        """Take out what was used before and is no longer, or came in vain; what nobody used before stays."""
        before, now = _used(self.graph.root, self.graph.components), _used(self._root, self._components)
        gone = [name for name in self._components if name not in now and (name in before or self._is_new(name))]
        dropped = [self._components.pop(name) for name in gone]
        labels = {component.executor_label for component in self._components.values()}
        for component in dropped:
            label = component.executor_label
            if label is not None and label not in labels:
                self._executors.pop(label, None)

    def _is_new(self, name: str) -> bool:
        return name not in self.graph.components


def _used(root: Component, components: Mapping[str, Component]) -> set[str]:
    """Names of the components that the pipeline reaches."""
    found: set[str] = set()
    waiting = [root]
    while waiting:
        for name in used_names(waiting.pop()):
            if name in components and name not in found:
                found.add(name)
                waiting.append(components[name])
    return found


def _free(wanted: str, taken: Mapping[str, Any]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}-{count}"
    return name
