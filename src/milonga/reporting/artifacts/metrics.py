"""`system.Metrics`: named numbers in the metadata."""

from __future__ import annotations

from milonga.reporting.artifacts.content import View, cell
from milonga.reporting.markup import table, text

_HIDDEN = ("milonga_type",)
_ROWS_MAX = 200


def render_metrics(view: View) -> str:
    """A table of names and values."""
    pairs = [(name, value) for name, value in view.record.metadata.items() if name not in _HIDDEN]
    rows = [[f"<code>{text(name, 200)}</code>", cell(value)] for name, value in pairs[:_ROWS_MAX]]
    if not rows:
        return '<p class="muted">It records no numbers.</p>'
    left_out = f'<p class="note">and {len(pairs) - _ROWS_MAX} more</p>' if len(pairs) > _ROWS_MAX else ""
    return table(("Metric", "Value"), rows, numeric=frozenset({1})) + left_out
