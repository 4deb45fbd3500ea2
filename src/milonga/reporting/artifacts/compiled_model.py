"""`CompiledModel`: every form in which a network was compiled for a device, and the one that was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.reporting.artifacts.content import View, cell, chosen_mark, objects, read_object, size_cell, status_cell
from milonga.reporting.artifacts.latency_table import limits_text
from milonga.reporting.charts import Dot, scatter_chart
from milonga.reporting.markup import definitions, digest_code, table, text
from milonga.reporting.quantities import as_number, percent

_COLUMNS = (
    "Artefact",
    "Status",
    "Parity (max. relative error)",
    "Top-1 agreement",
    "Accuracy (validation)",
    "Accuracy drop",
    "p50 (ms)",
    "p95 (ms)",
    "Size",
)


def render_compiled_model(view: View) -> str:
    """Accuracy against latency, and all candidates."""
    report = read_object(view.record, member="compiled.json", format="milonga.compiled/1")
    candidates = objects(report.get("candidates"))
    limits = report.get("limits") if isinstance(report.get("limits"), dict) else {}
    chosen = report.get("chosen")
    dots = [
        Dot(str(row.get("artefact", "")), x, y, row.get("artefact") == chosen)
        for row in candidates[:100]
        if (x := as_number(row.get("p95_ms"))) is not None
        and (y := as_number(row.get("validation_accuracy"))) is not None
    ]
    rows = [_row(row, chosen) for row in candidates[:100]]
    return (
        _facts(report, limits or {})
        + scatter_chart(
            dots,
            x_name="p95 latency of one sample (ms)",
            y_name="validation accuracy",
            title="Accuracy against latency of the compiled candidates",
            x_limit=as_number((limits or {}).get("latency_p95_ms")),
        )
        + table(_COLUMNS, rows, numeric=frozenset(range(2, 9)))
    )


def _row(row: Mapping[str, Any], chosen: object) -> list[str]:
    return [
        f"<code>{text(row.get('artefact', ''), 80)}</code> {chosen_mark(row.get('artefact') == chosen)}",
        status_cell(row),
        cell(row.get("parity_max_relative_error")),
        _share(row.get("top1_agreement")),
        _share(row.get("validation_accuracy")),
        _share(row.get("accuracy_drop")),
        cell(row.get("p50_ms")),
        cell(row.get("p95_ms")),
        size_cell(row.get("size_bytes")),
    ]


def _share(value: object) -> str:
    share = as_number(value)
    return percent(share) if share is not None else cell(None)


def _facts(report: Mapping[str, Any], limits: Mapping[str, Any]) -> str:
    level = report.get("level")
    network = f"{report.get('family', '')}{f', level {level}' if level is not None else ''}"
    facts = [
        ("Device", f"<code>{text(report.get('device', ''), 100)}</code>{limits_text(limits)}"),
        ("Network", text(network, 100)),
        ("Chosen", f"<code>{text(report.get('chosen', ''), 100)}</code>"),
    ]
    calibration = report.get("calibration")
    if isinstance(calibration, dict):
        samples = f"{cell(calibration.get('samples'))} samples of split {text(calibration.get('split', ''), 40)}"
        facts.append(("Calibration", f"{samples} {digest_code(str(calibration.get('digest', '')))}"))
    versions = report.get("runtime_versions")
    if isinstance(versions, dict):
        facts.append(("Runtimes", text(", ".join(f"{name} {version}" for name, version in versions.items()), 300)))
    return definitions(facts, css="border")
