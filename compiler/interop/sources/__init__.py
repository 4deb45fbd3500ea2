"""Everything that is or names a pipeline, in one registry: `read_source`. A new kind is a file and a line below."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from milonga.compiler.interop.sources.base import Source, SourceKind
from milonga.compiler.interop.sources.pipeline_files import PipelineFileSource
from milonga.compiler.interop.sources.python_files import OBJECT_KINDS, PythonFileSource
from milonga.errors import UsageError

SOURCE_KINDS: tuple[SourceKind, ...] = (*OBJECT_KINDS, PythonFileSource(), PipelineFileSource())


def read_source(target: object, kinds: Iterable[SourceKind] = SOURCE_KINDS) -> Source:
    """The pipeline behind an object or a name.

    Args:
        target: a pipeline or component of milonga or of kfp, a graph, or a path: `FILE.py:name`, an IR file, a
            component file.
        kinds: what may be named; by default everything that the compiler knows.

    Raises:
        UsageError: E908 nothing of that name, E909 a Python file without that pipeline.
        AuthoringError: the file or the pipeline has mistakes.
        InvalidPipeline: the file is no pipeline.
    """
    kind = next((kind for kind in kinds if kind.matches(target)), None)
    if kind is not None:
        return kind.load(target)
    if isinstance(target, (str, Path)):
        raise UsageError("E908", f"'{target}' is no file")
    raise UsageError(
        "E908",
        "this is no pipeline",
        got=f"{target!r} ({type(target).__name__})"[:120],
        expected="a pipeline or component of milonga or kfp, a graph, or a path",
    )


__all__ = ["SOURCE_KINDS", "Source", "SourceKind", "read_source"]
