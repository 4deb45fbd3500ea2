"""What the cache has to do with one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.lineage.records import Artifacts, CacheState


@dataclass(frozen=True, slots=True)
class Reuse:
    """The key of a step, and what was found under it.

    Attributes:
        key: equal keys are equal work on equal data.
        identity: digest of the part of the key that does not come from the inputs.
        state: what became of the question.
        origin: "RUN_ID/PATH" of the task that made what was found, also where it was too old or damaged.
        parameters, artifacts: for a hit, the outputs.
    """

    key: str = ""
    identity: str = ""
    state: CacheState = ""
    origin: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    artifacts: Artifacts = field(default_factory=dict)
