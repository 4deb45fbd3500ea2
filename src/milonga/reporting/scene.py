"""What a drawing of a graph shows: boxes inside boxes, their words and states. Says nothing about places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from milonga.compiler.graph import Component, Dag, Graph, Task
from milonga.lineage.records import TaskRecord
from milonga.reporting.graph_types import input_types, output_types, readable_condition, what_flows
from milonga.reporting.layering import ranks
from milonga.reporting.quantities import duration
from milonga.reporting.states import LOOKS, Look, Summary, by_graph_path, counted, summarise

DRAWN_MAX = 150
_DEPTH_MAX = 12

Kind = Literal["step", "loop", "branch", "choice", "exit", "pipeline", "stack"]


@dataclass(frozen=True, slots=True)
class Arrow:
    """What goes from one box of a scene to another; nothing means that one only waits for the other."""

    source: int
    target: int
    flows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One box.

    Attributes:
        path: path of the task in the graph.
        caption: the line below the label.
        look: None when no states are known.
        details: lines of the tooltip.
        inputs: inputs of the pipeline that it takes.
        inner: boxes inside, None for a step and for a group that is drawn closed.
    """

    path: str
    label: str
    caption: str
    kind: Kind
    look: Look | None
    details: tuple[str, ...]
    inputs: tuple[str, ...]
    inner: Scene | None


