"""The report of a run: one page that needs nothing else, and the drawing of a graph for use elsewhere."""

from milonga.reporting.graph_svg import graph_svg
from milonga.reporting.page import write_report

__all__ = ["graph_svg", "write_report"]
