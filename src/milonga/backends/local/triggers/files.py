"""Runs when a file has arrived in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar

from milonga.backends.local.triggers.sightings import Sighting, sightings
from milonga.compiler.graph import Graph
from milonga.errors import UsageError


@dataclass(frozen=True, slots=True)
class FileTrigger:
    """A new file.

    Attributes:
        folder: absolute path of the watched folder.
        pattern: which files, as a shell writes it, relative to the folder; `**` goes into folders below.
        input: the pipeline's input that gets the file's absolute path.
        settle_s: for how long a file must not have changed, in seconds, before it counts as complete.
        by_content: a file is new when its content is, whatever its name; else when path, size or time of change are.
    """

    kind: ClassVar[str] = "file"

    folder: str
    pattern: str
    input: str
    settle_s: float = 2.0
    by_content: bool = False

    def __post_init__(self) -> None:
        """Raise UsageError E977 for a pattern or time that cannot be."""
        parts = self.pattern.split("/")
        if {"", "..", "."} & set(parts) or any(("**" in part and part != "**") or "\0" in part for part in parts):
            raise UsageError(
                "E977", "this pattern finds no file below the folder", got=self.pattern, expected="such as *.csv, **/*"
            )
        if not 0 <= self.settle_s <= 86_400:
            raise UsageError("E977", "a file settles in 0 to 86400 seconds", got=f"{self.settle_s:g}")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> FileTrigger:
        """The trigger behind `to_json`."""
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)

    def timing(self, name: str) -> str:
        """The folder and the pattern."""
        return f"new file {self.folder}/{self.pattern}"

    def timetable(self, made_at: datetime) -> None:
        """None: files come when they come."""
        return

    def require_input(self, graph: Graph) -> None:
        """Check that the pipeline can take the path.

        Raises:
            UsageError: E977, it has no such input, or one that takes no path.
        """
        parameters, artifacts = graph.root.input_parameters, graph.root.input_artifacts
        texts = [name for name, declared in parameters.items() if declared.parameter_type == "STRING"]
        if self.input not in (*texts, *artifacts):
            raise UsageError(
                "E977",
                "the path of a file can be given to a text or an artifact",
                got=self.input,
                expected=", ".join(sorted([*texts, *artifacts])) or "a pipeline that takes a str or an artifact",
            )

    def sightings(self) -> Iterator[Sighting]:
        """The files that are there now.

        Raises:
            OSError: the folder cannot be read.
        """
        return sightings(self.folder, self.pattern)

    def marks(self, sighting: Sighting) -> tuple[str, ...]:
        """The marks of a file, each of which makes it an old one. The last one names its firing.

        Raises:
            OSError: its content is looked at, and cannot be read.
        """
        return (sighting.mark, sighting.content_mark()) if self.by_content else (sighting.mark,)

    def present_marks(self) -> tuple[str, ...]:
        """The marks of all files that are there now.

        Raises:
            UsageError: E977, the folder cannot be read.
        """
        try:
            return tuple(mark for sighting in self.sightings() for mark in self.marks(sighting))
        except OSError as error:
            raise UsageError(
                "E977",
                f"the folder cannot be watched: {error.strerror}",
                where=error.filename or self.folder,
                hint="make it first" if isinstance(error, FileNotFoundError) else "",
            ) from None
