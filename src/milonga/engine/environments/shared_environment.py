"""A folder of installed packages that steps share, and the record of what is in it."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import importlib.metadata
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

_RECORD, _PACKAGES, _STAMP = "environment.json", "packages", "used"
_OF_THE_INSTALLER = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json")


@dataclass(frozen=True, slots=True, order=True)
class InstalledPackage:
    """One package of an environment.

    Attributes:
        digest: over the names and digests of its files; another build of the same version has another.
    """

    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class SharedEnvironment:
    """An environment that is complete. Its folder never changes, but for the stamp of its last use.

    Attributes:
        folder: named by the content.
        installed: everything in it, sorted.
        requirements: what it was made for first, without credentials.
        installer: what made it, such as "uv 0.9.1".
        made_at: Unix time.
        size_bytes: of its files; an installer may share them with its cache, so that they take less.
    """

    folder: Path
    installed: tuple[InstalledPackage, ...]
    requirements: tuple[str, ...] = ()
    installer: str = ""
    made_at: float = 0.0
    size_bytes: int = 0

    @property
    def id(self) -> str:
        """Its name."""
        return self.folder.name

    @property
    def packages(self) -> Path:
        """What goes on the path of a step."""
        return self.folder / _PACKAGES

    @property
    def used_at(self) -> float:
        """When a step was prepared with it last, Unix time."""
        try:
            return (self.folder / _STAMP).stat().st_mtime
        except OSError:
            return self.made_at

    def stamp(self) -> None:
        """Note that it is used now."""
        with contextlib.suppress(OSError):  # a state folder that can only be read: the use is not noted
            (self.folder / _STAMP).touch()

    @property
    def is_whole(self) -> bool:
        """Whether the packages that it should hold are there; a look at their records, not at each file."""
        return sum(1 for _ in self.packages.glob("*.dist-info/METADATA")) == len(self.installed)

    def write(self, folder: Path) -> None:
        """Write the record into `folder`, which is to become this environment's."""
        record = {
            "installed": [[package.name, package.version, package.digest] for package in self.installed],
            "requirements": list(self.requirements),
            "installer": self.installer,
            "made_at": self.made_at,
            "size_bytes": self.size_bytes,
        }
        (folder / _RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> SharedEnvironment | None:
        """The environment in `folder`; None when there is none, or its record is damaged."""
        try:
            record: Mapping[str, Any] = json.loads((folder / _RECORD).read_text("utf-8"))
            return cls(
                folder,
                tuple(InstalledPackage(*package) for package in record["installed"]),
                tuple(record["requirements"]),
                str(record["installer"]),
                float(record["made_at"]),
                int(record["size_bytes"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None


def packages_folder(folder: Path) -> Path:
    """Where an environment that is being made in `folder` gets its packages."""
    return folder / _PACKAGES


def installed_in(packages: Path) -> tuple[InstalledPackage, ...]:
    """The packages in a folder that an installer filled, sorted."""
    found = []
    for one in importlib.metadata.distributions(path=[str(packages)]):
        name = one.metadata["Name"]
        if name:
            found.append(InstalledPackage(canonicalize_name(name), one.version, _digest(one)))
    return tuple(sorted(found))


def _digest(package: importlib.metadata.Distribution) -> str:
    """Over the package's own files: not what an installer adds, such as compiled modules and scripts."""
    rows = csv.reader((package.read_text("RECORD") or "").splitlines())
    own = sorted(row[:2] for row in rows if len(row) >= 2 and row[1] and _is_own(row[0]))
    return hashlib.sha256(json.dumps(own or package.read_text("METADATA")).encode()).hexdigest()


def _is_own(file: str) -> bool:
    is_script = file.startswith(("bin/", "../"))
    leaf = file.rpartition("/")[2]
    return not is_script and not file.endswith(".pyc") and not (".dist-info/" in file and leaf in _OF_THE_INSTALLER)


def size_of(folder: Path) -> int:
    """Bytes in the files under `folder`."""
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += (Path(root) / name).lstat().st_size
    return total
