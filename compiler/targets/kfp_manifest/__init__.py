"""KFP's Kubernetes-native resources: a Pipeline and its PipelineVersion."""

from milonga.compiler.targets.kfp_manifest.target import KfpManifestTarget

__all__ = ["KfpManifestTarget"]
