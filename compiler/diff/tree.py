"""A graph unfolded: one node a task, below the task that holds it, however components are shared."""

from __future__ import annotations

from dataclasses import dataclass, field

from milonga.compiler.graph import Component, Executor, Graph, Task
from milonga.errors import UsageError

CHANNEL = "pipelinechannel--"
"""How inputs and outputs begin that compilers make to lead a value through a nested DAG. Not the author's."""

TASKS_MAX = 200_000
_DEPTH_MAX = 100


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One task, or the pipeline as a whole.

    Attributes:
        name: key of the task in its DAG; "" for the pipeline.
        path: names from the root, joined by "/"; "" for the pipeline.
        parent: the node whose DAG holds it; None for the pipeline.
        children: the tasks of its own DAG by name.
    """

    graph: Graph
    name: str
    path: str
    task: Task
    component: Component
    parent: Node | None
    children: dict[str, Node] = field(default_factory=dict)

    @property
    def executor(self) -> Executor | None:
        """What runs it; None for nodes with a DAG, and where the graph lacks the executor."""
        return self.graph.executors.get(self.component.executor_label or "") if self.component.dag is None else None

    @property
    def item_input(self) -> str | None:
        """The input that holds the item, if it is a loop."""
        for iterator in (self.task.parameter_iterator, self.task.artifact_iterator):
            if iterator is not None:
                return iterator.item_input
        return None


def unfold(graph: Graph) -> Node:
    """The tree of `graph`.

    Raises:
        InvalidPipeline: E210, a task uses a component that does not exist.
        UsageError: E941, the graph unfolds without end, or into more than `TASKS_MAX` tasks.
    """
    root = Node(graph, "", "", Task(), graph.root, None)
    open_nodes: list[tuple[Node, frozenset[str]]] = [(root, frozenset())]
    count = 0
    while open_nodes:
        node, above = open_nodes.pop()
        tasks = (node.component.dag.tasks if node.component.dag else None) or {}
        count += len(tasks)
        if count > TASKS_MAX:
            raise UsageError("E941", "the pipeline is too large to be compared", got=f"more than {TASKS_MAX} tasks")
        for name, task in tasks.items():
            path = f"{node.path}/{name}" if node.path else name
            component = graph.component_of(task, path)
            child = Node(graph, name, path, task, component, node)
            node.children[name] = child
            if component.dag is not None:
                used = task.component_ref.name if task.component_ref else ""
                if used in above or len(above) >= _DEPTH_MAX:
                    raise UsageError(
                        "E941",
                        f"component '{used}' {'contains itself' if used in above else 'is nested too deeply'}",
                        where=path if len(path) <= 200 else f"{path[:197]}...",
                    )
                open_nodes.append((child, above | {used}))
    return root


def nodes_below(root: Node) -> list[Node]:
    """All nodes of a tree, each before its children."""
    found, position = [root], 0
    while position < len(found):
        found.extend(found[position].children.values())
        position += 1
    return found
