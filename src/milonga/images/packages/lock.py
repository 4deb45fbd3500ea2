"""Locked requirements: each package with its exact version, and no other package."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from milonga.errors import UsageError

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(===?\s*(?P<version>[^\s;,*]+)\s*(;.*)?|@\s*\S.*)"
)
_INCLUDED = re.compile(r"(?:-r|--requirement)[\s=]\s*(?P<name>\S.*)")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Lock:
    """A file of requirements.

    Attributes:
        path: the file.
        names: of all pinned packages, normalised.
        has_hashes: whether a package has a hash; then all must have one.
    """

    path: Path
    names: frozenset[str]
    has_hashes: bool

    @classmethod
    def read(cls, path: Path) -> Lock:
        """Read a file as `uv pip compile`, `uv export` and `pip freeze` write it.

        Raises:
            UsageError: E987, it cannot be read, or a line is not pinned.
        """
        names: set[str] = set()
        lines = list(_lines_in(path, ()))
        for line in lines:
            requirement = re.split(r"\s--hash", line, maxsplit=1)[0].strip()
            if requirement.startswith("-") and not requirement.startswith(("-e", "--editable")):
                continue
            pin = _PIN.fullmatch(requirement)
            if pin is None:
                raise UsageError(
                    "E987",
                    "a requirement has no exact version",
                    where=str(path),
                    got=requirement,
                    expected="such as numpy==2.1.0",
                    hint="uv pip compile, uv export or pip freeze writes them all",
                )
            names.add(normalised(pin["name"]))
        return cls(path, frozenset(names), any("--hash" in line for line in lines))

    def check(self, installed: Iterable[str]) -> None:
        """Compare with what was installed.

        Raises:
            UsageError: E987, a package came in that the file does not name.
        """
        strange = sorted(set(map(normalised, installed)) - self.names)
        if strange:
            raise UsageError(
                "E987",
                "the file of requirements lacks what its packages need",
                where=str(self.path),
                got=", ".join(strange[:_SHOWN]) + (" and more" if len(strange) > _SHOWN else ""),
                hint="uv pip compile, uv export or pip freeze writes them all",
            )


def normalised(name: str) -> str:
    """The one form of a package's name. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _lines_in(path: Path, above: tuple[Path, ...]) -> Iterable[str]:
    """Logical lines without comments, those of included files too."""
    if path.resolve() in above:
        raise UsageError("E987", "a file of requirements includes itself", where=str(path))
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or "it is no text"
        raise UsageError("E987", f"the file of requirements cannot be read: {what}", where=str(path)) from None
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        requirement = re.sub(r"(^|\s)#.*", "", line).strip()
        included = _INCLUDED.fullmatch(requirement)
        if included is not None:
            yield from _lines_in(path.parent / included["name"].strip(), (*above, path.resolve()))
        elif requirement:
            yield requirement
