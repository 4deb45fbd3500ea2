"""uv: resolves and installs in parallel, and shares files with its cache."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from milonga.engine.environments.index_settings import IndexSettings
from milonga.engine.environments.installers.session import InstallerSession
from milonga.engine.environments.package_request import PackageRequest

_ADDED = re.compile(r"^ \+ (?P<pin>\S+(?: @ \S+)?)(?: \(from (?P<origin>\S+)\))?$", re.MULTILINE)
"""A line of what `uv pip install --dry-run` would add; older versions write addresses in parentheses."""


class UvInstaller:
    """Installs with the uv at `program`."""

    def __init__(self, program: str) -> None:
        self._program = program

    @property
    def name(self) -> str:
        """Its name and version."""
        done = subprocess.run([self._program, "--version"], capture_output=True, text=True, check=False)
        return " ".join(done.stdout.split()[:2]) or "uv"

    def resolve(self, request: PackageRequest, session: InstallerSession) -> tuple[str, ...]:
        """Requirement lines, one an exact package, for what the running Python lacks.

        Raises:
            RunError: E452 to E454, see `InstallerSession.run`.
        """
        # Nothing is installed by a dry run, so it may look at a Python that its operating system manages.
        flags = ["--dry-run", "--break-system-packages"]
        said = self._run(flags, request, [line.text for line in request.lines], session)
        return tuple(_pin(match) for match in _ADDED.finditer(said))

    def install(self, pins: Sequence[str], request: PackageRequest, target: Path, session: InstallerSession) -> None:
        """Put exactly those packages into `target`.

        Raises:
            RunError: E452 to E454, see `InstallerSession.run`.
        """
        self._run(["--no-deps", "--target", str(target)], request, pins, session)
        (target / ".lock").unlink(missing_ok=True)

    def _run(
        self, flags: Sequence[str], request: PackageRequest, lines: Sequence[str], session: InstallerSession
    ) -> str:
        command = [self._program, "pip", "install", "--python", sys.executable, "--color", "never", *flags]
        if request.sources.no_dependencies and "--no-deps" not in flags:
            command.append("--no-deps")
        if request.sources.no_index:
            command.append("--no-index")
        command += ["--requirements", "-"]
        return session.run(command, _variables(request.sources), lines)


def _pin(match: re.Match[str]) -> str:
    if match["origin"]:
        return f"{match['pin'].partition('==')[0]} @ {match['origin']}"
    return match["pin"]


def _variables(sources: IndexSettings) -> dict[str, str]:
    """By variables, not arguments: every user of a machine can read the arguments of its processes."""
    variables = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    if sources.index_url and not sources.no_index:
        variables["UV_DEFAULT_INDEX"] = sources.index_url
    if sources.extra_index_urls and not sources.no_index:
        variables["UV_INDEX"] = " ".join(sources.extra_index_urls)
        if sources.best_of_all and "UV_INDEX_STRATEGY" not in os.environ:
            variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if sources.find_links:
        variables["UV_FIND_LINKS"] = ",".join(sources.find_links)
    if sources.trusted_hosts:
        variables["UV_INSECURE_HOST"] = " ".join(sources.trusted_hosts)
    if sources.prereleases:
        variables["UV_PRERELEASE"] = "allow"
    return variables
