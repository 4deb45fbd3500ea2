"""One entry of a layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerEntry:
    """A folder, a file or a link at one place in an image.

    Attributes:
        path: in the image, without "/" in front.
        source: the file on this machine, None for others.
        is_executable: of a file, whether its owner may run it.
        target: of a link, relative to where it stands; "" for others.
    """

    path: str
    source: Path | None = None
    is_executable: bool = False
    target: str = ""

    @property
    def is_folder(self) -> bool:
        """Whether this is a folder."""
        return self.source is None and not self.target

    @property
    def mode(self) -> int:
        """Permission bits: the only difference that is kept is whether a file can be run."""
        if self.target:
            return 0o777
        return 0o755 if self.is_folder or self.is_executable else 0o644
