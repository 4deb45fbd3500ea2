"""Templates of DAGs and loops."""

from __future__ import annotations

import json
from typing import Any

from milonga.compiler.graph import Task
from milonga.compiler.targets.argo.claim_templates import ClaimTemplates
from milonga.compiler.targets.argo.control.value import Value
from milonga.compiler.targets.argo.emission import Emission
from milonga.compiler.targets.argo.names import Names
from milonga.compiler.targets.argo.places import Place
from milonga.compiler.targets.argo.recipe_texts import StepRecipe
from milonga.compiler.targets.argo.retries import retry_strategy
from milonga.compiler.targets.argo.slot_keys import slot_key
from milonga.compiler.targets.argo.step_kinds import step_kind
from milonga.compiler.targets.argo.survey import Survey
from milonga.compiler.targets.argo.together.group_recipe import GroupRecipe, GroupRecipes
from milonga.compiler.targets.argo.together.group_template import GroupTemplates
from milonga.compiler.targets.argo.together.pod_group import PodGroup
from milonga.runtime.argo.text import tag

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
        group_recipes: of all groups of tasks that share a pod.
        layout: of each DAG template: what each of its tasks is.
    """

    def __init__(self, emission: Emission) -> None:
        self._graph = emission.graph
        self._places = emission.places
        self._channels = emission.channels
        self._leaves = emission.leaves
        self._writer = emission.recipes
        self._keys = emission.keys
        self._groups = emission.groups
        self._known = emission.known
        self._claims = ClaimTemplates(emission.channels)
        self._names = Names()
        self._shared: dict[str, str] = {}
        self._group_templates = GroupTemplates(emission)
        self._group_recipes = GroupRecipes(emission)
        self._survey = Survey(emission, self._claims, self._group_recipes)
        self.templates: dict[str, dict[str, Any]] = {}
        self.recipes: list[StepRecipe] = []
        self.group_recipes: list[GroupRecipe] = []
        self.layout: dict[str, dict[str, Any]] = {}

    def run(self) -> str:
        """Write all templates; the name of the one that is the pipeline.

        Raises:
            UnsupportedByTarget: E315-E319, something that Argo cannot do.
        """
        self._survey.run()
        return self._dag(self._places.root, "main")

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
            group = self._groups.of(inner)
            if group is not None:
                if inner is group.members[0]:
                    written.append(self._group_call(group, argo_name))
                    kinds[argo_name] = self._group_layout(group)
                continue
            kinds[argo_name] = {"name": task_name, "kind": "task"}
            call = self._call(inner, task, argo_name)
            probe = self._probe_call(inner, task)
            if probe is not None:
                written.append(probe)
                kinds[probe["name"]] = {"name": task_name, "kind": "inner"}
            written.append(call)
        if not written:
            written.append({"name": "none", "template": self._need_nothing()})
            kinds["none"] = {"name": "none", "kind": "inner"}
        dag: dict[str, Any] = {"tasks": written}
        if self._watchers(place):
            dag["failFast"] = False
            dag["target"] = " ".join(self._targets(place))
        template: dict[str, Any] = {"name": name, **self._dag_inputs(place), "dag": dag}
        outputs = [
            {"name": slug, "valueFrom": value.output}
            for slug, value in sorted(self._channels.dag_outputs.get(place, {}).items())
        ]
        if outputs:
            template["outputs"] = {"parameters": outputs}
        self.templates[name] = template
        return name

    def _watchers(self, place: Place) -> list[Task]:
        """Tasks that Argo starts however those before them have ended."""
        alone = (
            task for name, task in place.tasks.items() if self._groups.of(self._places.inside(place, name)) is None
        )
        return [task for task in alone if task.runs_anyway]

    def _targets(self, place: Place) -> list[str]:
        """Tasks whose failure fails the DAG: those that nothing waits for, and those whose end is only looked at."""
        names = self._channels.task_names[place]
        waited_for = {
            names[producer]
            for name, task in place.tasks.items()
            for producer in task.producers()
            if names[producer] != names[name]
        }
        watched = {names[producer] for task in self._watchers(place) for producer in task.producers()}
        return [name for name in dict.fromkeys(names.values()) if name not in waited_for or name in watched]

    def _dag_inputs(self, place: Place) -> dict[str, Any]:
        names = ["i"] if place.depth else []
        item = self._channels.items.get(place)
        names += sorted({*self._channels.inputs.get(place, {}), *([item] if item is not None else [])})
        return {"inputs": {"parameters": [{"name": name} for name in names]}} if names else {}

    def _depends(self, place: Place, task: Task, *, also: str = "") -> str:
        names = self._channels.task_names[place.owner or self._places.root]
        producers = dict.fromkeys(names[name] for name in sorted(task.producers()))
        if task.runs_anyway:
            parts = ["(" + " || ".join(f"{name}.{way}" for way in _FIVE_WAYS) + ")" for name in producers]
        else:
            parts = [f"{name}.Succeeded" for name in producers]
        if also:
            parts.append(f"{also}.Succeeded")
        return " && ".join(parts)

    def _when(self, place: Place, condition: str = "") -> dict[str, str]:
        """When a task runs whose predecessors have all ended well, as far as Argo can see."""
        parts = [*self._channels.skipped_unseen(place), *([condition] if condition else [])]
        if len(parts) > 1:
            parts = [f"({part})" for part in parts]
        return {"when": tag(" && ".join(parts))} if parts else {}

    def _group_call(self, group: PodGroup, argo_name: str) -> dict[str, Any]:
        recipe = self._group_recipes.recipe(group)
        self.group_recipes.append(recipe)
        self.recipes += [self._writer.step(place, {}) for place in recipe.steps.values()]
        template = self._share(group.name, self._group_templates.template(group, recipe))
        arguments = self._group_templates.call_arguments(group, recipe)
        call: dict[str, Any] = {"name": argo_name, "template": template, "arguments": {"parameters": arguments}}
        names = self._channels.task_names[group.owner]
        before = {
            names[producer]
            for member in group.members
            for producer in (member.task.producers() if member.task is not None else ())
            if producer not in group.task_names
        }
        if before:
            call["depends"] = " && ".join(f"{name}.Succeeded" for name in sorted(before))
        unseen = dict.fromkeys(part for member in group.members for part in self._channels.skipped_unseen(member))
        if unseen:
            call["when"] = tag(" && ".join(unseen))
        return call

    def _group_layout(self, group: PodGroup) -> dict[str, Any]:
        """What whoever shows a run must know of a group."""
        return {"name": group.name, "kind": "together", "leaf": group.leaf}

    def _call(self, place: Place, task: Task, argo_name: str) -> dict[str, Any]:
        has_probe = any(known is place for known, _ in self._survey.probes)
        call: dict[str, Any] = {"name": argo_name}
        depends = self._depends(place, task, also=self._survey.probe_task(place) if has_probe else "")
        if depends:
            call["depends"] = depends
        call |= self._when(place, self._survey.conditions.get(place, ""))
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
        wanted = {what: probe for (known, what), probe in self._survey.probes.items() if known is place}
        if not wanted:
            return None
        owner = place.owner or self._places.root
        leaf = self._places.free_slug(f"{place.path.replace('[]', '')}-milonga-probe")
        outside = _outside(place)
        recipe = self._writer.probe(leaf, outside, wanted)
        self.recipes.append(recipe)
        template = self._share("probe", self._leaves.probe(outside, recipe))
        parameters = self._leaf_arguments(recipe, leaf, owner.depth)
        call = {"name": self._survey.probe_task(place), "template": template, "arguments": {"parameters": parameters}}
        depends = self._depends(place, task)
        return {**call, **({"depends": depends} if depends else {}), **self._when(place)}

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
        if kind == "importer" or place.slug in self._known:
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
        items = self._survey.counts[place].read("inputs.parameters['items']").parsed
        count = tag(f"len({items})") if item is not None else "{{inputs.parameters.n}}"
        call: dict[str, Any] = {"name": "it", "template": self._template(place, task), "withSequence": {"count": count}}
        arguments = self._arguments(place, is_body=True)
        if item is not None:
            element = Value(expression=f"toJson({items}[int(item)])", is_built=True)
            arguments.append({"name": item, "value": element.argument})
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
            if kind == "importer" or place.slug in self._known:
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
            arguments.append({"name": name, "value": self._survey.counts[place].argument})
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
            self.layout[NOTHING] = {"tasks": {"none": {"name": "none", "kind": "inner"}}}
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
