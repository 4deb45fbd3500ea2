"""What a pod is told about its task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from milonga.runtime.argo.packing import unpacked

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
        certain: steps that have succeeded when this one runs; of others nothing need be there.
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
    certain: frozenset[str]
    given: tuple[tuple[str, str], ...]
    statuses: tuple[tuple[str, str], ...]
    output_parameters: Mapping[str, Mapping[str, Any]]
    output_artifacts: Mapping[str, Mapping[str, Any]]
    control: Mapping[str, Mapping[str, Any]]

    @property
    def has_outputs(self) -> bool:
        """As `Component.has_outputs`, which stays with the compiler."""
        return bool(self.output_parameters or self.output_artifacts)


class Recipes:
    """The recipes, plans and commands of a pipeline. Used by one thread.

    Args:
        document: as the compiler has written it: "recipes" and "together" by leaf, "executors" by label, "texts".
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    @classmethod
    def from_bytes(cls, content: bytes) -> Recipes:
        """Those in the file of a ConfigMap.

        Raises:
            ValueError: it is no such file.
        """
        return cls(unpacked(content))

    def recipe(self, leaf: str) -> Recipe:
        """What is known of a step, by the name of its results in the store."""
        found = self._document["recipes"][leaf]
        lists = {key: tuple(tuple(item) for item in found[key]) for key in ("slots", "statuses", "given")}
        return Recipe(**{**found, **lists, "certain": frozenset(found["certain"])})

    def plan(self, leaf: str) -> Plan:
        """What a pod with several tasks is to do, by its name in the store."""
        from milonga.engine.pod.together.plan import Plan

        return Plan.from_json(self._document["together"][leaf])

    def command(self, executor: str) -> tuple[list[str], list[str]]:
        """Command and arguments of an executor; long texts stand apart, each once."""
        found = self._document["executors"][executor]
        return [self._text(part) for part in found["command"]], [self._text(part) for part in found["args"]]

    def _text(self, part: str | Mapping[str, str]) -> str:
        text: str = part if isinstance(part, str) else self._document["texts"][part["text"]]
        return text
