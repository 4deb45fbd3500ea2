"""Takes out of installed packages what depends on this machine, on the installer and on the day."""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import re
from email.parser import HeaderParser
from pathlib import Path

_LEFT_OUT = frozenset(("INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"))
_STRAY = (".lock", ".gitignore", "CACHEDIR.TAG")
_PYTHON_LINE = re.compile(rb"#![^\n]*python[^\n]*\n")
_ANY_PYTHON = b"#!/usr/bin/env python3\n"
_SCRIPT = """\
#!/usr/bin/env python3
import sys

from {module} import {first}

if __name__ == "__main__":
    sys.exit({call}())
"""
_NAMED_CALL = re.compile(r"(?P<module>[\w.]+)\s*:\s*(?P<call>(?P<first>\w+)[\w.]*)")


def normalise_installed(target: Path) -> tuple[str, ...]:
    """Make a folder of packages the same wherever it was made.

    Scripts get an interpreter line of any machine, records of the installation go, lists of files are written anew.

    Args:
        target: the folder that uv or pip installed into.

    Returns:
        The names of the packages in it.
    """
    for name in _STRAY:
        (target / name).unlink(missing_ok=True)
    for script in sorted((target / "bin").glob("*")):
        if script.is_file() and not script.is_symlink():
            content = script.read_bytes()
            script.write_bytes(_PYTHON_LINE.sub(_ANY_PYTHON, content, count=1) if content[:2] == b"#!" else content)
    folders = sorted(target.glob("*.dist-info"))
    for folder in folders:
        _write_scripts(folder)
    return tuple(map(_normalise_record, folders))


def _write_scripts(folder: Path) -> None:
    """Write the scripts that a package names: each installer writes others."""
    path = folder / "entry_points.txt"
    if not path.is_file():
        return
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(path.read_text("utf-8"))
    for section in ("console_scripts", "gui_scripts"):
        for name, place in parser.items(section) if parser.has_section(section) else ():
            script, named = folder.parent / "bin" / name, _NAMED_CALL.match(place)
            if named is not None and "/" not in name and script.is_file():
                script.write_text(_SCRIPT.format(**named.groupdict()), "utf-8")


def _normalise_record(folder: Path) -> str:
    """Rewrite one package's list of files; the name of the package."""
    for name in _LEFT_OUT:
        (folder / name).unlink(missing_ok=True)
    record = folder / "RECORD"
    if record.is_file():
        rows = csv.reader(io.StringIO(record.read_text("utf-8")))
        names = {row[0] for row in rows if row and not row[0].endswith(".pyc")}
        lines = [_line(folder.parent, name, is_record=name == f"{folder.name}/RECORD") for name in sorted(names)]
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows(line for line in lines if line)
        record.write_text(written.getvalue(), "utf-8")
    metadata = HeaderParser().parsestr((folder / "METADATA").read_text("utf-8", "replace"))
    return str(metadata["Name"])


def _line(target: Path, name: str, *, is_record: bool) -> tuple[str, str, str] | None:
    """One line of the list, or None for a file that is not there any more."""
    if is_record:
        return name, "", ""
    path = target / re.sub(r"^(\.\./)+bin/", "bin/", name)
    if not path.is_file():
        return None
    content = path.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode("ascii")
    return path.relative_to(target).as_posix(), f"sha256={digest}", str(len(content))
