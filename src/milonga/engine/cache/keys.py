"""Content keys: two steps with the same key do the same work on the same data.

A key covers the code and what it reaches, the environment, declared variables, parameters, the *content* of artifacts
(not where they are), and the declared outputs. It does not cover resources, retries or names, which change no result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milonga.compiler.graph import Component, wire
from milonga.engine.instances import TaskInstance
from milonga.engine.steps import Identity
from milonga.lineage.records import Artifacts, ArtifactValue, TaskRecord, flattened

_FORMAT = 2
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))

OUTPUTS_PART = "declared outputs"
CUSTOM_PART = "cache key"


@dataclass(frozen=True, slots=True)
class Work:
    """What a step does, whatever its inputs: the part of the key that its uses share.

    Attributes:
        digest: over all of it.
        parts: part → text that changes with it, secrets as digests.
        is_custom: whether the author has named a key in place of the inputs.
    """

    digest: str
    parts: Mapping[str, str]
    is_custom: bool


def work_of(identity: Identity, component: Component, custom: str | None) -> Work:
    """The work of a step.

    Args:
        identity: stands for the code and its environment.
        component: its border.
        custom: a key of the author's own, which replaces everything but the code.
    """
    if custom:
        shared: list[Any] = [_FORMAT, "custom", identity.digest(), custom]
        return Work(_digest(_JSON.encode(shared)), {**identity.parts(), CUSTOM_PART: custom}, is_custom=True)
    outputs = _JSON.encode(wire.dump(component.output_definitions))
    shared = [_FORMAT, identity.digest(), outputs]
    return Work(_digest(_JSON.encode(shared)), {**identity.parts(), OUTPUTS_PART: outputs}, is_custom=False)


def key_of(work: Work, parameters: Mapping[str, Any], artifacts: Artifacts) -> str:
    """The key of that work on these inputs, defaults filled in."""
    if work.is_custom:
        return work.digest
    digests = {name: _artifact(value) for name, value in artifacts.items()}
    return _digest(work.digest + _JSON.encode([parameters, digests]))


def _artifact(value: ArtifactValue) -> Any:
    if isinstance(value, tuple):
        return [_artifact(item) for item in value]
    return [value.type, value.digest or value.uri, value.metadata]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def same_inputs(earlier: TaskRecord, task: TaskInstance) -> bool:
    """Whether a step got the same values and the same content then as it does now."""
    return dict(earlier.inputs) == task.inputs.parameters and _digests(earlier.input_artifacts) == _digests(
        task.inputs.artifacts
    )


def _digests(artifacts: Artifacts) -> dict[str, list[str]]:
    return {name: [record.digest or record.uri for record in flattened(value)] for name, value in artifacts.items()}