@dataclass(frozen=True, slots=True)
class Scene:
    """The boxes of one DAG. `note` says what is left out."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    note: str = ""


def build_scene(graph: Graph, states: Mapping[str, TaskRecord] | None) -> Scene:
    """The scene of a graph: as deep as `DRAWN_MAX` boxes allow, at least the top level.

    Args:
        graph: what to draw; one that could not run, with circles or missing components, can be drawn as well.
        states: records by path; None draws types in place of states.
    """
    total = _count(graph, graph.root, _DEPTH_MAX, {})
    depth = next((d for d in range(_DEPTH_MAX, 0, -1) if _count(graph, graph.root, d, {}) <= DRAWN_MAX), 0)
    builder = _Builder(graph, states, depth)
    scene = builder.scene(graph.root, "", None, 0)
    note = ""
    if depth < _DEPTH_MAX and total > _count(graph, graph.root, depth, {}):
        shown = "only the top level is" if not depth else f"only the outer {depth + 1} levels are"
        note = f"{total} tasks: {shown} drawn."
    if len(scene.nodes) > DRAWN_MAX:
        stacked = _stacked(scene, note)
        nodes = tuple(node if node.kind == "stack" else builder.worded(node) for node in stacked.nodes)
        return Scene(nodes, stacked.arrows, stacked.note)
    return Scene(scene.nodes, scene.arrows, note)


def _count(graph: Graph, component: Component, depth: int, known: dict[tuple[str, int], int]) -> int:
    total = 0
    for task in tasks_of(component).values():
        total += 1
        name = task.component_ref.name if task.component_ref else ""
        inner = graph.components.get(name)
        if depth and inner is not None and inner.dag is not None:
            if (name, depth) not in known:
                known[name, depth] = _count(graph, inner, depth - 1, known)
            total += known[name, depth]
    return total


def tasks_of(component: Component) -> Mapping[str, Task]:
    """Tasks inside a component by name, empty for a step."""
    dag: Dag | None = component.dag
    return (dag.tasks if dag else None) or {}


class _Builder:
    """Walks the graph once. Not shared between threads."""

    def __init__(self, graph: Graph, states: Mapping[str, TaskRecord] | None, depth: int) -> None:
        self._components = graph.components
        self._records = None if states is None else by_graph_path(states.values())
        self._depth = depth
        active = states is not None and any(record.state in ("RUNNING", "PENDING") for record in states.values())
        self._unknown = LOOKS["pending" if active else "not-run"]
        self._told: dict[str, tuple[Task, Component | None, Summary | None]] = {}

    def scene(self, component: Component, path: str, owner: Look | None, depth: int) -> Scene:
        tasks = tasks_of(component)
        index = {name: number for number, name in enumerate(tasks)}
        nodes, arrows = [], []
        is_drawn_whole = bool(depth) or len(tasks) <= DRAWN_MAX
        for name, task in tasks.items():
            node = self._node(name, task, f"{path}/{name}" if path else name, owner, depth)
            nodes.append(self.worded(node) if is_drawn_whole else node)
            for producer in sorted(task.producers()):
                if producer in index:
                    flows = what_flows(task, producer, self._component(tasks[producer]))
                    arrows.append(Arrow(index[producer], index[name], tuple(flows)))
        return Scene(tuple(nodes), tuple(arrows))

    def worded(self, node: Node) -> Node:
        """`node` with its caption and its tooltip, which are wanted only where it is drawn."""
        task, component, summary = self._told[node.path]
        return replace(
            node,
            caption=_caption(task, component, node.look, summary, closed=node.inner is None),
            details=tuple(_details(node.path, task, component, node.look, summary)),
        )

    def _component(self, task: Task) -> Component | None:
        return self._components.get(task.component_ref.name if task.component_ref else "")

    def _node(self, name: str, task: Task, path: str, owner: Look | None, depth: int) -> Node:
        component = self._component(task)
        records = (self._records or {}).get(path)
        summary = summarise(records) if records else None
        look = None
        if self._records is not None:
            look = summary.look if summary else owner if owner and owner.name == "skipped" else self._unknown
        inner = None
        if component is not None and component.dag is not None and depth < self._depth:
            inner = self.scene(component, path, look, depth + 1)
        kind = _kind(name, task, component)
        label = (task.task_info.name if task.task_info else None) or name
        if kind == "branch" and task.condition:
            label = f"if {readable_condition(task.condition)}"
        bindings = [item.component_input_parameter for item in task.parameter_bindings.values()]
        bindings += [item.component_input_artifact for item in task.artifact_bindings.values()]
        self._told[path] = (task, component, summary)
        return Node(
            path=path,
            label=label,
            caption="",
            kind=kind,
            look=look,
            details=(),
            inputs=() if depth else tuple(item for item in bindings if item),
            inner=inner,
        )


def _kind(name: str, task: Task, component: Component | None) -> Kind:
    if task.is_loop:
        return "loop"
    if component is None or component.dag is None:
        return "step"
    if task.condition:
        return "branch"
    if name.startswith("condition-branches"):
        return "choice"
    return "exit" if name.startswith("exit-handler") else "pipeline"


def _caption(
    task: Task, component: Component | None, look: Look | None, summary: Summary | None, *, closed: bool
) -> str:
    inside = len(tasks_of(component)) if component else 0
    parts = [f"{inside} tasks inside" if inside > 1 else "1 task inside"] if inside and closed else []
    if look is None:
        types = [item.split(": ", 1)[-1] for item in output_types(component)] if component else []
        parts += [", ".join(dict.fromkeys(types))] if types and closed else []
        return " · ".join(parts) or ("" if inside else "no outputs")
    iterations = [record.iterations for record in summary.records if record.iterations is not None] if summary else []
    if summary is None or len(summary.records) == 1:
        parts.append(look.word)
    else:
        parts.append(counted(summary))
    if iterations:
        parts.append(f"{sum(iterations)} iterations" if sum(iterations) != 1 else "1 iteration")
    if summary is not None and summary.seconds is not None and look.name not in ("skipped", "not-run", "cached"):
        parts.append(duration(summary.seconds))
    attempts = max((record.attempts for record in summary.records), default=0) if summary else 0
    return " · ".join([*parts, f"{attempts} attempts"] if attempts > 1 else parts)


def _details(
    path: str, task: Task, component: Component | None, look: Look | None, summary: Summary | None
) -> list[str]:
    lines = [path + (f" — {look.word}" if look else "")]
    if task.condition:
        lines.append(f"if {readable_condition(task.condition)}")
    if component is not None:
        lines += [f"{head}: {', '.join(items)}" for head, items in (("in", input_types(component)),) if items]
        lines += [f"out: {', '.join(items)}" for items in (output_types(component),) if items]
    else:
        lines.append("its component is missing")
    if summary is not None:
        failed = next((record for record in summary.records if record.error), None)
        if failed is not None:
            lines.append(f"{failed.error.get('code', '')}: {failed.error.get('message', '')}")
    return lines


def _stacked(scene: Scene, note: str) -> Scene:
    """Boxes of one rank and one look as one; if that does not help, the first boxes only."""
    rank = ranks(len(scene.nodes), [(arrow.source, arrow.target) for arrow in scene.arrows])
    groups: dict[tuple[int, str, str], list[int]] = {}
    for index, node in enumerate(scene.nodes):
        groups.setdefault((rank[index], node.look.name if node.look else "", node.kind), []).append(index)
    stacks = [groups[key] for key in sorted(groups)]
    left_out = "" if len(stacks) <= DRAWN_MAX else f" The first {DRAWN_MAX} of them are drawn."
    stacks = stacks[:DRAWN_MAX]
    place = {index: number for number, members in enumerate(stacks) for index in members}
    flows: dict[tuple[int, int], dict[str, None]] = {}
    for arrow in scene.arrows:
        if arrow.source in place and arrow.target in place:
            flows.setdefault((place[arrow.source], place[arrow.target]), {}).update(dict.fromkeys(arrow.flows))
    arrows = tuple(Arrow(a, b, tuple(names)[:20]) for (a, b), names in sorted(flows.items()) if a != b)
    head = note or f"{len(scene.nodes)} tasks."
    text = f"{head} Tasks of one rank and state are drawn as one box.{left_out} The table below has all of them."
    return Scene(tuple(_stack(scene.nodes, members) for members in stacks), arrows, text)


def _stack(nodes: Sequence[Node], members: Sequence[int]) -> Node:
    first = nodes[members[0]]
    if len(members) == 1:
        return first
    names = [nodes[index].label for index in members[:10]]
    word = first.look.word if first.look else ""
    label = f"{len(members)} tasks, such as {first.label}"
    details = (", ".join(names) + (" …" if len(members) > 10 else ""),)
    return Node(first.path, label, word, "stack", first.look, details, (), None)
