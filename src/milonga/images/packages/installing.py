"""Installs locked requirements into a folder, for another Python than the running one."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from milonga.errors import UsageError
from milonga.images.packages.lock import Lock
from milonga.images.packages.normalising import normalise_installed
from milonga.images.packages.target_python import TargetPython

_SHOWN_LINES = 8
_USER_INFO = re.compile(r"://[^/\s'\"@]+@")
_MANYLINUX = re.compile(r"(?P<processor>[a-z0-9_]+)-(?P<libc>manylinux|musllinux)_(?P<major>\d+)_(?P<minor>\d+)")
_OLD_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


def install_requirements(file: Path, python: TargetPython, target: Path) -> None:
    """Install wheels, without running any code of theirs.

    Args:
        file: the locked requirements; hashes in it are checked.
        python: which Python they are for.
        target: a folder that does not exist yet.

    Raises:
        UsageError: E986 they cannot be installed, E987 they are not locked.
    """
    lock = Lock.read(file)
    environment = {**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "UV_NO_PROGRESS": "1"}
    command = _uv_command(lock, python, target)
    if not command:
        command = _pip_command(lock, python, target)
        environment |= _carried_pip()
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        lines = _USER_INFO.sub("://****@", done.stderr or done.stdout).strip().splitlines()
        raise UsageError(
            "E986",
            f"the requirements cannot be installed for Python {python.version} on {python.platform}",
            where=str(file),
            got="\n".join(lines[-_SHOWN_LINES:]),
            hint="only wheels are taken, no packages that must be built",
        )
    target.mkdir(exist_ok=True)  # a file without requirements
    lock.check(normalise_installed(target))


def _uv_command(lock: Lock, python: TargetPython, target: Path) -> list[str]:
    """The command of uv, or nothing where there is no uv."""
    named = os.environ.get("MILONGA_UV")
    uv = (
        shutil.which(named)
        if named
        else shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    )
    if uv is None:
        if named:
            raise UsageError("E986", "MILONGA_UV names no program", got=named)
        return []
    flags = ["--quiet", "--no-build", "--link-mode", "copy", "--python", sys.executable]
    flags += ["--python-version", python.version, "--python-platform", python.platform, "--target", str(target)]
    flags += ["--require-hashes"] if lock.has_hashes else []
    return [uv, "pip", "install", *flags, "--requirement", str(lock.path)]


def _pip_command(lock: Lock, python: TargetPython, target: Path) -> list[str]:
    """The command of the running Python's pip."""
    flags = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-compile", "--only-binary", ":all:"]
    flags += ["--python-version", python.version, "--target", str(target), "--no-warn-script-location"]
    for name in _pip_platforms(python.platform):
        flags += ["--platform", name]
    flags += ["--require-hashes"] if lock.has_hashes else []
    return [sys.executable, "-m", "pip", "install", *flags, "--requirement", str(lock.path)]


def _carried_pip() -> dict[str, str]:
    """Where pip is: nothing to say if it is installed, else in the wheel that Python carries for new environments."""
    if importlib.util.find_spec("pip") is not None:
        return {}
    found = importlib.util.find_spec("ensurepip")
    folders = [
        sysconfig.get_config_var("WHEEL_PKG_DIR"),
        found and found.origin and Path(found.origin).parent / "_bundled",
    ]
    wheels = [wheel for folder in folders if folder for wheel in sorted(Path(folder).glob("pip-*.whl"))]
    if not wheels:
        raise UsageError(
            "E986",
            "there is neither uv nor pip to install the requirements with",
            expected=f"uv on the PATH, or pip in {sys.executable}",
            hint="install uv (https://docs.astral.sh/uv), or name it with MILONGA_UV",
        )
    inherited = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(wheels[-1]), *([inherited] if inherited else [])])}


def _pip_platforms(platform: str) -> list[str]:
    """pip's names for a platform of uv; pip wants the older ones said as well, the newest first."""
    found = _MANYLINUX.fullmatch(platform)
    if found is None:
        raise UsageError(
            "E985", "pip does not know that platform", got=platform, expected="such as x86_64-manylinux_2_28"
        )
    processor, minor = found["processor"], int(found["minor"])
    names: list[str] = []
    for version in range(minor, -1, -1):
        names.append(f"{found['libc']}_{found['major']}_{version}_{processor}")
        if found["libc"] == "manylinux" and version in _OLD_NAMES:
            names.append(f"{_OLD_NAMES[version]}_{processor}")
    return names
