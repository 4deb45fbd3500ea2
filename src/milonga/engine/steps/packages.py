"""The packages that a step declares: here already, in a shared environment, or still to be brought."""

from __future__ import annotations

import functools
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from milonga.engine.steps.base import StepContext
from milonga.engine.steps.provision import Provision
from milonga.errors import RunError

if TYPE_CHECKING:
    from milonga.engine.environments import Closure, IndexSettings, SharedEnvironment


@dataclass(frozen=True, slots=True)
class StepPackages:
    """What a step imports from, besides its own modules.

    Attributes:
        identity: the Python version, and the version of every package that the requirements reach. A package of a
            shared environment also has the digest of its files, since two builds may carry one version.
        folder: the packages of its shared environment, or None.
    """

    identity: str
    folder: Path | None = None


def packages_of(
    label: str, requirements: Sequence[str], context: StepContext, sources: IndexSettings | None = None
) -> StepPackages | Provision:
    """Find the packages of a step, or say how they are brought here.

    Args:
        label: the executor's.
        requirements: as its author wrote them.
        context: the state folder, and whether anything may be installed.
        sources: what the component says about package indexes.

    Raises:
        RunError: E442 some are missing and nothing may be installed, E450 a requirement cannot be read.
    """
    if not requirements:
        return StepPackages(platform.python_version())
    # `packaging` is loaded for steps that declare something; a run of others starts without it
    from milonga.engine.environments import EnvironmentShelf, PackageRequest, build_environment, reached

    request = PackageRequest.of(requirements, label, sources)
    closure = reached(request, None)
    if not closure.unmet:
        return StepPackages(_identity(closure))
    if not context.installs:
        missing = [line.shown for line in closure.unmet]
        raise RunError(
            "E442",
            f"'{label.removeprefix('exec-')}' needs packages that are not installed here",
            got=", ".join(missing),
            hint="pip install "
            + " ".join(f"'{line}'" for line in missing)
            + ", or let milonga bring them: run isolated, without --no-install",
        )
    shelf = EnvironmentShelf.of(context.home)
    environment = shelf.find(request)
    if environment is None:
        title = f"packages of '{label.removeprefix('exec-')}'"
        build = functools.partial(build_environment, shelf, request, title)
        return Provision(f"environment {request.digest}", title, build)
    environment.stamp()
    return StepPackages(_identity(reached(request, environment), environment), environment.packages)


def _identity(closure: Closure, environment: SharedEnvironment | None = None) -> str:
    versions = {name: f"{name}=={version}" for name, version in closure.versions.items()}
    for package in environment.installed if environment is not None else ():
        versions[package.name] = f"{package.name}=={package.version}#{package.digest[:16]}"
    return ";".join([platform.python_version(), *(versions[name] for name in sorted(versions))])
