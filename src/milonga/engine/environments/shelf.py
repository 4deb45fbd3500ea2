"""The shared environments of one state folder: `environments/` in it.

    environments/<id>/                   one environment: packages/, environment.json, used
    environments/requests/<digest>/      one request: found.json names its environment; lock, install.log
    environments/.building-<digest>/     an environment that is being made

An environment appears by rename, all of it or nothing; what a killed engine has left is thrown away by the next build.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from milonga.engine.environments.closure import Closure, closure_of
from milonga.engine.environments.package_request import PackageRequest
from milonga.engine.environments.shared_environment import SharedEnvironment
from milonga.engine.home import Home
from milonga.runtime.task import write_atomically

_FOUND = "found.json"


@dataclass(frozen=True, slots=True)
class EnvironmentShelf:
    """Finds environments.

    Attributes:
        root: the folder of them all.
    """

    root: Path

    @classmethod
    def of(cls, home: Home) -> EnvironmentShelf:
        """The environments of a state folder."""
        return cls(home.root / "environments")

    @property
    def requests(self) -> Path:
        """The folder of all requests."""
        return self.root / "requests"

    def request_folder(self, request: PackageRequest) -> Path:
        """Where the lock, the log and the answer of a request are."""
        return self.requests / request.digest

    def building_folder(self, request: PackageRequest) -> Path:
        """Where the environment of a request is made."""
        return self.root / f".building-{request.digest}"

    def find(self, request: PackageRequest) -> SharedEnvironment | None:
        """The environment that was made for a request, if it is whole and goes with the running Python's packages.

        The packages of the running Python that it counts on may have changed since: it is found as long as they still
        meet what is asked of them. No network is needed.
        """
        answer = _read(self.request_folder(request) / _FOUND)
        environment = SharedEnvironment.read(self.root / str(answer.get("environment")))
        if environment is None or not environment.is_whole:
            return None
        counted_on = answer.get("beside")
        if not isinstance(counted_on, dict):
            return None
        closure = reached(request, environment)
        beside = _beside(closure, environment)
        if beside != counted_on and (closure.unmet or closure.lacking):
            return None
        return environment

    def answer(self, request: PackageRequest, environment: SharedEnvironment) -> None:
        """Note which environment meets a request.

        Raises:
            OSError: it cannot be written.
        """
        beside = _beside(reached(request, environment), environment)
        text = json.dumps(
            {
                "requirements": [line.shown for line in request.lines],
                "sources": request.sources.shown(),
                "environment": environment.id,
                "beside": dict(beside),
            },
            indent=1,
        )
        write_atomically(self.request_folder(request) / _FOUND, text + "\n")

    def adopt(self, building: Path, environment: SharedEnvironment) -> SharedEnvironment:
        """Move a finished environment from where it was made to its place; the same content may be there already.

        Raises:
            OSError: it cannot be moved.
        """
        try:
            building.rename(environment.folder)
        except OSError:
            known = SharedEnvironment.read(environment.folder)
            if known is not None and known.is_whole:
                return known
            discard(environment.folder)  # damaged: somebody removed packages from it
            building.rename(environment.folder)
        return environment

    def all(self) -> list[SharedEnvironment]:
        """Every environment, the one used last first."""
        found = [SharedEnvironment.read(folder) for folder in _folders(self.root)]
        return sorted((one for one in found if one is not None), key=lambda one: (-one.used_at, one.id))

    def requests_of(self, environment_id: str) -> list[Path]:
        """The requests that an environment answers."""
        return [
            folder for folder in _folders(self.requests) if _read(folder / _FOUND).get("environment") == environment_id
        ]

    def forget(self, request_folder: Path) -> None:
        """Take back an answer; the lock and the log stay."""
        (request_folder / _FOUND).unlink(missing_ok=True)


def reached(request: PackageRequest, environment: SharedEnvironment | None) -> Closure:
    """What a request reaches in an environment and, behind it, among the packages of the running Python."""
    front: Sequence[str] = [str(environment.packages)] if environment is not None else []
    return closure_of(request.lines, (*front, *sys.path))


def discard(folder: Path) -> None:
    """Remove a folder so that nobody sees half of it.

    Raises:
        OSError: it cannot be removed.
    """
    hidden = folder.with_name(f".removed-{folder.name}")
    shutil.rmtree(hidden, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        folder.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def _beside(closure: Closure, environment: SharedEnvironment) -> Mapping[str, str]:
    """The packages of the running Python that the request reaches, with their versions."""
    own = {package.name for package in environment.installed}
    return {name: version for name, version in sorted(closure.versions.items()) if name not in own}


def _read(file: Path) -> Mapping[str, object]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _folders(parent: Path) -> list[Path]:
    """Its folders whose names are no dotted ones, sorted."""
    if not parent.is_dir():
        return []
    return sorted(item for item in parent.iterdir() if item.is_dir() and not item.name.startswith("."))
