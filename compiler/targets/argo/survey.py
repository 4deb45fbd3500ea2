"""What Argo must know of a pipeline before its templates are written: conditions, numbers of iterations, statuses."""

from __future__ import annotations

from typing import Any

from milonga.compiler.targets.argo.claim_templates import ClaimTemplates
from milonga.compiler.targets.argo.control.value import Inexpressible, Value
from milonga.compiler.targets.argo.emission import Emission
from milonga.compiler.targets.argo.places import Place
from milonga.compiler.targets.argo.step_kinds import step_kind
from milonga.compiler.targets.argo.together.group_recipe import GroupRecipes
from milonga.errors import UnsupportedByTarget


class Survey:
    """Asks for all control values of a pipeline, so that every template knows what it takes and hands out.

    Not thread-safe; one belongs to one emission.

    Attributes:
        conditions: expression by task; "" for a task without a condition.
        counts: how many iterations, or which elements, by body of the loop.
        probes: what pods compute since Argo cannot, by task and by what it is.
    """

    def __init__(self, emission: Emission, claims: ClaimTemplates, group_recipes: GroupRecipes) -> None:
        self._graph = emission.graph
        self._places = emission.places
        self._origins = emission.origins
        self._channels = emission.channels
        self._leaves = emission.leaves
        self._writer = emission.recipes
        self._groups = emission.groups
        self._claims = claims
        self._group_recipes = group_recipes
        self.conditions: dict[Place, str] = {}
        self.counts: dict[Place, Value] = {}
        self.probes: dict[tuple[Place, str], dict[str, Any]] = {}

    def run(self) -> None:
        """Look at all places.

        Raises:
            UnsupportedByTarget: E315-E318, something that Argo cannot do.
        """
        outside = [place for place in list(self._places) if self._groups.around(place) is None]
        for place in outside:
            if place.owner is not None:
                self.conditions[place] = self._condition_of(place)
            if place.slug:
                self._ask_for_statuses(place, self._writer.step(place, {}).statuses)
                self._prepare_step(place)
        for group in self._groups:
            self._ask_for_statuses(group.members[0], self._group_recipes.recipe(group).statuses)
        for place in reversed(outside):  # an inner loop may ask for elements of an outer one
            if place.is_iteration:
                self.counts[place] = self._count_of(place)

    def _condition_of(self, place: Place) -> str:
        try:
            return self._channels.condition(place)
        except Inexpressible:
            wanted = ["if", place.condition, self._origins.deciding_parameters(place), ["constant", True]]
            name = self._probe(place, "condition", {"value": wanted})
            return f"{name} == 'true'"

    def _count_of(self, place: Place) -> Value:
        try:
            return self._channels.items_of(place) if place in self._channels.items else self._channels.count_of(place)
        except Inexpressible:
            return Value(expression=self._probe(place, "count", {"count": self._origins.loop_count(place)}))

    def _probe(self, place: Place, what: str, wanted: dict[str, Any]) -> str:
        """Let a pod compute a value before the task of `place`; the expression of its text."""
        self.probes.setdefault((place, what), wanted)
        return f"tasks['{self.probe_task(place)}'].outputs.parameters['{what}']"

    def probe_task(self, place: Place) -> str:
        """Argo's name of the pod that computes something before the task of `place`."""
        owner = place.owner or self._places.root
        return self._channels.helper_task(owner, f"{place.task_name}-milonga-probe", place.task_name)

    def _ask_for_statuses(self, place: Place, keys: tuple[str, ...]) -> None:
        for key in keys:
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
