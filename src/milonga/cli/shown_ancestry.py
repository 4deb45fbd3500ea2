"""An ancestry as text, and as JSON.

As text it reads from top to bottom like the history of a repository: what stands in one column came out of what stands
under it, and branches that join are set off to the right. The longest branch keeps the column, so that a chain of ten
thousand tasks is as wide as one of ten. What is met a second time is named and not told again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from milonga.cli.output import printable
from milonga.cli.quantities import instant, seconds, size
from milonga.cli.shown_run import shown_value, wall_of
from milonga.lineage.ancestry import Ancestry, ArtifactNode, TaskNode

_VALUES_MAX = 20


@dataclass(frozen=True, slots=True)
class _Told:
    """A branch that is still to be written.

    Attributes:
        name: under which it was taken.
        margin: what stands before its lines.
        gives_value: whether it is a task that gave another task a value, without an artifact between them.
    """

    node: str
    name: str
    margin: str
    gives_value: bool = False


def ancestry_lines(found: Ancestry, code_of: Mapping[str, str]) -> Iterator[str]:
    """The lines of the text.

    Args:
        found: the ancestry.
        code_of: digest of the code, by the identity of a task.
    """
    nexts = _following(found)
    heights = _heights(found, nexts)
    seen: set[str] = set()
    stack = [_Told(node, "", "") for node in reversed(found.start)]
    while stack:
        told = stack.pop()
        again = told.node in seen
        seen.add(told.node)
        yield told.margin + _title(found, told, again)
        if again:
            continue
        branches = sorted(nexts.get(told.node, ()), key=lambda edge: (heights[edge[0]], edge))
        for line in _details(found, told.node, code_of):
            yield f"{told.margin}{'│ ' if branches else '  '}  {line}"
        for index, (node, name) in reversed(list(enumerate(branches))):
            margin = told.margin if index == len(branches) - 1 else f"{told.margin}│ "
            stack.append(_Told(node, name, margin, node in found.tasks and told.node in found.tasks))


def _following(found: Ancestry) -> dict[str, list[tuple[str, str]]]:
    """Node → (node, name) of those that are written under it."""
    nexts: dict[str, list[tuple[str, str]]] = {}
    for edge in found.edges:
        here, there = (edge.target, edge.source) if found.direction == "up" else (edge.source, edge.target)
        nexts.setdefault(here, []).append((there, edge.name))
    return nexts


def _heights(found: Ancestry, nexts: Mapping[str, list[tuple[str, str]]]) -> dict[str, int]:
    """How long the longest chain under each node is. Records make no circles; one would count as its beginning."""
    heights: dict[str, int] = {}
    open_nodes: set[str] = set()
    stack = [(node, False) for node in found.start]
    while stack:
        node, is_done = stack.pop()
        if is_done:
            heights[node] = 1 + max((heights.get(below, 0) for below, _ in nexts.get(node, ())), default=0)
        elif node not in heights and node not in open_nodes:
            open_nodes.add(node)
            stack.append((node, True))
            stack.extend((below, False) for below, _ in nexts.get(node, ()))
    return heights


def _title(found: Ancestry, told: _Told, again: bool) -> str:
    artifact = found.artifacts.get(told.node)
    if artifact is None:
        task = found.tasks[told.node]
        taken = f" gave {printable(told.name)}" if told.gives_value else ""
        return f"○ {printable(task.record.path)}{' (see above)' if again else ''}{taken}"
    record = artifact.record
    name = told.name or record.name or "artifact"
    facts = [record.type, record.digest[:12], size(record.size_bytes)]
    if artifact.is_source:
        facts.append(f"given: {record.uri}" if found.direction == "up" else record.uri)
    return f"● {printable(name)}  {printable('  '.join(filter(None, facts)))}{'  (see above)' if again else ''}"


def _details(found: Ancestry, node: str, code_of: Mapping[str, str]) -> Iterator[str]:
    artifact = found.artifacts.get(node)
    if artifact is not None:
        values = ", ".join(f"{key} = {shown_value(value)}" for key, value in artifact.record.metadata.items())
        if values and len(values) <= 200:
            yield printable(values)
        if artifact.others and not artifact.is_source:
            yield f"the same content was made {artifact.others} more {'time' if artifact.others == 1 else 'times'}"
        return
    task = found.tasks[node]
    record = task.record
    wall_s = wall_of(record)
    took = f", {seconds(wall_s)}" if wall_s is not None else ""
    yield printable(f"run {record.run_id} of {task.run.pipeline}, {instant(record.started_at)}{took}")
    if record.origin:
        yield printable(f"from the cache: {record.origin}")
    digests = (("code", code_of.get(record.identity, "")), ("pipeline", task.run.graph_digest))
    yield "  ".join(f"{name} {digest[:12]}" for name, digest in digests if digest)
    for index, (name, value) in enumerate(record.inputs.items()):
        if index == _VALUES_MAX:
            yield f"and {len(record.inputs) - _VALUES_MAX} more parameters"
            return
        yield f"{printable(name)} = {shown_value(value)}"


def ancestry_document(asked: str, found: Ancestry, code_of: Mapping[str, str]) -> dict[str, Any]:
    """The graph as JSON: nodes and edges, every edge from what was there first."""
    nodes = [_artifact(node) for node in found.artifacts.values()]
    nodes += [_task(node, code_of) for node in found.tasks.values()]
    return {
        "artifact": asked,
        "direction": found.direction,
        "start": list(found.start),
        "nodes": sorted(nodes, key=lambda node: str(node["id"])),
        "edges": [{"from": edge.source, "to": edge.target, "name": edge.name} for edge in sorted(found.edges, key=str)],
    }


def _artifact(node: ArtifactNode) -> dict[str, Any]:
    return {
        "id": node.id,
        "kind": "artifact",
        **node.record.to_json(),
        "source": node.is_source,
        "same_content_elsewhere": node.others,
    }


def _task(node: TaskNode, code_of: Mapping[str, str]) -> dict[str, Any]:
    record = node.record
    return {
        "id": node.id,
        "kind": "task",
        "run_id": record.run_id,
        "path": record.path,
        "pipeline": node.run.pipeline,
        "pipeline_digest": node.run.graph_digest,
        "component": record.component,
        "code": code_of.get(record.identity, ""),
        "identity": record.identity,
        "parameters": dict(record.inputs),
        "state": record.state,
        "cached": record.cached,
        "origin": record.origin,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "wall_s": round(record.wall_s, 6),
    }
