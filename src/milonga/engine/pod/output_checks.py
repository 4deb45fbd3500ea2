"""Lines of the start script that look at what a container wrote as text, before the script says that all went well.

They see what is plainly of another type, so that the step which wrote it fails and not one that reads it. Whoever reads
the value looks at it in full.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from milonga.runtime.argo.layout import PARAMETERS, REPORT_FILE

_CHARACTERS_LOOKED_AT = 256
_WRONG = {
    "NUMBER_INTEGER": "*[!0-9+_[:space:]-]*",
    "NUMBER_DOUBLE": "*[!0-9+_.eEinfatyINFATY[:space:]-]*",
    "BOOLEAN": "*[!TRUEFALStruefals[:space:]]*",
    "LIST": "[![[:space:]]*",
    "STRUCT": "[!{[:space:]]*",
}
"""Patterns of a shell that the beginning of no value of a type has."""

_REFUSE = """refuse() {
 text=$(printf %.100s "$text" | LC_ALL=C tr -c '[:print:]' '?')
 printf '%s\\n' "$said$text" >&2
 [ -f /dev/termination-log ] && printf %s "$said$text" > /dev/termination-log
 exit 65
}
"""
"""Kubernetes keeps what a container writes into /dev/termination-log as the cause of its end, Argo as the node's."""


def output_checks(parameters: Mapping[str, Mapping[str, str]], result: Path) -> str:
    """The lines, none where nothing can be checked.

    What the command has said in a report counts more than its files, and is not looked at here.

    Args:
        parameters: what the command may write, by name: its type and the name of its file.
        result: folder of what it makes.
    """
    checks = [
        _check(name, declared["type"], result / PARAMETERS / declared["slug"])
        for name, declared in parameters.items()
        if declared["type"] in _WRONG
    ]
    if not checks:
        return ""
    return f"{_REFUSE}if ! [ -f {shlex.quote(str(result / REPORT_FILE))} ]; then\n{''.join(checks)}fi\n"


def _check(name: str, kind: str, file: Path) -> str:
    """A file of spaces says nothing, an empty one does. `dd`, since `read` takes minutes for a long line."""
    place, said = (
        shlex.quote(text) for text in (str(file), f"E418: output '{name}' has the wrong type: expected {kind}, got ")
    )
    return (
        f"if [ -f {place} ]; then\n said={said}\n"
        f" text=$(dd if={place} bs={_CHARACTERS_LOOKED_AT} count=1 2>/dev/null) || :\n"
        f" case $text in '') [ -s {place} ] || refuse;; {_WRONG[kind]}) refuse;; esac\nfi\n"
    )
