"""What tasks without a pod hand out: nested pipelines, branches, loops and their iterations, importers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.targets.argo.origins import Origins
from milonga.compiler.targets.argo.places import Place, Places
from milonga.compiler.targets.argo.step_kinds import step_kind


@dataclass(frozen=True, slots=True)
class GroupOutputs:
    """Where the outputs of a group come from.

    Attributes:
        parameters: expressions by name.
        artifacts: expressions by name.
    """

    parameters: dict[str, list[Any]]
    artifacts: dict[str, list[Any]]


def group_outputs(graph: Graph) -> dict[str, GroupOutputs]:
    """The outputs of all groups and importers, by path; a loop's body has the loop's path and "[]".

    Raises:
        UnsupportedByTarget: E316, there are too many.
    """
    places = Places(graph)
    origins = Origins(graph, places)
    found: dict[str, GroupOutputs] = {}
    for place in places:
        if place.owner is None:
            continue
        if place.is_iteration:
            found[place.path.removesuffix("[]")] = _handed_out(origins, place)
        if place.component.dag is not None or step_kind(graph, place.component) == "importer":
            found[place.path] = _made(origins, place) if place.is_iteration else _handed_out(origins, place)
    return found


def _handed_out(origins: Origins, place: Place) -> GroupOutputs:
    component = place.component
    return GroupOutputs(
        {name: origins.output_parameter(place, name) for name in component.output_parameters},
        {name: origins.output_artifact(place, name) for name in component.output_artifacts},
    )


def _made(origins: Origins, place: Place) -> GroupOutputs:
    component = place.component
    return GroupOutputs(
        {name: origins.made_parameter(place, name) for name in component.output_parameters},
        {name: origins.made_artifact(place, name) for name in component.output_artifacts},
    )
