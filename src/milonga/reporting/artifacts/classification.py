"""`system.ClassificationMetrics`: confusion matrix and ROC curve, in the shape that KFP records them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from milonga.reporting.artifacts.content import NotAvailable, View, objects
from milonga.reporting.artifacts.metrics import render_metrics
from milonga.reporting.charts import Dot, curve_chart
from milonga.reporting.markup import escape, text
from milonga.reporting.quantities import as_number, number, percent

_CLASSES_MAX = 60


def render_classification(view: View) -> str:
    """The confusion matrix and the ROC curve, as far as they are recorded; else whatever else is."""
    return _drawings(view.record.metadata) or render_metrics(view)


def render_sliced(view: View) -> str:
    """The same for each slice of the data."""
    slices = objects(view.record.metadata.get("evaluationSlices"))
    parts = []
    for item in slices[:20]:
        content = _drawings(item.get("sliceClassificationMetrics") or {})
        parts.append(f"<h4>Slice {text(item.get('slice', ''), 200)}</h4>{content}")
    return "".join(parts) or render_metrics(view)


def _drawings(metadata: Mapping[str, Any]) -> str:
    matrix, parts = metadata.get("confusionMatrix"), []
    if matrix is not None:
        names = [str(item.get("displayName", "")) for item in objects(matrix.get("annotationSpecs"))]
        rows = [[as_number(count) or 0.0 for count in item.get("row", [])] for item in objects(matrix.get("rows"))]
        parts.append(heat_map(names, rows))
    points = objects(metadata.get("confidenceMetrics"))
    if points:
        dots = [
            Dot("", x, y)
            for item in points
            if (x := as_number(item.get("falsePositiveRate"))) is not None
            and (y := as_number(item.get("recall"))) is not None
        ]
        parts.append(curve_chart(dots, x_name="false positive rate", y_name="true positive rate", title="ROC curve"))
    return "".join(parts)


def heat_map(names: Sequence[str], rows: Sequence[Sequence[float]]) -> str:
    """A confusion matrix as a table; a cell's shade is its share of its row, right answers and mistakes in two hues.

    Args:
        names: classes.
        rows: counts, a row for each true class.

    Raises:
        NotAvailable: the matrix is not one row and column a class, or too large for a page.
    """
    if not names or len(rows) != len(names) or any(len(row) != len(names) for row in rows):
        raise NotAvailable(f"a confusion matrix of {len(rows)} rows for {len(names)} classes")
    if len(names) > _CLASSES_MAX:
        raise NotAvailable(f"a confusion matrix of {len(names)} classes is too large for a page")
    head = "".join(f'<th scope="col"><span>{text(name, 40)}</span></th>' for name in names)
    body = []
    for index, row in enumerate(rows):
        total = sum(row)
        cells = "".join(
            _shaded(count, total, index == column, names[index], names[column]) for column, count in enumerate(row)
        )
        recall = percent(row[index] / total) if total else "—"
        body.append(f'<tr><th scope="row">{text(names[index], 40)}</th>{cells}<td class="num total">{recall}</td></tr>')
    return (
        '<div class="scroll"><table class="heat">'
        "<caption>Confusion matrix: rows are true classes, columns predicted ones"
        f'</caption><thead><tr><td></td>{head}<th scope="col"><span>recall</span></th></tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _shaded(count: float, total: float, right: bool, true: str, predicted: str) -> str:
    share = count / total if total else 0.0
    shown = number(int(count) if count == int(count) else count)
    title = escape(f"{true} predicted as {predicted}: {shown} ({percent(share)})")
    hue = "right" if right else "wrong"
    # Shades stop at 45 %, so that ink keeps its contrast on every one of them.
    shade = f"{45 * share if right else min(45.0, 90 * share):.0f}%"
    return f'<td class="{hue}" style="--shade:{shade}" title="{title}">{shown}</td>'
