"""`LatencyTable`: what was measured for each candidate on one device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.lineage.records import ArtifactRecord
from milonga.reporting.artifacts.content import (
    NotAvailable,
    View,
    cell,
    chosen_mark,
    objects,
    read_object,
    size_cell,
    status_cell,
)
from milonga.reporting.charts import Bar, bar_chart
from milonga.reporting.markup import table, text
from milonga.reporting.quantities import as_number, byte_size, number
from milonga.reporting.results import own_type

_ROWS_MAX = 100
_BARS_MAX = 30


def render_latency_table(view: View) -> str:
    """Bars against the limit, and all candidates."""
    report = read_object(view.record, format="milonga.latency/1")
    candidates = objects(report.get("candidates"))
    limits = _limits(view)
    latency_limit, size_limit = as_number(limits.get("latency_p95_ms")), as_number(limits.get("size_mib"))
    chosen = _chosen(view, candidates)
    bars = [
        Bar(label_of(row), p95, index == chosen)
        for index, row in enumerate(candidates)
        if row.get("status") == "measured" and (p95 := as_number(row.get("p95_ms"))) is not None
    ]
    rows = [
        [
            text(row.get("family", ""), 60),
            cell(row.get("level")),
            f"<code>{text(row.get('artefact', ''), 80)}</code> {chosen_mark(index == chosen)}",
            status_cell(row),
            cell(row.get("parameter_count")),
            size_cell(row.get("size_bytes")),
            cell(row.get("p50_ms")),
            cell(row.get("p95_ms")),
            _verdict(row, latency_limit, size_limit),
        ]
        for index, row in enumerate(candidates[:_ROWS_MAX])
    ]
    columns = ("Family", "Level", "Artefact", "Status", "Parameters", "Size", "p50 (ms)", "p95 (ms)", "Limits")
    device = f"<p>Device <code>{text(report.get('device', ''), 100)}</code>{limits_text(limits)}</p>"
    chart = bar_chart(bars[:_BARS_MAX], unit="ms", limit=latency_limit, title="95th percentile of latency by candidate")
    left_out = f'<p class="note">The first {_ROWS_MAX} of {len(candidates)}.</p>' if len(candidates) > _ROWS_MAX else ""
    return device + chart + table(columns, rows, numeric=frozenset({1, 4, 5, 6, 7})) + left_out


def label_of(row: Mapping[str, Any]) -> str:
    """A candidate's name in a chart: "resnet-2 onnxruntime-int8"."""
    level = f"-{row['level']}" if row.get("level") is not None else ""
    return f"{row.get('family', '')}{level} {row.get('artefact', '')}".strip()


def limits_text(limits: Mapping[str, Any]) -> str:
    """Limits in words, empty when there are none."""
    parts = []
    if (latency := as_number(limits.get("latency_p95_ms"))) is not None:
        parts.append(f"p95 ≤ {number(latency)} ms")
    if (size := as_number(limits.get("size_mib"))) is not None:
        parts.append(f"size ≤ {byte_size(size * 1024 * 1024)}")
    if (drop := as_number(limits.get("accuracy_drop_max"))) is not None:
        parts.append(f"accuracy drop ≤ {number(drop)}")
    return f", limits: {', '.join(parts)}" if parts else ", no limits known"


def _verdict(row: Mapping[str, Any], latency_limit: float | None, size_limit: float | None) -> str:
    p95, size = as_number(row.get("p95_ms")), as_number(row.get("size_bytes"))
    if row.get("status") != "measured" or (latency_limit is None and size_limit is None):
        return cell(None)
    over = []
    if latency_limit is not None and p95 is not None and p95 > latency_limit:
        over.append("too slow")
    if size_limit is not None and size is not None and size > size_limit * 1024 * 1024:
        over.append("too large")
    return (
        f'<span class="status s-failed">{", ".join(over)}</span>'
        if over
        else '<span class="status s-succeeded">kept</span>'
    )


def _limits(view: View) -> Mapping[str, Any]:
    """The limits of the device profile that the step was given; the table itself does not hold them."""
    for value in view.task.input_artifacts.values():
        if isinstance(value, ArtifactRecord) and own_type(value) == "DeviceProfile":
            try:
                limits = read_object(value, format="milonga.device/1").get("limits")
            except NotAvailable:
                return {}
            return limits if isinstance(limits, dict) else {}
    return {}


def _chosen(view: View, candidates: list[Mapping[str, Any]]) -> int | None:
    """Which candidate the step chose: by its output `artefact`, or by its output `level` and that level's time."""
    outputs = view.task.outputs
    if "artefact" in outputs:
        wanted = {"artefact": outputs["artefact"]}
    elif "level" in outputs and "fastest_p95_ms" in outputs:
        wanted = {"level": outputs["level"], "p95_ms": outputs["fastest_p95_ms"]}
    else:
        return None
    matching = [
        index
        for index, row in enumerate(candidates)
        if row.get("status") == "measured" and all(row.get(key) == value for key, value in wanted.items())
    ]
    return matching[0] if len(matching) == 1 else None  # several of one name: the table alone cannot tell
