"""The page of a run: `report.html`, one file that needs no network and can be sent around."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from milonga.compiler.graph import Graph
from milonga.errors import StoreError
from milonga.lineage.records import RunRecord, TaskRecord
from milonga.reporting.ancestry import lineage_section
from milonga.reporting.artifacts import findings_section
from milonga.reporting.graph_svg import graph_svg, stylesheet
from milonga.reporting.markup import escape, text
from milonga.reporting.places import Places
from milonga.reporting.quantities import byte_size, duration, moment
from milonga.reporting.results import results_section
from milonga.reporting.states import Look, badge, count_looks, graph_path, look_of, look_of_state
from milonga.reporting.tables import anchors_of, ordered, tasks_section
from milonga.reporting.timeline import timeline


def write_report(run: RunRecord, tasks: Sequence[TaskRecord], graph: Graph, folder: Path) -> Path:
    """Write `report.html` into `folder`, whole or not at all.

    Args:
        run: the run; it may still go on.
        tasks: its tasks at their newest attempts.
        graph: what was run.
        folder: the run's folder; logs are linked relative to it.

    Returns:
        The path of the page. The same arguments and artifact files give the same bytes.

    Raises:
        StoreError: E426, the folder cannot be written.
    """
    page = render_page(run, tasks, graph, Places.of(folder))
    target = folder / "report.html"
    temporary = target.with_name(f".report.{os.getpid()}.html")
    try:
        temporary.write_bytes(page.encode("utf-8", "backslashreplace"))
        temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise StoreError("E426", f"the report cannot be written: {error.strerror}", where=str(target)) from error
    return target


def render_page(run: RunRecord, tasks: Sequence[TaskRecord], graph: Graph, places: Places) -> str:
    """The page as text."""
    rows = ordered(tasks)
    anchors = anchors_of(rows)
    by_graph: dict[str, str] = {}
    for record in rows:
        anchor, path = anchors.get(record.path), graph_path(record.path)
        if anchor is not None and (path not in by_graph or record.state == "FAILED"):
            by_graph[path] = anchor
    drawing = graph_svg(graph, {task.path: task for task in rows}, arguments=run.arguments, anchors=by_graph)
    sections = (
        ("results", "Results", results_section(run, rows, graph, places)),
        (
            "graph",
            "Graph",
            f'<div class="canvas">{drawing}</div>',
        ),
        ("tasks", "Tasks", timeline(rows, run) + tasks_section(rows, anchors, places)),
        ("findings", "Findings", findings_section(rows, anchors, places)),
        ("lineage", "Lineage", lineage_section(run, rows, graph, anchors)),
    )
    shown = [(key, title, content) for key, title, content in sections if content]
    links = "".join(f'<a href="#{key}">{title}</a>' for key, title, _ in shown)
    body = "".join(f'<section id="{key}"><h2>{title}</h2>{content}</section>' for key, title, content in shown)
    script = stylesheet("script.js")
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{allowed}'"
    look = look_of_state(run.state)
    source = f", from <code>{text(run.source, 300)}</code>" if run.source else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f"<title>{text(run.pipeline, 200)} — {look.word} — {text(run.id, 200)}</title>"
        f"<style>{stylesheet('palette.css')}{stylesheet('style.css')}</style></head>"
        f'<body class="mlg page"><header>{_header(run, rows, look, by_graph, anchors)}</header>'
        f'<nav aria-label="Sections">{links}</nav><main>{body}</main>'
        f"<footer>Run <code>{text(run.id, 200)}</code> of graph <code>{text(run.graph_digest[:12])}</code>"
        f"{source}. Written by milonga.</footer>"
        f"<script>{script}</script></body></html>\n"
    )


def _header(
    run: RunRecord, tasks: Sequence[TaskRecord], look: Look, by_graph: dict[str, str], anchors: dict[str, str]
) -> str:
    steps = [task for task in tasks if task.kind == "step"]
    took = None if run.ended_at is None else run.ended_at - run.created_at
    cpu_s = sum(task.cpu_s for task in steps if not task.cached)
    peak_memory_bytes = max((task.peak_memory_bytes for task in steps), default=0)
    facts = [
        ("Started", moment(run.created_at)),
        ("Duration", duration(took) if took is not None else "not ended"),
        ("Steps", f"{len(steps)}"),
        ("From cache", f"{sum(look_of(task).name == 'cached' for task in steps)} of {len(steps)}"),
        ("CPU time", duration(cpu_s or None)),
        ("Peak memory of a step", byte_size(peak_memory_bytes) if peak_memory_bytes else "—"),
    ]
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    return (
        f'<p class="eyebrow">Pipeline run <code>{text(run.id, 200)}</code></p>'
        f'<div class="title"><h1>{text(run.pipeline, 200)}</h1>{badge(look)}</div>'
        f'<dl class="facts">{cells}</dl>{_state_bar(steps)}{_error(run, by_graph, anchors)}{_resume(run)}'
    )


def _state_bar(steps: Sequence[TaskRecord]) -> str:
    counts = count_looks(steps)
    if not counts:
        return ""
    parts = "".join(f'<span class="s-{look.name}" style="flex-grow:{count}"></span>' for look, count in counts)
    words = "".join(f"<li>{badge(look, f'{count} {look.word}')}</li>" for look, count in counts)
    return (
        f'<div class="bar" aria-hidden="true">{parts}</div><ul class="legend" aria-label="Steps by state">{words}</ul>'
    )


def _error(run: RunRecord, by_graph: dict[str, str], anchors: dict[str, str]) -> str:
    if not run.error:
        return ""
    error = {key: str(value) for key, value in run.error.items() if value}
    lines = [
        f"<strong><code>{text(error.get('code', 'error'), 40)}</code> {text(error.get('message', ''), 600)}</strong>"
    ]
    task = error.get("task", "")
    if task:
        anchor = anchors.get(task) or by_graph.get(graph_path(task))
        name = f"<code>{text(task, 300)}</code>"
        lines.append("in task " + (f'<a href="#{escape(anchor)}">{name}</a>' if anchor else name))
    for key in ("where", "got", "expected", "hint"):
        if error.get(key):
            lines.append(f"<b>{key}</b> {text(error[key], 600)}")
    return f'<div class="error" role="note">{"".join(f"<p>{line}</p>" for line in lines)}</div>'


def _resume(run: RunRecord) -> str:
    if run.state == "SUCCEEDED":
        return ""
    command = shlex.join(["milonga", "run", *([run.source] if run.source else []), "--resume", run.id])
    return f'<p class="resume">Go on where it ended: <code class="copy">{text(command, 400)}</code></p>'
