"""One task of a recorded run as the scheduler saw it: its place in the graph, and what stood around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from milonga.compiler.graph import Component, Graph, Task
from milonga.engine.binding import loop_items
from milonga.engine.dag_shape import TaskShape
from milonga.engine.instances import DagInstance, TaskInstance
from milonga.engine.values import Bundle, with_defaults
from milonga.lineage.bindings import name_at, tasks_of
from milonga.lineage.records import TaskRecord

RecordAt = Callable[[str], "TaskRecord | None"]
"""The record of the task at a path of the run, None when it has none."""

_ITERATION = re.compile(r"\[(\d+)\]")


def rebuilt(graph: Graph, arguments: Mapping[str, Any], path: str, record_at: RecordAt) -> TaskInstance | None:
    """The instance of the task at `path`, with its inputs and those of its neighbours that have records.

    Args:
        graph: where the task is looked for; it need not be the graph of the run.
        arguments: of the run.
        path: such as "for-loop-2[1]/condition-3/double".
        record_at: the run's records.

    Returns:
        None when the graph has no such task.
    """
    dag = DagInstance(graph.root, Bundle(dict(arguments)), "", None, None)
    rest = path
    while True:
        name = name_at(tasks_of(dag.component), rest)
        if name is None:
            return None
        task = tasks_of(dag.component)[name]
        rest = rest[len(name) :]
        instance = _instance(name, task, graph.component_of(task, dag.path_of(name)), dag, record_at)
        iteration = _ITERATION.match(rest) if instance.is_iterated else None
        if iteration is not None:
            rest = rest[iteration.end() :]
            index = int(iteration.group(1))
            dag = DagInstance(
                instance.component, _inputs_of(instance, index), f"{instance.path}[{index}]", instance, index
            )
            if instance.component.dag is None:
                found = record_at(dag.path)
                instance = task_instance(name, task, instance.component, dag, dag.path)
                _fill(instance, found)
            else:
                dag.inputs = _with_defaults(dag.inputs, dag.component)
        else:
            inputs = _with_defaults(instance.inputs, instance.component)
            dag = DagInstance(instance.component, inputs, instance.path, instance, None)
        if not rest:
            return instance
        if not rest.startswith("/"):
            return None
        rest = rest[1:]


def task_instance(name: str, task: Task, component: Component, dag: DagInstance, path: str) -> TaskInstance:
    """One task of a DAG instance, nothing known about it yet."""
    return TaskInstance(TaskShape(name, task, component, tuple(task.producers())), dag, path)


def _instance(name: str, task: Task, component: Component, dag: DagInstance, record_at: RecordAt) -> TaskInstance:
    instance = task_instance(name, task, component, dag, dag.path_of(name))
    _fill(instance, record_at(instance.path))
    dag.tasks[name] = instance
    for other in task.producers():
        if other in tasks_of(dag.component) and other not in dag.tasks:
            before = tasks_of(dag.component)[other]
            producer = task_instance(other, before, component, dag, dag.path_of(other))
            _fill(producer, record_at(producer.path))
            dag.tasks[other] = producer
    return instance


def _fill(instance: TaskInstance, record: TaskRecord | None) -> None:
    if record is not None:
        instance.state, instance.error = record.state, dict(record.error)
        instance.inputs = Bundle(dict(record.inputs), dict(record.input_artifacts))
        instance.outputs = Bundle(dict(record.outputs), dict(record.output_artifacts))


def _with_defaults(inputs: Bundle, component: Component) -> Bundle:
    """What the tasks of a DAG see of its inputs."""
    return Bundle(with_defaults(inputs.parameters, component), inputs.artifacts)


def _inputs_of(loop: TaskInstance, index: int) -> Bundle:
    """What an iteration got: the inputs of the loop, and its item."""
    inputs = Bundle(dict(loop.inputs.parameters), dict(loop.inputs.artifacts))
    items, item_input, over_artifacts = loop_items(loop)
    if index < len(items):
        (inputs.artifacts if over_artifacts else inputs.parameters)[item_input] = items[index]
    return inputs
