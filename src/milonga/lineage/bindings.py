"""Which recorded tasks of a run gave a task its inputs, as the run's graph says.

A digest says what content is, not who made it: two tasks may make the same. And a number has no digest at all. Inside
of one run the graph knows both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from milonga.compiler.graph import Component, Graph, Task

_BOUNDARY = re.compile(r"[/\[]|$")
_ITERATION = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Origin:
    """An output of a recorded step."""

    path: str
    output: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """A task on the way from the root to the one in question, and the DAG instance that it stands in."""

    dag: Component
    task: Task
    path: str


class Bindings:
    """Looks up inputs of tasks in one graph.

    Args:
        graph: what was run.
        iterations: how many iterations the loop at a path had.
    """

    def __init__(self, graph: Graph, iterations: Callable[[str], int]) -> None:
        self._graph = graph
        self._iterations = iterations
        self._made: dict[tuple[str, str, bool], tuple[Origin, ...]] = {}

    def parameters(self, path: str) -> dict[str, tuple[Origin, ...]]:
        """The steps behind each parameter of the task at `path`; inputs that no step made are left out."""
        return self._inputs(path, is_artifact=False)

    def artifacts(self, path: str) -> dict[str, tuple[Origin, ...]]:
        """The steps that may have made each artifact that the task at `path` took."""
        return self._inputs(path, is_artifact=True)

    def _inputs(self, path: str, *, is_artifact: bool) -> dict[str, tuple[Origin, ...]]:
        frames = self._frames(path)
        if not frames:
            return {}
        task = frames[-1].task
        names = [*(task.artifact_bindings if is_artifact else task.parameter_bindings)]
        item = _item_of(task)
        if item is not None and item[2] == is_artifact:
            names.append(item[0])
        found = {name: self._behind(frames, name, is_artifact) for name in dict.fromkeys(names)}
        return {name: origins for name, origins in found.items() if origins}

    def _frames(self, path: str) -> list[_Frame]:
        frames: list[_Frame] = []
        dag, before, rest = self._graph.root, "", path
        while rest:
            tasks = tasks_of(dag)
            name = name_at(tasks, rest)
            if name is None:
                return []
            frames.append(_Frame(dag, tasks[name], before))
            rest = rest[len(name) :]
            iteration = _ITERATION.match(rest)
            here = f"{name}{iteration.group()}" if iteration is not None else name
            rest = rest[iteration.end() :] if iteration is not None else rest
            before = f"{before}/{here}" if before else here
            dag = self._graph.component_of(tasks[name], before)
            rest = rest.removeprefix("/")
        return frames

    def _behind(self, frames: list[_Frame], name: str, is_artifact: bool) -> tuple[Origin, ...]:
        """Through the borders of the groups around a task, to the output that gave it this input."""
        wanted: str | None = name
        for frame in reversed(frames):
            item = _item_of(frame.task)
            if item is not None and item[0] == wanted:
                wanted = item[1]
            producer, key, wanted = _binding(frame.task, wanted or "", is_artifact)
            if producer is not None:
                task = tasks_of(frame.dag).get(producer)
                where = f"{frame.path}/{producer}" if frame.path else producer
                return self._makers(task, where, key, is_artifact) if task is not None else ()
            if wanted is None:
                return ()
        return ()

    def _makers(self, task: Task, path: str, output: str, is_artifact: bool) -> tuple[Origin, ...]:
        """The steps behind an output of a task: itself, or those in it."""
        known = self._made.get((path, output, is_artifact))
        if known is None:
            known = tuple(self._inside(task, path, output, is_artifact))
            self._made[path, output, is_artifact] = known
        return known

    def _inside(self, task: Task, path: str, output: str, is_artifact: bool) -> Iterator[Origin]:
        component = self._graph.component_of(task, path)
        is_loop = task.parameter_iterator is not None or task.artifact_iterator is not None
        places = [f"{path}[{index}]" for index in range(self._iterations(path))] if is_loop else [path]
        if component.dag is None:
            yield from (Origin(place, output) for place in places)
            return
        tasks = tasks_of(component)
        for name, key in _selected(component, output, is_artifact):
            if name in tasks:
                for place in places:
                    yield from self._makers(tasks[name], f"{place}/{name}", key, is_artifact)


def tasks_of(component: Component) -> Mapping[str, Task]:
    """The tasks of a DAG; nothing for a step."""
    return (component.dag.tasks if component.dag is not None else None) or {}


def name_at(tasks: Mapping[str, Task], path: str) -> str | None:
    """The task that a path begins with, the longest that fits: names of other compilers may hold slashes themselves."""
    ends = [match.start() for match in _BOUNDARY.finditer(path)]
    return next((path[:end] for end in reversed(ends) if path[:end] in tasks), None)


def _item_of(task: Task) -> tuple[str, str | None, bool] | None:
    """Of a loop: the input that carries an item, the input that carries all of them, and whether they are artifacts."""
    if task.parameter_iterator is not None:
        items = task.parameter_iterator.items
        return task.parameter_iterator.item_input or "", items.input_parameter if items else None, False
    if task.artifact_iterator is not None:
        artifacts = task.artifact_iterator.items
        return task.artifact_iterator.item_input or "", artifacts.input_artifact if artifacts else None, True
    return None


def _binding(task: Task, name: str, is_artifact: bool) -> tuple[str | None, str, str | None]:
    """Producer and its output, or the input of the DAG around, that an input of a task is bound to."""
    if is_artifact:
        artifact = task.artifact_bindings.get(name)
        if artifact is None:
            return None, "", None
        made = artifact.task_output_artifact
        if made is not None:
            return made.producer_task, made.output_artifact_key, None
        return None, "", artifact.component_input_artifact
    parameter = task.parameter_bindings.get(name)
    if parameter is None:
        return None, "", None
    if parameter.task_output_parameter is not None:
        return parameter.task_output_parameter.producer_task, parameter.task_output_parameter.output_parameter_key, None
    return None, "", parameter.component_input_parameter


def _selected(component: Component, output: str, is_artifact: bool) -> Iterator[tuple[str, str]]:
    """The tasks inside of a group that make one of its outputs, and under which name."""
    outputs = component.dag.outputs if component.dag is not None else None
    if outputs is None:
        return
    if is_artifact:
        artifact = (outputs.artifacts or {}).get(output)
        for selector in (artifact.artifact_selectors or ()) if artifact is not None else ():
            yield selector.producer_subtask, selector.output_artifact_key
        return
    parameter = (outputs.parameters or {}).get(output)
    if parameter is not None and parameter.value_from_parameter is not None:
        yield parameter.value_from_parameter.producer_subtask, parameter.value_from_parameter.output_parameter_key
    if parameter is not None and parameter.value_from_oneof is not None:
        for one in parameter.value_from_oneof.parameter_selectors or ():
            yield one.producer_subtask, one.output_parameter_key
