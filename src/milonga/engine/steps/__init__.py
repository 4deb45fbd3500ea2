"""What an executor of a graph becomes on this machine. One registry: the first kind that matches prepares the step."""

from __future__ import annotations

from milonga.engine.settings import Mode
from milonga.engine.steps.base import PreparedStep, StepContext, StepKind
from milonga.engine.steps.container import ContainerStep
from milonga.engine.steps.identity import Identity
from milonga.engine.steps.importer import ImporterStep
from milonga.engine.steps.kfp_python import KfpPythonStep
from milonga.engine.steps.milonga_python import MilongaStep
from milonga.engine.steps.provision import Provision


def step_kinds(mode: Mode) -> tuple[StepKind, ...]:
    """The kinds of one run, which remember what they have looked up for it."""
    if mode == "container":
        return (ImporterStep(), ContainerStep())
    return (MilongaStep(), KfpPythonStep(), ImporterStep(), ContainerStep())


__all__ = ["Identity", "PreparedStep", "Provision", "StepContext", "StepKind", "step_kinds"]
