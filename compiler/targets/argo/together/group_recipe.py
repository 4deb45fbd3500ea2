"""What the pod of a group is told: see `milonga.engine.pod.together.plan`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.compiler.graph import Container
from milonga.compiler.passes.fusion.fits import DEADLINE
from milonga.compiler.targets.argo.certainty import runs_anyway
from milonga.compiler.targets.argo.emission import Emission
from milonga.compiler.targets.argo.origins import status_key
from milonga.compiler.targets.argo.places import Place
from milonga.compiler.targets.argo.retries import repetition
from milonga.compiler.targets.argo.slots import Slot, pipeline_inputs_of, slots_of, statuses_of
from milonga.compiler.targets.argo.stored_objects import stored_objects
from milonga.compiler.targets.argo.together.pod_group import PodGroup
from milonga.compiler.targets.argo.together.shared_resources import needs_of

_INSTALLER, _INSTALLS = "installer", ("pip install", "--packages")
"""Of steps that install packages when they start, one at a time may run: they share one Python."""


@dataclass(frozen=True, slots=True)
class GroupRecipe:
    """A group's part of the archive, and what its template must provide.

    Attributes:
        leaf: name of the pod in the store.
        slots: the objects that it needs.
        kept: what its steps store: leaf, what, and how many loops are around the step.
        keyed: steps whose results are kept for other runs.
        given: inputs of the pipeline that it reads.
        statuses: keys of tasks before it whose final status it reads.
        steps: the steps inside, by leaf.
        body: the plan as a JSON object.
    """

    leaf: str
    slots: tuple[Slot, ...]
    kept: tuple[tuple[str, str, int], ...]
    keyed: tuple[str, ...]
    given: tuple[str, ...]
    statuses: tuple[str, ...]
    steps: Mapping[str, Place] = field(compare=False)
    body: dict[str, Any] = field(compare=False)


class GroupRecipes:
    """Writes the plans of a pipeline's groups. Not thread-safe; one belongs to one emission."""

    def __init__(self, emission: Emission) -> None:
        self._graph = emission.graph
        self._places = emission.places
        self._origins = emission.origins
        self._channels = emission.channels
        self._recipes = emission.recipes
        self._keys = emission.keys

    def steps(self, group: PodGroup) -> dict[str, Place]:
        """The steps in the pod of a group that run something, by the names of their results."""
        return {place.slug: place for member in group.members for place in self._steps(member)}

    def _steps(self, place: Place) -> Iterator[Place]:
        if place.component.dag is None:
            if self._container(place) is not None:
                yield place
            return
        for name in place.tasks:
            yield from self._steps(self._places.inside(place, name))

    def recipe(self, group: PodGroup) -> GroupRecipe:
        """The recipe of a group, with everything that is asked of it."""
        steps = self.steps(group)
        control = {
            name: self._wanted(*asked) for name, asked in sorted(self._channels.group_outputs.get(group, {}).items())
        }
        inputs = [self._recipes.inputs(place) for place in steps.values()]
        deciding = [expression for member in group.members for expression in self._deciding(member)]
        asked = [wanted.get("value") or wanted.get("count") for wanted in control.values() if "state" not in wanted]
        parameters = [*deciding, *asked, *(value for found, _ in inputs for value in found.values())]
        artifacts = [value for _, found in inputs for value in found.values()]
        slots = tuple(
            slot for slot in slots_of(parameters, artifacts, self._recipes.artifact_slugs) if slot.leaf not in steps
        )
        keyed = tuple(leaf for leaf in steps if self._keys.of(leaf) is not None)
        kept = tuple((leaf, what, place.depth) for leaf, place in steps.items() for what in self.stored(place))
        given = tuple(sorted(set(pipeline_inputs_of([*parameters, *artifacts]))))
        own = {status_key(owner, name) for owner, name in self._tasks(group)}
        statuses = tuple(sorted(set(statuses_of(parameters)) - own))
        needs = {leaf: self._needs(place) for leaf, place in steps.items()}
        body = {
            "pipeline": self._graph.name,
            "leaf": group.leaf,
            "slots": [[slot.leaf, slot.what, slot.fixed, slot.depth] for slot in slots],
            "certain": self._recipes.certain(slots, group.members),
            "depth": group.depth,
            "kept": [[leaf, what] for leaf, what, _ in kept],
            "keyed": list(keyed),
            "anew": sorted(self._anew(steps)),
            "given": [[name, self._recipes.input_type(name)] for name in given],
            "statuses": [[key, key.rpartition("#")[2]] for key in statuses],
            "tasks": [self._task(group.owner, member, group.task_names, needs) for member in group.members],
            "control": control,
            "capacity": {
                resource: max(found.get(resource, 0.0) for found in needs.values())
                for resource in sorted({resource for found in needs.values() for resource in found})
            },
        }
        return GroupRecipe(group.leaf, slots, kept, keyed, given, statuses, steps, body)

    def _anew(self, steps: Mapping[str, Place]) -> set[str]:
        """Steps that are done again with a lost pod: how tasks before them end may be another the next time."""
        found = {leaf for leaf, place in steps.items() if runs_anyway(place)}
        needed = {leaf: {slot.leaf for slot in self._recipes.step(place, {}).slots} for leaf, place in steps.items()}
        while more := {leaf for leaf, makers in needed.items() if leaf not in found and makers & found}:
            found |= more
        return found

    def stored(self, place: Place) -> list[str]:
        """The objects that a step makes, the one that says that it has succeeded last."""
        slugs = self._recipes.artifact_slugs[place.slug].values()
        return stored_objects(place, slugs, is_kept=self._keys.of(place.slug) is not None)

    def _wanted(self, place: Place, name: str, aspect: str) -> dict[str, Any]:
        if not name:
            return {"state": place.task_name}
        made = self._origins.output_parameter(place, name)
        return {"count": ["count", "parameters", made]} if aspect == "count" else {"value": made}

    def _tasks(self, group: PodGroup) -> Iterator[tuple[Place, str]]:
        """All tasks in the pod, each with the DAG that it stands in."""
        waiting = list(group.members)
        while waiting:
            place = waiting.pop()
            if place.owner is not None:
                yield place.owner, place.task_name
            waiting += [self._places.inside(place, name) for name in place.tasks]

    def _deciding(self, place: Place) -> Iterator[Any]:
        """Expressions of conditions and numbers of iterations, of a task and everything inside of it."""
        condition = self._condition(place)
        if condition is not None:
            yield condition
        if place.is_iteration:
            yield self._origins.loop_count(place)
        for name in place.tasks:
            yield from self._deciding(self._places.inside(place, name))

    def _condition(self, place: Place) -> list[Any] | None:
        if not place.condition:
            return None
        return ["if", place.condition, self._origins.deciding_parameters(place), ["constant", True]]

    def _task(
        self, owner: Place, place: Place, among: frozenset[str], needs: Mapping[str, Mapping[str, float]]
    ) -> dict[str, Any]:
        """A task as the plan has it; what says nothing is left out."""
        task = place.task
        if task is None:
            raise AssertionError("the root is in no group")
        made: dict[str, Any] = {
            "name": place.task_name,
            "path": place.path.removesuffix("[]") if place.is_iteration else place.path,
            "key": status_key(owner, place.task_name),
            "after": sorted(task.producers() & among),
            "runs_anyway": task.runs_anyway,
            "condition": self._condition(place),
        }
        if place.is_iteration:
            policy = task.iterator_policy
            limit = (policy.parallelism_limit if policy is not None else None) or 0
            made["loop"] = {"count": self._origins.loop_count(place), "limit": limit}
        if place.component.dag is not None:
            inside = frozenset(place.tasks)
            made["tasks"] = [self._task(place, self._places.inside(place, name), inside, needs) for name in place.tasks]
        elif place.slug in needs:
            settings = self._graph.platform_settings(place.component.executor_label or "")
            made |= {
                "leaf": place.slug,
                "stored": self.stored(place),
                "retry": repetition(task),
                "timeout_s": float(settings.get(DEADLINE) or 0),
                "needs": needs[place.slug],
            }
        return {key: value for key, value in made.items() if value}

    def _container(self, place: Place) -> Container | None:
        executor = self._graph.executors.get(place.component.executor_label or "")
        return executor.container if executor is not None else None

    def _needs(self, place: Place) -> dict[str, float]:
        container = self._container(place)
        if container is None:
            return {}
        words = " ".join([*(container.command or ()), *(container.args or ())])
        installs = {_INSTALLER: 1.0} if any(mark in words for mark in _INSTALLS) else {}
        return {**needs_of(container.resources), **installs}
