"""Rules over graphs, in named groups. `check` runs them all and reports every finding."""

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.graph.survey import Survey
from milonga.compiler.rules import (
    borders,
    choices,
    executors,
    expressions,
    images,
    loops,
    names,
    platforms,
    policies,
    resources,
    secrets,
    structure,
    unused,
    values,
    wiring,
)
from milonga.compiler.scope import Rule, Scope

RULES: dict[str, tuple[Rule, ...]] = {
    "structure": (
        structure.has_tasks,
        structure.components_exist,
        structure.executors_exist,
        structure.producers_exist,
        structure.no_cycles,
        structure.components_end,
        structure.root_is_the_pipeline,
    ),
    "wiring": (
        wiring.required_inputs_are_bound,
        wiring.bindings_have_inputs,
        wiring.bindings_have_one_source,
        wiring.values_are_on_their_side,
        wiring.sources_exist,
        wiring.parameter_types_agree,
        wiring.constants_are_of_their_type,
        wiring.artifact_types_agree,
    ),
    "borders": (
        borders.artifact_lists_agree,
        borders.selectors_have_parts,
        borders.dag_outputs_have_makers,
        borders.declared_outputs_are_made,
        borders.dag_output_types_agree,
    ),
    "unused": (unused.inputs_are_used, unused.components_are_used),
    "expressions": (expressions.conditions_are_cel, expressions.selectors_are_cel),
    "choices": (choices.choices_are_complete, choices.values_stay_in_their_branch),
    "loops": (
        loops.loops_are_whole,
        loops.loop_items_are_alike,
        loops.loop_items_are_of_their_type,
        loops.loop_limits_make_sense,
    ),
    "policies": (
        policies.retries_are_possible,
        policies.cache_keys_are_used,
        policies.trigger_strategies_are_known,
        policies.waits_have_an_end,
    ),
    "executors": (
        executors.components_are_one_thing,
        executors.executors_are_one_thing,
        executors.placeholders_have_values,
    ),
    "images": (images.images_are_references, images.images_are_pinned),
    "resources": (
        resources.quantities_are_kubernetes,
        resources.requests_are_within_limits,
        resources.old_fields_agree,
    ),
    "secrets": (
        secrets.containers_hold_no_secrets,
        secrets.inputs_hold_no_secrets,
        secrets.defaults_hold_no_secrets,
    ),
    "values": (
        values.values_are_small,
        values.file_is_small,
        values.numbers_are_exact,
        values.defaults_are_of_their_type,
    ),
    "names": (names.names_can_be_written, names.names_differ, names.display_names_differ),
    "platforms": (
        platforms.settings_have_executors,
        platforms.settings_are_known,
        platforms.settings_make_sense,
        platforms.settings_have_sources,
    ),
}


def check(graph: Graph) -> tuple[Diagnostic, ...]:
    """All findings about `graph`, sorted by place."""
    survey = Survey(graph)
    findings = [
        finding
        for name, component in graph.dags()
        for rules in RULES.values()
        for rule in rules
        for finding in rule(Scope(graph, name, component, survey))
    ]
    return tuple(sorted(findings, key=lambda finding: finding.order))


__all__ = ["RULES", "check"]
