"""Folders for what is made on the way. The standard library's `tempfile` costs as much as the rest of a short task."""

from __future__ import annotations

import itertools
import os
from pathlib import Path


def new_folder() -> Path:
    """An empty folder that nobody else has, where temporary files go on this machine.

    Raises:
        OSError: none can be made there.
    """
    place = os.environ.get("TMPDIR") or "/tmp"
    for number in itertools.count():
        folder = Path(place, f"milonga-{os.getpid()}-{number}")
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return folder
    raise AssertionError("numbers do not end")
