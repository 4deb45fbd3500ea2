"""`compile`: a pipeline as the text of a file for a target."""

from __future__ import annotations

from pathlib import Path

from milonga.compiler.interop.sources import read_source
from milonga.compiler.rules import check
from milonga.compiler.targets import target_named
from milonga.errors import InvalidPipeline


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
        InvalidPipeline: E225, a graph that is not consistent.
        UsageError: E907, an unknown target; E950, an unknown version of it.
    """
    chosen = target_named(target)
    source = read_source(pipeline)
    graph = source.graph
    errors = [finding for finding in check(graph) if finding.severity == "error"]
    if errors:
        raise InvalidPipeline(
            "E225", "the pipeline has errors", where=errors[0].where, got="\n".join(str(finding) for finding in errors)
        )
    if lower if lower is not None else source.is_python:
        graph = chosen.lower(graph)
    text = chosen.emit(graph)
    if output is not None:
        write_text(Path(output), text)
    return text


def write_text(path: Path, text: str) -> None:
    """Write a file in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
