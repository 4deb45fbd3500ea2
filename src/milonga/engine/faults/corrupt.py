"""`corrupt:ARTIFACT`: a byte of its stored content changes; size and times stay, as with a bad disk."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from milonga.engine.faults.artifact_fault import ArtifactFault
from milonga.engine.faults.spec import FaultSpec


@dataclass(frozen=True, slots=True)
class Corrupt(ArtifactFault):
    """The last byte of the largest file is another one; where all files are empty, one gets a byte."""

    name: ClassVar[str] = "corrupt"
    form: ClassVar[str] = "corrupt:[TASK.]ARTIFACT"
    meaning: ClassVar[str] = "a byte of the stored content of the artifact changes"

    @classmethod
    def read(cls, spec: FaultSpec) -> Corrupt:
        """The fault behind its text."""
        return cls(spec.text, cls.pattern_of(spec))

    def after_storing(self, task: str, artifact: str, place: Path) -> bool:
        """Change the content."""
        if not self.artifacts.matches(task, artifact):
            return False
        files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if _is_own_file(path))
        if files:
            _spoil(max(files, key=lambda path: path.stat().st_size))
        else:
            (place / "spoilt").write_bytes(b"x")
        return True


def _is_own_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _spoil(file: Path) -> None:
    before = file.stat()
    file.chmod(before.st_mode | 0o200)
    with file.open("r+b") as stream:
        stream.seek(max(0, before.st_size - 1))
        byte = stream.read(1) or b"\0"
        stream.seek(max(0, before.st_size - 1))
        stream.write(bytes([byte[0] ^ 0xFF]))
    while True:
        file.chmod(before.st_mode)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        if file.stat().st_ctime_ns != before.st_ctime_ns:
            return
        time.sleep(0.001)  # a file system's clock stands still for some milliseconds, a disk does not spoil within them
