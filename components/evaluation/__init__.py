"""Evaluation: what a compiled model scores on data that it has not seen, and whether that is enough."""

from milonga.components.evaluation.component import Evaluated, evaluate

__all__ = ["Evaluated", "evaluate"]
