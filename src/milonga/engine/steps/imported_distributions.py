"""The versions of the installed packages that a step imports, whether its author has declared them or not.

A version is what an installed distribution says about itself. What belongs to no distribution, such as a module beside
the pipeline that does not travel, or a project that is installed for editing, counts by its files: a single module by
its content, a package by name, size and time of its Python and extension files, since it may be large.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ModuleSpec, PathFinder
from pathlib import Path

from milonga.engine.content import digest_path
from milonga.engine.steps.imported_names import imported_names

_CODE = (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES)
_DIGITS = 16


class ImportedDistributions:
    """What programs import among the packages that are installed. One object serves one run, and looks once in it."""

    def __init__(self) -> None:
        self._of_programs: dict[tuple[str, Path | None], Mapping[str, str]] = {}
        self._of_names: dict[tuple[str, Path | None], Mapping[str, str]] = {}

    def of(
        self, digest: str, source: str, modules: Mapping[str, str], packages: Path | None, *also: str
    ) -> Mapping[str, str]:
        """Distribution → version, or "files of" a module → digest; what cannot be found is left out.

        Args:
            digest: of the program, by which the answer is remembered.
            source: its text.
            modules: what travels with it: path in the bundle → text.
            packages: the folder of the step's shared environment, which comes before installed packages.
            also: top-level names that are imported on the program's behalf.
        """
        key = (digest, packages)
        if key not in self._of_programs:
            found: dict[str, str] = {}
            for name in sorted({*imported_names(source, modules), *also}):
                found.update(self._of_name(name, packages))
            self._of_programs[key] = found
        return self._of_programs[key]

    def _of_name(self, name: str, packages: Path | None) -> Mapping[str, str]:
        key = (name, packages)
        if key not in self._of_names:
            self._of_names[key] = _versions(name, packages)
        return self._of_names[key]


def _versions(name: str, packages: Path | None) -> Mapping[str, str]:
    found: dict[str, str] = {}
    strays: list[Path] = []
    for location in _locations(name, packages):
        owners = _owners(name, str(location.parent), _changed_at(location.parent))
        found.update(owners)
        if not owners:
            strays.append(location)
    if strays:
        found[f"files of {name}"] = f"#{_digest(strays)}"
    return found


def _locations(name: str, packages: Path | None) -> list[Path]:
    """The file of a module, or the folder of a package; all its folders, when several share the name."""
    front = [str(packages)] if packages is not None else []
    spec: ModuleSpec | None = None
    with contextlib.suppress(ImportError, ValueError, AttributeError):  # of finders that others have put in
        # first the path: what this process has imported may be another than a new process would find
        spec = PathFinder.find_spec(name, [*front, *sys.path]) or importlib.util.find_spec(name)
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [Path(place) for place in spec.submodule_search_locations]
    return [Path(spec.origin)] if spec.has_location and spec.origin else []


def _changed_at(folder: Path) -> int:
    """Installing a package changes the folder that it goes to."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=1024)
def _owners(name: str, folder: str, _changed: int) -> Mapping[str, str]:
    """The distributions of `folder` that hold a module of that name, with their versions.

    Most are called as their module: all others are read only when that one is not there, or is somebody else's. None,
    when an interrupted installation has left two versions of one: its files say which it is.
    """
    called_so = importlib.metadata.distributions(name=name, path=[folder])
    found = [one for one in called_so if name in (_top_names(one) or {name})]
    versions: dict[str, str] = {}
    for one in found or _by_top_name(folder, _changed).get(name, []):
        title, version = _title(one)
        if not version:
            continue  # a folder that an interrupted removal left is no package
        if versions.setdefault(title, version) != version:
            return {}
    return versions


@functools.lru_cache(maxsize=16)
def _by_top_name(folder: str, _changed: int) -> Mapping[str, list[importlib.metadata.Distribution]]:
    found: dict[str, list[importlib.metadata.Distribution]] = {}
    for one in importlib.metadata.distributions(path=[folder]):
        for name in _top_names(one) or ():
            found.setdefault(name, []).append(one)
    return found


def _top_names(one: importlib.metadata.Distribution) -> set[str] | None:
    """The modules that it brings; None where it does not say."""
    listed = _text(one, "top_level.txt")
    if listed:
        return set(listed.split())
    record = _text(one, "RECORD")
    first_parts = {line.partition("/")[0] for line in record.splitlines()}
    return {part.lstrip('"').partition(".")[0] for part in first_parts} if record else None


def _title(one: importlib.metadata.Distribution) -> tuple[str, str]:
    """Its name, in the spelling of requirements (PEP 503), and its version; read from the head of the metadata only."""
    head = (_text(one, "METADATA") or _text(one, "PKG-INFO") or _text(one, "")).partition("\n\n")[0]
    fields = {key: value.strip() for key, _, value in (line.partition(":") for line in reversed(head.splitlines()))}
    return re.sub(r"[-_.]+", "-", fields.get("Name", "")).lower(), fields.get("Version", "")


def _text(one: importlib.metadata.Distribution, file: str) -> str:
    with contextlib.suppress(OSError, ValueError):  # damaged, or from before the standard
        return one.read_text(file) or ""
    return ""


def _digest(locations: list[Path]) -> str:
    digest = hashlib.sha256()
    for location in locations:
        with contextlib.suppress(OSError):  # what cannot be read cannot be imported either
            file = next((path for path in (location, *location.parents) if path.exists()), location)
            stamps = _stamps(file) if file.is_dir() else [digest_path(file).digest]  # a file above it is an archive
            digest.update("\n".join(stamps).encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()[:_DIGITS]


def _stamps(package: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(package):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            if name.endswith(_CODE):
                path = Path(folder, name)
                state = path.stat()
                yield f"{path.relative_to(package)} {state.st_size} {state.st_mtime_ns}"
