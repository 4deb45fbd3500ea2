"""Which tasks of a pipeline share a pod: marks that stand beside the graph, since KFP's files have no field for it.

The platform "milonga" carries them: {"together": {DAG component: {task: name of the group}}}. Tasks of one DAG with the
same name form a group. They change nothing but where tasks run, and whoever does not know them leaves them alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from milonga.compiler.graph.graph import Graph
from milonga.compiler.graph.own_settings import MILONGA, own_setting, with_own_setting
from milonga.errors import InvalidPipeline

_KEY = "together"

Marks = Mapping[str, Mapping[str, str]]
"""Name of the group by task, by name of the DAG component; "root" is the outermost."""


def marks_of(graph: Graph) -> Marks:
    """The marks of a graph, empty when there are none.

    Raises:
        InvalidPipeline: E271, they have another form.
    """
    found = own_setting(graph, _KEY)
    if found is None:
        return {}
    if isinstance(found, Mapping) and all(map(_is_texts, found.values())):
        return found
    raise InvalidPipeline(
        "E271",
        "the marks of tasks that share a pod have another form",
        where=f"platforms.{MILONGA}.config.{_KEY}",
        got=repr(found)[:120],
        expected='{"root": {"a task": "name of its group"}}',
    )


def groups_of(graph: Graph, dag: str) -> Mapping[str, str]:
    """The marks of one DAG component, as far as they can be read."""
    found = own_setting(graph, _KEY)
    tasks = found.get(dag) if isinstance(found, Mapping) else None
    return tasks if isinstance(tasks, Mapping) and _is_texts(tasks) else {}


def with_marks(graph: Graph, marks: Marks) -> Graph:
    """The graph with these marks in the place of its own."""
    kept = {dag: dict(sorted(tasks.items())) for dag, tasks in sorted(marks.items()) if tasks}
    return with_own_setting(graph, _KEY, kept or None)


def _is_texts(found: object) -> bool:
    return isinstance(found, Mapping) and all(isinstance(text, str) and text for text in found.values())
