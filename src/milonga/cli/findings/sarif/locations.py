"""Where a result is: a line of a file, and a task of the pipeline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from milonga.cli.findings.finding import Finding, file_of

BASE = "%SRCROOT%"
"""What relative paths stand in; the reader of the log says where that is (section 3.14.14)."""


def location_of(finding: Finding) -> dict[str, Any]:
    """The location of a result (section 3.28).

    A file without a known line is given its first one: code hosts want a line for everything that they show.
    """
    location: dict[str, Any] = {}
    file = finding.file or file_of(finding.source)
    if file and not file.startswith("<"):  # the name of a notebook's cell is no file
        region = {"startLine": max(finding.line, 1), **({"startColumn": finding.column} if finding.column else {})}
        location["physicalLocation"] = {"artifactLocation": _artifact(file), "region": region}
    name = finding.path or ("" if location else finding.source)
    if name:
        kind = "task" if "/" in finding.path else "module"
        location["logicalLocations"] = [{"name": name.rpartition("/")[2], "fullyQualifiedName": name, "kind": kind}]
    return location


def _artifact(file: str) -> dict[str, str]:
    """A file below the current directory by its path there, any other by its whole path."""
    here, path = Path.cwd(), Path(file).absolute()
    for candidate, base in ((path, here), (path.resolve(), here.resolve())):
        if candidate.is_relative_to(base):
            return {"uri": quote(os.fsencode(candidate.relative_to(base).as_posix())), "uriBaseId": BASE}
    return {"uri": path.as_uri()}
