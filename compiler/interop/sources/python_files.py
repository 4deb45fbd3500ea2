"""`FILE.py:name`: a pipeline or component in a Python file, of milonga or of kfp."""

from __future__ import annotations

import dataclasses
import difflib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from milonga.compiler.interop.kfp_objects import (
    author_function,
    is_kfp_component,
    is_kfp_pipeline,
    refusal_of,
)
from milonga.compiler.interop.sources.base import Source, SourceKind
from milonga.compiler.interop.sources.definitions import DefinitionSource
from milonga.compiler.interop.sources.graphs import GraphSource
from milonga.compiler.interop.sources.kfp_objects import KfpObjectSource
from milonga.dsl.component_decorator import Component
from milonga.dsl.definition import Definition
from milonga.dsl.pipeline_decorator import Pipeline
from milonga.errors import AuthoringError, MilongaError, MissingExtra, UsageError

OBJECT_KINDS: tuple[SourceKind, ...] = (DefinitionSource(), GraphSource(), KfpObjectSource())
"""What a name in a file may stand for."""

_KFP_PACKAGES = {"kfp": "kfp", "kfp.kubernetes": "kfp-kubernetes"}
"""Modules → the packages that bring them."""


class PythonFileSource:
    """A Python file, with or without the name of one thing in it; or a folder of the catalogue's form."""

    def matches(self, target: object) -> bool:
        """Whether there is such a file."""
        return isinstance(target, (str, Path)) and _file_and_name(str(target)) is not None

    def load(self, target: Any) -> Source:
        """Load the file and take what is named in it, or the only pipeline (or else component) that it defines.

        Raises:
            UsageError: E909, there is no such thing in it, or more than one and none is named.
            MissingExtra: E910, it imports kfp, which is not installed.
            AuthoringError: E163 the file cannot be loaded, E170 kfp refuses what it defines, and all mistakes in it.
        """
        found = _file_and_name(str(target))
        if found is None:
            raise AssertionError("matched")
        path, name = found
        module = _module_at(path)
        return _source_of(_named(module, path, name) if name else _only_one(module, path), path, str(target))


def _file_and_name(target: str) -> tuple[Path, str] | None:
    file, _, name = target.rpartition(":")
    if not file or "/" in name or "\\" in name:
        file, name = target, ""
    path = Path(file)
    try:
        if path.is_dir() and (path / "pipeline.py").is_file():
            return path / "pipeline.py", name
        return (path, name) if path.suffix == ".py" and path.is_file() else None
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        return None


def _named(module: ModuleType, path: Path, name: str) -> Any:
    target = vars(module).get(name)
    if any(kind.matches(target) for kind in OBJECT_KINDS):
        return target
    own = [key for key, value in vars(module).items() if _is_usable(value) and not key.startswith("_")]
    near = difflib.get_close_matches(name, own, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"it defines: {', '.join(sorted(own)) or 'none'}"
    raise UsageError("E909", f"{path} has no pipeline '{name}'", hint=hint)


def loaders_in(target: str) -> tuple[Callable[[], Source], ...] | None:
    """What loads each pipeline that a Python file defines, the file itself run once; None for anything else.

    Raises:
        AuthoringError, MissingExtra: as for loading it.
    """
    found = _file_and_name(target)
    if found is None or found[1]:
        return None
    path = found[0]
    module = _module_at(path)
    pipelines = [value for _, value in sorted(_own(module).items()) if _is_pipeline(value)]
    if len(pipelines) < 2:
        return (lambda: _source_of(_only_one(module, path), path, target),)
    return tuple(partial(_source_of, value, path, target) for value in pipelines)


def _module_at(path: Path) -> ModuleType:
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return _load_module(path)


def _source_of(chosen: Any, path: Path, target: str) -> Source:
    kind = next(kind for kind in OBJECT_KINDS if kind.matches(chosen))
    return dataclasses.replace(kind.load(chosen), name=target, search_path=(str(path.resolve().parent),))


def _own(module: ModuleType) -> dict[str, Any]:
    """What the file defines, by name; what it only imports does not count, and a second name neither."""
    own = {
        id(value): (key, value)
        for key, value in reversed(vars(module).items())
        if not key.startswith("_") and _is_usable(value) and _module_of(value) == module.__name__
    }
    return dict(own.values())


def _only_one(module: ModuleType, path: Path) -> Any:
    """The pipeline that the file defines, or else its only component."""
    own = _own(module)
    pipelines = {key: value for key, value in own.items() if _is_pipeline(value)}
    components = {key: value for key, value in own.items() if not _is_pipeline(value)}
    found = pipelines or components
    if len(found) == 1:
        return next(iter(found.values()))
    names = ", ".join(f"{path}:{key}" for key in sorted(found)) or "none"
    what = "several pipelines" if pipelines else "no pipeline, but several components" if components else "no pipeline"
    raise UsageError("E909", f"{path} defines {what}; say which", got=names, expected=f"{path}:NAME")


def _is_usable(value: object) -> bool:
    return isinstance(value, (Pipeline, Component)) or is_kfp_component(value)


def _is_pipeline(value: object) -> bool:
    return isinstance(value, Pipeline) or is_kfp_pipeline(value)


def _module_of(value: Any) -> str:
    function = value.function if isinstance(value, Definition) else author_function(value)
    return str(getattr(function, "__module__", ""))


def _load_module(path: Path) -> ModuleType:
    name = f"milonga_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError("E909", f"{path} cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = Path.cwd()
    try:
        spec.loader.exec_module(module)
    except (MilongaError, KeyboardInterrupt):
        raise
    except BaseException as error:  # the author's file may raise anything, `SystemExit` included
        raise _load_failure(error, path) from error
    finally:
        os.chdir(folder)  # a file that goes elsewhere takes nobody's output along
    return module


def _missing_package(error: BaseException) -> str:
    """The package of kfp that a file imports and that is not installed; "" when it is something else."""
    name = (error.name or "") if isinstance(error, ModuleNotFoundError) else ""
    return _KFP_PACKAGES.get(name, "")


def _load_failure(error: BaseException, path: Path) -> MilongaError:
    """What is wrong with a file that cannot be loaded, at its own line."""
    missing = _missing_package(error)
    if missing:
        return MissingExtra.of(missing, "kfp", f"{path}, which imports it,")
    if isinstance(error, SyntaxError):
        where = f"{error.filename or path}:{error.lineno or 1}"
        return AuthoringError("E163", f"the file is no valid Python: {error.msg}", where=where)
    refused = refusal_of(error)
    if refused is not None:
        return refused
    own = str(path.resolve())
    frames = [item for item in traceback.extract_tb(error.__traceback__) if str(Path(item.filename).resolve()) == own]
    line = frames[-1].lineno if frames else 0
    return AuthoringError(
        "E163", f"the file raised {type(error).__name__} when it was loaded: {error}", where=f"{path}:{line}"
    )
