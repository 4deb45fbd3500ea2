"""Rewrites of a Graph that keep its meaning. A target names those that it needs."""

from milonga.compiler.passes.base import Pass

__all__ = ["Pass"]
