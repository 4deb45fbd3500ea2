"""What installs packages: uv where it is found, else pip."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from milonga.engine.environments.installers.base import Installer
from milonga.engine.environments.installers.pip import PipInstaller
from milonga.engine.environments.installers.session import InstallerSession
from milonga.engine.environments.installers.uv import UvInstaller
from milonga.errors import RunError


def find_uv() -> str | None:
    """The program uv: the one that MILONGA_UV names, on the PATH, or beside the running Python.

    Raises:
        RunError: E451, MILONGA_UV names no program.
    """
    named = os.environ.get("MILONGA_UV")
    if named:
        found = shutil.which(named)
        if found is None:
            raise RunError(
                "E451", "MILONGA_UV names no program", got=named, hint="take it away: uv is looked for on the PATH"
            )
        return found
    return shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def find_installer(root: Path) -> Installer:
    """uv, or pip where there is none.

    Args:
        root: folder of shared environments, where a private pip may be kept.

    Raises:
        RunError: E451, MILONGA_UV names no program.
    """
    uv = find_uv()
    return UvInstaller(uv) if uv else PipInstaller(root / ".pip")


__all__ = ["Installer", "InstallerSession", "find_installer", "find_uv"]
