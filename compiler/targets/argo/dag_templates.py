"""Templates of DAGs and loops."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from milonga.compiler.graph import Graph, Task
from milonga.compiler.targets.argo.cache_keys import CacheKeys
from milonga.compiler.targets.argo.claim_templates import ClaimTemplates
from milonga.compiler.targets.argo.control.channels import Channels
from milonga.compiler.targets.argo.control.value import Inexpressible, Value
from milonga.compiler.targets.argo.leaf_templates import LeafTemplates
from milonga.compiler.targets.argo.names import Names
from milonga.compiler.targets.argo.origins import Origins
from milonga.compiler.targets.argo.places import Place, Places
from milonga.compiler.targets.argo.recipe_texts import RecipeWriter, StepRecipe
from milonga.compiler.targets.argo.retries import retry_strategy
from milonga.compiler.targets.argo.slot_keys import slot_key
from milonga.compiler.targets.argo.step_kinds import step_kind
from milonga.errors import UnsupportedByTarget
from milonga.runtime.argo.text import made_safe, tag

NOTHING = "nothing"
"""A template without a pod, for tasks that only stand for something, such as importers."""

_FIVE_WAYS = ("Succeeded", "Failed", "Errored", "Skipped", "Omitted")
_NEVER = "never"
"""What its one task would call, if it ever ran: a DAG whose only task is skipped has succeeded."""


class DagTemplates:
    """Writes the templates of a pipeline, each once. Not thread-safe; one belongs to one emission.

    Attributes:
        templates: by name.
        recipes: of all steps and probes.
        layout: of each DAG template: what each of its tasks is.
    """

    def __init__(
        self,
        *,
        graph: Graph,
        places: Places,
        origins: Origins,
        channels: Channels,
        leaves: LeafTemplates,
        recipes: RecipeWriter,
        keys: CacheKeys,
    ) -> None:
        self._graph = graph
        self._places = places
        self._origins = origins
        self._channels = channels
        self._leaves = leaves
        self._claims = ClaimTemplates(channels)
        self._writer = recipes
        self._names = Names()
        self._shared: dict[str, str] = {}
        self._keys = keys
        self.templates: dict[str, dict[str, Any]] = {}
        self.recipes: list[StepRecipe] = []
        self.layout: dict[str, dict[str, Any]] = {}
        self._probes: dict[tuple[Place, str], dict[str, Any]] = {}
        self._conditions: dict[Place, str] = {}
        self._counts: dict[Place, Value] = {}
        self._leaf_bodies: dict[Place, tuple[StepRecipe, Callable[[], dict[str, Any]]]] = {}

    def run(self) -> str:
        """Write all templates; the name of the one that is the pipeline.

        Raises:
            UnsupportedByTarget: E315-E319, something that Argo cannot do.
        """
        self._survey()
        return self._dag(self._places.root, "main")

    # What Argo must know ---------------------------------------------------------------------------------------------

    def _survey(self) -> None:
        """Ask for all control values, so that every template knows what it takes and hands out."""
        self._find_keys()
        for place in list(self._places):
            if place.owner is not None:
                self._conditions[place] = self._condition_of(place)
            if place.slug:
                self._ask_for_statuses(place)
                self._prepare_step(place)
        for place in reversed(list(self._places)):  # an inner loop may ask for elements of an outer one
            if place.is_iteration:
                self._counts[place] = self._count_of(place)

    def _find_keys(self) -> None:
        steps = {
            place.slug: place
            for place in self._places
            if place.slug and step_kind(self._graph, place.component) in ("python", "container")
        }
        self._keys.add_all(steps, {leaf: self._writer.step(place, {}) for leaf, place in steps.items()})

    def _condition_of(self, place: Place) -> str:
        try:
            return self._channels.condition(place)
        except Inexpressible:
            policy = place.task.trigger_policy if place.task is not None else None
            wanted = [
                "if",
                policy.condition if policy else "",
                self._origins.bound_parameters(place),
                ["constant", True],
            ]
            name = self._probe(place, "condition", {"value": wanted})
            return f"{name} == 'true'"

    def _count_of(self, place: Place) -> Value:
        try:
            return self._channels.items_of(place) if place in self._channels.items else self._channels.count_of(place)
        except Inexpressible:
            return Value(expression=self._probe(place, "count", {"count": self._origins.loop_count(place)}))

    def _probe(self, place: Place, what: str, wanted: dict[str, Any]) -> str:
        """Let a pod compute a value before the task of `place`; the expression of its text."""
        self._probes.setdefault((place, what), wanted)
        return f"tasks['{self._probe_task(place)}'].outputs.parameters['{what}']"

    def _probe_task(self, place: Place) -> str:
        owner = place.owner or self._places.root
        return self._channels.helper_task(owner, f"{place.task_name}-milonga-probe", place.task_name)

    def _ask_for_statuses(self, place: Place) -> None:
        recipe = self._writer.step(place, {})
        for key in recipe.statuses:
            path, _, task = key.rpartition("#")
            owner = next(other for other in self._places if other.path == path and other.component.dag is not None)
            self._channels.status(place, owner, task)

    def _prepare_step(self, place: Place) -> None:
        """Look at the settings of a pod now, since they may ask for control values."""
        kind = step_kind(self._graph, place.component)
        task = place.task
        if task is None:
            return
        if kind == "importer":
            self._refuse_fetching(place)
            return
        if kind == "none":
            raise UnsupportedByTarget("E317", "only Google's back end knows this kind of step", where=place.path)
        if kind in ("create-claim", "delete-claim"):
            self._claims.manifest(place, kind)
            return
        recipe = self._writer.step(place, {})
        self._leaves.step(place, task, kind, recipe)

    def _refuse_fetching(self, place: Place) -> None:
        importer = self._graph.executors[place.component.executor_label or ""].importer
        if importer is not None and importer.download_to_workspace:
            raise UnsupportedByTarget(
                "E317",
                "an importer has no pod on Argo, so nothing is fetched into the workspace",
                where=place.path,
                hint="let a component copy it there",
            )

    # DAGs ------------------------------------------------------------------------------------------------------------

    def _dag(self, place: Place, wanted: str) -> str:
        name = self._names.add(wanted)
        tasks = place.tasks
        written: list[dict[str, Any]] = []
        kinds: dict[str, dict[str, str]] = {}
        self.layout[name] = {"tasks": kinds}
        self.templates[name] = {}
        for task_name, task in tasks.items():
            inner = self._places.inside(place, task_name)
            argo_name = self._channels.task_names[place][task_name]
            kinds[argo_name] = {"name": task_name, "kind": "task"}
            call = self._call(inner, task, argo_name)
            probe = self._probe_call(inner, task)
            if probe is not None:
                written.append(probe)
                kinds[probe["name"]] = {"name": task_name, "kind": "inner"}
            written.append(call)
        dag: dict[str, Any] = {"tasks": written or [{"name": "none", "template": self._need_nothing()}]}
        waiting = [task for task in tasks.values() if task.runs_anyway]
        if waiting:
            dag["failFast"] = False
            dag["target"] = " ".join(self._targets(place))
        template: dict[str, Any] = {"name": name, **self._dag_inputs(place), "dag": dag}
        outputs = [
            {"name": slug, "valueFrom": {"expression": expression, "default": "null"}}
            for slug, expression in sorted(self._channels.dag_outputs.get(place, {}).items())
        ]
        if outputs:
            template["outputs"] = {"parameters": outputs}
        self.templates[name] = template
        return name

    def _targets(self, place: Place) -> list[str]:
        """Tasks whose failure fails the DAG: those that nothing waits for, and those whose end is only looked at."""
        tasks = place.tasks
        waited_for = {producer for task in tasks.values() for producer in task.producers()}
        watched = {producer for task in tasks.values() if task.runs_anyway for producer in task.producers()}
        names = self._channels.task_names[place]
        return [names[name] for name in tasks if name not in waited_for or name in watched]

    def _dag_inputs(self, place: Place) -> dict[str, Any]:
        names = ["i"] if place.depth else []
        item = self._channels.items.get(place)
        names += sorted({*self._channels.inputs.get(place, {}), *([item] if item is not None else [])})
        return {"inputs": {"parameters": [{"name": name} for name in names]}} if names else {}

    def _depends(self, place: Place, task: Task, *, also: str = "") -> str:
        names = self._channels.task_names[place.owner or self._places.root]
        producers = [names[name] for name in sorted(task.producers())]
        if task.runs_anyway:
            parts = ["(" + " || ".join(f"{name}.{way}" for way in _FIVE_WAYS) + ")" for name in producers]
        else:
            parts = [f"{name}.Succeeded" for name in producers]
        if also:
            parts.append(f"{also}.Succeeded")
        return " && ".join(parts)

    def _call(self, place: Place, task: Task, argo_name: str) -> dict[str, Any]:
        has_probe = any(known is place for known, _ in self._probes)
        call: dict[str, Any] = {"name": argo_name}
        depends = self._depends(place, task, also=self._probe_task(place) if has_probe else "")
        if depends:
            call["depends"] = depends
        condition = self._conditions.get(place)
        if condition:
            call["when"] = tag(condition)
        if place.is_iteration:
            call["template"] = self._loop(place, task)
            arguments = self._arguments(place, is_loop=True)
        else:
            call["template"] = self._template(place, task)
            arguments = self._arguments(place)
        if arguments:
            call["arguments"] = {"parameters": arguments}
        return call

    def _probe_call(self, place: Place, task: Task) -> dict[str, Any] | None:
        wanted = {what: probe for (known, what), probe in self._probes.items() if known is place}
        if not wanted:
            return None
        owner = place.owner or self._places.root
        leaf = self._places.free_slug(f"{place.path.replace('[]', '')}-milonga-probe")
        outside = _outside(place)
        recipe = self._writer.probe(leaf, outside, wanted)
        self.recipes.append(recipe)
        template = self._share("probe", self._leaves.probe(outside, recipe))
        parameters = self._leaf_arguments(recipe, leaf, owner.depth)
        call = {"name": self._probe_task(place), "template": template, "arguments": {"parameters": parameters}}
        depends = self._depends(place, task)
        return {**call, "depends": depends} if depends else call

    # Steps and loops --------------------------------------------------------------------------------------------

    def _template(self, place: Place, task: Task) -> str:
        """The template that a task calls, or that an iteration does."""
        if place.component.dag is not None:
            name = self._dag(place, _last(place))
            retry = retry_strategy(task, place.path)
            if retry and not place.is_iteration:
                self.templates[name]["retryStrategy"] = retry
            return name
        kind = step_kind(self._graph, place.component)
        if kind == "importer":
            return self._need_nothing()
        label = (place.component.executor_label or "").removeprefix("exec-")
        if kind in ("create-claim", "delete-claim"):
            return self._share(label, self._claims.step(place, task, kind))
        control = {
            slug: {"output": name, "count": aspect == "count"}
            for slug, (name, aspect) in self._channels.outputs.get(place, {}).items()
        }
        recipe = self._writer.step(place, control if kind == "python" else {})
        self.recipes.append(recipe)
        return self._share(label, self._leaves.step(place, task, kind, recipe))

    def _loop(self, place: Place, task: Task) -> str:
        """The wrapper of a loop: it holds the loop alone, since a loop without elements would leave out what waits for
        it, and `parallelism` would count what stands beside it."""
        name = self._names.add(f"{_last(place)}-loop")
        self.layout[name] = {"tasks": {"it": {"name": place.task_name, "kind": "iteration"}}}
        self.templates[name] = {}
        item = self._channels.items.get(place)
        count = "{{inputs.parameters.n}}"
        if item is not None:
            count = tag("len(fromJSON(inputs.parameters['items']))")
        call: dict[str, Any] = {"name": "it", "template": self._template(place, task), "withSequence": {"count": count}}
        arguments = self._arguments(place, is_body=True)
        if item is not None:
            element = made_safe("toJson(fromJSON(inputs.parameters['items'])[int(item)])")
            arguments.append({"name": item, "value": tag(element)})
        call["arguments"] = {"parameters": arguments}
        outer = self._outer_inputs(place)
        names = [*(["i"] if place.depth > 1 else []), "items" if item is not None else "n", *outer]
        template: dict[str, Any] = {
            "name": name,
            "inputs": {"parameters": [{"name": name} for name in names]},
            "dag": {"tasks": [call]},
        }
        limit = task.iterator_policy.parallelism_limit if task.iterator_policy is not None else None
        if limit:
            template["parallelism"] = limit
        self.templates[name] = template
        return name

    def _outer_inputs(self, place: Place) -> list[str]:
        """What the body of a loop takes, its element apart."""
        return sorted(name for name in self._channels.inputs.get(place, {}) if name != self._channels.items.get(place))

    def _arguments(self, place: Place, *, is_loop: bool = False, is_body: bool = False) -> list[dict[str, Any]]:
        """Arguments of the call of a task: of a loop's wrapper, of an iteration in it, or of a plain task."""
        owner_depth = place.depth - place.is_iteration
        arguments: list[dict[str, Any]] = []
        here = "{{inputs.parameters.i}}" if owner_depth else ""
        index = f"{here}/{{{{item}}}}" if is_body else here
        if place.slug and not is_loop:
            kind = step_kind(self._graph, place.component)
            if kind == "importer":
                return []
            if kind in ("create-claim", "delete-claim"):
                made = {"t": place.slug, "i": index, "m": self._claims.manifest(place, kind)}
                arguments += [{"name": name, "value": value} for name, value in made.items() if value]
            else:
                recipe = self._writer.step(place, {})
                arguments += self._leaf_arguments(recipe, place.slug, place.depth, index)
        elif index:
            arguments.append({"name": "i", "value": index})
        if is_loop:
            name = "items" if place in self._channels.items else "n"
            arguments.append({"name": name, "value": self._counts[place].argument})
        for name in self._outer_inputs(place):
            value = self._channels.inputs[place][name]
            text = f"{{{{inputs.parameters.{name}}}}}" if is_body else value.argument
            arguments.append({"name": name, "value": text})
        return arguments

    def _leaf_arguments(
        self, recipe: StepRecipe, leaf: str, depth: int, index: str | None = None
    ) -> list[dict[str, Any]]:
        place_index = index if index is not None else ("{{inputs.parameters.i}}" if depth else "")
        arguments = [{"name": "t", "value": leaf}]
        if place_index:
            arguments.append({"name": "i", "value": place_index})
        cached = self._keys.of(leaf)
        if cached is not None:
            arguments.append({"name": "c", "value": cached.text(self._channels.workflow_parameters)})
        for at, slot in enumerate(recipe.slots):
            arguments.append({"name": f"k{at}", "value": slot_key(slot, place_index, depth)})
        return arguments

    def _share(self, wanted: str, template: dict[str, Any]) -> str:
        """The name of a template of steps: equal ones are one."""
        key = json.dumps(template, sort_keys=True)
        if key not in self._shared:
            self._shared[key] = self._names.add(wanted)
            self.templates[self._shared[key]] = {"name": self._shared[key], **template}
        return self._shared[key]

    def _need_nothing(self) -> str:
        """The template of tasks without a pod."""
        if NOTHING not in self.templates:
            self._names.add(NOTHING)
            self._names.add(_NEVER)
            never = {"name": "none", "template": _NEVER, "when": "false"}
            self.templates[NOTHING] = {"name": NOTHING, "dag": {"tasks": [never]}}
            self.templates[_NEVER] = {"name": _NEVER, "suspend": {}}
        return NOTHING


def _last(place: Place) -> str:
    return place.task_name or "main"


def _outside(place: Place) -> Place:
    """The place of something that stands beside the task of `place`, outside of its loop."""
    if not place.is_iteration:
        return place
    return Place(
        place.component, place.path.removesuffix("[]"), place.depth - 1, place.owner, place.task_name, place.task
    )
