"""What the compiler does for a caller: `compile`, `check`, `diff`. Each takes any source of pipelines."""

from __future__ import annotations

from pathlib import Path

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.diff import Change, compare
from milonga.compiler.graph import Graph
from milonga.compiler.interop.sources import read_source
from milonga.compiler.output_file import write_text
from milonga.compiler.rules import check as findings_of
from milonga.compiler.targets import target_named
from milonga.errors import InvalidPipeline, UsageError


def compile(
    pipeline: object,
    *,
    target: str = "kfp",
    output: str | Path | None = None,
    lower: bool | None = None,
) -> str:
    """Compile a pipeline (or a component alone) for `target`.

    Args:
        pipeline: a pipeline or component of milonga or of kfp, a graph, or a path: `FILE.py:name`, an IR or component
            file.
        target: where it will run; a version may follow: "kfp@2.15".
        output: also write the text to this file, all of it or nothing.
        lower: whether constructs that the target cannot run are written in a form that it can. By default they are,
            unless `pipeline` is a graph or a pipeline file: what was compiled once is written again as it is.

    Returns:
        The text: the same for the same pipeline, on any machine.

    Raises:
        AuthoringError: mistakes in the pipeline.
        InvalidPipeline: E225, a graph that is not consistent, as it was given or as it was rewritten.
        UsageError: E907, an unknown target; E950, an unknown version of it; E919, the file cannot be written.
    """
    chosen = target_named(target)
    source = read_source(pipeline)
    graph = source.graph
    _refuse_errors(graph, "the pipeline has errors")
    if lower if lower is not None else source.is_python:
        lowered = chosen.lower(graph)
        if lowered is not graph:
            _refuse_errors(lowered, f"the pipeline has errors once it is rewritten for '{target}'")
        graph = lowered
    text = chosen.emit(graph)
    if output is not None:
        try:
            write_text(Path(output), text)
        except OSError as error:
            raise UsageError("E919", f"the file cannot be written: {error.strerror}", where=str(output)) from None
    return text


def check(pipeline: object, *, target: str = "") -> tuple[Diagnostic, ...]:
    """Every finding about a pipeline, sorted by place. Nothing is run.

    Args:
        pipeline: whatever `compile` takes.
        target: also what this target would drop, refuse or change; "" for none.

    Raises:
        AuthoringError: mistakes that keep the pipeline from being traced, all of them.
        InvalidPipeline: the file is no pipeline.
        UsageError: E907, an unknown target; E950, an unknown version of it.
    """
    chosen = target_named(target) if target else None
    graph = read_source(pipeline).graph
    found = [*findings_of(graph)]
    if chosen is not None:
        broken = any(finding.severity == "error" for finding in found)
        found += [*chosen.findings(graph), *(() if broken else chosen.refusals(graph))]
    return tuple(sorted(found, key=lambda finding: finding.order))


def diff(before: object, after: object) -> tuple[Change, ...]:
    """What is different between two pipelines, by meaning; what changes no meaning is marked as quiet.

    Args:
        before, after: whatever `compile` takes.

    Raises:
        AuthoringError, InvalidPipeline: one of them cannot be read.
        UsageError: E941, nested too deep or too large to be compared.
    """
    return compare(read_source(before).graph, read_source(after).graph)


def _refuse_errors(graph: Graph, message: str) -> None:
    errors = [finding for finding in findings_of(graph) if finding.severity == "error"]
    if errors:
        got = "\n".join(str(finding) for finding in errors)
        raise InvalidPipeline("E225", message, where=errors[0].where, got=got)
