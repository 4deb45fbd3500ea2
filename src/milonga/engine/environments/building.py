"""Makes the environment that a request asks for."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import time
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from milonga.engine.environments.closure import closure_of
from milonga.engine.environments.file_lock import locked
from milonga.engine.environments.installers import InstallerSession, find_installer
from milonga.engine.environments.package_request import PackageRequest, python_identity
from milonga.engine.environments.shared_environment import (
    InstalledPackage,
    SharedEnvironment,
    installed_in,
    packages_folder,
    size_of,
)
from milonga.engine.environments.shelf import EnvironmentShelf
from milonga.errors import RunError

_LOG = "install.log"


def build_environment(shelf: EnvironmentShelf, request: PackageRequest, title: str) -> None:
    """Make the environment of a request, unless another engine has made it meanwhile; may run for minutes.

    Args:
        shelf: where it goes.
        request: what is asked for.
        title: what it is called in messages, such as "packages of 'train'".

    Raises:
        RunError: E451 there is no installer, E452 the packages cannot be had, E453 no index answers, E454 the state
            folder cannot be written.
    """
    folder = shelf.request_folder(request)
    building = shelf.building_folder(request)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / "lock") as lock:
            if shelf.find(request) is not None or lock is None:
                return
            shutil.rmtree(building, ignore_errors=True)  # of an engine that was killed
            log = folder / _LOG
            log.unlink(missing_ok=True)
            session = InstallerSession(title, log, lock, building / "scratch", request.redactor)
            try:
                session.scratch.mkdir(parents=True)
                shelf.answer(request, shelf.adopt(building, _fill(shelf, request, building, session)))
            finally:
                shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        raise RunError(
            "E454",
            f"{title}: the folder of environments cannot be written: {error.strerror}",
            where=str(error.filename or shelf.root),
            hint="free some space, or move the state folder with MILONGA_HOME, and run it again",
            kind="system",
        ) from error


def _fill(
    shelf: EnvironmentShelf, request: PackageRequest, building: Path, session: InstallerSession
) -> SharedEnvironment:
    """Install what the running Python lacks into `building`."""
    installer = find_installer(shelf.root)
    pins = [_with_own_address(pin, request) for pin in installer.resolve(request, session)]
    _require_same_milonga(pins, session)
    packages = packages_folder(building)
    packages.mkdir()
    if pins:
        installer.install(pins, request, packages, session)
    installed = installed_in(packages)
    _require_met(request, packages, installed, session)
    environment = SharedEnvironment(
        shelf.root / _content_id(installed),
        installed,
        tuple(line.shown for line in request.lines),
        installer.name,
        time.time(),
        size_of(packages),
    )
    shutil.rmtree(session.scratch, ignore_errors=True)
    environment.write(building)
    return environment


def _content_id(installed: tuple[InstalledPackage, ...]) -> str:
    content = [[package.name, package.version, package.digest] for package in installed]
    return hashlib.sha256(json.dumps([content, list(python_identity())]).encode()).hexdigest()[:32]


def _with_own_address(pin: str, request: PackageRequest) -> str:
    """A package that has an address of its own is fetched from there as the author wrote it: installers hide parts."""
    name = canonicalize_name(Requirement(pin).name)
    return next((line.text for line in request.lines if line.name == name and line.url), pin)


def _require_met(
    request: PackageRequest, packages: Path, installed: tuple[InstalledPackage, ...], session: InstallerSession
) -> None:
    """An installer that ends well has not always done what it was asked for."""
    if request.sources.no_dependencies:
        return  # extras are not installed then either
    brought = {package.name for package in installed}
    unmet = closure_of(request.lines, (str(packages), *sys.path)).unmet
    absent = [line.shown for line in unmet if not (line.url and line.name in brought)]
    if absent:
        raise RunError(
            "E452",
            f"{session.title} are not there, although the installer reported success",
            where=str(session.log),
            got=", ".join(absent),
            hint="see in the log what it installed",
        )


def _require_same_milonga(pins: list[str], session: InstallerSession) -> None:
    """A worker runs the milonga of its engine, and cannot run another one at the same time."""
    other = next((pin for pin in pins if canonicalize_name(Requirement(pin).name) == "milonga"), None)
    if other is not None:
        raise RunError(
            "E452",
            f"{session.title} include another milonga than the one that is running",
            where=str(session.log),
            got=other,
            hint="leave milonga out of packages=[...]: it is always there",
        )
