"""Where `Artifact.create` puts the outputs of the running task: at the address that the back end has assigned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.dsl.artifacts.artifact import Artifact
from milonga.dsl.signature import ArtifactSchema, Signature

_MOUNTS = {"gs://": "/gcs/", "s3://": "/s3/", "minio://": "/minio/"}


def local_path(artifact: Mapping[str, Any]) -> Path:
    """The path inside the task of a runtime artifact (KFP's launcher mounts or downloads it there)."""
    if artifact.get("customPath"):
        return Path(artifact["customPath"])
    uri = artifact.get("uri", "")
    for scheme, mount in _MOUNTS.items():
        if uri.startswith(scheme):
            return Path(mount + uri[len(scheme) :])
    if uri.startswith("oci://"):
        return Path("/oci/" + uri[len("oci://") :].replace("/", "\\/") + "/models")
    return Path(uri[len("file://") :] if uri.startswith("file://") else uri)


class AssignedPlacement:
    """Gives each created artifact the assigned path of the output that it will most likely become.

    An artifact created by name gets that output's path; otherwise the first output of its class that is still free.
    Anything else lands beside the outputs, and is moved when the function returns it.
    """

    def __init__(self, signature: Signature, assigned: Mapping[str, Path], staging: Path) -> None:
        self._free = {
            output.name: output.schema.artifact_class
            for output in signature.outputs
            if isinstance(output.schema, ArtifactSchema) and output.name in assigned
        }
        self._assigned = assigned
        self._staging = staging
        self._count = 0

    def place(self, artifact_class: type, name: str) -> Path:
        """A path that no other call gets, at an output's address or beside them.

        A name only chooses among the outputs. It is never a part of a path: it is data, and `/` or `../..` would be
        somewhere else, where writing and removing what "was there before" takes other people's files.
        """
        chosen = name if name in self._free else ""
        if not name:
            exact = [free for free, declared in self._free.items() if declared is artifact_class]
            kind = [free for free, declared in self._free.items() if issubclass(artifact_class, declared)]
            chosen = next(iter(exact or kind), "")
        if chosen:
            del self._free[chosen]
            return self._assigned[chosen]
        self._count += 1
        return self._staging / f"{self._count}" / Artifact.__name__.lower()
