"""What pods are told about their tasks: one JSON text a step (see `milonga.engine.pod.recipe`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.graph.component import schema_title
from milonga.compiler.targets.argo.certainty import has_surely_succeeded
from milonga.compiler.targets.argo.names import Names
from milonga.compiler.targets.argo.origins import Origins
from milonga.compiler.targets.argo.places import Place, Places
from milonga.compiler.targets.argo.slots import Slot, pipeline_inputs_of, slots_of, statuses_of


@dataclass(frozen=True, slots=True)
class StepRecipe:
    """One step's part of the archive, and what its template must provide.

    Attributes:
        leaf: name of the step's results in the store.
        slots: the objects that it needs.
        given: inputs of the pipeline that it reads.
        statuses: keys of the tasks whose final status it reads.
        body: the recipe as a JSON object.
    """

    leaf: str
    slots: tuple[Slot, ...]
    given: tuple[str, ...]
    statuses: tuple[str, ...]
    body: dict[str, Any] = field(compare=False)


class RecipeWriter:
    """Writes the recipes of a pipeline. Not thread-safe; one belongs to one emission."""

    def __init__(self, graph: Graph, places: Places, origins: Origins) -> None:
        self._graph = graph
        self._origins = origins
        self._inputs: dict[Place, tuple[dict[str, Any], dict[str, Any]]] = {}
        self.parameter_slugs: dict[str, dict[str, str]] = {}
        self.artifact_slugs: dict[str, dict[str, str]] = {}
        self._steps = {place.slug: place for place in places if place.slug}
        for place in places:
            if place.slug:
                names, artifacts = Names("-", 40), Names("-", 40)
                component = place.component
                self.parameter_slugs[place.slug] = {name: names.add(name) for name in component.output_parameters}
                self.artifact_slugs[place.slug] = {name: artifacts.add(name) for name in component.output_artifacts}

    def inputs(self, place: Place) -> tuple[dict[str, Any], dict[str, Any]]:
        """Expressions of the parameters and artifacts that a step gets."""
        if place not in self._inputs:
            self._inputs[place] = self._origins.inputs(place)
        return self._inputs[place]

    def step(self, place: Place, control: dict[str, dict[str, Any]]) -> StepRecipe:
        """The recipe of a step.

        Args:
            place: where it stands.
            control: values that it hands to Argo.
        """
        parameters, artifacts = self.inputs(place)
        return self._made(
            place.slug, place, parameters, artifacts, control, executor=place.component.executor_label or ""
        )

    def probe(self, leaf: str, place: Place, wanted: dict[str, dict[str, Any]]) -> StepRecipe:
        """The recipe of a pod that computes values for Argo: {"value": expression} or {"count": expression} by name."""
        return self._made(leaf, place, {}, {}, wanted, executor="")

    def _made(
        self,
        leaf: str,
        place: Place,
        parameters: dict[str, Any],
        artifacts: dict[str, Any],
        control: dict[str, dict[str, Any]],
        *,
        executor: str,
    ) -> StepRecipe:
        probed = [wanted["value"] for wanted in control.values() if "value" in wanted]
        counted = [wanted["count"] for wanted in control.values() if isinstance(wanted.get("count"), list)]
        expressions = [*parameters.values(), *artifacts.values(), *probed, *counted]
        slots = slots_of([*parameters.values(), *probed, *counted], artifacts.values(), self.artifact_slugs)
        given = tuple(sorted(set(pipeline_inputs_of(expressions))))
        statuses = tuple(sorted(set(statuses_of(expressions))))
        body = {
            "path": place.path,
            "name": place.task_name,
            "pipeline": self._graph.name,
            "executor": executor,
            "parameters": parameters,
            "artifacts": artifacts,
            "slots": [[slot.leaf, slot.what, slot.fixed, slot.depth] for slot in slots],
            "certain": self.certain(slots, [place]),
            "given": [[name, self.input_type(name)] for name in given],
            "statuses": [[key, key.rpartition("#")[2]] for key in statuses],
            "output_parameters": self._output_parameters(place) if executor else {},
            "output_artifacts": self._output_artifacts(place) if executor else {},
            "control": control,
        }
        return StepRecipe(leaf, slots, given, statuses, body)

    def certain(self, slots: Iterable[Slot], users: Sequence[Place]) -> list[str]:
        """Steps that have succeeded whenever one of `users` runs, of those that made these objects."""
        makers = sorted({slot.leaf for slot in slots})
        return [leaf for leaf in makers if all(has_surely_succeeded(self._steps[leaf], user) for user in users)]

    def input_type(self, name: str) -> str:
        """KFP's type of an input of the pipeline, "" for an artifact."""
        declared = self._graph.root.input_parameters.get(name)
        return (declared.parameter_type if declared is not None else None) or ""

    def _output_parameters(self, place: Place) -> dict[str, Any]:
        return {
            name: {"type": declared.parameter_type, "slug": self.parameter_slugs[place.slug][name]}
            for name, declared in place.component.output_parameters.items()
        }

    def _output_artifacts(self, place: Place) -> dict[str, Any]:
        found = {}
        for name, declared in place.component.output_artifacts.items():
            kind = declared.artifact_type
            found[name] = {
                "type": schema_title(kind),
                "version": (kind.schema_version if kind is not None else None) or "0.0.1",
                "list": bool(declared.is_artifact_list),
                "metadata": dict(declared.metadata or {}),
                "slug": self.artifact_slugs[place.slug][name],
            }
        return found
