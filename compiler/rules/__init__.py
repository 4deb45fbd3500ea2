"""Rules over graphs, in named groups. `check` runs them all and reports every finding."""

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.rules import expressions, structure, wiring
from milonga.compiler.rules.base import Rule, Scope

RULES: dict[str, tuple[Rule, ...]] = {
    "structure": (
        structure.has_tasks,
        structure.components_exist,
        structure.executors_exist,
        structure.producers_exist,
        structure.no_cycles,
    ),
    "wiring": (
        wiring.required_inputs_are_bound,
        wiring.bindings_have_inputs,
        wiring.sources_exist,
        wiring.parameter_types_agree,
        wiring.artifact_types_agree,
    ),
    "expressions": (expressions.conditions_are_cel, expressions.selectors_are_cel),
}


def check(graph: Graph) -> tuple[Diagnostic, ...]:
    """All findings about `graph`, sorted by place."""
    findings = [
        finding
        for name, component in graph.dags()
        for rules in RULES.values()
        for rule in rules
        for finding in rule(Scope(graph, name, component))
    ]
    return tuple(sorted(findings, key=lambda finding: finding.order))


__all__ = ["RULES", "check"]
