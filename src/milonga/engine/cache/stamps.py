"""Stamps: whether anybody has written to a file or folder since it was last read in full, without reading it.

The kernel sets the change time (ctime) of a file with every write, truncation, rename and change of mode, and no call
can set it back. So equal (size, mtime, ctime, inode, device, mode) of every entry means: not written to. What this
gives up: bits that rot on the disk without a write, writes below the file system, and a process that goes on writing
through a memory mapping it made before. `content_check` reads in full whenever a stamp differs.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

_SETTLED_NS = 2_000_000_000
"""Two writes within one tick of the file system's clock leave the same time; the coarsest clock in use ticks in 2 s."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The state of a path.

    Attributes:
        text: differs after any write.
        changed_ns: the newest change time in it, in nanoseconds since the epoch.
    """

    text: str
    changed_ns: int

    def is_settled(self, now_ns: int) -> bool:
        """Whether any later write changes the text: not for what was written a moment ago, or in the future."""
        return self.changed_ns + _SETTLED_NS < now_ns


def stamp_of(path: Path) -> Stamp:
    """The stamp of a file or folder.

    Raises:
        OSError: it cannot be looked at, or is not there.
    """
    top = path.stat()
    if not stat.S_ISDIR(top.st_mode):
        return Stamp(_entry(top), top.st_ctime_ns)
    digest, newest = hashlib.sha256(_entry(top).encode()), top.st_ctime_ns
    waiting = [os.fspath(path)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                found = entry.stat(follow_symlinks=False)
                newest = max(newest, found.st_ctime_ns)
                digest.update(f"{entry.name}\0{_entry(found)}\n".encode("utf-8", "surrogateescape"))
                if stat.S_ISDIR(found.st_mode):
                    waiting.append(entry.path)
    return Stamp(digest.hexdigest(), newest)


def _entry(found: os.stat_result) -> str:
    times = f"{found.st_mtime_ns}:{found.st_ctime_ns}"
    return f"{found.st_size}:{times}:{found.st_ino}:{found.st_dev}:{found.st_mode}"
