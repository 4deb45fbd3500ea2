"""The report of a run: one page that needs nothing else, and the drawing of a graph for use elsewhere."""

from milonga.reporting.graph_svg import graph_svg

__all__ = ["graph_svg"]
