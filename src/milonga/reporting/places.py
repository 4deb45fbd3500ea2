"""Where things are, seen from the report's folder: links that go on working when the state folder is moved."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from milonga.reporting.markup import text

_LONG_DIGEST = re.compile(r"([0-9a-f]{8})[0-9a-f]{24,}")


@dataclass(frozen=True, slots=True)
class Places:
    """The folder of a report, and the state folder that it belongs to.

    Attributes:
        folder: where `report.html` will be.
        root: content below it is linked to; everything else is named only.
    """

    folder: Path
    root: Path

    @classmethod
    def of(cls, folder: Path) -> Places:
        """The places of a report in `folder`, which usually is `<state folder>/runs/<run id>`."""
        absolute = Path(_absolute(folder))
        return cls(absolute, absolute.parent.parent if absolute.parent.name == "runs" else absolute)

    def link(self, path: Path, words: str) -> str:
        """A relative link to `path` with escaped words, if it is inside the state folder; else the words."""
        absolute = _absolute(path)
        if absolute != str(self.root) and not absolute.startswith(f"{self.root}{os.sep}"):
            return f"<code>{text(words, 300)}</code>"
        try:
            relative = quote(os.fsencode(os.path.relpath(absolute, self.folder)))
        except UnicodeEncodeError:  # a lone surrogate is in no file's name
            return f"<code>{text(words, 300)}</code>"
        return f'<a href="./{relative}"><code>{text(words, 300)}</code></a>'

    def artifact(self, uri: str) -> str:
        """A link to an artifact's content where that is here, else its address as text."""
        path = local_path(uri)
        if path is None:
            return f"<code>{text(uri, 300)}</code>" if uri else '<span class="muted">no address</span>'
        inside = os.path.relpath(path, self.root) if path.is_absolute() else str(path)
        return self.link(path, _LONG_DIGEST.sub(r"\1…", inside if not inside.startswith("..") else str(path)))


def local_path(uri: str) -> Path | None:
    """The path behind a URI, None when its content is not on this machine."""
    if uri.startswith("file://"):
        return Path(unquote(uri[len("file://") :])) if "%" in uri else Path(uri[len("file://") :])
    return None if not uri or "://" in uri else Path(uri)


def _absolute(path: Path) -> str:
    """Without following links: a link in the state folder is inside, wherever it points to."""
    return os.path.abspath(path)  # noqa: PTH100 - resolve() follows links
