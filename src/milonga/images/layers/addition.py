"""What is added to an image, and where."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from milonga.errors import UsageError


@dataclass(frozen=True, slots=True)
class Addition:
    """A file or a folder that goes into the layer.

    Attributes:
        source: on this machine; a link is followed.
        destination: absolute path in the image; what a folder holds goes into it.
        patterns: what of a folder stays out, see `Exclusion`.
    """

    source: Path
    destination: str
    patterns: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, *, workdir: str, patterns: tuple[str, ...] = ()) -> Addition:
        """Read "PATH" or "PATH:DEST".

        Without a destination a file or folder gets its own name in `workdir`, and "." becomes `workdir` itself. A
        relative destination begins there too. A file goes into a destination that ends with "/".

        Raises:
            UsageError: E983, there is no such file or folder, or the destination is no path.
        """
        source_text, colon, destination = text.rpartition(":")
        if not colon or Path(text).exists():
            source_text, destination = text, ""
        source = Path(source_text)
        if not source_text or not source.exists():
            raise UsageError("E983", "there is no such file or folder to add", got=source_text or text)
        if not destination:
            destination = source.absolute().name if source.name not in ("", "..") else "."
        elif destination.endswith("/") and source.is_file():
            destination += source.absolute().name
        return cls(source, in_image(destination, workdir=workdir), patterns)

    def without(self, path: Path) -> Addition:
        """The same without what is at `path`, if that is inside: the result of a build is no part of the next one."""
        source, left_out = self.source.resolve(), path.resolve()
        if source not in left_out.parents:
            return self
        pattern = re.sub(r"([*?!\[\\])", r"\\\1", left_out.relative_to(source).as_posix())
        return dataclasses.replace(self, patterns=(*self.patterns, pattern))


def in_image(path: str, *, workdir: str = "/") -> str:
    """The absolute, plain form of a path in an image.

    Raises:
        UsageError: E983, it leaves the image or is none.
    """
    joined = posixpath.join("/", workdir, path)
    depth = 0
    for part in joined.split("/"):
        depth += {"": 0, ".": 0, "..": -1}.get(part, 1)
        if depth < 0:
            raise UsageError("E983", "that path leaves the image", got=path)
    if "\0" in path:
        raise UsageError("E983", "that is no path in an image", got=repr(path))
    return "/" + posixpath.normpath(joined).lstrip("/")
