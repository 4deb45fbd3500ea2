"""CPU of containers, where this machine is the cluster's node."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

_GROUPS = ("cpuacct/k8s.io", "cpuacct/kubepods", "cpuacct/kubepods.slice", "kubepods", "kubepods.slice")
"""Where a container runtime puts them, under versions 1 and 2 of control groups."""

_USAGE_FILE, _STATISTICS_FILE = "cpuacct.usage", "cpu.stat"
_ID = re.compile(r"[0-9a-f]{64}")
_LOOK_EVERY_S = 0.1


class ContainersCpu:
    """Reads what the kernel counts for each container until it is left. What is used after the last look is lost.

    A group goes away with its container, and the one around it counts the pods of others as well: hence so many looks.
    """

    def __init__(self, root: Path = Path("/sys/fs/cgroup")) -> None:
        self._folders = [root / name for name in _GROUPS if (root / name).is_dir()]
        self._seconds: dict[str, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def used_s(self, containers: Iterable[str]) -> float | None:
        """CPU seconds of containers, by their ids; None where none of them was seen."""
        found = [self._seconds[id] for id in containers if id in self._seconds]
        return sum(found) if found else None

    def _look_on(self) -> None:
        while self._folders and not self._ended.wait(_LOOK_EVERY_S):
            self.look()

    def look(self) -> None:
        """Read all of them once."""
        for folder in self._folders:
            for place, _, files in os.walk(folder):
                id = _ID.search(place.rpartition("/")[2])
                if id:
                    with contextlib.suppress(OSError, ValueError):  # it has ended meanwhile
                        self._seconds[id[0]] = _read_s(place, files)


def _read_s(place: str, files: list[str]) -> float:
    if _USAGE_FILE in files:
        return int(Path(place, _USAGE_FILE).read_text("ascii")) / 1e9
    words = Path(place, _STATISTICS_FILE).read_text("ascii").split()
    return int(words[words.index("usage_usec") + 1]) / 1e6
