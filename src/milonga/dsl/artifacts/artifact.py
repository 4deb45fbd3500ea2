"""The base of all artifacts: a named piece of data that lives at a URI.

An artifact object belongs to the function that holds it; it is not thread-safe. Its content is immutable once
the task that made it has succeeded. What may never change: `SCHEMA_TITLE` of a published class, and the meaning
of `uri`, `metadata` and `path`, since compiled pipelines and recorded runs carry them.

This module imports the standard library only: it travels into every task. It does not know how a URI on another
machine becomes a local path; whoever runs the task has fetched it before.
"""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from milonga.dsl.artifacts.placement import current_placement

ArtifactType = TypeVar("ArtifactType", bound="Artifact")


class Artifact:
    """Data at a URI, with metadata. Subclass it to name a kind of data; a subclass may stand for its base.

    Args:
        name: name of the output that it came from.
        uri: where the content is: a path, `file://`, `s3://` ...
        metadata: JSON-serialisable facts about the content.
        path: where the content is on this machine; by default derived from a `file://` URI or a plain path.
    """

    SCHEMA_TITLE: ClassVar[str] = "system.Artifact"
    SCHEMA_VERSION: ClassVar[str] = "0.0.1"

    def __init__(
        self,
        name: str = "",
        uri: str = "",
        metadata: dict[str, Any] | None = None,
        *,
        path: str | Path | None = None,
    ) -> None:
        self.name = name
        self.uri = uri
        self.metadata: dict[str, Any] = dict(metadata or {})
        self._path = Path(path) if path is not None else None
        self._is_fresh = False

    @property
    def path(self) -> Path:
        """The file or folder of the content on this machine."""
        if self._path is not None:
            return self._path
        return Path(self.uri[len("file://") :] if self.uri.startswith("file://") else self.uri)

    @path.setter
    def path(self, value: str | Path) -> None:
        self._path = Path(value)
        self._is_fresh = False
        self.uri = str(value)

    @classmethod
    def create(
        cls: type[ArtifactType], name: str = "", *, metadata: dict[str, Any] | None = None, folder: bool = True
    ) -> ArtifactType:
        """A fresh artifact of the running task: write under its `path`, then return it.

        Args:
            name: name of the output that it becomes; needed only where a task has several outputs of one type
                and creates them in another order than it declares them.
            metadata: initial metadata.
            folder: whether `path` is made as an empty folder; with False it is left for a file of yours.

        Outside a task the content lands in a temporary folder.
        """
        location = current_placement().place(cls, name)
        path = Path(location)
        path.parent.mkdir(parents=True, exist_ok=True)
        if folder:
            path.mkdir(exist_ok=True)
        made = cls(name=name, uri=str(path), metadata=metadata, path=path)
        made._is_fresh = True
        return made

    @classmethod
    def create_file(cls: type[ArtifactType], name: str = "", *, metadata: dict[str, Any] | None = None) -> ArtifactType:
        """Like `create`, for content that is a single file: `path` does not exist yet, its folder does."""
        return cls.create(name, metadata=metadata, folder=False)

    @classmethod
    def at(cls: type[ArtifactType], path: str | Path, *, metadata: dict[str, Any] | None = None) -> ArtifactType:
        """An artifact over content that exists already, for tests and for use outside a pipeline."""
        return cls(name=Path(path).name, uri=str(path), metadata=metadata, path=path)

    def read_text(self) -> str:
        """The content of a single-file artifact, as UTF-8 text."""
        return self.path.read_text(encoding="utf-8")

    def write_text(self, text: str) -> None:
        """Make `text` the whole content of this artifact, as one UTF-8 file.

        The folder that `create` has just made gives way to the file, with what the task has put there.

        Raises:
            OSError: the path is any other folder that holds something; that is never removed.
        """
        if self.path.is_dir() and not self.path.is_symlink():
            if self._is_fresh:
                shutil.rmtree(self.path)
            else:
                self.path.rmdir()
        self.path.write_text(text, encoding="utf-8")

    def read_json(self) -> Any:
        """The content of a single-file artifact, parsed as JSON."""
        return json.loads(self.read_text())

    def write_json(self, value: Any) -> None:
        """Make the JSON form of `value` the whole content of this artifact."""
        self.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")

    def _repr_html_(self) -> Any:
        """What a notebook shows. Pages are made layers above this one, so their module is loaded by its name."""
        return importlib.import_module("milonga.reporting.notebook").artifact_html(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, uri={self.uri!r}, metadata={self.metadata!r})"
