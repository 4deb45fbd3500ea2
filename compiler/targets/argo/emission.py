"""What the writers of one emission share."""

from __future__ import annotations

from dataclasses import dataclass

from milonga.compiler.graph import Graph
from milonga.compiler.targets.argo.cache_keys import CacheKeys
from milonga.compiler.targets.argo.control.channels import Channels
from milonga.compiler.targets.argo.known_results import KnownResults
from milonga.compiler.targets.argo.leaf_templates import LeafTemplates
from milonga.compiler.targets.argo.origins import Origins
from milonga.compiler.targets.argo.places import Places
from milonga.compiler.targets.argo.recipe_texts import RecipeWriter
from milonga.compiler.targets.argo.together.pod_group import PodGroups


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Emission:
    """One pipeline on its way into the objects of a cluster. Not thread-safe: channels fill while it is written.

    Attributes:
        graph: the pipeline.
        places: each use of a component.
        groups: tasks that share a pod.
        origins: where values come from.
        channels: values that Argo must know.
        recipes: what pods are told.
        keys: under which results are kept for other runs.
        leaves: templates of pods.
        known: results that need no pod any more.
    """

    graph: Graph
    places: Places
    groups: PodGroups
    origins: Origins
    channels: Channels
    recipes: RecipeWriter
    keys: CacheKeys
    leaves: LeafTemplates
    known: KnownResults
