"""The packages that a step declares: here already, in a shared environment, or still to be brought."""

from __future__ import annotations

import functools
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
        versions: the version of every package that the requirements reach. A package of a shared environment also has
            the digest of its files, since two builds may carry one version.
        folder: the packages of its shared environment, or None.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None

    def environment(self, imported: Mapping[str, str]) -> str:
        """The environment of the step's identity: the Python version, these packages, and those that it imports."""
        versions = {**imported, **self.versions}
        titles = (f"{name} {version}" for name, version in sorted(versions.items()))
        return "; ".join([f"python {platform.python_version()}", *titles])


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
        return StepPackages()
    # `packaging` is loaded for steps that declare something; a run of others starts without it
    from milonga.engine.environments import EnvironmentShelf, PackageRequest, build_environment, reached

    request = PackageRequest.of(requirements, label, sources)
    closure = reached(request, None)
    if not closure.unmet:
        return StepPackages(closure.versions)
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
    return StepPackages(_versions(reached(request, environment), environment), environment.packages)


def _versions(closure: Closure, environment: SharedEnvironment) -> Mapping[str, str]:
    brought = {package.name: f"{package.version} #{package.digest[:16]}" for package in environment.installed}
    return {**closure.versions, **brought}
