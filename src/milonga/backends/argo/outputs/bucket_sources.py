"""Where the expressions of a pipeline's outputs find what its steps have made: see `milonga.engine.recipes.sources`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from milonga.backends.argo.outputs.stored_results import StoredResults
from milonga.backends.run_outputs import OutputArtifact
from milonga.engine.recipes.absent import ABSENT, Absent


class BucketSources:
    """Answers from the results of one run. Used by one thread.

    Args:
        results: of the run.
        given: its arguments, by input of the pipeline.
        names: run-level placeholder values.
    """

    def __init__(self, results: StoredResults, given: Mapping[str, Any], names: Mapping[str, str]) -> None:
        self._results = results
        self._given = given
        self._names = names

    @property
    def names(self) -> Mapping[str, str]:
        """Run-level placeholder values."""
        return self._names

    def parameters_of(self, leaf: str, indices: Sequence[int]) -> Mapping[str, Any] | Absent:
        """Output parameters of a step."""
        record = self._results.record(leaf, indices)
        return ABSENT if record is None else record["parameters"]

    def artifact_of(self, leaf: str, indices: Sequence[int], name: str) -> Any:
        """An output artifact of a step: an `OutputArtifact`, a list for a list."""
        record = self._results.record(leaf, indices)
        found = None if record is None else record["artifacts"].get(name)
        return ABSENT if found is None else self.artifact(leaf, indices, name, found)

    def artifact(self, leaf: str, indices: Sequence[int], name: str, found: Mapping[str, Any]) -> Any:
        """An artifact in the record of a step."""
        key = self._results.content_key(leaf, name, indices)
        is_list = bool(found.get("list"))
        made = [self._entry(entry, key, at if is_list else None) for at, entry in enumerate(found["entries"])]
        return made if is_list else made[0] if made else ABSENT

    def _entry(self, entry: Mapping[str, Any], key: str, position: int | None) -> OutputArtifact:
        has_content = bool(entry.get("content"))
        uri = str(entry.get("uri") or "")
        if has_content:
            uri = self._results.bucket.repository.uri(key) + ("" if position is None else f"#{position}")
        return OutputArtifact(
            name=str(entry.get("name") or ""),
            type=str(entry.get("type") or "system.Artifact"),
            uri=uri,
            metadata=dict(entry.get("metadata") or {}),
            key=key if has_content else "",
            position=position,
        )

    def pipeline_parameter(self, name: str) -> Any:
        """An input parameter of the pipeline."""
        value = self._given.get(name)
        return ABSENT if value is None else value

    def pipeline_artifact(self, name: str) -> Any:
        """An input artifact of the pipeline, as the run was given it."""
        found = self._given.get(name)
        if found is None:
            return ABSENT
        given: Mapping[str, Any] = found if isinstance(found, Mapping) else {"uri": str(found)}
        title = str(given.get("type") or "system.Artifact")
        return OutputArtifact(name, title, str(given.get("uri") or ""), dict(given.get("metadata") or {}))

    def final_status(self, key: str) -> Mapping[str, Any]:
        """Nothing: no output of a pipeline is made of it."""
        return {}

    def imported(self, name: str, uri: str, metadata: Mapping[str, Any], title: str) -> Any:
        """An artifact that an importer stands for; its content stays where it is."""
        return OutputArtifact(name, title, uri, dict(metadata or {}))

    def select(self, value: Any, selector: str) -> Any:
        """The part of a value that a CEL selector names."""
        from milonga.engine.values import select

        return select(value, selector)

    def holds(self, condition: str, parameters: Mapping[str, Any]) -> bool:
        """Whether a CEL condition holds."""
        from milonga.engine.values import holds

        return holds(condition, parameters)
