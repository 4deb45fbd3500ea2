"""Argo Workflows without KFP: the WorkflowTemplate of a pipeline, its recipes and its code."""

from milonga.compiler.targets.argo.target import ArgoClusterTarget, ArgoTarget, ArgoWorkflowTarget

__all__ = ["ArgoClusterTarget", "ArgoTarget", "ArgoWorkflowTarget"]
