"""How the command line writes: data to stdout, messages to stderr."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from milonga.errors import AuthoringError, MilongaError, UsageError


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    print(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=True))


def message(text: str) -> None:
    """A line for the person, on stderr. What somebody else wrote into it moves no cursor."""
    with contextlib.suppress(OSError):  # nobody reads it any more; that changes nothing about what it is about
        print(printable(text, kept="\n\t"), file=sys.stderr, flush=True)


def printable(text: str, *, kept: str = "") -> str:
    """`text` with every character escaped that is not to be seen, but those in `kept`."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in kept else character.encode("unicode_escape").decode()
        for character in text
    )


def write_file(path: Path, text: str) -> None:
    """Write a file, all of it or nothing.

    Raises:
        UsageError: E919, the file cannot be written.
    """
    from milonga.compiler.output_file import write_text  # the compiler is not loaded for a help text

    try:
        write_text(path, text.encode("utf-8", "backslashreplace").decode("utf-8"))  # as on stdout
    except OSError as error:
        raise UsageError("E919", f"the file cannot be written: {error.strerror}", where=str(path)) from None


def exit_code_of(error: MilongaError) -> int:
    """2 for wrong usage, 3 for another system's failure, else 1."""
    if isinstance(error, UsageError):
        return 2
    return 3 if error.kind == "remote" else 1


def fail(error: MilongaError, *, as_json: bool) -> int:
    """Print an error; the exit code that goes with it."""
    if as_json:
        document: dict[str, Any] = {"error": error.to_json()}
        if isinstance(error, AuthoringError) and error.findings:
            document["findings"] = [finding.to_json() for finding in error.findings]
        print_json(document)
    findings = error.findings if isinstance(error, AuthoringError) else ()
    for finding in findings or (error,):
        message(f"error {finding}")
    if len(findings) > 1:
        message(error.message)
    return exit_code_of(error)
