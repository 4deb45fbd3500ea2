"""Inputs of a job of Vertex AI: one form for runs and for schedules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from milonga.errors import UsageError

_ARTIFACT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def vertex_inputs(parameters: Mapping[str, Any], artifacts: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as `RuntimeConfig` has them.

    Args:
        parameters: JSON values by input name.
        artifacts: ids in Vertex ML Metadata by input name.

    Raises:
        UsageError: E936, an artifact is not given by its id.
    """
    inputs: dict[str, Any] = {"parameterValues": dict(parameters)}
    if artifacts:
        inputs["inputArtifacts"] = {name: _artifact(name, id) for name, id in sorted(artifacts.items())}
    return inputs


def _artifact(name: str, id: Any) -> dict[str, str]:
    if not isinstance(id, str) or not _ARTIFACT_ID.fullmatch(id):
        raise UsageError(
            "E936",
            f"input '{name}' takes an artifact of Vertex ML Metadata",
            got=repr(id),
            expected="its id, the last part of projects/../metadataStores/default/artifacts/ID",
        )
    return {"artifactId": id}
