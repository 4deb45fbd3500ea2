"""Importers at run time: a URI becomes an artifact record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.compiler.graph import Importer, wire
from milonga.compiler.graph.component import schema_title
from milonga.engine.content import digest_path
from milonga.engine.instances import TaskInstance
from milonga.engine.placeholders import PlaceholderContext
from milonga.engine.values import Bundle, resolve_constant
from milonga.errors import RunError
from milonga.lineage.records import ArtifactRecord
from milonga.runtime.placement import local_path


def import_artifact(importer: Importer, task: TaskInstance, names: Mapping[str, str]) -> Bundle:
    """The output of an importer task. Content on this machine is digested, anything else is known by its URI.

    Raises:
        RunError: E436, the importer has no URI.
    """
    context = PlaceholderContext(names=names, parameters=task.inputs.parameters)
    source = importer.artifact_uri
    uri: Any = None
    if source is not None and source.constant is not None:
        uri = resolve_constant(wire.plain(source.constant), context)
    elif source is not None and source.runtime_parameter is not None:
        uri = task.inputs.parameters.get(source.runtime_parameter)
    if not isinstance(uri, str) or not uri:
        raise RunError("E436", "an importer without a URI", where=task.path, got=repr(uri))
    metadata = resolve_constant(dict(importer.metadata or {}), context)
    output = next(iter(task.component.output_artifacts), "artifact")
    digest, size = hashlib.sha256(uri.encode()).hexdigest(), 0
    if "://" not in uri or uri.startswith("file://"):
        path = local_path({"uri": uri})
        if path.exists():
            content = digest_path(path)
            digest, size = content.digest, content.size_bytes
            uri = str(Path(uri).absolute()) if "://" not in uri else uri
    record = ArtifactRecord(output, schema_title(importer.type_schema), uri, digest, size, metadata)
    return Bundle(artifacts={output: record})
