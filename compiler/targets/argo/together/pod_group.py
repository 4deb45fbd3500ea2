"""Tasks of one DAG that share a pod, wherever that DAG stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from milonga.compiler.graph import Graph
from milonga.compiler.graph.together import marks_of
from milonga.compiler.graph.upstream import upstream
from milonga.compiler.passes.fusion import require_together
from milonga.compiler.passes.fusion.fits import Fits
from milonga.compiler.targets.argo.places import Place, Places


@dataclass(frozen=True, slots=True, eq=False)
class PodGroup:
    """A group in one place.

    Attributes:
        name: of the group.
        owner: the DAG that its tasks stand in.
        members: these tasks, of a loop its body; everything inside of them runs in the pod as well.
        leaf: name of the pod in the store.
    """

    name: str
    owner: Place
    members: tuple[Place, ...]
    leaf: str

    @property
    def task_names(self) -> frozenset[str]:
        """The names of its tasks."""
        return frozenset(member.task_name for member in self.members)

    @property
    def depth(self) -> int:
        """How many loops are around the pod."""
        return self.owner.depth

    def may_be_skipped(self, task: str) -> bool:
        """Whether a task may be skipped for a reason that Argo does not see: a condition of its own, or before it."""
        members = {member.task_name: member.task for member in self.members if member.task is not None}
        return any(found.condition for found in upstream(members, task, past_failures=False))


class PodGroups:
    """The groups of a pipeline. Immutable once made.

    Raises:
        InvalidPipeline: E271, the marks have another form.
        UnsupportedByTarget: E361, E362, tasks that are marked as a group cannot be one.
    """

    def __init__(self, graph: Graph, places: Places) -> None:
        self._marks = marks_of(graph)
        self._fits = Fits(graph)
        self._places = places
        self._of: dict[Place, PodGroup] = {}
        self._inside: dict[Place, PodGroup] = {}
        if self._marks:
            for place in list(places):
                self._look_at(place)

    def of(self, place: Place) -> PodGroup | None:
        """The group that a task is a member of."""
        return self._of.get(place)

    def around(self, place: Place) -> PodGroup | None:
        """The group in whose pod a task runs, as a member or inside of one."""
        return self._inside.get(place)

    def __iter__(self) -> Iterator[PodGroup]:
        return iter(dict.fromkeys(self._of.values()))

    def _look_at(self, place: Place) -> None:
        """Find the groups of a DAG. Places come each after the one around it."""
        outer = self._inside.get(place.owner) if place.owner is not None else None
        if outer is not None:
            self._inside[place] = outer
        if outer is not None or place in self._inside or place.component.dag is None:
            return
        tasks = place.tasks
        component = place.task.component_ref if place.task is not None else None
        named: dict[str, list[str]] = {}
        for task, wanted in self._marks.get(component.name if component is not None else "root", {}).items():
            if task in tasks:
                named.setdefault(wanted, []).append(task)
        for name, members in sorted(named.items()):
            require_together(name, members, tasks, self._fits, place.path)
            start = f"{place.path}/" if place.path else ""
            leaf = self._places.free_slug(f"{start}{name}".replace("[]", "") + "-pod")
            inner = tuple(self._places.inside(place, member) for member in tasks if member in members)
            group = PodGroup(name, place, inner, leaf)
            self._of.update(dict.fromkeys(inner, group))
            self._inside.update(dict.fromkeys(inner, group))
