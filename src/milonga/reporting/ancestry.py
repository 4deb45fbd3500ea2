"""Where each output of a run comes from: the chain of tasks behind it, with parameters and digests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from milonga.compiler.graph import Component, Graph, Task
from milonga.lineage.records import ArtifactRecord, Artifacts, RunRecord, TaskRecord, flattened
from milonga.reporting.graph_types import channel_name
from milonga.reporting.markup import digest_code, escape, text
from milonga.reporting.results import own_type
from milonga.reporting.scene import tasks_of
from milonga.reporting.states import LOOKS, badge, by_graph_path, counted, summarise

_TASKS_MAX = 40
_OUTPUTS_MAX = 30

Wanted = tuple[tuple[str, ...], str]
"""Task names from the root down, and the name of one of the last task's outputs."""


def lineage_section(run: RunRecord, tasks: Sequence[TaskRecord], graph: Graph, anchors: Mapping[str, str]) -> str:
    """One chain an output; for a pipeline without outputs, one for each task at its end."""
    records = by_graph_path(tasks)
    outputs = _root_outputs(graph)
    note = ""
    if not outputs:
        outputs = [(name, [((name,), "")]) for name in _last_tasks(graph)]
        note = (
            '<p class="muted">The pipeline declares no outputs; these are the tasks at its end.</p>' if outputs else ""
        )
    parts = [
        _chain(name, wanted, run, graph, records, anchors, opened=len(outputs) <= 2)
        for name, wanted in outputs[:_OUTPUTS_MAX]
    ]
    if len(outputs) > _OUTPUTS_MAX:
        parts.append(f'<p class="note">The first {_OUTPUTS_MAX} of {len(outputs)} are shown.</p>')
    return note + "".join(parts) if parts else ""


def _root_outputs(graph: Graph) -> list[tuple[str, list[Wanted]]]:
    dag = graph.root.dag
    if dag is None or dag.outputs is None:
        return []
    names = [*(dag.outputs.parameters or {}), *(dag.outputs.artifacts or {})]
    return [(name, list(_selected(graph.root, name, ()))) for name in names]


def _last_tasks(graph: Graph) -> list[str]:
    tasks = tasks_of(graph.root)
    used = {producer for task in tasks.values() for producer in task.producers()}
    return [name for name in tasks if name not in used]


def _selected(component: Component, output: str, path: tuple[str, ...]) -> Iterator[Wanted]:
    """The tasks inside a group that make one of its outputs."""
    outputs = component.dag.outputs if component.dag else None
    if outputs is None:
        return
    artifact = (outputs.artifacts or {}).get(output)
    for selector in (artifact.artifact_selectors or ()) if artifact else ():
        yield (*path, selector.producer_subtask), selector.output_artifact_key
    parameter = (outputs.parameters or {}).get(output)
    if parameter is not None and parameter.value_from_parameter is not None:
        yield (
            (*path, parameter.value_from_parameter.producer_subtask),
            parameter.value_from_parameter.output_parameter_key,
        )
    if parameter is not None and parameter.value_from_oneof is not None:
        for one in parameter.value_from_oneof.parameter_selectors or ():
            yield (*path, one.producer_subtask), one.output_parameter_key


def ancestors(graph: Graph, wanted: Iterable[Wanted]) -> list[tuple[str, ...]]:
    """Paths of all steps that had a part in the wanted outputs, each after those that it takes something from."""
    order: list[tuple[str, ...]] = []
    seen: set[Wanted] = set()
    stack = [(item, False) for item in reversed(list(wanted))]
    placed: set[tuple[str, ...]] = set()
    while stack:
        (path, output), is_done = stack.pop()
        chain = _resolve(graph, path)
        if chain is None:
            continue
        if is_done:
            if path not in placed:
                placed.add(path)
                order.append(path)
            continue
        if (path, output) in seen:
            continue
        seen.add((path, output))
        component = chain[-1]
        if component.dag is not None:
            inner = (
                list(_selected(component, output, path))
                if output
                else [((*path, name), "") for name in tasks_of(component)]
            )
            stack += [(item, False) for item in reversed(inner)]
            stack += [(item, False) for item in _sources(graph, path, chain, from_group=True)]
            continue
        stack.append(((path, output), True))
        stack += [(item, False) for item in reversed(list(_sources(graph, path, chain, from_group=False)))]
    return order


def _resolve(graph: Graph, path: tuple[str, ...]) -> tuple[Component, ...] | None:
    """The components from the root down to the task at `path`, None when the graph has no such task."""
    chain = [graph.root]
    for name in path:
        task = tasks_of(chain[-1]).get(name)
        component = graph.components.get(task.component_ref.name) if task and task.component_ref else None
        if component is None:
            return None
        chain.append(component)
    return tuple(chain)


