"""Vertex AI Pipelines: one document with the fields that its older reader knows."""

from milonga.compiler.targets.vertex.target import VertexTarget

__all__ = ["VertexTarget"]
