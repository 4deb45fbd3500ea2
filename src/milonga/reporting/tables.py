"""The table of tasks: one group of rows a task, with its inputs and outputs to unfold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from milonga.lineage.records import Artifacts, TaskRecord, flattened
from milonga.reporting.graph_types import channel_name
from milonga.reporting.markup import clip, definitions, digest_code, escape, short_pairs, text, value_code
from milonga.reporting.places import Places
from milonga.reporting.quantities import byte_size, duration
from milonga.reporting.results import own_type
from milonga.reporting.states import badge, look_of, wall_seconds

ROWS_MAX = 500
_MANY = 150
_COLUMNS = ("Task", "State", "Attempts", "Wall time", "CPU time", "Peak memory", "Log")
_PART = re.compile(r"[^/\[]+|\[\d+\]")
_URGENT = ("FAILED", "RUNNING", "CANCELLED")


def ordered(tasks: Sequence[TaskRecord]) -> list[TaskRecord]:
    """Tasks with groups before what is inside them, and otherwise in the order of their starts."""
    first: dict[tuple[str, ...], float] = {}
    parts = {task.path: _parts(task.path) for task in tasks}
    for task in tasks:
        start = task.started_at if task.started_at is not None else float("inf")
        for length in range(1, len(parts[task.path]) + 1):
            prefix = parts[task.path][:length]
            first[prefix] = min(start, first.get(prefix, float("inf")))

    def key(task: TaskRecord) -> list[tuple[float, int, str]]:
        path = parts[task.path]
        prefixes = [path[: length + 1] for length in range(len(path))]
        return [(_index(p[-1]) if _index(p[-1]) >= 0 else first[p], _index(p[-1]), p[-1]) for p in prefixes]

    return sorted(tasks, key=key)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(_PART.findall(path)) or (path,)


def _index(part: str) -> int:
    return int(part[1:-1]) if part.startswith("[") and part[1:-1].isdigit() else -1


def anchors_of(tasks: Sequence[TaskRecord]) -> dict[str, str]:
    """The id on the page of each task's row, for those that have one."""
    return {task.path: f"task-{index}" for index, task in enumerate(_shown(tasks))}


def _shown(tasks: Sequence[TaskRecord]) -> list[TaskRecord]:
    """All tasks, or the ones that somebody will look for: failed ones first, then groups and steps in order."""
    if len(tasks) <= ROWS_MAX:
        return list(tasks)
    urgent = [index for index, task in enumerate(tasks) if task.state in _URGENT][:ROWS_MAX]
    rest = [index for index, task in enumerate(tasks) if task.state not in _URGENT]
    return [tasks[index] for index in sorted([*urgent, *rest[: ROWS_MAX - len(urgent)]])]


def tasks_section(tasks: Sequence[TaskRecord], anchors: Mapping[str, str], places: Places) -> str:
    """The table, with what is left out said above it.

    Args:
        tasks: as `ordered` returns them.
        anchors: as `anchors_of` returns them.
        places: of the report.
    """
    if not tasks:
        return '<p class="muted">No task has started.</p>'
    shown = _shown(tasks)
    limit = 2000 if len(shown) <= _MANY else 200
    kinds = ["num" if 2 <= index <= 5 else "text" for index in range(len(_COLUMNS))]
    columns = zip(kinds, _COLUMNS, strict=True)
    head = "".join(f'<th scope="col" class="{kind}">{name}</th>' for kind, name in columns)
    rows = "".join(
        _rows(task, anchors[task.path], places, limit, is_told=index < _MANY or task.state in _URGENT)
        for index, task in enumerate(shown)
    )
    note = ""
    if len(shown) > _MANY:
        note = (
            f'<p class="note">The first {_MANY} tasks and those that need attention unfold to inputs and outputs; '
            "<code>milonga show RUN TASK</code> has those of any.</p>"
        )
    if len(shown) < len(tasks):
        note += (
            f'<p class="note">{len(tasks)} tasks; the table has {len(shown)} of them, failed ones before all others. '
            "<code>milonga show</code> lists the rest.</p>"
        )
    return (
        f'{note}<div class="filter" hidden><label>Find <input type="search" id="find" '
        'placeholder="name or state" autocomplete="off"></label><span id="found" aria-live="polite"></span></div>'
        f'<div class="scroll"><table class="tasks"><thead><tr>{head}</tr></thead>{rows}</table></div>'
    )


