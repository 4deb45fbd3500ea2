"""What tracing one pipeline has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from milonga.compiler.graph import Component
from milonga.dsl.places import Place


@dataclass(frozen=True, slots=True)
class TracedDag:
    """A pipeline as a component.

    Attributes:
        component: the DAG.
        places: where the author wrote its tasks, by name, and itself, by "".
        together: names of groups that share a pod, by task.
    """

    component: Component
    places: Mapping[str, Place] = field(default_factory=dict)
    together: Mapping[str, str] = field(default_factory=dict)
