"""One DAG of a graph as rules, constructs and the limits of targets look at it, and what they make of it: findings.

A rule is a small function over a scope that yields findings. Rules are stateless and independent: each sees the whole
graph, none changes it, their order does not matter. A rule never raises on a strange graph; it yields nothing about
what another rule reports.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from milonga.compiler.diagnostics import Diagnostic, Severity
from milonga.compiler.graph import Component, Executor, Graph, Task
from milonga.compiler.graph.survey import Survey

Finding = Callable[..., Diagnostic]
"""`Scope.finding`, perhaps bound to the place of somebody else."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One DAG of a graph: its name ("root" or a component's), its component, its tasks."""

    graph: Graph
    name: str
    component: Component
    survey: Survey | None = field(default=None, repr=False, compare=False)

    @property
    def whole(self) -> Survey:
        """What several rules ask about the whole graph; `check` hands the same one to every scope."""
        return self.survey or Survey(self.graph)

    @property
    def is_root(self) -> bool:
        """Whether this is the pipeline itself; rules about the whole graph speak on its turn only."""
        return self.component is self.graph.root

    @property
    def tasks(self) -> Mapping[str, Task]:
        """Tasks by name; rules ask for it once a task, so it must not be a copy."""
        return (self.component.dag.tasks if self.component.dag else None) or {}

    def used(self, task: Task) -> Component | None:
        """The component that `task` uses, if it exists."""
        return self.graph.components.get(task.component_ref.name) if task.component_ref else None

    def executor_of(self, task: Task) -> Executor | None:
        """What runs `task`; None for nested tasks and for what does not exist."""
        component = self.used(task)
        return self.graph.executors.get(component.executor_label or "") if component is not None else None

    def dag_of(self, name: str) -> Scope:
        """The scope of another DAG of the graph, which must exist."""
        component = self.component if name == self.name else self.graph.components.get(name, self.graph.root)
        return Scope(self.graph, name, component, self.survey)

    def nearest(self, name: str, *known: Collection[str]) -> str:
        """A hint with the known name that is nearest to a misspelt one; "" once a check has given very many."""
        return self.whole.spelling.nearest(name, *known)

    def finding_at_use(self, use: tuple[str, str] | None) -> Finding:
        """`finding` at a task of any DAG, (DAG, task); at the pipeline for None."""
        if use is None:
            return self.finding
        dag, task = use
        return functools.partial(self.dag_of(dag).finding, task=task)

    def finding(
        self,
        code: str,
        message: str,
        *,
        task: str = "",
        severity: Severity = "error",
        got: str = "",
        expected: str = "",
        hint: str = "",
        construct: str = "",
    ) -> Diagnostic:
        """A finding at a task of this DAG, or at the DAG itself."""
        places = self.graph.places
        return Diagnostic(
            code=code,
            severity=severity,
            message=message,
            path=f"{self.name}/{task}" if task else self.name,
            place=places.get(f"{self.name}/{task}") or places.get(f"{self.name}/"),
            got=got,
            expected=expected,
            hint=hint,
            construct=construct,
        )


Rule = Callable[[Scope], Iterator[Diagnostic]]
