"""pip: the installer of the running Python, or the one that Python itself carries for new environments."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from milonga.engine.environments.index_settings import IndexSettings
from milonga.engine.environments.installers.session import InstallerSession
from milonga.engine.environments.package_request import PackageRequest
from milonga.errors import RunError

_OLDEST = "22.2"
"""The first pip that can say what it would install."""


class PipInstaller:
    """Installs with pip.

    Args:
        private: folder for a pip of milonga's own, where the running Python has none (environments that uv made).
    """

    def __init__(self, private: Path) -> None:
        self._private = private

    @property
    def name(self) -> str:
        """Its name and version."""
        command = [sys.executable, "-m", "pip", "--version"]
        environment = {**os.environ, **self._location()}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        return " ".join(done.stdout.split()[:2]) or "pip"

    def resolve(self, request: PackageRequest, session: InstallerSession) -> tuple[str, ...]:
        """Requirement lines, one an exact package, for what the running Python lacks.

        Raises:
            RunError: E451 there is no pip, E452 to E454 as `InstallerSession.run`.
        """
        self._bring(session)
        report = session.scratch / "report.json"
        flags = ["--dry-run", "--report", str(report)]
        if request.sources.no_dependencies:
            flags.append("--no-deps")
        self._run(flags, request, [line.text for line in request.lines], session)
        return tuple(_pin(package) for package in json.loads(report.read_text("utf-8"))["install"])

    def install(self, pins: Sequence[str], request: PackageRequest, target: Path, session: InstallerSession) -> None:
        """Put exactly those packages into `target`.

        Raises:
            RunError: E452 to E454, as `InstallerSession.run`.
        """
        self._run(["--no-deps", "--no-warn-script-location", "--target", str(target)], request, pins, session)

    def _run(
        self, flags: Sequence[str], request: PackageRequest, lines: Sequence[str], session: InstallerSession
    ) -> None:
        command = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *flags]
        command += ["--requirement", "/dev/stdin"]
        session.run(command, {**_variables(request.sources), **self._location()}, lines)

    def _location(self) -> dict[str, str]:
        """Where the private pip is, if it is the one."""
        if importlib.util.find_spec("pip") is not None or not self._private.is_dir():
            return {}
        inherited = os.environ.get("PYTHONPATH")
        return {"PYTHONPATH": os.pathsep.join([str(self._private), *([inherited] if inherited else [])])}

    def _bring(self, session: InstallerSession) -> None:
        """Unpack the pip that Python carries, when there is no other, into a folder of milonga's own."""
        if importlib.util.find_spec("pip") is not None or self._private.is_dir():
            return
        if importlib.util.find_spec("ensurepip") is None:
            raise _no_installer(session.title)
        root = session.scratch / "pip"
        try:
            session.run([sys.executable, "-m", "ensurepip", "--root", str(root)], {}, ())
        except RunError as error:
            raise _no_installer(session.title, error.got) from error
        found = next((path.parent for path in root.rglob("pip") if (path / "__main__.py").is_file()), None)
        if found is None:
            raise _no_installer(session.title)
        try:
            found.rename(self._private)
        except OSError:
            if not self._private.is_dir():
                raise
        shutil.rmtree(root, ignore_errors=True)


def _no_installer(title: str, got: str = "") -> RunError:
    return RunError(
        "E451",
        f"{title}: there is neither uv nor pip to install them with",
        got=got,
        expected=f"uv on the PATH, or pip {_OLDEST} or newer in {sys.executable}",
        hint="install uv (https://docs.astral.sh/uv), or name it with MILONGA_UV",
    )


def _pin(package: dict[str, Any]) -> str:
    """One package of pip's report as a requirement line."""
    metadata, origin = package["metadata"], package["download_info"]
    if not package["is_direct"]:
        return f"{metadata['name']}=={metadata['version']}"
    version_control = origin.get("vcs_info")
    if version_control:
        return f"{metadata['name']} @ {version_control['vcs']}+{origin['url']}@{version_control['commit_id']}"
    return f"{metadata['name']} @ {origin['url']}"


def _variables(sources: IndexSettings) -> dict[str, str]:
    """By variables, not arguments: every user of a machine can read the arguments of its processes."""
    variables = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_COLOR": "1", "PIP_PROGRESS_BAR": "off"}
    if sources.index_url and not sources.no_index:
        variables["PIP_INDEX_URL"] = sources.index_url
    if sources.extra_index_urls and not sources.no_index:  # uv's may have names, as in "corporate=https://..."
        urls = (url if "://" not in url else _without_name(url) for url in sources.extra_index_urls)
        variables["PIP_EXTRA_INDEX_URL"] = " ".join(urls)
    if sources.find_links:
        variables["PIP_FIND_LINKS"] = " ".join(map(_without_spaces, sources.find_links))
    if sources.trusted_hosts:
        variables["PIP_TRUSTED_HOST"] = " ".join(sources.trusted_hosts)
    if sources.no_index:
        variables["PIP_NO_INDEX"] = "1"
    if sources.prereleases:
        variables["PIP_PRE"] = "1"
    return variables


def _without_name(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return scheme.rpartition("=")[2] + separator + rest


def _without_spaces(place: str) -> str:
    """pip parts a list at spaces; in an address there are none."""
    return Path(place).expanduser().absolute().as_uri() if " " in place else place