def _rows(task: TaskRecord, anchor: str, places: Places, limit: int, *, is_told: bool) -> str:
    """The row of a task and, where it is to be told, one with its inputs and outputs to unfold."""
    look = look_of(task)
    parts = _parts(task.path)
    name = parts[-1] if not parts[-1].startswith("[") else "".join(parts[-2:])
    before = "".join(part if part.startswith("[") else f"/{part}" for part in parts[:-1])
    depth = min(8, sum(not part.startswith("[") for part in parts) - 1)
    place = f'<span class="where">{text(clip(before.lstrip("/"), 120))}</span>' if before and name == parts[-1] else ""
    iterations = f' <span class="muted">{task.iterations} iterations</span>' if task.iterations is not None else ""
    wall = duration(wall_seconds(task))
    is_step = task.kind == "step" and not task.cached
    cells = (
        f'<td>{badge(look)}</td><td class="num">{task.attempts or "—"}</td><td class="num">{wall}</td>'
        f'<td class="num">{duration(task.cpu_s) if is_step and task.cpu_s else "—"}</td>'
        f'<td class="num">{byte_size(task.peak_memory_bytes) if is_step and task.peak_memory_bytes else "—"}</td>'
        f"<td>{places.link(places.folder / task.log, 'log') if task.log else '—'}</td>"
    )
    more = _more(task, places, limit, depth) if is_told else ""
    return (
        f'<tbody id="{anchor}" class="{task.kind}" data-find="{escape(clip(task.path, 300).lower())} {look.word}">'
        f'<tr><th scope="row" style="padding-left:{12 + 16 * depth}px" title="{text(task.path, 600)}">'
        f"<code>{text(name, 120)}</code>{iterations}{place}</th>{cells}</tr>{more}</tbody>"
    )


def _more(task: TaskRecord, places: Places, limit: int, depth: int) -> str:
    blocks = []
    if task.error:
        trace = task.error.get("traceback")
        lines = [(key, text(value, limit)) for key, value in task.error.items() if key != "traceback" and value]
        blocks.append(f"<h4>Error</h4>{definitions(lines)}" + (f"<pre>{text(str(trace), 8000)}</pre>" if trace else ""))
    blocks += _border("Inputs", task.inputs, task.input_artifacts, places, limit)
    blocks += _border("Outputs", task.outputs, task.output_artifacts, places, limit)
    if task.key:
        blocks.append(
            f'<p class="muted">component <code>{text(task.component, 200)}</code>, key {digest_code(task.key)}</p>'
        )
    if not blocks:
        return ""
    summary = f"<b>{text(str(task.error.get('code', 'error')), 40)}</b> {text(str(task.error.get('message', '')), 200)}"
    if not task.error:
        summary = escape(clip(_line(task), 260))
    opened = " open" if task.error and task.kind == "step" else ""
    return (
        f'<tr class="more"><td colspan="{len(_COLUMNS)}" style="padding-left:{12 + 16 * depth}px"><details{opened}>'
        f"<summary>{summary}</summary>{''.join(blocks)}</details></td></tr>"
    )


def _line(task: TaskRecord) -> str:
    named = {channel_name(name): value for name, value in task.inputs.items()}
    taken = [short_pairs(named), ", ".join(map(channel_name, task.input_artifacts))]
    made = [short_pairs(task.outputs), ", ".join(task.output_artifacts)]
    sides = (", ".join(filter(None, taken)), ", ".join(filter(None, made)))
    return " → ".join(side for side in (sides[0] or "()", sides[1]) if side)


def _border(title: str, parameters: Mapping[str, Any], artifacts: Artifacts, places: Places, limit: int) -> list[str]:
    rows = [(channel_name(name), value_code(value, limit)) for name, value in parameters.items()]
    for name, value in artifacts.items():
        records = flattened(value)
        items = [
            f"{text(own_type(record), 200)} {places.artifact(record.uri)} {digest_code(record.digest)}"
            for record in records[:20]
        ]
        if len(records) > 20:
            items.append(f"and {len(records) - 20} more")
        rows.append((channel_name(name), "<br>".join(items) or '<span class="muted">an empty list</span>'))
    return [f"<h4>{title}</h4>{definitions(rows, css='border')}"] if rows else []
