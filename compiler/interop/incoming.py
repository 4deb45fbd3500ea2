"""`from_kfp`: what kfp and its files know as a component, as a component of milonga."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.interop.kfp_objects import function_of_kfp, is_kfp_component, place_of_kfp
from milonga.compiler.interop.pipeline_files import graph_of_text, read_graph
from milonga.compiler.interop.signatures import signature_of_border
from milonga.compiler.interop.sources.kfp_objects import KfpObjectSource
from milonga.compiler.rules import check
from milonga.compiler.trace.ready_made import ReadyMade
from milonga.dsl.places import Place, callers_place
from milonga.errors import AuthoringError, InvalidPipeline, UsageError


def from_kfp(component: Any) -> ReadyMade:
    """A component or pipeline of kfp, for use in milonga's pipelines.

    The result is called like any component: by keyword, or by position where its author's order is known, which is so
    for kfp's objects. It has `options`, and it may be run, compiled and checked by itself. A single output is what the
    call returns; several are attributes of it, or keys where a name is no identifier: `outputs["my name"]`. Schema
    titles that are not KFP's own become artifact classes, such as `VertexModel` for `google.VertexModel`. Outside of a
    pipeline a lightweight Python component runs its function.

    Args:
        component: an object that kfp's decorators or loaders made; a path to an IR file or a component file of either
            generation; or the text of such a file.

    Returns:
        The component. Its calls are typed as `Any`, since what it takes and makes is known only when the program runs;
        its docstring lists it.

    Raises:
        AuthoringError: E170 kfp refuses it, E176 a component file breaks a rule of its format, E177 none of these.
        InvalidPipeline: E200-E206 no pipeline, E225 one that is not consistent.
        UsageError: E908, a file that does not exist.
    """
    if is_kfp_component(component):
        return _of_object(component)
    if isinstance(component, str) and ("\n" in component or component.lstrip().startswith("{")):
        return _of_graph(graph_of_text(component), callers_place())
    if isinstance(component, (str, Path)):
        path = Path(component)
        if not path.is_file():
            raise UsageError("E908", f"'{component}' is no file")
        return _of_graph(read_graph(path), Place(str(path), 1))
    raise AuthoringError(
        "E177",
        "from_kfp takes a component of kfp",
        where=str(callers_place()),
        got=f"{component!r} ({type(component).__name__})"[:120],
        expected="an object of kfp, a path, or the text of a file",
    )


def _of_object(component: Any) -> ReadyMade:
    source = KfpObjectSource().load(component)
    place, function = place_of_kfp(component), function_of_kfp(component)
    signature = source.signature or signature_of_border(source.graph.root)
    return ReadyMade(
        _consistent(source.graph),
        signature,
        place=place,
        function=function,
        is_ordered=True,
        description=source.description,
    )


def _of_graph(graph: Graph, place: Place) -> ReadyMade:
    return ReadyMade(_consistent(graph), signature_of_border(graph.root), place=place)


def _consistent(graph: Graph) -> Graph:
    errors = [finding for finding in check(graph) if finding.severity == "error"]
    if errors:
        raise InvalidPipeline(
            "E225", "the pipeline has errors", where=errors[0].where, got="\n".join(str(finding) for finding in errors)
        )
    return graph


__all__ = ["from_kfp"]
