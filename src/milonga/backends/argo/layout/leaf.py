"""A step of a compiled pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class LeafArtifact:
    """An output artifact of a step: the name of its content in the store, its type, whether it is a list."""

    slug: str
    type: str = ""
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """A step.

    Attributes:
        slug: the name of its results in the store.
        path: task names joined by "/", "[]" after those that are loops.
        depth: how many loops are around it.
        parameters: type by name of the output.
        artifacts: by name of the output.
        key: what decides its result: a digest, and names of inputs of the pipeline; empty where no earlier one can be
            found before the run.
        known: the result that was found before the run, as a record; None for a step with a pod.
    """

    slug: str
    path: str
    depth: int = 0
    parameters: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, LeafArtifact] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    known: Mapping[str, Any] | None = None

    @classmethod
    def from_json(cls, slug: str, document: Mapping[str, Any]) -> Leaf:
        """The step that a layout describes."""
        outputs = document.get("outputs") or {}
        artifacts = {
            name: LeafArtifact(found.get("slug") or name, found.get("type") or "", bool(found.get("list")))
            for name, found in (outputs.get("artifacts") or {}).items()
        }
        parameters = {name: str(kind) for name, kind in (outputs.get("parameters") or {}).items()}
        known = document.get("known")
        return cls(
            slug,
            str(document["path"]),
            int(document.get("depth") or 0),
            parameters,
            artifacts,
            tuple(map(str, document.get("key") or ())),
            {**known, "artifacts": {}} if known else None,
        )
