"""Kubeflow Pipelines 2.x: IR YAML and the Kubernetes platform document."""

from milonga.compiler.targets.kfp.target import KfpTarget

__all__ = ["KfpTarget"]
