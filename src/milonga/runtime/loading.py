"""From a program to a callable: put its modules on the path, install what is missing, run its source."""

from __future__ import annotations

import linecache
import re
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from milonga.errors import TaskFailed
from milonga.runtime.received_program import ReceivedProgram

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([^;@]*)(?:;.*)?$")


def load_function(program: ReceivedProgram) -> Callable[..., Any]:
    """The function of `program`, from its source, in a module of its own.

    Raises:
        TaskFailed: E413, the source does not define the function or fails while it is loaded.
    """
    name = f"milonga_task_{re.sub(r'[^A-Za-z0-9_]', '_', program.function)}"
    file = f"<component {program.function}>"
    module = types.ModuleType(name)
    module.__file__ = file
    sys.modules[name] = module  # typing.get_type_hints and dataclasses look the module up by name
    linecache.cache[file] = (len(program.source), None, program.source.splitlines(keepends=True), file)
    try:
        exec(compile(program.source, file, "exec", dont_inherit=True), module.__dict__)
    except Exception as error:
        raise TaskFailed(
            "E413",
            f"the source of '{program.function}' cannot be loaded",
            got=f"{type(error).__name__}: {error}",
            hint="name what it imports in packages=[...]" if isinstance(error, ImportError) else "",
        ) from error
    function = module.__dict__.get(program.function)
    if not callable(function):
        raise TaskFailed("E413", f"the task's source does not define '{program.function}'")
    return function  # type: ignore[no-any-return]


def place_modules(program: ReceivedProgram, folder: Path) -> None:
    """Write the program's modules under `folder` and make them importable, before anything installed."""
    for name, text in program.modules.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    use_modules(folder)


def use_modules(folder: Path) -> None:
    """Let imports find `folder` first, inside the package milonga as well."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    package = sys.modules.get("milonga")
    inner = folder / "milonga"
    if package is not None and inner.is_dir() and str(inner) not in package.__path__:
        package.__path__.insert(0, str(inner))


def missing_packages(packages: Sequence[str]) -> list[str]:
    """Those requirements that the running Python does not meet. Markers and extras are taken as met."""
    return [requirement for requirement in packages if not _is_met(requirement)]


def _is_met(requirement: str) -> bool:
    import importlib.metadata  # it loads a parser of mails, and most functions declare no packages

    match = _REQUIREMENT.match(requirement)
    if match is None:
        return False
    try:
        installed = importlib.metadata.version(match.group(1))
    except importlib.metadata.PackageNotFoundError:
        return False
    return all(_holds(installed, clause.strip()) for clause in match.group(2).split(",") if clause.strip())


def _holds(installed: str, clause: str) -> bool:
    match = re.match(r"(===|==|>=|<=|!=|~=|<|>)\s*(.+)$", clause)
    if match is None:
        return False
    operator, wanted = match.groups()
    have, want = _release(installed), _release(wanted.replace(".*", ""))
    width = max(len(have), len(want))
    padded_have, padded_want = (have + (0,) * (width - len(have))), (want + (0,) * (width - len(want)))
    if operator in ("==", "==="):
        return have[: len(want)] == want if wanted.endswith(".*") else padded_have == padded_want
    if operator == "~=":
        return padded_have >= padded_want and have[: max(1, len(want) - 1)] == want[:-1]
    return {
        ">=": padded_have >= padded_want,
        "<=": padded_have <= padded_want,
        "!=": padded_have != padded_want,
        "<": padded_have < padded_want,
        ">": padded_have > padded_want,
    }[operator]


def _release(version: str) -> tuple[int, ...]:
    match = re.match(r"v?(\d+(?:\.\d+)*)", version.strip())
    return tuple(int(part) for part in match.group(1).split(".")) if match else (0,)


def install_packages(packages: Sequence[str]) -> None:
    """Install those requirements that are not met, with pip, into the running Python.

    Raises:
        TaskFailed: E414, pip failed; its last lines are in the message.
    """
    missing = missing_packages(packages)
    if not missing:
        return
    import subprocess

    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *missing]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise TaskFailed("E414", f"cannot install {', '.join(missing)}", got=tail, hint="use an image that holds them")
