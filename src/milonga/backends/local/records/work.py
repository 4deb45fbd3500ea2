"""What a run of a schedule does: everything that decides it but the moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Work:
    """One pipeline with its arguments, as it was when the schedule was added.

    Attributes:
        pipeline: digest of the pipeline's graph; the store keeps its text.
        arguments: JSON values by input name; artifacts as absolute paths or URIs.
        use_cache: False runs every task.
        secrets: path of a file with secrets, "" for none.
        folder: where the schedule was added: relative paths in the author's code mean the same as there.
    """

    pipeline: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    use_cache: bool = True
    secrets: str = ""
    folder: str = ""

    def to_text(self) -> str:
        """The work as JSON text."""
        fields = {
            "pipeline": self.pipeline,
            "arguments": dict(self.arguments),
            "use_cache": self.use_cache,
            "secrets": self.secrets,
            "folder": self.folder,
        }
        return json.dumps(fields, sort_keys=True, separators=(",", ":"))

    def to_json(self) -> dict[str, Any]:
        """The work for people, as a JSON object; of the pipeline, which has a name, the digest."""
        return {
            "pipeline_digest": self.pipeline,
            "arguments": dict(self.arguments),
            "use_cache": self.use_cache,
            "folder": self.folder,
            **({"secrets": self.secrets} if self.secrets else {}),
        }

    @classmethod
    def from_text(cls, text: str) -> Work:
        """The work behind `to_text`."""
        return cls(**json.loads(text))

    def with_arguments(self, arguments: Mapping[str, Any]) -> Work:
        """The same work; `arguments` win over what was kept."""
        return replace(self, arguments={**self.arguments, **arguments})
