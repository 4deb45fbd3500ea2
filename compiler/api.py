"""`compile`: a pipeline as the text of a file for a target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.rules import check
from milonga.compiler.targets import target_named
from milonga.compiler.trace import trace
from milonga.dsl.definition import Definition
from milonga.errors import InvalidPipeline


def compile(pipeline: Definition[..., Any] | Graph, *, target: str = "kfp", output: str | Path | None = None) -> str:
    """Compile a pipeline (or a component alone) for `target`.

    Args:
        pipeline: what to compile.
        target: where it will run.
        output: also write the text to this file, all of it or nothing.

    Returns:
        The text: the same for the same pipeline, on any machine.

    Raises:
        AuthoringError: mistakes in the pipeline.
        InvalidPipeline: E225, a graph that is not consistent.
        UsageError: E907, an unknown target.
    """
    chosen = target_named(target)
    graph = pipeline if isinstance(pipeline, Graph) else trace(pipeline).graph
    errors = [finding for finding in check(graph) if finding.severity == "error"]
    if errors:
        raise InvalidPipeline(
            "E225", "the pipeline has errors", where=errors[0].where, got="\n".join(str(finding) for finding in errors)
        )
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
