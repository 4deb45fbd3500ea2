"""The first section of the page: what the run returned, its headline numbers, and what it was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from milonga.compiler.graph import Graph
from milonga.lineage.records import ArtifactRecord, ArtifactValue, RunRecord, TaskRecord, flattened
from milonga.reporting.graph_types import artifact_type, parameter_type
from milonga.reporting.markup import digest_code, table, text, value_code
from milonga.reporting.places import Places
from milonga.reporting.quantities import as_number, byte_size, number
from milonga.reporting.states import graph_path

_TILES_MAX = 12
_LISTED_MAX = 50


def results_section(run: RunRecord, tasks: Sequence[TaskRecord], graph: Graph, places: Places) -> str:
    """Headline numbers, outputs and arguments."""
    tiles = "".join(
        f'<div class="tile"><dt>{text(name, 60)}</dt><dd title="{text(number(value))}">{number(value)}</dd>'
        f"<p>{text(origin, 90)}</p></div>"
        for name, value, origin in _headlines(run, tasks)
    )
    return (f'<dl class="tiles">{tiles}</dl>' if tiles else "") + _outputs(run, graph, places) + _arguments(run, graph)


def own_type(record: ArtifactRecord) -> str:
    """The author's class of an artifact, or its schema title without the system's prefix."""
    return str(record.metadata.get("milonga_type") or record.type.removeprefix("system.") or "Artifact")


def is_metrics(record: ArtifactRecord) -> bool:
    """Whether the metadata of an artifact are named numbers."""
    return record.type.endswith("Metrics") or own_type(record).endswith(("Metrics", "Evaluation"))


def _headlines(run: RunRecord, tasks: Sequence[TaskRecord]) -> list[tuple[str, float, str]]:
    """Numbers that the pipeline returns, then those of metrics: of its outputs, then of the last tasks."""
    found: dict[tuple[str, str], tuple[str, float, str]] = {}
    for name, value in run.outputs.items():
        if as_number(value) is not None:
            found.setdefault((name, number(value)), (name, value, "output of the pipeline"))
    returned = [(name, item) for name, value in run.output_artifacts.items() for item in flattened(value)]
    made = [
        (task.path, item)
        for task in sorted(tasks, key=lambda task: -(task.ended_at or 0.0))
        if task.kind == "step"
        for value in task.output_artifacts.values()
        for item in flattened(value)
        if is_metrics(item)
    ]
    single = [item for item in made if graph_path(item[0]) == item[0]]
    for origin, record in [*returned, *(single or made)]:
        if not is_metrics(record):
            continue
        for name, value in record.metadata.items():
            if as_number(value) is not None and not name.endswith("_limit"):
                found.setdefault((name, number(value)), (name, value, origin))
        if len(found) >= _TILES_MAX:
            break
    return list(found.values())[:_TILES_MAX]


def _outputs(run: RunRecord, graph: Graph, places: Places) -> str:
    rows = []
    for name, item in graph.root.output_parameters.items():
        shown = value_code(run.outputs[name]) if name in run.outputs else _not_made()
        rows.append([f"<code>{text(name, 200)}</code>", text(parameter_type(item)), shown, "", ""])
    for name, value in run.outputs.items():
        if name not in graph.root.output_parameters:
            rows.append([f"<code>{text(name, 200)}</code>", "", value_code(value), "", ""])
    for name, artifact in graph.root.output_artifacts.items():
        if name not in run.output_artifacts:
            rows.append([f"<code>{text(name, 200)}</code>", text(artifact_type(artifact), 200), _not_made(), "", ""])
    for name, made in run.output_artifacts.items():
        rows += list(_artifact_rows(name, made, places))
    if not rows:
        return '<p class="muted">The pipeline declares no outputs.</p>'
    return "<h3>Outputs</h3>" + table(("Output", "Type", "Value", "Size", "Digest"), rows, numeric=frozenset({3}))


def _artifact_rows(name: str, value: ArtifactValue, places: Places) -> Iterator[list[str]]:
    records = flattened(value)
    for index, record in enumerate(records[:_LISTED_MAX]):
        label = f"{name}[{index}]" if isinstance(value, tuple) else name
        size = byte_size(record.size_bytes) if record.size_bytes else "—"
        cells = [f"<code>{text(label, 200)}</code>", text(own_type(record), 200), places.artifact(record.uri)]
        yield [*cells, size, digest_code(record.digest)]
    if len(records) > _LISTED_MAX:
        yield [text(name, 200), "", f"and {len(records) - _LISTED_MAX} more", "", ""]


def _arguments(run: RunRecord, graph: Graph) -> str:
    if not run.arguments:
        return ""
    rows = []
    for name, value in run.arguments.items():
        parameter, artifact = graph.root.input_parameters.get(name), graph.root.input_artifacts.get(name)
        kind = parameter_type(parameter) if parameter else artifact_type(artifact) if artifact else ""
        default = parameter is not None and parameter.default_value == value
        note = '<span class="muted">default</span>' if default else ""
        rows.append([f"<code>{text(name, 200)}</code>", text(kind, 200), value_code(value), note])
    return "<h3>Arguments</h3>" + table(("Argument", "Type", "Value", ""), rows)


def _not_made() -> str:
    return '<span class="muted">not produced</span>'
