"""Tuning: the search for a training's hyperparameters."""

from milonga.components.tuning.component import Tuned, tune

__all__ = ["Tuned", "tune"]
