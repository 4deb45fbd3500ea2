"""One recorded task: everything that is known about it, and how to go on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from milonga.cli.output import message, printable
from milonga.cli.quantities import instant, seconds, size
from milonga.cli.shown_run import shown_artifact, shown_value, wall_of
from milonga.cli.table import lines_of
from milonga.engine.home import Home
from milonga.engine.replay import lines_of as author_lines_of
from milonga.lineage import AttemptRecord, RunRecord, TaskRecord
from milonga.lineage.records import Artifacts, artifacts_to_json, flattened


@dataclass(frozen=True, slots=True)
class ShownTask:
    """A task of a run with its attempts."""

    run: RunRecord
    record: TaskRecord
    attempts: Sequence[AttemptRecord]
    home: Home

    def document(self) -> dict[str, Any]:
        """All of it as JSON."""
        task = self.record
        document: dict[str, Any] = {
            "run_id": task.run_id,
            "task": task.path,
            "pipeline": self.run.pipeline,
            "component": task.component,
            "kind": task.kind,
            "state": task.state,
            "started_at": task.started_at,
            "ended_at": task.ended_at,
            "wall_s": round(task.wall_s, 6),
            "cpu_s": round(task.cpu_s, 6),
            "peak_memory_bytes": task.peak_memory_bytes,
            "cached": task.cached,
            "cache": task.cache_state,
            "origin": task.origin,
            "key": task.key,
            "identity": task.identity,
            "inputs": {"parameters": dict(task.inputs), "artifacts": artifacts_to_json(task.input_artifacts)},
            "outputs": {"parameters": dict(task.outputs), "artifacts": artifacts_to_json(task.output_artifacts)},
            "attempts": [self._attempt(attempt) for attempt in self.attempts],
            "log": self._log(),
            "commands": self._commands(),
        }
        if task.iterations is not None:
            document["iterations"] = task.iterations
        if task.error:
            document["error"] = self._error()
        return document

    def print(self) -> None:
        """The same for a person: facts and values on stdout, what to do next on stderr."""
        task = self.record
        title = [task.path, task.state, f"run {task.run_id}", f"of {self.run.pipeline}"]
        print("  ".join(printable(part) for part in title))
        for name, text in self._facts():
            print(f"  {name:<10} {printable(text)}")
        self._print_values("inputs", task.inputs, task.input_artifacts)
        self._print_values("outputs", task.outputs, task.output_artifacts)
        head = ("ATTEMPT", "STATE", "STARTED", "WALL", "CPU", "MEMORY", "EXIT", "WHY")
        for line in lines_of(head, [_row(attempt) for attempt in self.attempts], right=("WALL", "CPU", "MEMORY")):
            print(line)
        error = self._error() if task.error else {}
        if error:
            print(f"error {error.get('code', 'E410')}: {printable(str(error.get('message', '')), kept=chr(10))}")
            for key in ("place", "got", "expected", "hint"):
                if error.get(key):
                    print(f"  {key}: {printable(str(error[key]), kept=chr(10))}")
            if error.get("traceback"):
                print(printable(str(error["traceback"]), kept="\n\t"))
        for name, command in self._commands().items():
            message(f"{name}: {command}")

    def _facts(self) -> list[tuple[str, str]]:
        task = self.record
        cache = f"{task.cache_state}, made by {task.origin}" if task.origin else task.cache_state
        facts = [
            ("component", task.component),
            ("started", instant(task.started_at)),
            ("wall", seconds(wall_of(task))),
            ("cpu", seconds(task.cpu_s) if task.cpu_s else ""),
            ("memory", size(task.peak_memory_bytes)),
            ("iterations", "" if task.iterations is None else str(task.iterations)),
            ("cache", cache),
            ("code", task.identity[:12]),
            ("log", self._log() or ""),
        ]
        return [(name, text) for name, text in facts if text]

    def _print_values(self, title: str, values: Any, artifacts: Artifacts) -> None:
        if values or artifacts:
            print(title)
        for name, value in values.items():
            print(f"  {printable(name)} = {shown_value(value)}")
        for name, value in artifacts.items():
            for record in flattened(value):
                print(f"  {printable(name)} = {shown_artifact(record)}")

    def _attempt(self, attempt: AttemptRecord) -> dict[str, Any]:
        document: dict[str, Any] = {
            "attempt": attempt.attempt,
            "state": attempt.state,
            "started_at": attempt.started_at,
            "ended_at": attempt.ended_at,
            "wall_s": round(attempt.wall_s, 6),
            "cpu_s": round(attempt.cpu_s, 6),
            "peak_memory_bytes": attempt.peak_memory_bytes,
            "exit": attempt.exit,
            "log": str(self.home.run(self.run.id) / attempt.log) if attempt.log else None,
        }
        return {**document, "error": dict(attempt.error)} if attempt.error else document

    def _log(self) -> str | None:
        return str(self.home.run(self.run.id) / self.record.log) if self.record.log else None

    def _error(self) -> dict[str, Any]:
        """The failure, with the author's file and line where the file still says the same."""
        error: dict[str, Any] = dict(self.record.error)
        traceback = str(error.get("traceback", ""))
        if traceback:
            lines = author_lines_of(self.run, self.record, self.home)
            error["traceback"] = lines.in_traceback(traceback)
            place = lines.deepest(traceback)
            if place is not None:
                error["place"] = str(place)
        return error

    def _commands(self) -> dict[str, str]:
        """What goes on from here."""
        run, path = self.run.id, shlex.quote(self.record.path)
        if self.record.kind == "group":
            return {"logs": f"milonga logs {run} {path}"}
        commands = {"why": f"milonga why {run} {path}"}
        if self.record.log:
            commands["logs"] = f"milonga logs {run} {path}"
        if self.record.state not in ("NOT_RUN", "SKIPPED", "PENDING"):
            commands["replay"] = f"milonga replay {run} {path}"
        if self.record.state == "FAILED":
            commands["debug"] = f"milonga replay {run} {path} --pdb"
        for name in self.record.output_artifacts:
            commands[f"lineage of {name}"] = f"milonga lineage {shlex.quote(f'{run}/{self.record.path}.{name}')}"
        return commands


def _row(attempt: AttemptRecord) -> tuple[str, ...]:
    why = str(attempt.error.get("message", "")).partition("\n")[0]
    return (
        str(attempt.attempt),
        attempt.state,
        instant(attempt.started_at),
        seconds(attempt.wall_s) if attempt.ended_at is not None else "",
        seconds(attempt.cpu_s) if attempt.cpu_s else "",
        size(attempt.peak_memory_bytes),
        "" if attempt.exit is None else str(attempt.exit),
        why,
    )
