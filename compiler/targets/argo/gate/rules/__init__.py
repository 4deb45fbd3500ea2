"""What no schema says about manifests of Argo: one small function a rule, each over all documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.rules.absent_outputs import outputs_are_there
from milonga.compiler.targets.argo.gate.rules.arguments import arguments_fit
from milonga.compiler.targets.argo.gate.rules.artifact_places import artifacts_have_one_place
from milonga.compiler.targets.argo.gate.rules.config_maps import config_maps_are_well_formed
from milonga.compiler.targets.argo.gate.rules.counts import counts_are_in_bounds
from milonga.compiler.targets.argo.gate.rules.cycles import tasks_wait_in_no_circle
from milonga.compiler.targets.argo.gate.rules.deadlines import deadlines_stand_on_leaves
from milonga.compiler.targets.argo.gate.rules.depends_names import waited_tasks_exist
from milonga.compiler.targets.argo.gate.rules.depends_words import waited_tasks_can_be_named
from milonga.compiler.targets.argo.gate.rules.documents import documents_are_known
from milonga.compiler.targets.argo.gate.rules.duplicates import names_are_unique
from milonga.compiler.targets.argo.gate.rules.empty_loops import loops_may_be_empty
from milonga.compiler.targets.argo.gate.rules.entrypoints import entrypoints_are_given
from milonga.compiler.targets.argo.gate.rules.images import images_are_given
from milonga.compiler.targets.argo.gate.rules.loops import loops_have_one_source
from milonga.compiler.targets.argo.gate.rules.mixed_depends import one_way_to_wait
from milonga.compiler.targets.argo.gate.rules.names import names_are_taken
from milonga.compiler.targets.argo.gate.rules.output_defaults import outputs_have_defaults
from milonga.compiler.targets.argo.gate.rules.output_sources import outputs_have_sources
from milonga.compiler.targets.argo.gate.rules.parallelism import parallelism_stands_on_groups
from milonga.compiler.targets.argo.gate.rules.references import references_resolve
from milonga.compiler.targets.argo.gate.rules.retries import retries_are_whole_numbers
from milonga.compiler.targets.argo.gate.rules.schedules import schedules_fire
from milonga.compiler.targets.argo.gate.rules.sizes import sizes_are_in_bounds
from milonga.compiler.targets.argo.gate.rules.tags import tags_are_well_formed
from milonga.compiler.targets.argo.gate.rules.template_kinds import templates_are_of_one_kind
from milonga.compiler.targets.argo.gate.rules.templates import templates_exist
from milonga.compiler.targets.argo.gate.rules.time_zones import time_zones_exist
from milonga.compiler.targets.argo.gate.rules.unknown_tags import braces_are_references

RULES: tuple[Callable[[Bundle], Iterator[Fault]], ...] = (
    documents_are_known,
    names_are_taken,
    names_are_unique,
    counts_are_in_bounds,
    sizes_are_in_bounds,
    config_maps_are_well_formed,
    schedules_fire,
    time_zones_exist,
    entrypoints_are_given,
    templates_are_of_one_kind,
    templates_exist,
    images_are_given,
    arguments_fit,
    tags_are_well_formed,
    braces_are_references,
    references_resolve,
    one_way_to_wait,
    waited_tasks_exist,
    waited_tasks_can_be_named,
    tasks_wait_in_no_circle,
    loops_have_one_source,
    loops_may_be_empty,
    outputs_have_sources,
    outputs_have_defaults,
    outputs_are_there,
    artifacts_have_one_place,
    parallelism_stands_on_groups,
    deadlines_stand_on_leaves,
    retries_are_whole_numbers,
)
"""Every rule, in the order in which they speak about a document."""
