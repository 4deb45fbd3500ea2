"""What a rule is: a small function over one DAG of a graph that yields findings.

Rules are stateless and independent: each sees the whole graph, none changes it, their order does not matter. A rule
never raises on a strange graph; it yields nothing about what another rule reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from milonga.compiler.diagnostics import Diagnostic, Severity
from milonga.compiler.graph import Component, Graph, Task


@dataclass(frozen=True, slots=True)
class Scope:
    """One DAG of a graph: its name ("root" or a component's), its component, its tasks."""

    graph: Graph
    name: str
    component: Component

    @property
    def tasks(self) -> Mapping[str, Task]:
        """Tasks by name; rules ask for it once a task, so it must not be a copy."""
        return (self.component.dag.tasks if self.component.dag else None) or {}

    def used(self, task: Task) -> Component | None:
        """The component that `task` uses, if it exists."""
        return self.graph.components.get(task.component_ref.name) if task.component_ref else None

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
        )


Rule = Callable[[Scope], Iterator[Diagnostic]]
