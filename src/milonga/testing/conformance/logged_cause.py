"""Why a run of kfp.local failed: its own error names the task and leaves the cause to the log."""

from __future__ import annotations

import re
from pathlib import Path

_CAUSE = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception): .+|(?<= failed with exception: ).+")
"""The last line of a traceback, or what the runner says of an iteration of a loop."""


def logged_cause(log: Path) -> str:
    """The first of the causes that a log holds, by the alphabet: steps that fail side by side fail in any order.

    Returns:
        One line of at most 300 characters; "" when the log names none.
    """
    with log.open(encoding="utf-8", errors="backslashreplace") as lines:
        found = (_CAUSE.search(line.rstrip("\n")) for line in lines)
        return min((match.group(0)[:300] for match in found if match is not None), default="")
