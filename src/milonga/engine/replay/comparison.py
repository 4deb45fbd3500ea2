"""What a replay made beside what the recorded attempt made, output by output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from milonga.engine.values import Bundle
from milonga.lineage.records import ArtifactRecord, ArtifactValue, TaskRecord, flattened


@dataclass(frozen=True, slots=True)
class ComparedOutput:
    """One output.

    Attributes:
        kind: "value" for a parameter, "content" for an artifact, which is compared by its digest and metadata.
        recorded, replayed: what it is, for a person: JSON text of a value, type and digest of content; None where
            there is none.
        same: whether both are the same. 1, 1.0 and true are three values.
    """

    name: str
    kind: Literal["value", "content"]
    recorded: str | None
    replayed: str | None
    same: bool

    def to_json(self) -> dict[str, Any]:
        """The output as a flat JSON object."""
        return {
            "name": self.name,
            "kind": self.kind,
            "recorded": self.recorded,
            "replayed": self.replayed,
            "same": self.same,
        }


def compared_outputs(record: TaskRecord, outputs: Bundle) -> tuple[ComparedOutput, ...]:
    """Every output that either side has, by name, values first."""
    values = [
        ComparedOutput(name, "value", old, new, old == new)
        for name, old, new in _pairs(_as_texts(record.outputs), _as_texts(outputs.parameters))
    ]
    shown = _pairs(_shown(record.output_artifacts), _shown(outputs.artifacts))
    content_before, content_after = _content(record.output_artifacts), _content(outputs.artifacts)
    contents = [
        ComparedOutput(name, "content", old, new, content_before.get(name) == content_after.get(name))
        for name, old, new in shown
    ]
    return (*values, *contents)


def _pairs(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str | None, str | None]]:
    return [(name, before.get(name), after.get(name)) for name in sorted({**before, **after})]


def _as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: json.dumps(value, sort_keys=True, ensure_ascii=False) for name, value in values.items()}


def _shown(artifacts: Mapping[str, ArtifactValue]) -> dict[str, str]:
    return {name: ", ".join(map(_described, flattened(value))) or "[]" for name, value in artifacts.items()}


def _described(record: ArtifactRecord) -> str:
    content = record.digest[:12] or record.uri
    metadata = f" {json.dumps(dict(record.metadata), sort_keys=True)}" if record.metadata else ""
    return f"{record.type} {content} ({record.size_bytes} bytes){metadata}"


def _content(artifacts: Mapping[str, ArtifactValue]) -> dict[str, list[tuple[str, str, str]]]:
    return {
        name: [
            (record.type, record.digest or record.uri, json.dumps(dict(record.metadata), sort_keys=True))
            for record in flattened(value)
        ]
        for name, value in artifacts.items()
    }
