"""Runs the cases of a corpus, each in folders of its own, and gives each a verdict."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from milonga.errors import InvalidPipeline, MilongaError, UsageError
from milonga.runtime.loading import missing_packages
from milonga.testing.conformance.backend import ArtifactArgument, ConformanceBackend, RunRequest
from milonga.testing.conformance.checks import CHECKS, CheckContext
from milonga.testing.conformance.corpus import Case, Corpus, PipelineFile, is_selected
from milonga.testing.conformance.placeholders import filled
from milonga.testing.conformance.shown import shown_part
from milonga.testing.conformance.verdict import Outcome, Verdict

REJECTED = "rejected"
"""Name of the case of a file that must be refused."""

READ_ONLY = "read"
"""Name of the case of a file that cannot be run here and must be readable all the same."""


@dataclass(frozen=True, slots=True)
class _Job:
    item: PipelineFile
    case: Case | None
    name: str


def run_corpus(
    corpus: Corpus, backend: ConformanceBackend, *, only: tuple[str, ...] = (), jobs: int = 1
) -> Iterator[Verdict]:
    """Verdicts as they come: `jobs` cases side by side, then those that may only run alone.

    Args:
        only: patterns for "file", "file::case" or the file's name; empty takes all.

    Raises:
        UsageError: E918, no case is selected: an empty test passes nothing.
    """
    selected = [job for item in corpus.files for job in _jobs(item) if is_selected(only, item.file, job.name)]
    if not selected:
        raise UsageError("E918", "no case is selected", where=str(corpus.folder), got=", ".join(only))
    return _verdicts(corpus, backend, selected, jobs)


def _jobs(item: PipelineFile) -> list[_Job]:
    if item.cases:
        return [_Job(item, case, case.id) for case in item.cases]
    return [_Job(item, None, REJECTED if item.rejected_because else READ_ONLY)]


def _verdicts(corpus: Corpus, backend: ConformanceBackend, selected: list[_Job], jobs: int) -> Iterator[Verdict]:
    shared = [job for job in selected if not job.item.exclusive]
    alone = [job for job in selected if job.item.exclusive]
    if jobs <= 1:
        yield from (_judge(corpus, backend, job) for job in shared)
    else:
        pool = ThreadPoolExecutor(jobs)
        try:
            futures: list[Future[Verdict]] = [pool.submit(_judge, corpus, backend, job) for job in shared]
            yield from (future.result() for future in as_completed(futures))
        finally:
            pool.shutdown(cancel_futures=True)
    yield from (_judge(corpus, backend, job) for job in alone)


def _judge(corpus: Corpus, backend: ConformanceBackend, job: _Job) -> Verdict:
    started = time.monotonic()
    outcome: Outcome
    try:
        outcome, reason = _outcome(corpus, backend, job)
    except MilongaError as error:
        outcome, reason = "failed", str(error).replace("\n ", ";")
    except Exception as error:  # noqa: BLE001 - the back end is somebody else's, and its other cases count all the same
        outcome, reason = "failed", f"the back end raised {type(error).__name__}: {error}"
    return Verdict(job.item.file, job.name, outcome, reason, time.monotonic() - started)


def _outcome(corpus: Corpus, backend: ConformanceBackend, job: _Job) -> tuple[Outcome, str]:
    path = corpus.folder / job.item.file
    if job.item.rejected_because:
        return _rejection(backend, path, job.item.rejected_because)
    backend.read(path)
    if job.case is None:
        return "skipped", job.item.not_runnable_because
    lacking = [name for name in job.item.requires if name not in backend.provides]
    if lacking:
        return "skipped", f"it requires {', '.join(lacking)}, which the back end does not provide"
    missing = missing_packages(job.item.packages)
    if missing:
        return "skipped", f"packages that are not installed: {', '.join(missing)}"
    with tempfile.TemporaryDirectory(prefix="milonga-conformance-") as folder:
        context, hidden = shown_part(observed_case(backend, path, job.case, Path(folder)))
        reason = first_difference(context)
    if reason:
        return "failed", reason
    return "passed", f"not shown by the back end: {', '.join(hidden)}" if hidden else ""


def _rejection(backend: ConformanceBackend, path: Path, because: str) -> tuple[Outcome, str]:
    try:
        backend.read(path)
    except (InvalidPipeline, UsageError):
        return "passed", ""
    return "failed", f"expected a refusal ({because}), and it was accepted"


def observed_case(backend: ConformanceBackend, file: Path, case: Case, folder: Path) -> CheckContext:
    """Run one case, all its state below `folder`. A second run is left to the check that asks for it, the last one:
    it may change what the first has left.

    Raises:
        MilongaError: the run could not be started.
    """
    temporary, inputs = folder / "tmp", folder / "inputs"
    temporary.mkdir()
    inputs.mkdir()
    request = RunRequest(
        file=file,
        home=folder / "home",
        arguments=filled(case.arguments, temporary),
        artifact_arguments={name: _argument(item, inputs / name) for name, item in case.artifact_arguments.items()},
        secrets=case.secrets,
    )
    return CheckContext(
        run=backend.run(request),
        rerun=lambda: backend.run(replace(request, use_cache=True)),
        expectations=filled(case.expectations, temporary),
    )


def first_difference(context: CheckContext) -> str:
    """The first of the expectations that was not met, or ""."""
    found = (CHECKS[key](expected, context) for key, expected in context.expectations.items())
    return next((text for text in found if text), "")


def _argument(item: dict[str, Any], path: Path) -> ArtifactArgument:
    path.write_text(filled(item["text"], path.parent), encoding="utf-8")
    return ArtifactArgument(path, item.get("type", "system.Artifact"), item.get("metadata") or {})
