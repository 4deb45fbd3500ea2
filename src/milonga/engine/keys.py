"""Content keys: two steps with the same key do the same work on the same data.

A key covers the code and what it reaches, the environment, declared variables, parameters, the *content* of artifacts
(not where they are), and the declared outputs. It does not cover resources, retries or names, which change no result.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from milonga.compiler.graph import Component, wire
from milonga.engine.values import Bundle
from milonga.lineage.records import ArtifactValue

_FORMAT = 1


def content_key(identity: str, component: Component, inputs: Bundle, custom: str | None = None) -> str:
    """The key of one step.

    Args:
        identity: stands for the code and its environment.
        component: its border.
        inputs: parameters and artifacts, defaults filled in.
        custom: a key of the author's own, which replaces everything but the component.
    """
    if custom:
        parts: Any = [_FORMAT, "custom", identity, custom]
    else:
        artifacts = {name: _artifact(value) for name, value in inputs.artifacts.items()}
        parts = [_FORMAT, identity, wire.dump(component.output_definitions), inputs.parameters, artifacts]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _artifact(value: ArtifactValue) -> Any:
    if isinstance(value, tuple):
        return [_artifact(item) for item in value]
    return [value.type, value.digest or value.uri, value.metadata]
