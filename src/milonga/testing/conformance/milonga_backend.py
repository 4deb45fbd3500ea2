"""milonga's own engine under test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from milonga.compiler.documents import dump_graph, load_graph, parse_documents
from milonga.compiler.rules import check
from milonga.engine.api import start_run
from milonga.engine.content import digest_path
from milonga.engine.home import Home
from milonga.engine.progress.base import Silent
from milonga.engine.result import RunResult
from milonga.engine.runnable import Runnable
from milonga.engine.settings import RunSettings
from milonga.errors import InvalidPipeline, MilongaError
from milonga.lineage.records import ArtifactRecord, ArtifactValue, TaskRecord
from milonga.runtime.placement import local_path
from milonga.testing.conformance.backend import ArtifactArgument, RunRequest
from milonga.testing.conformance.observed import ObservedArtifact, ObservedRun, ObservedTask, ObservedValue

_SLOTS = 4
"""Steps at a time, however few cores there are: with one at a time, no limit on parallel work could be broken."""


class MilongaBackend:
    """Reads files with the compiler and runs them with the local engine, each attempt in a process of its own."""

    @property
    def provides(self) -> frozenset[str]:
        """Secrets come from the caller, pod labels and annotations from the file."""
        return frozenset({"secrets", "pod-metadata"})

    def read(self, file: Path) -> None:
        """Read, check, write again and compare.

        Raises:
            InvalidPipeline: the file is invalid.
            MilongaError: E991, something of it was lost, which is a fault of the compiler.
        """
        graph = load_graph(file)
        errors = [finding for finding in check(graph) if finding.severity == "error"]
        if errors:
            raise InvalidPipeline(errors[0].code, errors[0].message, where=errors[0].where)
        if _canonical(file.read_text("utf-8")) != _canonical(dump_graph(graph)):
            raise MilongaError("E991", "written again, the file says something else", where=str(file), kind="system")

    def run(self, request: RunRequest) -> ObservedRun:
        """Run a file.

        Raises:
            MilongaError: the run could not be started.
        """
        artifacts = {name: _argument(name, item) for name, item in request.artifact_arguments.items()}
        settings = RunSettings(
            home=Home(request.home), jobs=_SLOTS, use_cache=request.use_cache, secrets=request.secrets
        )
        runnable = Runnable(load_graph(request.file), source=str(request.file))
        return observed(start_run(runnable, {**request.arguments, **artifacts}, settings, Silent()))


def _canonical(text: str) -> str:
    return json.dumps(parse_documents(text), sort_keys=True)


def _argument(name: str, item: ArtifactArgument) -> ArtifactRecord:
    content = digest_path(item.path)
    return ArtifactRecord(name, item.type, str(item.path), content.digest, content.size_bytes, item.metadata)


def observed(result: RunResult) -> ObservedRun:
    """A run of the lineage store, as it was seen."""
    return ObservedRun(
        state=result.state,
        outputs=result.run.outputs,
        output_artifacts={name: _value(item) for name, item in result.run.output_artifacts.items()},
        tasks={path: _task(task, result.folder) for path, task in result.tasks.items()},
        error=_message(result.run.error),
    )


def _task(task: TaskRecord, folder: Path) -> ObservedTask:
    return ObservedTask(
        state=task.state,
        parameters=task.outputs,
        artifacts={name: _value(item) for name, item in task.output_artifacts.items()},
        log=folder / task.log if task.log else None,
        iterations=task.iterations,
        attempts=task.attempts,
        is_cached=task.cached,
        started_at=task.started_at,
        ended_at=task.ended_at,
        error=_message(task.error),
    )


def _value(value: ArtifactValue) -> ObservedValue:
    if isinstance(value, tuple):
        return tuple(_value(item) for item in value)
    path = local_path({"uri": value.uri})
    return ObservedArtifact(value.type, value.uri, value.metadata, path if path.exists() else None)


def _message(error: Any) -> str:
    if not error:
        return ""
    place = f"{error['task']}: " if "task" in error else ""
    return f"{place}{error.get('code', '')} {error.get('message', '')}".strip()
