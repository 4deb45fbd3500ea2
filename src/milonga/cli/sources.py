"""What a user may name as a pipeline: `FILE.py:name`, an IR file, a folder of the catalogue, a catalogue name."""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Graph
from milonga.compiler.trace import trace
from milonga.dsl.component_decorator import Component
from milonga.dsl.definition import Definition
from milonga.dsl.pipeline_decorator import Pipeline
from milonga.dsl.signature import Signature
from milonga.engine.runnable import Runnable
from milonga.errors import AuthoringError, UsageError


@dataclass(frozen=True, slots=True)
class Source:
    """A pipeline that a user named.

    Attributes:
        runnable: its graph.
        signature: its inputs with Python types; None for IR files.
        search_path: folders that its tasks import from.
        name: what the user wrote.
    """

    runnable: Runnable
    name: str
    signature: Signature | None = None
    search_path: tuple[str, ...] = field(default_factory=tuple)
    description: str = ""

    @property
    def graph(self) -> Graph:
        """The graph."""
        return self.runnable.graph


def load_source(name: str) -> Source:
    """The pipeline behind what a user wrote.

    Raises:
        UsageError: E908 nothing of that name, E909 a Python file without that pipeline.
        AuthoringError: the file or the pipeline has mistakes.
        InvalidPipeline: the file is no pipeline.
    """
    with contextlib.redirect_stdout(sys.stderr):  # what an author's file prints is no data of ours
        return _loaded(name)


def _loaded(name: str) -> Source:
    file, _, attribute = name.rpartition(":")
    if not file or "/" in attribute or "\\" in attribute:
        file, attribute = name, ""
    path = Path(file)
    if path.is_dir() and (path / "pipeline.py").is_file():
        path = path / "pipeline.py"
    if path.suffix == ".py" and path.is_file():
        return _from_python(path, attribute, name)
    if path.is_file():
        graph = load_graph(path)
        return Source(
            Runnable(graph, source=name), name, description=graph.specification.pipeline_info.description or ""
        )
    return _from_catalogue(name)


def _from_catalogue(name: str) -> Source:
    from milonga.components import COMPONENTS
    from milonga.pipelines import PIPELINES

    catalogue = {**COMPONENTS, **PIPELINES}
    if name not in catalogue:
        near = difflib.get_close_matches(name, catalogue, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"the catalogue has: {', '.join(sorted(catalogue))}"
        raise UsageError("E908", f"'{name}' is no file and no catalogue name", hint=hint)
    module_name, _, attribute = catalogue[name].partition(":")
    target: Definition[..., Any] = getattr(importlib.import_module(module_name), attribute)
    return _traced(target, name)


def _traced(target: Definition[..., Any], name: str, search_path: tuple[str, ...] = ()) -> Source:
    traced = trace(target)
    runnable = Runnable(traced.graph, traced.functions, source=name, signature=target.signature)
    return Source(runnable, name, target.signature, search_path, target.description)


def _from_python(path: Path, attribute: str, name: str) -> Source:
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = _load_module(path)
    own = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, (Pipeline, Component)) and not key.startswith("_")
    }
    if attribute:
        target = vars(module).get(attribute)
        if not isinstance(target, Definition):
            near = difflib.get_close_matches(attribute, own, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"it defines: {', '.join(sorted(own)) or 'none'}"
            raise UsageError("E909", f"{path} has no pipeline '{attribute}'", hint=hint)
        return _traced(target, name, (folder,))
    pipelines = {key: value for key, value in own.items() if isinstance(value, Pipeline) and _defined_in(value, module)}
    if len(pipelines) != 1:
        found = ", ".join(f"{path}:{key}" for key in sorted(pipelines)) or "none"
        what = "several pipelines" if pipelines else "no pipeline"
        raise UsageError("E909", f"{path} defines {what}; say which", got=found, expected=f"{path}:NAME")
    return _traced(next(iter(pipelines.values())), name, (folder,))


def _defined_in(target: Definition[..., Any], module: ModuleType) -> bool:
    return target.function.__module__ == module.__name__


def _load_module(path: Path) -> ModuleType:
    name = f"milonga_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError("E909", f"{path} cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except AuthoringError:
        raise
    except SyntaxError as error:
        raise AuthoringError(
            "E163", f"the file is no valid Python: {error.msg}", where=f"{error.filename or path}:{error.lineno or 1}"
        ) from None
    except (Exception, SystemExit) as error:
        own = str(path.resolve())
        frames = [
            item for item in traceback.extract_tb(error.__traceback__) if str(Path(item.filename).resolve()) == own
        ]
        line = frames[-1].lineno if frames else 0
        raise AuthoringError(
            "E163", f"the file raised {type(error).__name__} when it was loaded: {error}", where=f"{path}:{line}"
        ) from error
    return module
