"""This machine: milonga's own engine."""

from milonga.compiler.targets.local.target import LocalTarget

__all__ = ["LocalTarget"]
