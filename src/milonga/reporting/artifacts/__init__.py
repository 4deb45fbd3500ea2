"""Drawings of what steps made, by type. A new type gets a module here and a line in `RENDERERS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from milonga.lineage.records import TaskRecord, flattened
from milonga.reporting.artifacts.classification import render_classification, render_sliced
from milonga.reporting.artifacts.compiled_model import render_compiled_model
from milonga.reporting.artifacts.content import NotAvailable, View
from milonga.reporting.artifacts.documents import render_html, render_markdown
from milonga.reporting.artifacts.evaluation import render_evaluation
from milonga.reporting.artifacts.latency_table import render_latency_table
from milonga.reporting.artifacts.metrics import render_metrics
from milonga.reporting.artifacts.trained_model import render_trained_model
from milonga.reporting.markup import digest_code, escape, missing, text
from milonga.reporting.places import Places
from milonga.reporting.results import own_type
from milonga.reporting.states import graph_path

Renderer = Callable[[View], str]

RENDERERS: Mapping[str, Renderer] = {
    "CompiledModel": render_compiled_model,
    "Evaluation": render_evaluation,
    "LatencyTable": render_latency_table,
    "TrainedModel": render_trained_model,
    "system.ClassificationMetrics": render_classification,
    "system.SlicedClassificationMetrics": render_sliced,
    "system.Metrics": render_metrics,
    "system.HTML": render_html,
    "system.Markdown": render_markdown,
}
"""By the author's class (`milonga_type` in the metadata), else by schema title."""

_SHOWN_MAX = 60

# What reading foreign JSON and foreign files can raise. A page with a gap is worth more than no page.
_BROKEN = (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)


def findings_section(tasks: Sequence[TaskRecord], anchors: Mapping[str, str], places: Places) -> str:
    """Everything that a renderer knows, by type and then in the order of the tasks; empty when there is nothing.

    What the iterations of loops made comes last and folded.
    """
    order = list(RENDERERS.values())
    found = sorted(_known(tasks, places), key=lambda item: (_is_iterated(item[1]), order.index(item[0])))
    parts = [_finding(renderer, view, anchors) for renderer, view in found[:_SHOWN_MAX]]
    if len(found) > _SHOWN_MAX:
        parts.append(f'<p class="note">The first {_SHOWN_MAX} of {len(found)} findings are shown.</p>')
    return "".join(parts)


def _known(tasks: Sequence[TaskRecord], places: Places) -> Iterator[tuple[Renderer, View]]:
    for task in tasks:
        if task.kind != "step":
            continue
        for name, value in task.output_artifacts.items():
            for record in flattened(value):
                renderer = RENDERERS.get(own_type(record)) or RENDERERS.get(record.type)
                if renderer is not None:
                    yield renderer, View(name, record, task, places)


def _finding(renderer: Renderer, view: View, anchors: Mapping[str, str]) -> str:
    content = render(renderer, view)
    if not content:
        return ""
    path = f"<code>{text(view.task.path, 200)}</code>"
    anchor = anchors.get(view.task.path)
    origin = f'<a href="#{escape(anchor)}">{path}</a>' if anchor else path
    return (
        f'<details class="finding"{"" if _is_iterated(view) else " open"}>'
        f"<summary><h3>{text(own_type(view.record), 200)} <code>{text(view.name, 200)}</code></h3>"
        f'<p class="origin">from {origin} {digest_code(view.record.digest)}</p></summary>{content}</details>'
    )


def _is_iterated(view: View) -> bool:
    return graph_path(view.task.path) != view.task.path


def render(renderer: Renderer, view: View) -> str:
    """What `renderer` draws, or why it cannot."""
    try:
        return renderer(view)
    except NotAvailable as reason:
        return missing(str(reason))
    except _BROKEN as error:
        return missing(f"its content has another form than its type says: {type(error).__name__}")
