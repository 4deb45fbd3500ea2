"""What was done, outside of the store under test: a text file with one line an execution that came to its end."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path


def note(ledger: str, label: str) -> None:
    """Append a line by one call, so that two processes never mix theirs."""
    stream = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(stream, f"{label}\n".encode())
    os.close(stream)


def executions(ledger: Path) -> Counter[str]:
    """How often each label was noted; empty as long as nothing was."""
    return Counter(ledger.read_text("utf-8").splitlines()) if ledger.exists() else Counter()
