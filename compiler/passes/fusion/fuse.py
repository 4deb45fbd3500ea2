"""The pass that puts small tasks into one pod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from milonga.compiler.graph import Component, Graph, Task
from milonga.compiler.graph.together import marks_of, with_marks
from milonga.compiler.passes.fusion.fits import Fit, Fits
from milonga.compiler.passes.fusion.waits import Waits


@dataclass(slots=True)
class _Group:
    """Tasks that may share a pod: what they wait for is the same, each other apart."""

    key: str
    outside: tuple[int, int]
    members: int = 0
    tasks: list[str] = field(default_factory=list)
    pods: int = 0


class Fuse:
    """Marks tasks of each DAG that may share a pod; a marked task waits for nothing that it would not have waited for.

    What comes after a group waits for all of it.

    It takes tasks that fit each other and ask for no resources: those are small, as far as anybody has said. Tasks that
    the author has marked keep their marks. What runs in which order, and with which result, stays the same.
    """

    name: ClassVar[str] = "fuse"
    cures: ClassVar[tuple[str, ...]] = ()

    def run(self, graph: Graph) -> Graph:
        """The graph with marks.

        Raises:
            InvalidPipeline: E271, its own marks have another form.
        """
        marks = {dag: dict(tasks) for dag, tasks in marks_of(graph).items()}
        fits = Fits(graph)
        is_changed = False
        for name, component in graph.dags():
            own = marks.setdefault(name, {})
            for task, group in _found(component, fits, own).items():
                own[task] = group
                is_changed = True
        return with_marks(graph, marks) if is_changed else graph


def _found(component: Component, fits: Fits, own: Mapping[str, str]) -> dict[str, str]:
    tasks = dict((component.dag.tasks if component.dag is not None else None) or {})
    known = {name: fits.of(task) for name, task in tasks.items()}
    transparent = {name for name, task in tasks.items() if name not in own and _is_transparent(task, known[name])}
    waits, everything = Waits.of(tasks, transparent), Waits.of(tasks)
    chosen = [
        name
        for name in waits.order
        if name not in own and name not in transparent and not known[name].reason and not known[name].asks
    ]
    if any(task.runs_anyway for task in tasks.values()):
        keys = {known[name].key for name in chosen}
        is_whole = len(keys) == 1 and set(chosen) | transparent == set(tasks)
        groups = [_whole(list(tasks), known, waits)] if is_whole else []
    else:
        groups = _grouped(chosen, tasks, known, waits)
    free = (name for number in range(1, len(tasks) + len(own) + 2) if (name := f"pod-{number}") not in own.values())
    found: dict[str, str] = {}
    for group, name in zip((group for group in groups if group.pods > 1), free, strict=False):
        between = everything.between(sum(everything.bits[task] for task in group.tasks))
        found.update(dict.fromkeys([*group.tasks, *between], name))
    return found


def _is_transparent(task: Task, fit: Fit) -> bool:
    """Whether a task needs no pod and is always there: an importer without a condition."""
    return not fit.reason and not fit.pods and not task.condition and not task.runs_anyway and not task.is_loop


def _whole(chosen: list[str], known: Mapping[str, Fit], waits: Waits) -> _Group:
    members = sum(waits.bits[name] for name in chosen)
    return _Group("", (0, 0), members, chosen, sum(known[name].pods for name in chosen))


def _grouped(chosen: list[str], tasks: Mapping[str, Task], known: Mapping[str, Fit], waits: Waits) -> list[_Group]:
    groups: list[_Group] = []
    by_outside: dict[tuple[str, tuple[int, int]], _Group] = {}
    group_of: dict[str, _Group] = {}
    for name in chosen:
        key = known[name].key
        before = [group_of[producer] for producer in sorted(tasks[name].producers()) if producer in group_of]
        group = next(
            (group for group in before if group.key == key and waits.outside(name, group.members) == group.outside),
            None,
        ) or by_outside.get((key, waits.outside(name, 0)))
        if group is None:
            group = _Group(key, waits.outside(name, 0))
            by_outside[key, group.outside] = group
            groups.append(group)
        group.members |= waits.bits[name]
        group.tasks.append(name)
        group.pods += known[name].pods
        group_of[name] = group
    return groups
