"""KFP's ExecutorInput for an attempt, and what its ExecutorOutput means."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.compiler.graph import ArtifactType, Component
from milonga.compiler.graph.component import schema_title
from milonga.engine.content import ContentStore, copy_content, digest_path
from milonga.engine.executor_output import completed, custom_path_of, own_path, reported_artifacts, reported_parameters
from milonga.engine.home import safe_name
from milonga.engine.values import Bundle
from milonga.engine.workers.base import OUTPUT_FILE
from milonga.errors import StoreError, TaskFailed
from milonga.lineage.records import ArtifactRecord, flattened
from milonga.runtime.placement import local_path

_PROBE_BYTES = 64 * 1024
"""More than an error and a log need."""


def executor_input(component: Component, inputs: Bundle, folder: Path) -> dict[str, Any]:
    """The ExecutorInput of an attempt in `folder`."""
    outputs = folder / "outputs"
    input_artifacts: dict[str, Any] = {}
    for name, value in inputs.artifacts.items():
        input_artifacts[name] = {"artifacts": [_runtime_artifact(record) for record in flattened(value)]}
    output_artifacts = {
        name: {
            "artifacts": [
                {
                    "name": name,
                    "uri": str(outputs / safe_name(name)),
                    "type": _type_json(declared.artifact_type),
                    "metadata": dict(declared.metadata or {}),
                }
            ]
        }
        for name, declared in component.output_artifacts.items()
    }
    return {
        "inputs": {"parameterValues": dict(inputs.parameters), "artifacts": input_artifacts},
        "outputs": {
            "parameters": {
                name: {"outputFile": str(outputs / safe_name(name))} for name in component.output_parameters
            },
            "artifacts": output_artifacts,
            "outputFile": str(folder / OUTPUT_FILE),
        },
    }


def _type_json(artifact_type: ArtifactType | None) -> dict[str, str]:
    title = schema_title(artifact_type)
    version = artifact_type.schema_version if artifact_type is not None else None
    return {"schemaTitle": title, "schemaVersion": version or "0.0.1"}


def _runtime_artifact(record: ArtifactRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "uri": record.uri,
        "type": {"schemaTitle": record.type, "schemaVersion": "0.0.1"},
        "metadata": dict(record.metadata),
    }


def cannot_write(folder: Path) -> OSError | None:
    """Why nothing can be written into `folder` now; None when it can."""
    probe = folder / ".probe"
    try:
        probe.write_bytes(b"\0" * _PROBE_BYTES)
        probe.unlink()
    except OSError as error:
        with contextlib.suppress(OSError):
            probe.unlink()
        return error
    return None


def drop_outputs(folder: Path) -> None:
    """Remove what a failed attempt has written as its outputs."""
    shutil.rmtree(folder / "outputs", ignore_errors=True)


def unwritable(error: OSError, folder: Path) -> StoreError:
    """The error of an attempt whose folder cannot be written."""
    hint = "free some space and resume the run" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    message = f"the folder of the attempt cannot be written: {error.strerror or error}"
    return StoreError("E423", message, where=str(folder), hint=hint)


def read_outputs(
    component: Component, output: Mapping[str, Any], request: Mapping[str, Any], folder: Path, store: ContentStore
) -> Bundle:
    """The outputs of a successful attempt; its artifacts move into the content store.

    Raises:
        TaskFailed: E416, what the process left has another form than KFP's ExecutorOutput; E418, an output has another
            type than the component declares.
        StoreError: E424, an artifact cannot be stored.
    """
    types = {name: declared.parameter_type for name, declared in component.output_parameters.items()}
    files = {name: entry["outputFile"] for name, entry in request["outputs"]["parameters"].items()}
    bundle = Bundle(parameters=reported_parameters(types, output, files))
    for name in component.output_artifacts:
        assigned = request["outputs"]["artifacts"][name]["artifacts"][0]
        entries = reported_artifacts(output, name) or [assigned]
        records = tuple(_stored(name, completed(assigned, entry), folder, store) for entry in entries)
        is_list = bool(component.output_artifacts[name].is_artifact_list)
        bundle.artifacts[name] = records if is_list else records[0]
    return bundle


def _stored(name: str, entry: Mapping[str, Any], folder: Path, store: ContentStore) -> ArtifactRecord:
    title = (entry.get("type") or {}).get("schemaTitle") or "system.Artifact"
    metadata = dict(entry.get("metadata") or {})
    custom = custom_path_of(entry)
    try:
        path = _copied(Path(custom), folder, name) if custom and Path(custom).exists() else local_path(entry)
        is_there, own = path.exists() or path.is_symlink(), own_path(path, folder)
    except (OSError, RuntimeError, ValueError) as error:  # too long, a ring of links, a NUL character
        message = f"the address of the artifact '{name}' is no path"
        raise TaskFailed("E416", message, got=repr(custom or entry.get("uri"))[:200]) from error
    if not is_there:
        uri = str(entry.get("uri", ""))
        digest = digest_of_unwritten(uri, metadata, own=Path(os.path.normpath(path)).is_relative_to(folder))
        return ArtifactRecord(name, title, uri, digest, 0, metadata)
    if own is not None:
        kept, content = store.take(own, name)
        return ArtifactRecord(name, title, str(kept), content.digest, content.size_bytes, metadata)
    try:
        content = digest_path(path)  # an input passed through, or content that lives where the author put it
    except OSError as error:
        reason = error.strerror or error
        raise StoreError("E424", f"the artifact '{name}' cannot be read: {reason}", where=str(path)) from error
    return ArtifactRecord(name, title, str(entry.get("uri", "")), content.digest, content.size_bytes, metadata)


def _copied(source: Path, folder: Path, name: str) -> Path:
    """A copy of what the author put at a path of his own, which stays his: KFP's launcher uploads it from there.

    It lies in a new folder of the attempt's: one of a known name may be there already, as a link to somewhere else.

    Raises:
        StoreError: E424, it cannot be read or copied.
    """
    try:
        target = Path(tempfile.mkdtemp(prefix="custom-", dir=folder)) / safe_name(name)
        copy_content(source, target)
    except OSError as error:
        raise StoreError("E424", f"the artifact cannot be stored: {error.strerror}", where=str(source)) from error
    return target


def digest_of_unwritten(uri: str, metadata: Mapping[str, Any], *, own: bool) -> str:
    """What stands for an artifact without content here: its metadata, and its URI when that is the author's choice."""
    text = json.dumps(metadata if own else [uri, metadata], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
