"""What an executor of a graph becomes on this machine. One registry: the first kind that matches prepares the step."""

from milonga.engine.steps.base import PreparedStep, StepContext, StepKind
from milonga.engine.steps.container import ContainerStep
from milonga.engine.steps.identity import Identity
from milonga.engine.steps.importer import ImporterStep
from milonga.engine.steps.kfp_python import KfpPythonStep
from milonga.engine.steps.milonga_python import MilongaStep
from milonga.engine.steps.provision import Provision

STEP_KINDS: tuple[StepKind, ...] = (MilongaStep(), KfpPythonStep(), ImporterStep(), ContainerStep())

__all__ = ["STEP_KINDS", "Identity", "PreparedStep", "Provision", "StepContext", "StepKind"]
