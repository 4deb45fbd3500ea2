"""What a user may name as a pipeline on the command line: everything that the compiler reads, and catalogue names."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import importlib
import sys
from typing import Any

from milonga.compiler.interop.sources import Source, SourceKind, read_source
from milonga.compiler.interop.sources.definitions import DefinitionSource
from milonga.compiler.interop.sources.pipeline_files import PipelineFileSource
from milonga.compiler.interop.sources.python_files import PythonFileSource
from milonga.errors import UsageError


class CatalogueSource:
    """A component or pipeline that comes with milonga. The last kind: what no other kind knows must be a name."""

    def matches(self, target: object) -> bool:
        """Always."""
        return True

    def load(self, target: Any) -> Source:
        """Trace it.

        Raises:
            UsageError: E908, the catalogue has nothing of that name.
        """
        from milonga.components import COMPONENTS
        from milonga.pipelines import PIPELINES

        catalogue = {**COMPONENTS, **PIPELINES}
        if target not in catalogue:
            near = difflib.get_close_matches(target, catalogue, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"the catalogue has: {', '.join(sorted(catalogue))}"
            raise UsageError("E908", f"'{target}' is no file and no catalogue name", hint=hint)
        module_name, _, attribute = catalogue[target].partition(":")
        definition = getattr(importlib.import_module(module_name), attribute)
        return dataclasses.replace(DefinitionSource().load(definition), name=target)


SOURCE_KINDS: tuple[SourceKind, ...] = (PythonFileSource(), PipelineFileSource(), CatalogueSource())


def load_source(name: str) -> Source:
    """The pipeline behind what a user wrote.

    Raises:
        UsageError: E908 nothing of that name, E909 a Python file without that pipeline.
        MissingExtra: E910, the file needs a package that is not installed.
        AuthoringError: the file or the pipeline has mistakes.
        InvalidPipeline: the file is no pipeline.
    """
    with contextlib.redirect_stdout(sys.stderr):  # what an author's file prints is no data of ours
        return read_source(name, SOURCE_KINDS)


__all__ = ["SOURCE_KINDS", "CatalogueSource", "Source", "load_source"]