def _sources(graph: Graph, path: tuple[str, ...], chain: Sequence[Component], *, from_group: bool) -> Iterator[Wanted]:
    """What a task takes from others, looked up through the borders of the groups around it.

    Of a group only its condition and its items matter here: its other inputs belong to the steps that take them.
    """
    task = tasks_of(chain[-2])[path[-1]]
    items = _items_input(task)
    for name in (*task.parameter_bindings, *task.artifact_bindings):
        if not from_group or name == items or f"['{name}']" in task.condition:
            yield from _binding(chain, path, name)


def _binding(chain: Sequence[Component], path: tuple[str, ...], name: str) -> Iterator[Wanted]:
    """The task behind the input `name` of the task at `path`, through any number of groups."""
    wanted: str | None = name
    for depth in range(len(path), 0, -1):
        task = tasks_of(chain[depth - 1])[path[depth - 1]]
        loop = task.parameter_iterator or task.artifact_iterator
        if loop is not None and loop.item_input == wanted:
            wanted = _items_input(task)
        parameter, artifact = task.parameter_bindings.get(wanted or ""), task.artifact_bindings.get(wanted or "")
        parent = path[: depth - 1]
        if artifact is not None and artifact.task_output_artifact is not None:
            yield (
                (*parent, artifact.task_output_artifact.producer_task),
                artifact.task_output_artifact.output_artifact_key,
            )
        if parameter is not None and parameter.task_output_parameter is not None:
            made = parameter.task_output_parameter
            yield (*parent, made.producer_task), made.output_parameter_key
        wanted = parameter.component_input_parameter if parameter is not None else None
        wanted = artifact.component_input_artifact if artifact is not None else wanted
        if wanted is None:
            return


def _items_input(task: Task) -> str | None:
    """The input that a loop goes over."""
    if task.parameter_iterator is not None:
        return task.parameter_iterator.items.input_parameter if task.parameter_iterator.items else None
    if task.artifact_iterator is not None:
        return task.artifact_iterator.items.input_artifact if task.artifact_iterator.items else None
    return None


def _chain(
    name: str,
    wanted: Sequence[Wanted],
    run: RunRecord,
    graph: Graph,
    records: Mapping[str, list[TaskRecord]],
    anchors: Mapping[str, str],
    *,
    opened: bool,
) -> str:
    paths = ["/".join(path) for path in ancestors(graph, wanted)]
    ran = [path for path in paths if path in records]
    steps = "".join(f"<li>{_step(path, records[path], anchors)}</li>" for path in ran[-_TASKS_MAX:])
    left_out = len(ran) - min(len(ran), _TASKS_MAX)
    note = f'<p class="note">{left_out} earlier tasks are left out.</p>' if left_out else ""
    idle = len(paths) - len(ran)
    note += f'<p class="note">{idle} tasks that could have had a part have not started.</p>' if idle else ""
    made = run.output_artifacts.get(name)
    digests = " ".join(digest_code(record.digest) for record in flattened(made)[:5]) if made is not None else ""
    count = f"{len(ran)} tasks" if len(ran) != 1 else "1 task"
    return (
        f'<details class="chain"{" open" if opened else ""}><summary><code>{text(name, 200)}</code> {digests} '
        f'<span class="muted">from {count}</span></summary>{note}<ol>{steps}</ol></details>'
    )


def _step(path: str, records: Sequence[TaskRecord], anchors: Mapping[str, str]) -> str:
    summary = summarise(records)
    first = next((record for record in records if record.state == "FAILED"), records[0])
    name = f"<code>{text(path, 300)}</code>"
    anchor = anchors.get(first.path)
    head = f'<a href="#{escape(anchor)}">{name}</a>' if anchor else name
    times = f' <span class="muted">{escape(counted(summary))}</span>' if len(records) > 1 else ""
    pairs = "".join(
        f'<span class="pair">{text(channel_name(key), 60)}<b>{text(value, 80)}</b></span>'
        for key, value in list(first.inputs.items())[:30]
    )
    taken, made = _artifacts(first.input_artifacts), _artifacts(first.output_artifacts)
    lines = "".join(
        f'<p><span class="side">{side}</span> {content}</p>'
        for side, content in (("with", pairs), ("from", taken), ("made", made))
        if content
    )
    return f"{badge(LOOKS[summary.look.name])} {head}{times}{lines}"


def _artifacts(artifacts: Artifacts) -> str:
    records: list[tuple[str, ArtifactRecord]] = [
        (name, record) for name, value in artifacts.items() for record in flattened(value)
    ]
    shown = " ".join(
        f'<span class="pair">{text(channel_name(name), 60)} <i>{text(own_type(record), 60)}</i> '
        f"{digest_code(record.digest)}</span>"
        for name, record in records[:12]
    )
    return shown + (f" and {len(records) - 12} more" if len(records) > 12 else "")
