"""Inputs of a job of Vertex AI: one form for runs and for schedules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ARTIFACT_IDS = "its id, the last part of projects/../metadataStores/default/artifacts/ID"
"""What an input artifact is given by, for messages."""
_ARTIFACT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def vertex_inputs(parameters: Mapping[str, Any], artifacts: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as `RuntimeConfig` has them.

    Args:
        parameters: JSON values by input name.
        artifacts: ids in Vertex ML Metadata by input name; `wrong_artifacts` says which are none.
    """
    inputs: dict[str, Any] = {"parameterValues": dict(parameters)}
    if artifacts:
        inputs["inputArtifacts"] = {name: {"artifactId": id} for name, id in sorted(artifacts.items())}
    return inputs


def wrong_artifacts(artifacts: Mapping[str, Any]) -> dict[str, Any]:
    """The artifacts that are not given by an id, by input name."""
    return {
        name: id for name, id in sorted(artifacts.items()) if not isinstance(id, str) or not _ARTIFACT_ID.fullmatch(id)
    }
