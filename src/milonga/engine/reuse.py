"""Whether earlier results may be used again: only while their content is what was recorded, byte for byte.

A content that was deleted, cut short or changed by hand is never handed to a task as if it were the recorded one.
"""

from __future__ import annotations

from pathlib import Path

from milonga.engine.content import digest_path
from milonga.engine.executor_io import digest_of_unwritten
from milonga.engine.instances import TaskInstance
from milonga.lineage.records import ArtifactRecord, Artifacts, TaskRecord, flattened
from milonga.runtime.placement import local_path


class ContentCheck:
    """Checks recorded content by its digest, each one once in the life of this object. Used from one thread."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], bool] = {}

    def holds(self, artifacts: Artifacts) -> bool:
        """Whether all of `artifacts` can be read here as they were recorded. Content elsewhere is taken on trust."""
        return all(self._one(record) for value in artifacts.values() for record in flattened(value))

    def _one(self, record: ArtifactRecord) -> bool:
        if "://" in record.uri and not record.uri.startswith("file://"):
            return True
        key = (record.uri, record.digest)
        if key not in self._known:
            self._known[key] = self._is_as_recorded(record)
        return self._known[key]

    @staticmethod
    def _is_as_recorded(record: ArtifactRecord) -> bool:
        path: Path = local_path({"uri": record.uri})
        try:
            return digest_path(path).digest == record.digest
        except FileNotFoundError:
            own, elsewhere = (digest_of_unwritten(record.uri, dict(record.metadata), own=own) for own in (True, False))
            return record.digest in (own, elsewhere)  # there never was any content
        except OSError:
            return False


def same_inputs(earlier: TaskRecord, task: TaskInstance) -> bool:
    """Whether a step got the same values and the same content then as it does now."""
    return dict(earlier.inputs) == task.inputs.parameters and _digests(earlier.input_artifacts) == _digests(
        task.inputs.artifacts
    )


def _digests(artifacts: Artifacts) -> dict[str, list[str]]:
    return {name: [record.digest or record.uri for record in flattened(value)] for name, value in artifacts.items()}
