"""What an installed package says about itself, read from the head of its metadata only."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from milonga.engine.environments.requirement_line import RequirementLine

_OF_ONE_EXTRA = re.compile(r";\s*extra\s*==\s*(['\"])(?P<extra>[^'\"]+)\1\s*$")


@dataclass(frozen=True, slots=True)
class InstalledMetadata:
    """One installed package.

    Attributes:
        version: as it says.
        needs: its requirements, with their markers.
        origins: where it was installed from, in the spellings of PEP 508, if that was no index.
    """

    version: str
    needs: tuple[str, ...]
    origins: frozenset[str]

    def needed(self, extras: tuple[str, ...]) -> Iterator[tuple[RequirementLine, bool]]:
        """What it needs here, and whether only because of one of `extras`."""
        for text in self.needs:
            of_one = _OF_ONE_EXTRA.search(text)
            if of_one is not None and canonicalize_name(of_one["extra"]) not in extras:
                continue  # most lines of most packages: not worth parsing
            try:
                needed = Requirement(text)
            except InvalidRequirement:
                continue  # from before the standard: no installer reads it either
            by_extra = needed.marker is not None and not needed.marker.evaluate({"extra": ""})
            if by_extra and not any(_holds(needed, extra) for extra in extras):
                continue
            names = tuple(sorted(canonicalize_name(extra) for extra in needed.extras))
            yield RequirementLine(canonicalize_name(needed.name), names, str(needed.specifier)), by_extra


def find_metadata(name: str, path: Sequence[str]) -> InstalledMetadata | None:
    """The first package of that name in the folders of `path`.

    A folder that an interrupted removal left without metadata is no package.
    """
    found = importlib.metadata.distributions(name=name, path=list(path))
    return next((one for one in map(_metadata, found) if one is not None), None)


def _metadata(installed: importlib.metadata.Distribution) -> InstalledMetadata | None:
    text = installed.read_text("METADATA")
    if text is None:  # a format from before wheels, which the standard library reads
        needs = tuple(installed.requires or ())
        text = installed.read_text("PKG-INFO") or ""
        return _parsed(text, needs, "")
    return _parsed(text, None, installed.read_text("direct_url.json") or "")


@functools.lru_cache(maxsize=256)
def _parsed(text: str, needs: tuple[str, ...] | None, direct_url: str) -> InstalledMetadata | None:
    version, listed = "", []
    for line in text.splitlines():
        if not line:
            break
        key, _, value = line.partition(":")
        if key == "Version":
            version = value.strip()
        elif key == "Requires-Dist":
            listed.append(value.strip())
    if not version:
        return None
    return InstalledMetadata(version, tuple(listed) if needs is None else needs, _origins(direct_url))


def _origins(direct_url: str) -> frozenset[str]:
    """The addresses in a record of PEP 610."""
    try:
        origin = json.loads(direct_url or "{}")
    except ValueError:
        return frozenset()
    address, version_control = origin.get("url"), origin.get("vcs_info")
    if not address:
        return frozenset()
    if not version_control:
        return frozenset({address})
    address = f"{version_control.get('vcs', 'git')}+{address}"
    asked, commit = version_control.get("requested_revision"), version_control.get("commit_id")
    return frozenset({f"{address}@{asked}" if asked else address, f"{address}@{commit}"})


def _holds(needed: Requirement, extra: str) -> bool:
    return needed.marker is not None and needed.marker.evaluate({"extra": extra})
