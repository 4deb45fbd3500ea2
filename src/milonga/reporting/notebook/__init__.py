"""What a notebook shows of pipelines, graphs, artifacts and runs: HTML that stands by itself, in any theme.

The language and the compiler know nothing of pages. Their `_repr_html_` load this module by its name when a notebook
asks, in the way of `milonga.__getattr__`; that is the only tie between them.
"""

from milonga.reporting.notebook.artifacts import artifact_html, record_html
from milonga.reporting.notebook.definitions import definition_html, graph_html
from milonga.reporting.notebook.findings import error_lines
from milonga.reporting.notebook.runs import progress_html, result_html

__all__ = [
    "artifact_html",
    "definition_html",
    "error_lines",
    "graph_html",
    "progress_html",
    "record_html",
    "result_html",
]
