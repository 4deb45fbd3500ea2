"""Which steps of a run have handed on the result of an earlier one."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.layout.layout import Layout, indices_of
from milonga.backends.argo.layout.leaf import Leaf
from milonga.backends.argo.nodes.task_node import TaskNode
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.outputs.stored_results import StoredResults
from milonga.errors import MilongaError
from milonga.runtime.argo.layout import EARLIER

_READ_MAX = 100
"""Of how many steps the record is read: each is a request, and iterations of a large loop are many."""
_PATIENCE_S = 5.0
"""Of each request. It is one fact beside others: who cannot reach the bucket from here sees those."""


def reused_results(
    connection: ArgoConnection, workflow: Workflow, layout: Layout, tasks: tuple[TaskNode, ...]
) -> dict[str, str]:
    """The run whose result a step has handed on, by path of the step; nothing where the bucket cannot be read.

    Args:
        connection: the namespace.
        workflow: the run.
        layout: of its pipeline.
        tasks: of the run, those that shared a pod included.

    Returns:
        Unique ids of runs, as `metadata.uid` of their Workflows had them.
    """
    wanted = list(_reusable(layout, tasks))
    if not wanted:
        return {}
    impatient = connection.with_patience(connection.patience.within(_PATIENCE_S))
    found: dict[str, str] = {}
    try:
        with StoredResults(impatient, workflow) as results:
            for task, leaf in wanted[:_READ_MAX]:
                record = results.record(leaf.slug, indices_of(task.path)) or {}
                run = str(record.get("run") or workflow.uid)
                if run != workflow.uid:
                    found[task.path] = run
    except MilongaError:
        return found
    return found


def _reusable(layout: Layout, tasks: tuple[TaskNode, ...]) -> Iterator[tuple[TaskNode, Leaf]]:
    """Steps that have succeeded and were told where an earlier result of theirs may lie.

    Of those that shared a pod, which says more, only the ones that have used it.
    """
    for task in tasks:
        leaf = layout.leaf_at(task.path) if task.kind == "step" and task.state == "SUCCEEDED" else None
        if leaf is None:
            continue
        nodes = (task.node, *task.attempts)
        was_told = any(node.is_reused if task.holder else EARLIER in node.parameters for node in nodes)
        if leaf.known is not None or was_told:
            yield task, leaf
