"""`Evaluation`: what a model scored on a split, class by class, and the gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.reporting.artifacts.classification import heat_map
from milonga.reporting.artifacts.content import NotAvailable, View, cell, objects, read_object
from milonga.reporting.artifacts.metrics import render_metrics
from milonga.reporting.markup import missing, table, text
from milonga.reporting.quantities import as_number, number
from milonga.reporting.states import LOOKS, badge


def render_evaluation(view: View) -> str:
    """The gate first, then the scores; the recorded numbers alone when the file is gone."""
    try:
        value = read_object(view.record, format="milonga.evaluation/1")
    except NotAvailable as reason:
        return render_metrics(view) + missing(str(reason))
    facts = [
        f"<div><dt>{name}</dt><dd>{cell(value.get(key))}</dd></div>"
        for key, name in (
            ("split", "Split"),
            ("samples", "Samples"),
            ("accuracy", "Accuracy"),
            ("macro_f1", "Macro F1"),
            ("log_loss", "Log loss (nats)"),
        )
    ]
    return f'<dl class="facts">{"".join(facts)}</dl>{_gate(value.get("gate"))}{_classes(value)}{_matrix(view, value)}'


def _gate(gate: Any) -> str:
    if not isinstance(gate, dict):
        return ""
    passed = gate.get("passed") is True
    sign = badge(LOOKS["succeeded" if passed else "failed"], "passed" if passed else "not passed")
    rows = [
        [
            f"<code>{text(check.get('name', ''), 200)}</code>",
            cell(check.get("value")),
            cell(check.get("limit")),
            badge(LOOKS["succeeded"], "passed")
            if check.get("passed") is True
            else badge(LOOKS["failed"], "not passed"),
        ]
        for check in objects(gate.get("checks"))
    ]
    checks = table(("Check", "Value", "Limit", "Result"), rows, numeric=frozenset({1, 2})) if rows else ""
    none = "" if rows else ' <span class="muted">no checks</span>'
    return f"<h4>Gate {sign}{none}</h4>{checks}"


def _classes(value: Mapping[str, Any]) -> str:
    scores = objects(value.get("per_class"))
    rows = [
        [
            text(score.get("name", ""), 100),
            *(_score(score.get(key)) for key in ("precision", "recall", "f1")),
            cell(score.get("support")),
        ]
        for score in scores[:100]
    ]
    if not rows:
        return ""
    caption = "Scores by class" + (f", the first 100 of {len(scores)}" if len(scores) > 100 else "")
    return table(
        ("Class", "Precision", "Recall", "F1", "Samples"), rows, caption=caption, numeric=frozenset({1, 2, 3, 4})
    )


def _score(value: object) -> str:
    score = as_number(value)
    if score is None:
        return cell(None)
    width = f"{100 * min(1.0, max(0.0, score)):.1f}%"
    return f'<span class="meter" style="--share:{width}">{number(score)}</span>'


def _matrix(view: View, value: Mapping[str, Any]) -> str:
    """The confusion matrix, unless another output of the same step draws it anyway."""
    if any(getattr(item, "type", "") == "system.ClassificationMetrics" for item in view.task.output_artifacts.values()):
        return ""
    names, rows = value.get("classes"), value.get("confusion_matrix")
    if not isinstance(names, list) or not isinstance(rows, list):
        return ""
    return heat_map([str(name) for name in names], [[as_number(count) or 0.0 for count in row] for row in rows])
