"""What a replay leaves in the hand of who asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from milonga.dsl.places import Place
from milonga.engine.replay.author_lines import AuthorLines
from milonga.engine.replay.comparison import ComparedOutput
from milonga.lineage.records import Artifacts, TaskRecord, artifacts_to_json


@dataclass(frozen=True, slots=True, repr=False)
class Replayed:
    """A step that has been run again.

    Attributes:
        recorded: the step as its run recorded it; unchanged.
        state: how it ended this time.
        error: code, message and traceback, the author's lines in it where they are known.
        place: the author's innermost line of the failure, where it is known.
        lines: where the lines of the step's text stand in the author's file.
        inputs: the parameters that it got this time.
        changed: names of inputs that were given anew.
        is_current: whether the code was the author's file as it is now, and not what the run had.
        compared: each output beside the recorded one; empty when one of the two failed.
        folder: of this attempt, with its log.
        notes: what whoever reads the result should know.
    """

    recorded: TaskRecord
    state: Literal["SUCCEEDED", "FAILED"]
    error: Mapping[str, Any]
    outputs: Mapping[str, Any]
    output_artifacts: Artifacts
    inputs: Mapping[str, Any]
    folder: Path
    log: Path
    place: Place | None = None
    lines: AuthorLines = field(default_factory=AuthorLines)
    changed: tuple[str, ...] = ()
    is_current: bool = False
    compared: tuple[ComparedOutput, ...] = ()
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def succeeded(self) -> bool:
        """Whether the step did its work this time."""
        return self.state == "SUCCEEDED"

    @property
    def is_same(self) -> bool | None:
        """Whether every output is the recorded one; None when there is nothing to compare."""
        return all(output.same for output in self.compared) if self.compared else None

    @property
    def is_as_expected(self) -> bool:
        """Whether it succeeded, and made the same again where code and inputs are the same."""
        is_repetition = not (self.changed or self.is_current)
        return self.succeeded and not (is_repetition and self.is_same is False)

    def __repr__(self) -> str:
        outputs = {True: ", the same as then", False: ", other than then", None: ""}[self.is_same]
        reason = f": {self.error.get('message', '')}" if self.error else ""
        return f"<replay of {self.recorded.path}: {self.state} in {self.wall_s:.1f} s{outputs}{reason}>"

    def log_text(self) -> str:
        """What the step wrote, with the author's lines in its traceback."""
        text = self.log.read_text("utf-8", "replace") if self.log.is_file() else ""
        return self.lines.in_traceback(text)

    def to_json(self) -> dict[str, Any]:
        """The document that `milonga replay --json` prints."""
        document: dict[str, Any] = {
            "run_id": self.recorded.run_id,
            "task": self.recorded.path,
            "recorded_state": self.recorded.state,
            "state": self.state,
            "current": self.is_current,
            "inputs": dict(self.inputs),
            "changed": list(self.changed),
            "outputs": dict(self.outputs),
            "output_artifacts": artifacts_to_json(self.output_artifacts),
            "same": self.is_same,
            "compared": [output.to_json() for output in self.compared],
            "folder": str(self.folder),
            "log": str(self.log),
            "wall_s": round(self.wall_s, 6),
            "cpu_s": round(self.cpu_s, 6),
            "peak_memory_bytes": self.peak_memory_bytes,
            "notes": list(self.notes),
        }
        if self.error:
            document["error"] = dict(self.error)
        if self.place is not None:
            document["place"] = str(self.place)
        return document
