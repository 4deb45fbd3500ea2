"""Templates of pods. Steps that differ in their inputs only share one: what differs comes as parameters.

t   name of the step's results in the store      k0, k1, ...   keys of the objects that it needs
c   under which key its result is kept           i             "/0/3": the iterations around it
others: values that settings of the pod are made of
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from milonga.compiler.graph import Container, Graph, OutputParameter, ParameterBinding, wire
from milonga.compiler.graph.task import Task
from milonga.compiler.targets.argo.cache_keys import CacheKeys
from milonga.compiler.targets.argo.control.channels import Channels
from milonga.compiler.targets.argo.control.value import Inexpressible, Value
from milonga.compiler.targets.argo.places import Place
from milonga.compiler.targets.argo.pod import ControlValue, PodFields, pod_fields
from milonga.compiler.targets.argo.recipe_texts import RecipeWriter, StepRecipe
from milonga.compiler.targets.argo.retries import retry_strategy
from milonga.compiler.targets.argo.step_kinds import StepKind
from milonga.compiler.targets.argo.stored_objects import stored_objects
from milonga.compiler.targets.argo.workspace import workspace_mounts
from milonga.errors import UnsupportedByTarget
from milonga.runtime.argo.layout import (
    CODE,
    CONTROL,
    EARLIER,
    INPUTS,
    OUTPUTS,
    PARAMETERS,
    PROGRAM_FILE,
    RESULT,
    REUSE_PARAMETER,
    RUNS,
    SCRIPT_FILE,
    STORE,
)
from milonga.runtime.argo.text import made_safe, tag

CODE_VOLUME, OUTPUT_VOLUME = "milonga-code", "milonga-out"
_OF_RUN = f"{STORE}/{RUNS}/{{{{workflow.uid}}}}/"
_KEPT = f"{STORE}/{{{{inputs.parameters.c}}}}/"
_ITERATION = "{{inputs.parameters.i}}"
_PROGRAM = f"{CODE}/{PROGRAM_FILE}"


class LeafTemplates:
    """Makes the template of each step. Not thread-safe; one belongs to one emission.

    Args:
        graph: the pipeline.
        channels: control values.
        recipes: writes the recipes of steps.
        keys: under which results are kept for later runs.
        runtime_image: an image with Python, for pods and init containers that run nothing of the user's.
    """

    def __init__(
        self, graph: Graph, channels: Channels, recipes: RecipeWriter, keys: CacheKeys, runtime_image: str
    ) -> None:
        self._keys = keys
        self._graph = graph
        self._channels = channels
        self._recipes = recipes
        self._runtime_image = runtime_image

    def step(self, place: Place, task: Task, kind: StepKind, recipe: StepRecipe) -> dict[str, Any]:
        """The template of a step, without a name.

        Raises:
            UnsupportedByTarget: E315 a setting, E317 a container without a command.
        """
        label = place.component.executor_label or ""
        container = self._graph.executors[label].container or Container()
        if kind == "container" and not container.command:
            raise UnsupportedByTarget(
                "E317",
                "a container without a command cannot run on Argo: its outputs are stored by a script around it",
                where=place.path,
                got=container.image or "",
                hint="write the command of the image into the component",
            )
        fields = self.pod_fields(place, container, self._graph.platform_settings(label))
        main = self.program(fields.container, self._arguments("run", recipe, place))
        template: dict[str, Any] = dict(fields.template)
        if kind == "container":
            _require_shell_names(container, fields.variables, place.path)
            del main["args"]
            main["command"] = ["sh", f"{OUTPUTS}/{SCRIPT_FILE}"]
            template["initContainers"] = [
                *template.get("initContainers", ()),
                self._preparation(recipe, place, fields.variables),
            ]
        retry = retry_strategy(task, place.path)
        if retry:
            template["retryStrategy"] = retry
        return {
            **template,
            "inputs": self._inputs(place, recipe),
            "outputs": self._outputs(place, kind),
            "container": main,
        }

    def probe(self, place: Place, recipe: StepRecipe) -> dict[str, Any]:
        """The template of a pod that computes values which Argo cannot."""
        main = self._mounted({"image": self._runtime_image})
        main |= {"command": ["python3", _PROGRAM], "args": self._arguments("probe", recipe, place)}
        outputs = [control_output(name) for name in sorted(recipe.body["control"])]
        return {"inputs": self._inputs(None, recipe), "outputs": {"parameters": outputs}, "container": main}

    def program(self, container: Mapping[str, Any], arguments: list[str]) -> dict[str, Any]:
        """A main container that runs the program of all pods."""
        main = self._mounted(dict(container), *workspace_mounts(self._graph))
        return {**main, "command": ["python3", _PROGRAM], "args": arguments}

    def first_arguments(self, mode: str) -> list[str]:
        """The arguments that each pod gets."""
        return [
            mode,
            "{{inputs.parameters.t}}",
            "{{inputs.parameters.i}}",
            "{{workflow.name}}",
            "{{workflow.uid}}",
            "{{workflow.creationTimestamp.RFC3339}}",
        ]

    def _mounted(self, container: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
        mounts = [
            {"name": CODE_VOLUME, "mountPath": CODE},
            {"name": OUTPUT_VOLUME, "mountPath": OUTPUTS},
            *more,
            *container.get("volumeMounts", ()),
        ]
        return {**container, "volumeMounts": mounts}

    def _preparation(self, recipe: StepRecipe, place: Place, variables: Sequence[str]) -> dict[str, Any]:
        """The container that writes the start script, since the user's image may have no Python."""
        return {
            "name": "milonga-prepare",
            "image": self._runtime_image,
            "command": ["python3", _PROGRAM],
            "args": self._arguments("prepare", recipe, place),
            "env": [{"name": "MILONGA_VARIABLES", "value": json.dumps(variables)}],
            "mirrorVolumeMounts": True,
        }

    def _arguments(self, mode: str, recipe: StepRecipe, place: Place) -> list[str]:
        names = {key: self._channels.status_name(place, key) for key in recipe.statuses}
        return [
            *self.first_arguments(mode),
            *(f"i:{{{{workflow.parameters.{self._channels.workflow_parameters[name]}}}}}" for name in recipe.given),
            *(f"s:{{{{inputs.parameters.{names[key]}}}}}" for key in recipe.statuses),
            *([f"r:{{{{workflow.parameters.{REUSE_PARAMETER}}}}}"] if self._keys.of(recipe.leaf) else []),
        ]

    def _inputs(self, place: Place | None, recipe: StepRecipe) -> dict[str, Any]:
        is_kept = place is not None and self._keys.of(recipe.leaf) is not None
        names = ["t", *(["c"] if is_kept else []), *(f"k{at}" for at in range(len(recipe.slots)))]
        if place is not None:
            item = self._channels.items.get(place)
            names += sorted({*self._channels.inputs.get(place, {}), *([item] if item is not None else [])})
        artifacts = [
            input_artifact(f"k{at}", f"{INPUTS}/{at}", _OF_RUN + f"{{{{inputs.parameters.k{at}}}}}")
            for at in range(len(recipe.slots))
        ]
        if is_kept and place is not None:
            artifacts += [
                input_artifact(f"{EARLIER}-{name}", f"{INPUTS}/{EARLIER}-{name}", _KEPT + f"{name}{_ITERATION}.tgz")
                for name in self._stored(place)
            ]
        parameters: list[dict[str, Any]] = [{"name": name} for name in names]
        parameters.append({"name": "i", "value": ""})
        made: dict[str, Any] = {"parameters": parameters}
        return {**made, "artifacts": artifacts} if artifacts else made

    def _outputs(self, place: Place, kind: StepKind) -> dict[str, Any]:
        promises = kind == "python" and place.component.has_outputs
        artifacts = [
            _output(
                name,
                name,
                f"{_OF_RUN}{{{{inputs.parameters.t}}}}/{name}{_ITERATION}.tgz",
                is_required=promises and name == RESULT,
            )
            for name in self._stored(place)
        ]
        if self._keys.of(place.slug) is not None:
            artifacts += [
                _output(f"{EARLIER}-{name}", name, f"{_KEPT}{name}{_ITERATION}.tgz") for name in self._stored(place)
            ]
        slugs = self._recipes.parameter_slugs[place.slug]
        component_outputs = place.component.output_parameters
        control = [
            control_output(slug)
            if kind == "python"
            else _plain_output(slug, f"{OUTPUTS}/{RESULT}/{PARAMETERS}/{slugs[name]}", component_outputs[name])
            for slug, (name, _) in sorted(self._channels.outputs.get(place, {}).items())
        ]
        made = {"artifacts": artifacts, "parameters": control}
        return {key: value for key, value in made.items() if value}

    def _stored(self, place: Place) -> list[str]:
        slugs = self._recipes.artifact_slugs[place.slug].values()
        return stored_objects(place, slugs, is_kept=self._keys.of(place.slug) is not None)

    def pod_fields(self, place: Place, container: Container, settings: Mapping[str, Any]) -> PodFields:
        """What a container and its Kubernetes settings become in a template.

        Raises:
            UnsupportedByTarget: E315, E318, a setting that Argo cannot have.
        """
        try:
            return pod_fields(
                container=container,
                settings=settings,
                value=lambda binding: self._setting(place, binding),
                parameter=lambda name: self._parameter(place, name),
                where=place.path,
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnsupportedByTarget(
                "E315",
                "the Kubernetes settings of the step have another form than KFP's",
                where=place.path,
                got=f"{type(error).__name__}: {error}"[:200],
                expected="the fields of KubernetesExecutorConfig",
            ) from error

    # Settings of the pod that the run decides ----------------------------------------------------------------------

    def _setting(self, place: Place, setting: Mapping[str, Any]) -> ControlValue:
        binding = wire.load(ParameterBinding, setting, f"the Kubernetes settings of {place.path}")
        if binding.runtime_value is not None and binding.parameter_expression_selector is None:
            constant = wire.plain(binding.runtime_value.constant)
            if not isinstance(constant, str) or "{{$" not in constant:
                return ControlValue(constant=constant)
        return self._control_value(place, lambda: self._channels.binding(place, binding), str(sorted(setting.items())))

    def _parameter(self, place: Place, name: str) -> ControlValue:
        return self._control_value(place, lambda: self._channels.bound(place, name), name)

    def _control_value(self, place: Place, find: Any, wanted: str) -> ControlValue:
        try:
            value: Value = find()
        except Inexpressible as reason:
            raise UnsupportedByTarget(
                "E318",
                "a setting of the pod depends on a value that Argo cannot compute",
                where=place.path,
                got=str(reason),
                hint="let a component of its own compute it, and take its output",
            ) from None
        if not value.expression:
            return ControlValue(constant=value.constant)
        name = self._channels.add_input(place, wanted, value)
        arrived = value.read(f"inputs.parameters['{name}']")
        json_text = tag(made_safe(arrived.text)) if arrived.is_built else arrived.argument
        return ControlValue(json_text=json_text, expression=arrived.parsed)


def input_artifact(name: str, path: str, key: str) -> dict[str, Any]:
    """An object that a pod gets, if there is one."""
    return {"name": name, "path": path, "optional": True, "s3": {"key": key}}


def _output(name: str, file: str, key: str, *, is_required: bool = False) -> dict[str, Any]:
    """An object that a pod stores, if it has made it; where it is required, a pod without it has failed: its process
    can end with exit code 0 in the middle (`os._exit`, a library's `exit`)."""
    return {
        "name": name,
        "path": f"{OUTPUTS}/{file}",
        **({} if is_required else {"optional": True}),
        "archive": {"tar": {"compressionLevel": 0}},
        "s3": {"key": key},
    }


def control_output(name: str) -> dict[str, Any]:
    """A value that a pod hands to Argo."""
    return {"name": name, "valueFrom": {"path": f"{OUTPUTS}/{CONTROL}/{name}", "default": "null"}}


def _plain_output(name: str, path: str, declared: OutputParameter) -> dict[str, Any]:
    """What a container writes as text; of a number or list that it did not write, Argo reads null."""
    default = "" if declared.parameter_type == "STRING" else "null"
    return {"name": name, "valueFrom": {"path": path, "default": default}}


def _require_shell_names(container: Container, variables: Sequence[str], where: str) -> None:
    """The start script fills in `$(NAME)` for Kubernetes, which does not see the words; a shell knows fewer names.

    Raises:
        UnsupportedByTarget: E317, a word names a variable that no shell can.
    """
    words = " ".join([*(container.command or ()), *(container.args or ())])
    for name in variables:
        if f"$({name})" in words and not name.isidentifier():
            raise UnsupportedByTarget(
                "E317",
                "a container's words name a variable that no shell can, and on Argo a shell fills it in",
                where=where,
                got=f"$({name})",
                expected="a name of letters, digits and underscores",
            )
