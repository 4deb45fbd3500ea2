"""The inside of a worker: run one attempt in the current process."""

from __future__ import annotations

import json
import os
import site
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from milonga.errors import MilongaError, RunError, TaskFailed
from milonga.runtime.loading import load_function, use_modules
from milonga.runtime.program import TaskProgram
from milonga.runtime.task import run_task, write_atomically

_INSTALLED = ("site-packages", "dist-packages")
_OWN_FILES = ("milonga/engine/", "milonga/runtime/", "kfp/dsl/executor")


def run_milonga_step(
    function: Callable[..., Any] | None,
    name: str,
    source: str,
    modules: Path | None,
    packages: Path | None,
    executor_input: Mapping[str, Any],
    *,
    write_output: bool = True,
) -> dict[str, Any]:
    """Call the function of a milonga task; `function` is used when given, else it is loaded from `source`."""
    if packages is not None:
        _use_packages(packages)
    if modules is not None:
        use_modules(modules)
    target = function or load_function(TaskProgram(name, source))
    return run_task(target, executor_input, write_output=write_output)


def run_kfp_step(
    name: str, source: str, packages: Path | None, folder: Path, executor_input: Mapping[str, Any]
) -> dict[str, Any]:
    """Run a lightweight Python component of kfp through kfp's own executor, without its `pip install`.

    Raises:
        ImportError: kfp is not installed.
    """
    if packages is not None:
        _use_packages(packages)
    os.environ["_KFP_RUNTIME"] = "true"  # kfp's own switch for the light import
    from kfp.dsl import executor as kfp_executor

    path = folder / "ephemeral_component.py"
    path.write_text(source, encoding="utf-8")
    namespace = _load_file(path)
    target = getattr(namespace, name)
    kfp_executor.Executor(executor_input=dict(executor_input), function_to_execute=target).execute()
    output = Path(executor_input["outputs"]["outputFile"])
    found: dict[str, Any] = json.loads(output.read_text("utf-8")) if output.exists() else {}
    return found


def _use_packages(folder: Path) -> None:
    """Make the packages in `folder` win over installed ones, here and in Python processes that are started from here.

    They stand where installed packages do: behind the project's own modules and the standard library. What this process
    has imported already, and the folder brings as well, is forgotten, so that it is imported from there: the warm
    process that attempts are forked from holds no foreign package but kfp's executor, which is plain Python.

    Raises:
        RunError: E437, somebody removed the folder since the step was prepared.
    """
    path = str(folder)
    if path in sys.path:
        return
    if not folder.is_dir():
        raise RunError(
            "E437",
            "the shared environment of this step is gone",
            where=path,
            hint="run it again: it is made anew",
            kind="system",
        )
    sys.path[:] = _before_installed(path, sys.path)
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        _before_installed(path, inherited.split(os.pathsep) if inherited else [])
    )
    os.environ["PATH"] = os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", os.defpath)])
    files = [entry.name for entry in folder.iterdir()]
    brought = {name.partition(".")[0] for name in files} - sys.stdlib_module_names - {"milonga"}
    for name in [name for name in sys.modules if name.partition(".")[0] in brought]:
        del sys.modules[name]
    if any(name.endswith(".pth") for name in files):
        site.addsitedir(path)  # an interpreter reads them in its own folders only


def _before_installed(path: str, entries: list[str]) -> list[str]:
    """`entries` with `path` before the first folder of installed packages."""
    place = next((at for at, entry in enumerate(entries) if Path(entry).name in _INSTALLED), len(entries))
    return [*entries[:place], path, *entries[place:]]


def _load_file(path: Path) -> Any:
    import importlib.util

    spec = importlib.util.spec_from_file_location("ephemeral_component", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules["ephemeral_component"] = module
    spec.loader.exec_module(module)
    return module


def describe_error(error: BaseException) -> dict[str, Any]:
    """An exception as JSON: code, message, and the author's part of the traceback."""
    code = error.code if isinstance(error, MilongaError) else "E410"
    own = isinstance(error, MilongaError)
    message = error.message if isinstance(error, MilongaError) else f"{type(error).__name__}: {error}"
    details = error.to_json() if isinstance(error, MilongaError) else {"code": code, "kind": "user", "message": message}
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not any(part in frame.filename.replace("\\", "/") for part in _OWN_FILES)]
    lines = traceback.format_list(theirs or frames)
    text = (
        ""
        if own and not theirs
        else "Traceback (most recent call last):\n" + "".join(lines) + f"{type(error).__name__}: {error}"
    )
    return {**details, "type": type(error).__name__, "traceback": text}


def shown_error(error: BaseException, details: Mapping[str, Any]) -> str:
    """What the log says about it: an error that was raised on purpose speaks for itself, any other needs its lines."""
    return str(error) if isinstance(error, MilongaError) else details["traceback"] or str(error)


def write_error(folder: Path, file: str, error: BaseException) -> None:
    """Leave the error where the engine looks for it, and its traceback in the log."""
    error = _breakpoint_told(error)
    details = describe_error(error)
    print(shown_error(error, details), file=sys.stderr, flush=True)  # noqa: T201
    write_atomically(folder / file, json.dumps(details))


def _breakpoint_told(error: BaseException) -> BaseException:
    """What a breakpoint comes to in a process that nobody can type into; any other error as it is."""
    from bdb import BdbQuit  # most steps do not fail, and need no debugger

    if not isinstance(error, BdbQuit):
        return error
    return TaskFailed(
        "E410",
        "the step has stopped at a breakpoint, and has no terminal",
        hint="milonga run --in-process, or milonga replay RUN TASK --pdb",
    )
