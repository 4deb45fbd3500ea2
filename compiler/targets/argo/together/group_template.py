"""The template of a pod that runs a group of tasks."""

from __future__ import annotations

import dataclasses
from typing import Any

from milonga.compiler.graph import Container
from milonga.compiler.passes.fusion.fits import DEADLINE
from milonga.compiler.targets.argo.emission import Emission
from milonga.compiler.targets.argo.leaf_templates import control_output, input_artifact
from milonga.compiler.targets.argo.places import Place
from milonga.compiler.targets.argo.retries import repetition, shared_retry_strategy
from milonga.compiler.targets.argo.slot_keys import slot_key
from milonga.compiler.targets.argo.together.group_recipe import GroupRecipe
from milonga.compiler.targets.argo.together.pod_group import PodGroup
from milonga.compiler.targets.argo.together.shared_resources import shared_resources
from milonga.errors import UnsupportedByTarget
from milonga.runtime.argo.layout import INPUTS, KEPT, OUTPUTS, OWN, REUSE_PARAMETER, RUNS, STORE, TREE

_ITERATION = "{{inputs.parameters.i}}"


class GroupTemplates:
    """Makes the template of each group, and the arguments of the task that calls it. Not thread-safe."""

    def __init__(self, emission: Emission) -> None:
        self._graph = emission.graph
        self._channels = emission.channels
        self._leaves = emission.leaves
        self._keys = emission.keys

    def template(self, group: PodGroup, recipe: GroupRecipe) -> dict[str, Any]:
        """The template of a group, without a name.

        Raises:
            UnsupportedByTarget: E315, a setting; E361, accelerators of different types.
        """
        steps = list(recipe.steps.values())
        containers = [self._container(place) for place in steps]
        kinds = {
            found.resources.accelerator.resource_type
            for found in containers
            if found.resources and found.resources.accelerator
        }
        if len(kinds) > 1:
            raise UnsupportedByTarget(
                "E361",
                f"tasks of the group '{group.name}' want accelerators of different types",
                where=steps[0].path,
                got=", ".join(sorted(map(str, kinds))),
                hint="take two groups",
            )
        container = dataclasses.replace(
            containers[0], resources=shared_resources(found.resources for found in containers)
        )
        settings = self._graph.platform_settings(steps[0].component.executor_label or "")
        fields = self._leaves.pod_fields(
            steps[0], container, {name: value for name, value in settings.items() if name != DEADLINE}
        )
        retries = max((int(repetition(place.task).get("limit", 0)) for place in steps if place.task), default=0)
        retry = shared_retry_strategy(retries)
        return {
            **fields.template,
            **({"retryStrategy": retry} if retry else {}),
            "inputs": self._inputs(group, recipe),
            "outputs": {
                "artifacts": [_TREE],
                "parameters": [control_output(name) for name in sorted(recipe.body["control"])],
            },
            "container": self._leaves.program(fields.container, self._arguments(group, recipe)),
        }

    def call_arguments(self, group: PodGroup, recipe: GroupRecipe) -> list[dict[str, Any]]:
        """The arguments of the task that calls it."""
        depth = group.depth
        index = _ITERATION if depth else ""
        arguments = [{"name": "t", "value": group.leaf}, *([{"name": "i", "value": index}] if index else [])]
        for at, leaf in enumerate(recipe.keyed):
            key = self._keys.of(leaf)
            if key is not None:
                arguments.append({"name": f"c{at}", "value": key.text(self._channels.workflow_parameters)})
        for at, slot in enumerate(recipe.slots):
            arguments.append({"name": f"k{at}", "value": slot_key(slot, index, depth)})
        inputs = self._channels.inputs.get(group.members[0], {})
        return [*arguments, *({"name": name, "value": value.argument} for name, value in sorted(inputs.items()))]

    def _arguments(self, group: PodGroup, recipe: GroupRecipe) -> list[str]:
        names = {key: self._channels.status_name(group.members[0], key) for key in recipe.statuses}
        given = (self._channels.workflow_parameters[name] for name in recipe.given)
        return [
            *self._leaves.first_arguments("together"),
            *(f"i:{{{{workflow.parameters.{name}}}}}" for name in given),
            *(f"s:{{{{inputs.parameters.{names[key]}}}}}" for key in recipe.statuses),
            *(f"c:{{{{inputs.parameters.c{at}}}}}" for at in range(len(recipe.keyed))),
            *([f"r:{{{{workflow.parameters.{REUSE_PARAMETER}}}}}"] if recipe.keyed else []),
        ]

    def _inputs(self, group: PodGroup, recipe: GroupRecipe) -> dict[str, Any]:
        names = [
            "t",
            *(f"c{at}" for at in range(len(recipe.keyed))),
            *(f"k{at}" for at in range(len(recipe.slots))),
            *sorted(self._channels.inputs.get(group.members[0], {})),
        ]
        start = f"{STORE}/{RUNS}/{{{{workflow.uid}}}}/"
        artifacts = [
            input_artifact(f"k{at}", f"{INPUTS}/{at}", f"{start}{{{{inputs.parameters.k{at}}}}}")
            for at in range(len(recipe.slots))
        ]
        for at, (leaf, what, depth) in enumerate(recipe.kept):
            ending = f"{what}{_ITERATION}" + (".tgz" if depth == group.depth else "")
            artifacts.append(input_artifact(f"{OWN}{at}", f"{INPUTS}/{OWN}{at}", f"{start}{leaf}/{ending}"))
            if leaf in recipe.keyed:
                key = f"{STORE}/{{{{inputs.parameters.c{recipe.keyed.index(leaf)}}}}}/{ending}"
                artifacts.append(input_artifact(f"{KEPT}{at}-kept", f"{INPUTS}/{KEPT}{at}", key))
        parameters: list[dict[str, Any]] = [{"name": name} for name in names]
        parameters.append({"name": "i", "value": ""})
        return {"parameters": parameters, **({"artifacts": artifacts} if artifacts else {})}

    def _container(self, place: Place) -> Container:
        executor = self._graph.executors[place.component.executor_label or ""]
        return executor.container or Container()


_TREE = {
    "name": "tree",
    "path": f"{OUTPUTS}/{TREE}",
    "optional": True,
    "archive": {"none": {}},
    "s3": {"key": STORE},
}
"""Whatever the pod has packed, each file under its own key."""
