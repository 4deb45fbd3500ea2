"""Where the outputs of a DAG come from: one task, or whichever of several ran."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from milonga.compiler.graph import Component
from milonga.compiler.graph.edges import ARTIFACTS, PARAMETERS, Side


@dataclass(frozen=True, slots=True)
class Outlet:
    """One output of a DAG.

    Attributes:
        side: parameters or artifacts.
        name: the output.
        makers: the tasks that may make it, each with its output, in the order of the file.
        is_choice: whether it is the value of whichever task ran.
        declared: the output in the border of the component; None when it is not there.
    """

    side: Side
    name: str
    makers: tuple[tuple[str, str], ...]
    is_choice: bool
    declared: Any


def outlets_of(dag: Component) -> Iterator[Outlet]:
    """Each output that a DAG fills, parameters first."""
    outputs = dag.dag.outputs if dag.dag is not None else None
    if outputs is None:
        return
    for name, parameter in (outputs.parameters or {}).items():
        single, choice = parameter.value_from_parameter, parameter.value_from_oneof
        picks = ((single,) if single is not None else ()) + ((choice.parameter_selectors or ()) if choice else ())
        makers = tuple((pick.producer_subtask, pick.output_parameter_key) for pick in picks)
        yield Outlet(PARAMETERS, name, makers, choice is not None, dag.output_parameters.get(name))
    for name, artifact in (outputs.artifacts or {}).items():
        selectors = artifact.artifact_selectors or ()
        makers = tuple((selector.producer_subtask, selector.output_artifact_key) for selector in selectors)
        yield Outlet(ARTIFACTS, name, makers, len(makers) > 1, dag.output_artifacts.get(name))
