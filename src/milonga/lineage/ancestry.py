"""Where an artifact comes from, and what was made of it: a walk over recorded tasks, from run to run.

Inside of a run the graph says which task gave what (see `bindings`); what comes from elsewhere is found by the digest
of its content. Every question is one look into an index, so that ten thousand ancestors are a matter of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from milonga.compiler.graph import Graph
from milonga.lineage.bindings import Bindings, Origin
from milonga.lineage.column_text import from_column
from milonga.lineage.records import ArtifactRecord, Artifacts, RunRecord, TaskRecord, flattened
from milonga.lineage.store import LineageStore

Direction = Literal["up", "down"]

_MAKERS = (
    "SELECT e.run_id, e.path, e.name, t.cached FROM artifact_edges e JOIN tasks t USING (run_id, path) "
    "WHERE e.digest = ? AND e.direction = 'out' ORDER BY t.cached, e.run_id, e.path, e.name"
)
"""Who made a content: those that did the work first, and of these the earliest, since ids of runs sort by time."""

_TAKERS = (
    "SELECT e.run_id, e.path, e.name FROM artifact_edges e JOIN tasks t USING (run_id, path) "
    "WHERE e.digest = ? AND e.direction = 'in' ORDER BY t.cached, e.run_id, e.path, e.name"
)


@dataclass(frozen=True, slots=True)
class ArtifactNode:
    """An artifact.

    Attributes:
        id: "RUN/TASK.OUTPUT" of the output that it is; of what no recorded task made, its digest or URI.
        is_source: whether no recorded task made it.
        others: how often other work, of any run, has made the same content.
    """

    id: str
    record: ArtifactRecord
    is_source: bool
    others: int = 0


@dataclass(frozen=True, slots=True)
class TaskNode:
    """A recorded step. `id` is "RUN/TASK"."""

    id: str
    record: TaskRecord
    run: RunRecord


@dataclass(frozen=True, slots=True)
class Edge:
    """Something that went from one node to another, under the name that it has at the task."""

    source: str
    target: str
    name: str


@dataclass(frozen=True, slots=True)
class Ancestry:
    """What was found.

    Attributes:
        start: ids of the nodes that were asked for.
        direction: "up" to what it was made of, "down" to what was made of it.
        edges: always from what was there first.
    """

    start: tuple[str, ...]
    direction: Direction
    artifacts: Mapping[str, ArtifactNode]
    tasks: Mapping[str, TaskNode]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Start:
    """Where a walk begins: an artifact, with the task that made it if it is known; or a task."""

    record: ArtifactRecord | None = None
    maker: TaskRecord | None = None
    output: str = ""
    position: int | None = None


def ancestry(
    store: LineageStore, starts: Sequence[Start], graph_of: Callable[[str], Graph | None], direction: Direction = "up"
) -> Ancestry:
    """Walk from `starts` as far as the records go.

    Args:
        store: the records.
        starts: see `named_artifacts`.
        graph_of: the graph of a run by its id, None where it is gone; then digests alone are followed.
        direction: up or down.
    """
    walk = _Walk(store, graph_of)
    ids = tuple(dict.fromkeys(walk.begin(start, direction) for start in starts))
    walk.go(direction)
    return Ancestry(ids, direction, walk.artifacts, walk.tasks, tuple(walk.edges))


@dataclass(slots=True)
class _Walk:
    store: LineageStore
    graph_of: Callable[[str], Graph | None]
    artifacts: dict[str, ArtifactNode] = field(default_factory=dict)
    tasks: dict[str, TaskNode] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)
    _todo: list[str] = field(default_factory=list)
    _runs: dict[str, RunRecord | None] = field(default_factory=dict)
    _bindings: dict[str, Bindings | None] = field(default_factory=dict)
    _records: dict[tuple[str, str], TaskRecord | None] = field(default_factory=dict)
    _makers: dict[tuple[str, str], tuple[TaskRecord | None, str, int]] = field(default_factory=dict)

    def begin(self, start: Start, direction: Direction) -> str:
        if start.record is None:
            if start.maker is None:
                raise AssertionError("a start is an artifact or a task")
            return self._task(start.maker)
        if start.maker is not None:
            return self._made(start.maker, start.output, start.position, start.record, direction)
        return self._content(start.record, direction)

    def go(self, direction: Direction) -> None:
        """Visit what is left to visit, each task once."""
        while self._todo:
            node = self.tasks[self._todo.pop()]
            if direction == "up":
                self._visit_inputs(node)
            else:
                self._visit_outputs(node)

    # Up ----------------------------------------------------------------------------------------------------------

    def _visit_inputs(self, node: TaskNode) -> None:
        record = node.record
        bindings = self._bindings_of(record.run_id)
        known = bindings.artifacts(record.path) if bindings is not None else {}
        for name, value in record.input_artifacts.items():
            outputs = self._outputs(record.run_id, known.get(name, ()))
            for item in flattened(value):
                found = outputs.get(item.digest or item.uri)
                artifact = (
                    self._made(*found, item, "up") if found is not None else self._content(item, "up", record.run_id)
                )
                self._edge(artifact, node.id, name)
        for name, origins in (bindings.parameters(record.path) if bindings is not None else {}).items():
            for origin in origins:
                maker = self._record(record.run_id, origin.path)
                if maker is not None and origin.output in maker.outputs:
                    self._edge(self._task(maker), node.id, name)

    def _outputs(self, run_id: str, origins: Sequence[Origin]) -> dict[str, tuple[TaskRecord, str, int | None]]:
        """What these outputs held, by digest, or by URI where there is none."""
        found: dict[str, tuple[TaskRecord, str, int | None]] = {}
        for origin in origins:
            maker = self._record(run_id, origin.path)
            value = maker.output_artifacts.get(origin.output) if maker is not None else None
            if maker is not None and value is not None:
                for position, made in enumerate(flattened(value)):
                    index = position if isinstance(value, tuple) else None
                    found.setdefault(made.digest or made.uri, (maker, origin.output, index))
        return found

    def _content(self, item: ArtifactRecord, direction: Direction, run_id: str = "") -> str:
        """An artifact that is known by its content only: an output of `run_id` that has it, else the earliest one."""
        maker, output, others = self._maker_of(item.digest, run_id)
        if maker is not None:
            return self._made(maker, output, None, item, direction, others)
        key = item.digest or item.uri
        if key not in self.artifacts:
            self.artifacts[key] = ArtifactNode(key, item, is_source=True)
            if direction == "down":
                self._visit_consumers(key, item)
        return key

    def _maker_of(self, digest: str, run_id: str = "") -> tuple[TaskRecord | None, str, int]:
        """The task that made content, its output, and how often other work has made the same."""
        if not digest:
            return None, "", 0
        if (digest, run_id) not in self._makers:
            made = self.store.database.rows(_MAKERS, (digest,))
            chosen = next((row for row in made if row[0] == run_id), made[0] if made else None)
            record = self._record(str(chosen[0]), str(chosen[1])) if chosen is not None else None
            works = sum(not row[3] for row in made)
            self._makers[digest, run_id] = (
                record,
                from_column(chosen[2]) if chosen is not None else "",
                max(works - 1, 0),
            )
        return self._makers[digest, run_id]

    def _made(
        self,
        maker: TaskRecord,
        output: str,
        position: int | None,
        item: ArtifactRecord,
        direction: Direction,
        others: int | None = None,
    ) -> str:
        """An artifact as an output of a task."""
        place = f"{maker.run_id}/{maker.path}.{output}" + (f"[{position}]" if position is not None else "")
        if place not in self.artifacts:
            if others is None:
                others = self._maker_of(item.digest)[2]
            self.artifacts[place] = ArtifactNode(place, item, is_source=False, others=others)
            if direction == "up":
                self._edge(self._task(maker), place, output)
            else:
                self._visit_consumers(place, item)
        return place

    # Down --------------------------------------------------------------------------------------------------------

    def _visit_outputs(self, node: TaskNode) -> None:
        for name, position, item in listed(node.record.output_artifacts):
            index = position if isinstance(node.record.output_artifacts[name], tuple) else None
            self._edge(node.id, self._made(node.record, name, index, item, "down"), name)

    def _visit_consumers(self, artifact: str, item: ArtifactRecord) -> None:
        if not item.digest:
            return
        told: set[str] = set()
        for run_id, path, name in self.store.database.rows(_TAKERS, (item.digest,)):
            record = self._record(run_id, path)
            if record is not None and not (record.cached and record.key in told):
                told.add(record.key)
                self._edge(artifact, self._task(record), from_column(name))

    # Records -----------------------------------------------------------------------------------------------------

    def _task(self, record: TaskRecord) -> str:
        key = f"{record.run_id}/{record.path}"
        if key not in self.tasks:
            if record.run_id not in self._runs:
                self._runs[record.run_id] = self.store.run(record.run_id)
            run = self._runs[record.run_id] or RunRecord(record.run_id, "", "", "CANCELLED", 0.0)
            self.tasks[key] = TaskNode(key, record, run)
            self._todo.append(key)
        return key

    def _record(self, run_id: str, path: str) -> TaskRecord | None:
        if (run_id, path) not in self._records:
            self._records[run_id, path] = self.store.task(run_id, path)
        return self._records[run_id, path]

    def _bindings_of(self, run_id: str) -> Bindings | None:
        if run_id not in self._bindings:
            graph = self.graph_of(run_id)
            self._bindings[run_id] = Bindings(graph, lambda path: self._iterations(run_id, path)) if graph else None
        return self._bindings[run_id]

    def _iterations(self, run_id: str, path: str) -> int:
        record = self._record(run_id, path)
        return (record.iterations if record is not None else None) or 0

    def _edge(self, source: str, target: str, name: str) -> None:
        self.edges[Edge(source, target, name)] = None


def listed(artifacts: Artifacts) -> Iterator[tuple[str, int, ArtifactRecord]]:
    """All artifacts with their names; those of a list one by one, with their positions."""
    for name, value in artifacts.items():
        for position, record in enumerate(flattened(value)):
            yield name, position, record
