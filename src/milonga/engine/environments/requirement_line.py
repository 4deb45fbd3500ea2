"""One requirement of a component, as it counts on this machine: PEP 508, markers evaluated, files by their content."""

from __future__ import annotations

import hashlib
import re
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from milonga.engine.environments.redaction import redacted
from milonga.errors import RunError

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+$|file:\S+$")
_FILE = re.compile(r"(\.{0,2}/|~/).*|[^@;\s]+\.(whl|tar\.gz|zip)$")
_SHOWN = 200
_DIGEST = re.compile(r"#(.*&)?sha256=[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class RequirementLine:
    """A requirement without its marker, in one spelling.

    Attributes:
        name: as PEP 503 normalises it.
        extras: normalised and sorted.
        specifier: versions that fit, such as ">=1,<2"; "" when every one does.
        url: where the package itself is, in place of an index; "" when it comes from one.
    """

    name: str
    extras: tuple[str, ...] = ()
    specifier: str = ""
    url: str = ""

    @property
    def text(self) -> str:
        """The line for an installer. May hold credentials."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}{f' @ {self.url}' if self.url else self.specifier}"

    @property
    def shown(self) -> str:
        """The line for people and records."""
        return redacted(self.text)

    def fits(self, version: str) -> bool:
        """Whether an installed version is one that the line asks for; a pre-release that is there counts."""
        return not self.specifier or SpecifierSet(self.specifier).contains(version, prereleases=True)


def read_requirements(lines: Iterable[str], label: str) -> tuple[RequirementLine, ...]:
    """The requirements that count here, sorted, each once; those whose marker does not hold are left out.

    Args:
        lines: as the author wrote them: PEP 508, or the path or address of a wheel or source archive.
        label: whose they are, for messages.

    Raises:
        RunError: E450, a line cannot be read, or names something that cannot be kept by content.
    """
    found = set()
    for line in lines:
        requirement = _read(line.strip(), label)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            found.add(line_of(requirement, label))
    return tuple(sorted(found))


def line_of(requirement: Requirement, label: str = "") -> RequirementLine:
    """A requirement in its one spelling.

    Raises:
        RunError: E450, it points to a file that does not exist, or to a folder.
    """
    return RequirementLine(
        canonicalize_name(requirement.name),
        tuple(sorted(canonicalize_name(extra) for extra in requirement.extras)),
        str(requirement.specifier),
        _pinned(requirement.url, label) if requirement.url else "",
    )


def _read(line: str, label: str) -> Requirement:
    if line.startswith("-"):
        raise _unreadable(label, line, "options have no place among packages; set UV_DEFAULT_INDEX, UV_INDEX and such")
    name = _name_in_file(line) if _ADDRESS.match(line) or _FILE.fullmatch(line) else ""
    try:
        return Requirement(f"{name} @ {_address(line)}" if name else line)
    except InvalidRequirement as error:
        if _ADDRESS.match(line) or _FILE.fullmatch(line):
            raise _unreadable(
                label, line, "write it as 'NAME @ ADDRESS', or name a wheel; a folder must become a wheel first"
            ) from error
        raise _unreadable(label, line, "write it as in PEP 508, such as 'scikit-learn>=1.5'") from error


def _name_in_file(line: str) -> str:
    """The project's name in the name of a wheel or source archive; "" when it is neither."""
    file = urllib.parse.unquote(line.partition("#")[0].rpartition("/")[2])
    try:
        return parse_wheel_filename(file)[0]
    except InvalidWheelFilename:
        pass
    try:
        return parse_sdist_filename(file)[0]
    except InvalidSdistFilename:
        return ""


def _address(line: str) -> str:
    return line if _ADDRESS.match(line) else Path(line).expanduser().absolute().as_uri()


def _pinned(url: str, label: str) -> str:
    """The address, with the digest of the content where it is a file of this machine: other content, other line."""
    if "://" in url and not url.startswith("file://"):
        return url
    bare = url.partition("#")[0]
    is_address = bare.startswith("file:")
    path = Path(urllib.request.url2pathname(urllib.parse.urlsplit(bare).path)) if is_address else Path(bare)
    path = path.expanduser().absolute()
    if path.is_dir():
        raise _unreadable(label, url, "a folder changes under the same name: build a wheel of it, and name the wheel")
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise _unreadable(label, url, f"the file cannot be read: {error.strerror}") from error
    return url if _DIGEST.search(url) else f"{path.as_uri()}#sha256={digest}"


def _unreadable(label: str, line: str, hint: str) -> RunError:
    return RunError(
        "E450",
        f"a requirement of '{label.removeprefix('exec-')}' cannot be read",
        got=redacted(line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."),
        expected="a requirement as in PEP 508",
        hint=hint,
    )
