"""Which container engine this machine has: the one that MILONGA_CONTAINER_ENGINE names, else podman, else docker."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from milonga.engine.containers.engine import ContainerEngine, Flavour, last_line
from milonga.errors import RunError, UsageError

SETTING = "MILONGA_CONTAINER_ENGINE"
NONE = "none"
"""The value of the setting that keeps milonga from looking for any."""

_CANDIDATES = ("podman", "docker")
_ASK: dict[Flavour, tuple[str, ...]] = {
    "podman": ("info", "--format", "{{.Version.Version}} {{.Host.Security.Rootless}}"),
    "docker": ("info", "--format", "{{.ServerVersion}} {{json .SecurityOptions}}"),
}
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking at one engine.

    Attributes:
        name: as it was looked for.
        path: of the program; "" when there is none.
        engine: when it answers.
        problem: when it does not, why.
    """

    name: str
    path: str = ""
    engine: ContainerEngine | None = None
    problem: str = ""


def look_for_engines() -> tuple[Looked, ...]:
    """What became of asking each engine that may be used, in order of preference, up to the first that answers."""
    setting = os.environ.get(SETTING, "")
    if setting == NONE:
        return ()
    looked: list[Looked] = []
    for name in (setting,) if setting else _CANDIDATES:
        looked.append(_look_at(name))
        if looked[-1].engine is not None:
            break
    return tuple(looked)


def find_engine(needed_for: str = "the step") -> ContainerEngine:
    """The engine to use. Asked once; one that did not answer is asked again.

    Args:
        needed_for: what the message names when there is none.

    Raises:
        RunError: E440 there is none, E446 there is one, and it does not answer.
        UsageError: E968, the setting names a program that does not exist or is no engine that milonga can drive.
    """
    setting = os.environ.get(SETTING, "")
    try:
        return _answering(setting, os.environ.get("PATH", ""))
    except _NoEngine:
        raise RunError(
            "E440",
            f"{needed_for} needs a container, and no container engine is here",
            got=f"{SETTING}={NONE}" if setting == NONE else f"neither {' nor '.join(_CANDIDATES)} on the PATH",
            hint="install podman or docker, or run the pipeline on a cluster",
        ) from None


class _NoEngine(Exception):
    """Nothing is there; raised, so that it is not remembered."""


@functools.lru_cache(maxsize=8)
def _answering(setting: str, search_path: str) -> ContainerEngine:
    looked = look_for_engines()
    for each in looked:
        if each.engine is not None:
            return each.engine
    silent = [each for each in looked if each.path]
    if silent:
        raise RunError(
            "E446",
            f"{' and '.join(each.name for each in silent)} {'is' if len(silent) == 1 else 'are'} here,"
            " but cannot run a container",
            got="; ".join(f"{each.path}: {each.problem}" for each in silent),
            hint="start its service, or install podman, which needs none",
            kind="system",
        )
    if setting and setting != NONE:
        raise UsageError(
            "E968",
            f"{SETTING} names a container engine that cannot be found",
            got=setting,
            expected="podman, docker, the path of one of them, or none",
        )
    raise _NoEngine


def _look_at(name: str) -> Looked:
    path = shutil.which(name) or ""
    path = str(Path(path).absolute()) if path else ""
    if not path:
        return Looked(name, problem="not on the PATH")
    try:
        introduced = ContainerEngine("podman", path, "").call("--version", timeout_s=_PATIENCE_S).stdout.lower()
        flavour: Flavour | None = next((each for each in _ASK if each in introduced), None)
        if flavour is None:
            problem = f"it calls itself {last_line(introduced)!r}, which is neither podman nor docker"
            return Looked(name, path, problem=problem)
        return _ask(name, ContainerEngine(flavour, path, ""))
    except subprocess.TimeoutExpired:
        return Looked(name, path, problem=f"no answer within {_PATIENCE_S:g} s")
    except OSError as error:
        return Looked(name, path, problem=f"it does not start: {error.strerror}")


def _ask(name: str, engine: ContainerEngine) -> Looked:
    answer = engine.call(*_ASK[engine.flavour], timeout_s=_PATIENCE_S)
    version, _, rest = answer.stdout.strip().partition(" ")
    if answer.returncode != 0 or not version:
        problem = last_line(answer.stderr) or f"it ended with exit code {answer.returncode}"
        return Looked(name, engine.path, problem=problem)
    is_rootless = rest.strip() == "true" if engine.flavour == "podman" else "name=rootless" in rest
    path = str(Path(engine.path).absolute())
    return Looked(name, path, ContainerEngine(engine.flavour, path, version, is_rootless))
