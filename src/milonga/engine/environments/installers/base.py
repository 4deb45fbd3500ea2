"""The contract of an installer: say what the requirements add to this Python, and put that into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from milonga.engine.environments.installers.session import InstallerSession
from milonga.engine.environments.package_request import PackageRequest


class Installer(Protocol):
    """Stateless; every method may run for minutes and is called from a thread beside the engine."""

    @property
    def name(self) -> str:
        """Its name and version."""
        ...

    def resolve(self, request: PackageRequest, session: InstallerSession) -> tuple[str, ...]:
        """Requirement lines, one an exact package, for what the running Python lacks.

        Raises:
            RunError: E452 to E454, see `InstallerSession.run`.
        """
        ...

    def install(self, pins: Sequence[str], request: PackageRequest, target: Path, session: InstallerSession) -> None:
        """Put exactly those packages into `target`.

        Raises:
            RunError: E452 to E454, see `InstallerSession.run`.
        """
        ...
