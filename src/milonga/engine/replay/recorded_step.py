"""A step of a recorded run, with the graph that it was run from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Executor, Graph
from milonga.engine.home import Home
from milonga.engine.instances import DagInstance, TaskInstance
from milonga.engine.replay.author_lines import AuthorLines, author_files, author_lines, text_of
from milonga.engine.replay.rebuilt import rebuilt, task_instance
from milonga.engine.run_folder import pipeline_file
from milonga.engine.runnable import Runnable
from milonga.engine.values import Bundle
from milonga.errors import MilongaError, RunError
from milonga.lineage import LineageStore, RunRecord, TaskRecord


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """What there is to run again.

    Attributes:
        record: what its run says about it.
        graph: the run's own, or the one that it is to be replaced by.
        instance: the task in that graph, inputs as they were recorded.
        label: of its executor.
        executor: what runs it.
    """

    run: RunRecord
    record: TaskRecord
    graph: Graph
    instance: TaskInstance
    label: str
    executor: Executor


def recorded_step(store: LineageStore, home: Home, run: RunRecord, record: TaskRecord) -> RecordedStep:
    """The step behind a record.

    Raises:
        RunError: E455 it is no step or never had inputs, E457 the run's pipeline is gone or does not have it.
    """
    _require_inputs(record)
    file = pipeline_file(home.run(run.id))
    if not file.is_file():
        raise RunError(
            "E457",
            f"the pipeline of run {run.id} is gone",
            where=str(file),
            hint="replay the code of today: --current, or --source FILE.py:NAME",
        )
    found = _located(run, record, load_graph(file), lambda path: store.task(run.id, path))
    if found is None:
        raise RunError(
            "E457",
            f"the pipeline of run {run.id} has no task '{record.path}' any more",
            where=str(file),
            hint="the run was resumed with another pipeline; replay a newer run",
        )
    return found


def current_step(store: LineageStore, run: RunRecord, record: TaskRecord, current: Runnable) -> RecordedStep:
    """The same step in the author's pipeline as it is now: at the same path, or else the only one of its component.

    Raises:
        RunError: E455 it is no step or never had inputs, E458 that pipeline has no such step.
    """
    _require_inputs(record)
    found = _located(run, record, current.graph, lambda path: store.task(run.id, path))
    if found is None and record.component in current.graph.components:
        found = _of_component(run, record, current.graph)
    if found is None:
        steps = [name for name, component in current.graph.components.items() if component.executor_label]
        raise RunError(
            "E458",
            f"the pipeline '{current.graph.name}' has no step '{record.path}'",
            where=current.source,
            expected=f"one of the components {', '.join(sorted(steps))}",
            hint="name the pipeline of the run with --source FILE.py:NAME",
            kind="user",
        )
    return found


def lines_of(run: RunRecord, record: TaskRecord, home: Home) -> AuthorLines:
    """Where the lines of a recorded step stand in the author's files; empty when that is not to be found out."""
    file = pipeline_file(home.run(run.id))
    if record.kind != "step" or not file.is_file():
        return AuthorLines()
    try:
        graph = load_graph(file)
    except MilongaError:  # who looks at a failure is not to be kept from it by another one
        return AuthorLines()
    component = graph.components.get(record.component)
    executor = graph.executors.get((component.executor_label if component else None) or "")
    return lines_of_executor(run, executor, record.component, home) if executor is not None else AuthorLines()


def lines_of_executor(run: RunRecord, executor: Executor, component: str, home: Home) -> AuthorLines:
    """The same for an executor of a graph."""
    function = component.removeprefix("comp-").rstrip("0123456789").rstrip("-").replace("-", "_")
    folders = (Path.cwd(), home.root.parent)
    return author_lines(text_of(executor), author_files(run.source, folders, function))


def _require_inputs(record: TaskRecord) -> None:
    if record.kind == "group":
        raise RunError(
            "E455",
            f"'{record.path}' is a group of tasks, and only a step can be run again",
            hint=f"milonga show {record.run_id} lists the steps in it",
            kind="user",
        )
    if record.state in ("NOT_RUN", "SKIPPED", "PENDING"):
        raise RunError(
            "E455",
            f"'{record.path}' was not run, so there are no inputs to run it with",
            got=record.state,
            hint=f"milonga run --resume {record.run_id} goes on with the run",
            kind="user",
        )


def _located(
    run: RunRecord, record: TaskRecord, graph: Graph, record_at: Callable[[str], TaskRecord | None]
) -> RecordedStep | None:
    instance = rebuilt(graph, run.arguments, record.path, record_at)
    label = (instance.component.executor_label if instance is not None else None) or ""
    executor = graph.executors.get(label)
    if instance is None or executor is None:
        return None
    return RecordedStep(run, record, graph, instance, label, executor)


def _of_component(run: RunRecord, record: TaskRecord, graph: Graph) -> RecordedStep | None:
    """The step of that component, where the pipeline around it has changed."""
    for _, component in graph.dags():
        for name, task in ((component.dag.tasks if component.dag else None) or {}).items():
            if task.component_ref is not None and task.component_ref.name == record.component:
                used = graph.component_of(task, name)
                executor = graph.executors.get(used.executor_label or "")
                if executor is not None:
                    dag = DagInstance(component, Bundle(dict(run.arguments)), "", None, None)
                    instance = task_instance(name, task, used, dag, record.path)
                    return RecordedStep(run, record, graph, instance, used.executor_label or "", executor)
    return None
