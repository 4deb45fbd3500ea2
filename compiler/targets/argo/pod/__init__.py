"""What a step's container and Kubernetes settings become in a template of Argo Workflows."""

from milonga.compiler.targets.argo.pod.cells import POD_CELLS
from milonga.compiler.targets.argo.pod.control_value import ControlValue
from milonga.compiler.targets.argo.pod.mapping import MAIN, pod_fields
from milonga.compiler.targets.argo.pod.pod_fields import PodFields
from milonga.compiler.targets.argo.pod.text import expression_text, template_text

__all__ = ["MAIN", "POD_CELLS", "ControlValue", "PodFields", "expression_text", "pod_fields", "template_text"]
