"""`files`: what the run must have left on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from milonga.testing.conformance.checks.context import CheckContext
from milonga.testing.conformance.matchers import ABSENT, difference


def files_difference(expected: Any, context: CheckContext) -> str:
    """Files by absolute path, with their text."""
    for name, wanted in expected.items():
        path = Path(name)
        text = path.read_bytes().decode("utf-8", "backslashreplace") if path.is_file() else ABSENT
        found = difference(wanted, text, f"files.{path.name}")
        if found:
            return found
    return ""
