"""What a set of requirements reaches among installed packages, and what it lacks."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion

from milonga.engine.environments.installed_metadata import InstalledMetadata, find_metadata
from milonga.engine.environments.redaction import without_credentials
from milonga.engine.environments.requirement_line import RequirementLine


@dataclass(frozen=True, slots=True)
class Closure:
    """The packages that requirements need, with what those need.

    Attributes:
        versions: name → version of everything that was reached and is installed.
        unmet: the requirements that are not met themselves, or whose extras are not.
        lacking: names, further down, that are missing or of a version that does not fit.
    """

    versions: Mapping[str, str]
    unmet: tuple[RequirementLine, ...]
    lacking: tuple[str, ...]


def closure_of(lines: tuple[RequirementLine, ...], path: Sequence[str]) -> Closure:
    """Walk from `lines` through the packages that are installed in the folders of `path`; the first one counts."""
    return _closure(lines, tuple((entry, _changed_at(entry)) for entry in dict.fromkeys(path)))


def _changed_at(entry: str) -> int:
    """Installing a package changes the folder that it goes to."""
    try:
        return Path(entry or ".").stat().st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=256)
def _closure(lines: tuple[RequirementLine, ...], folders: tuple[tuple[str, int], ...]) -> Closure:
    walk = _Walk([entry for entry, _ in folders])
    for line in lines:
        walk.take(line, line)
    walk.go_on()
    return Closure(walk.versions, tuple(sorted(walk.unmet)), tuple(sorted(walk.lacking)))


class _Walk:
    """One walk: what is still to be looked at, and what was found."""

    def __init__(self, path: list[str]) -> None:
        self._path = path
        self._known: dict[str, InstalledMetadata | None] = {}
        self._seen: set[tuple[str, tuple[str, ...], RequirementLine | None]] = set()
        self._todo: deque[tuple[InstalledMetadata, RequirementLine, RequirementLine | None]] = deque()
        self.versions: dict[str, str] = {}
        self.unmet: set[RequirementLine] = set()
        self.lacking: set[str] = set()

    def take(self, wanted: RequirementLine, declared: RequirementLine | None) -> None:
        """Look at one requirement.

        Args:
            wanted: it.
            declared: the line of the author that asks for it, itself or by an extra; None further down.
        """
        installed = self._find(wanted.name)
        if installed is None or not _is_met(wanted, installed):
            if declared is not None:
                self.unmet.add(declared)
            else:
                self.lacking.add(wanted.name)
        key = (wanted.name, wanted.extras, declared)
        if installed is None or key in self._seen:
            return
        self._seen.add(key)
        self.versions[wanted.name] = installed.version
        self._todo.append((installed, wanted, declared))

    def go_on(self) -> None:
        """Look at everything that was taken, and at what it needs."""
        while self._todo:
            installed, wanted, declared = self._todo.popleft()
            for needed, by_extra in installed.needed(wanted.extras):
                self.take(needed, declared if by_extra else None)

    def _find(self, name: str) -> InstalledMetadata | None:
        if name not in self._known:
            self._known[name] = find_metadata(name, self._path)
        return self._known[name]


def _is_met(wanted: RequirementLine, installed: InstalledMetadata) -> bool:
    if wanted.url:
        return without_credentials(wanted.url.partition("#")[0]) in installed.origins
    try:
        return wanted.fits(installed.version)
    except InvalidVersion:
        return False
