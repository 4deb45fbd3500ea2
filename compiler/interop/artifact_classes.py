"""Artifact classes for schema titles: milonga's own for KFP's system types, made-up ones for all others."""

from __future__ import annotations

import functools
import re

from milonga.compiler.graph import ArtifactType
from milonga.dsl.artifacts import (
    HTML,
    Artifact,
    ClassificationMetrics,
    Dataset,
    Markdown,
    Metrics,
    Model,
    SlicedClassificationMetrics,
)

_SYSTEM: dict[str, type[Artifact]] = {
    cls.SCHEMA_TITLE: cls
    for cls in (
        Artifact,
        ClassificationMetrics,
        Dataset,
        HTML,
        Markdown,
        Metrics,
        Model,
        SlicedClassificationMetrics,
    )
}


def artifact_class_of(artifact_type: ArtifactType | None) -> type[Artifact]:
    """The class whose schema title an artifact type has. Without a title, as old files are, it is any artifact."""
    title = (artifact_type.schema_title if artifact_type else None) or Artifact.SCHEMA_TITLE
    version = (artifact_type.schema_version if artifact_type else None) or Artifact.SCHEMA_VERSION
    known = _SYSTEM.get(title)
    return known if known is not None and version == known.SCHEMA_VERSION else _made_up(title, version)


@functools.lru_cache(maxsize=1024)
def _made_up(title: str, version: str) -> type[Artifact]:
    """`google.VertexModel` → a class VertexModel; the same one for the same title, so that its values fit together."""
    name = re.sub(r"\W", "_", title.rpartition(".")[2]) or "Artifact"
    return type(name, (Artifact,), {"SCHEMA_TITLE": title, "SCHEMA_VERSION": version, "__doc__": f"A `{title}`."})


__all__ = ["artifact_class_of"]
