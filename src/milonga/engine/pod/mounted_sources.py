"""What tasks have made, read from the objects in this pod."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from milonga.engine.pod.contents import content_digest
from milonga.engine.pod.objects import Objects, has_content
from milonga.engine.pod.recipe import Recipes
from milonga.engine.pod.results import read_record
from milonga.engine.recipes.absent import ABSENT, Absent
from milonga.errors import RunError
from milonga.runtime.argo.layout import RESULT, artifact_object


class MountedSources:
    """Answers from the objects of one pod. Used by one thread.

    Args:
        recipes: of the pipeline.
        objects: where they lie.
        unpacked: an empty folder for small artifacts that come as values, made when the first one does.
        given: inputs of the pipeline by name, JSON values.
        statuses: final status by the task's key.
        names: run-level placeholder values.
        certain: steps that have succeeded: what is not there of theirs has been lost.
    """

    def __init__(
        self,
        *,
        recipes: Recipes,
        objects: Objects,
        unpacked: Path,
        given: Mapping[str, Any],
        statuses: Mapping[str, Mapping[str, Any]],
        names: Mapping[str, str],
        certain: Collection[str],
    ) -> None:
        self._recipes = recipes
        self._objects = objects
        self._unpacked = unpacked
        self._given = given
        self._statuses = statuses
        self._names = names
        self._certain = certain
        self._records: dict[Path, Any] = {}
        self._contents: dict[str, str] = {}

    @property
    def names(self) -> Mapping[str, str]:
        """Run-level placeholder values."""
        return self._names

    def parameters_of(self, leaf: str, indices: Sequence[int]) -> Mapping[str, Any] | Absent:
        """Output parameters of a step.

        Raises:
            RunError: E481, the step has succeeded, and its result is gone.
        """
        record = self._record(leaf, indices)
        return ABSENT if record is None else record["parameters"]

    def artifact_of(self, leaf: str, indices: Sequence[int], name: str) -> Any:
        """An output artifact of a step, as KFP's RuntimeArtifact; a list for a list.

        Raises:
            RunError: E481, the step has made it, and it is gone.
        """
        record = self._record(leaf, indices)
        found = record["artifacts"].get(name) if record is not None else None
        if record is None or found is None:
            return ABSENT
        content_name = artifact_object(self._recipes.recipe(leaf).output_artifacts[name]["slug"])
        content = self._objects.place(leaf, content_name, indices)
        is_list = bool(found["list"])
        paths = [content / str(at) if is_list else content for at in range(len(found["entries"]))]
        noted = (record.get("contents") or {}).get(content_name)
        if noted and not has_content(content) and noted != _digest_of(content):
            raise self._lost(f"the content of '{name}'", leaf, indices)
        for at, (entry, path) in enumerate(zip(found["entries"], paths, strict=True)):
            if entry["content"]:
                self._contents[str(path)] = f"{noted}/{at}" if noted else ""
            elif entry["uri"].startswith("/"):
                self._contents[entry["uri"]] = "nothing"  # where its maker could have put something
        made = [_runtime_artifact(entry, path) for entry, path in zip(found["entries"], paths, strict=True)]
        return made if is_list else made[0]

    def content_of(self, uri: str) -> str:
        """What stands for the content of an artifact of these: the digest that its maker has noted, or its own.

        What lies elsewhere is known by its URI alone.
        """
        if uri in self._contents and not self._contents[uri]:
            self._contents[uri] = content_digest(Path(uri)) if Path(uri).exists() else uri
        return self._contents.get(uri, uri)

    def pipeline_parameter(self, name: str) -> Any:
        """An input parameter of the pipeline."""
        value = self._given.get(name)
        return ABSENT if value is None else value

    def pipeline_artifact(self, name: str) -> Any:
        """An input artifact of the pipeline, as KFP's RuntimeArtifact; a small one comes along as base64."""
        found = self._given.get(name)
        if found is None:
            return ABSENT
        given = {"uri": found} if isinstance(found, str) else dict(found)
        if "content" in given:
            place = self._unpacked / "given" / str(list(self._given).index(name))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(base64.b64decode(given["content"]))
            given["uri"] = str(place)
            self._contents[given["uri"]] = ""
        kind = {"schemaTitle": given.get("type") or "system.Artifact", "schemaVersion": "0.0.1"}
        return {"name": name, "uri": given.get("uri", ""), "type": kind, "metadata": given.get("metadata") or {}}

    def final_status(self, key: str) -> Mapping[str, Any]:
        """The final status of a task before this one."""
        return self._statuses[key]

    def imported(self, name: str, uri: str, metadata: Mapping[str, Any], title: str) -> Any:
        """An artifact that an importer stands for; its content stays where it is."""
        kind = {"schemaTitle": title, "schemaVersion": "0.0.1"}
        return {"name": name, "uri": uri, "type": kind, "metadata": dict(metadata)}

    def select(self, value: Any, selector: str) -> Any:
        """The part of a value that a CEL selector names."""
        from milonga.compiler.cel import evaluate, parse  # few tasks need it, and it is half of the program

        return evaluate(parse(selector), {"string_value": value})

    def holds(self, condition: str, parameters: Mapping[str, Any]) -> bool:
        """Whether a CEL condition holds."""
        from milonga.compiler.cel import evaluate, parse

        return evaluate(parse(condition), {"inputs": {"parameter_values": parameters}}) is True

    def _record(self, leaf: str, indices: Sequence[int]) -> Any:
        """What was noted of a step; None for one that has not succeeded.

        Raises:
            RunError: E481, one has succeeded, and its result is gone: a default in its place would be a wrong value.
        """
        folder = self._objects.place(leaf, RESULT, indices)
        if folder not in self._records:
            self._records[folder] = read_record(folder, self._recipes.recipe(leaf))
        if self._records[folder] is None and leaf in self._certain:
            raise self._lost("the result", leaf, indices)
        return self._records[folder]

    def _lost(self, what: str, leaf: str, indices: Sequence[int]) -> RunError:
        return RunError(
            "E481",
            f"{what} of a step before has not been found in the bucket",
            where=self._recipes.recipe(leaf).path,
            got=f"iteration {'/'.join(map(str, indices))}" if indices else "",
            hint="run the pipeline anew, and let no rule of the bucket remove results of a run that goes on",
        )


def _digest_of(content: Path) -> str:
    """The digest of what is there, "" for nothing at all: an empty folder may be what was stored."""
    return content_digest(content) if content.exists() or content.is_symlink() else ""


def _runtime_artifact(entry: Mapping[str, Any], content: Path) -> dict[str, Any]:
    is_here = entry["content"] and content.exists()
    return {
        "name": entry["name"],
        "uri": str(content) if is_here or entry["content"] else entry["uri"],
        "type": {"schemaTitle": entry["type"], "schemaVersion": "0.0.1"},
        "metadata": entry["metadata"],
    }
