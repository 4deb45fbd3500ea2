"""What a pod is told about its task."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milonga.engine.pod.together.plan import Plan


@dataclass(frozen=True, slots=True)
class Recipe:
    """One step of a pipeline, as the compiler has written it.

    Attributes:
        path: of the task in the pipeline, "[]" behind loops.
        name: of the task.
        pipeline: name of the pipeline.
        executor: whose command it runs; "" for a probe.
        parameters, artifacts: expressions of its inputs, by name.
        slots: the objects that it needs: leaf, what, of how many loops the iteration is known, around how many it is.
        given: inputs of the pipeline that it reads, in the order of the pod's arguments: name and type.
        statuses: tasks whose final status it reads, in that order: a key of the task and its name.
        output_parameters: by name: type and name in the store.
        output_artifacts: by name: type, version, metadata, name in the store, and whether it is a list.
        control: values that Argo needs: the name of each file, and what it holds.
    """

    path: str
    name: str
    pipeline: str
    executor: str
    parameters: Mapping[str, list[Any]]
    artifacts: Mapping[str, list[Any]]
    slots: tuple[tuple[str, str, int, int], ...]
    given: tuple[tuple[str, str], ...]
    statuses: tuple[tuple[str, str], ...]
    output_parameters: Mapping[str, Mapping[str, Any]]
    output_artifacts: Mapping[str, Mapping[str, Any]]
    control: Mapping[str, Mapping[str, Any]]


class Recipes:
    """The recipes and commands of a pipeline, read from its archive. Used by one thread."""

    def __init__(self, archive: Path) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(archive.read_bytes()))  # forks share the position in an open file

    def recipe(self, leaf: str) -> Recipe:
        """What is known of a step, by the name of its results in the store."""
        found = self._json(f"recipes/{leaf}.json")
        lists = {key: tuple(tuple(item) for item in found[key]) for key in ("slots", "statuses", "given")}
        return Recipe(**{**found, **lists})

    def plan(self, leaf: str) -> Plan:
        """What a pod with several tasks is to do, by its name in the store."""
        from milonga.engine.pod.together.plan import Plan

        return Plan.from_json(self._json(f"together/{leaf}.json"))

    def command(self, executor: str) -> tuple[list[str], list[str]]:
        """Command and arguments of an executor; long texts lie in files of their own, each once."""
        found = self._json(
            f"executors/{hashlib.sha256(executor.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}.json"
        )
        return [self._text(part) for part in found["command"]], [self._text(part) for part in found["args"]]

    def _text(self, part: str | Mapping[str, str]) -> str:
        return (
            part
            if isinstance(part, str)
            else self._archive.read(f"texts/{part['text']}").decode("utf-8", "surrogatepass")
        )

    def _json(self, name: str) -> Any:
        return json.loads(self._archive.read(name))
