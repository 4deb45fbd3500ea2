"""`run`: a pipeline, its arguments, a result."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.compiler.graph import Graph
from milonga.compiler.graph.graph import digest_of
from milonga.compiler.json_documents import dump_json_documents
from milonga.compiler.rules import check
from milonga.engine.arguments import root_inputs
from milonga.engine.cache.policy import CachePolicy
from milonga.engine.execution import execute
from milonga.engine.faults.sabotage import Sabotage
from milonga.engine.home import Home
from milonga.engine.progress import Progress, choose_progress
from milonga.engine.result import RunResult
from milonga.engine.run_folder import new_run, read_pipeline, write_pipeline
from milonga.engine.run_lock import locked
from milonga.engine.runnable import Runnable, as_runnable
from milonga.engine.settings import Mode, ResourceRule, RunSettings
from milonga.engine.values import Bundle, with_defaults
from milonga.errors import InvalidPipeline, UsageError
from milonga.lineage import LineageStore, RunRecord
from milonga.lineage.selection import run_named

if TYPE_CHECKING:
    from milonga.engine.faults.base import Fault


def run(
    target: object,
    arguments: Mapping[str, Any] | None = None,
    *,
    jobs: int = 0,
    mode: Mode = "isolated",
    cache: bool = True,
    cache_max_age: str | None = None,
    cache_max_size: str | None = None,
    fail_fast: bool = False,
    secrets: Mapping[str, Mapping[str, str]] | None = None,
    home: str | Path | None = None,
    resume: str | bool = False,
    install: bool = True,
    resources: ResourceRule = "fit",
    inject: str | Sequence[str] = (),
    progress: Progress | None = None,
) -> RunResult:
    """Run a pipeline on this machine and wait for its end.

    Args:
        target: a pipeline or component of milonga or of kfp, a graph, or a path: `FILE.py:name`, an IR or component
            file.
        arguments: values of its inputs; artifacts as paths.
        jobs: how many steps at the same time; 0 leaves it to the cores, of which a step takes those that it asks for.
        mode: "isolated" runs each attempt in a process of its own, "in-process" all of them here, for a debugger,
            "container" each in a container of the image that its step names.
        cache: whether results of equal steps may be used.
        cache_max_age: results that are older, such as "7d", are not; by default MILONGA_CACHE_MAX_AGE, or no limit.
        cache_max_size: what is beyond this size, such as "20GB", is evicted after the run, as far as no run needs it;
            by default MILONGA_CACHE_MAX_BYTES, or no limit.
        fail_fast: whether a failure keeps everything not yet started from starting.
        secrets: secret name → key → value.
        home: state folder; by default MILONGA_HOME or `.milonga`.
        resume: a run id, or True for the newest run of this pipeline: finished steps are not repeated.
        install: whether packages that a step declares and that are missing here may be installed, beside this
            environment.
        resources: what becomes of requests for cores, memory and GPUs: "fit" keeps to them and cuts those that are
            larger than the machine, "strict" lets such steps fail, "ignore" counts none.
        inject: what is made to go wrong, such as "kill:train" or "fail:fetch:2".
        progress: who watches; by default a table in a notebook, plain lines on stderr elsewhere.

    Returns:
        The result, whatever the state: see `RunResult.raise_for_state`.

    Raises:
        AuthoringError: mistakes in the pipeline.
        UsageError: wrong arguments or settings.
        StoreError: the state folder cannot be used.
    """
    if arguments is not None and not isinstance(arguments, Mapping):
        raise UsageError("E901", "the arguments are no mapping", got=repr(arguments)[:80], expected="{name: value}")
    runnable = as_runnable(target)
    settings = RunSettings(
        home=Home(Path(home).absolute()) if home else Home.default(),
        jobs=jobs,
        mode=mode,
        use_cache=cache,
        cache_policy=CachePolicy.chosen(cache_max_age, cache_max_size),
        fail_fast=fail_fast,
        secrets=secrets or {},
        search_path=runnable.search_path,
        installs=install,
        resources=resources,
        faults=_faults((inject,) if isinstance(inject, str) else inject),
    )
    watcher = progress or choose_progress(show_logs=mode != "in-process")
    if resume:
        return resume_run(runnable, resume if isinstance(resume, str) else None, arguments, settings, watcher)
    return start_run(runnable, arguments or {}, settings, watcher)


def start_run(runnable: Runnable, arguments: Mapping[str, Any], settings: RunSettings, progress: Progress) -> RunResult:
    """Run from the beginning.

    Raises:
        InvalidPipeline: E225, the graph is not consistent; nothing has been written.
    """
    _require_consistent(runnable)
    sabotage = _sabotage(settings, runnable)
    inputs = root_inputs(runnable.graph.root, arguments, runnable.signature)
    store = LineageStore(settings.home.database)
    try:
        documents = runnable.graph.to_documents()
        run_id = new_run(settings.home, dump_json_documents(documents))
        folder = settings.home.run(run_id)
        record = RunRecord(
            id=run_id,
            pipeline=runnable.graph.name,
            graph_digest=digest_of(documents),
            state="RUNNING",
            created_at=time.time(),
            arguments=_recorded_arguments(runnable.graph, inputs),
            source=runnable.source,
            uses_cache=settings.use_cache,
        )
        with locked(folder):
            return execute(runnable, record, inputs, settings, store, progress, {}, sabotage, resumed=False)
    finally:
        store.close()


def resume_run(
    runnable: Runnable | None,
    run_id: str | None,
    arguments: Mapping[str, Any] | None,
    settings: RunSettings,
    progress: Progress,
) -> RunResult:
    """Go on with a run. Its finished steps are kept; where the pipeline has changed, those whose work is the same.
    One that was started without the cache goes on without it.

    Args:
        runnable: the pipeline as it is now; None takes the run's own.
        run_id: which run: its id, a unique beginning of it, or "last"; None is the newest of that pipeline.
        arguments: must be those of the run, if given.

    Raises:
        UsageError: E905 no such run of that pipeline, E906 other arguments than the run's.
        RunError: E438, the run is still going on in another process; E467, its pipeline is gone and none was given.
    """
    store = LineageStore(settings.home.database)
    try:
        found = run_named(store, run_id) if run_id else _newest(store, runnable)
        if found is None:
            what = f"run of '{runnable.graph.name}'" if runnable else "run"
            raise UsageError("E905", f"there is no {what} to resume", where=str(settings.home.root))
        if runnable is not None and runnable.graph.name != found.pipeline:
            what = f"run '{found.id}' of '{runnable.graph.name}'"
            raise UsageError("E905", f"there is no {what} to resume", got=f"a run of '{found.pipeline}'")
        if not found.uses_cache:
            settings = replace(settings, use_cache=False)
        folder = settings.home.run(found.id)
        chosen = runnable or Runnable(read_pipeline(folder, found.source), source=found.source)
        _require_consistent(chosen)
        sabotage = _sabotage(settings, chosen)
        inputs = root_inputs(chosen.graph.root, {**found.arguments, **(arguments or {})})
        if _recorded_arguments(chosen.graph, inputs) != dict(found.arguments) and arguments:
            raise UsageError(
                "E906", "a resumed run keeps its arguments", got=json.dumps(dict(arguments)), hint="start a new run"
            )
        documents = chosen.graph.to_documents()
        record = replace(found, state="RUNNING", ended_at=None, error={}, graph_digest=digest_of(documents))
        folder.mkdir(parents=True, exist_ok=True)  # somebody may have cleaned up
        with locked(folder):
            if runnable is not None:
                write_pipeline(folder, dump_json_documents(documents))
            finished = store.finished_steps(found.id)
            return execute(chosen, record, inputs, settings, store, progress, finished, sabotage, resumed=True)
    finally:
        store.close()


def _require_consistent(runnable: Runnable) -> None:
    errors = [finding for finding in check(runnable.graph) if finding.severity == "error"]
    if errors:
        where = ": ".join(part for part in (runnable.source, errors[0].where) if part)
        raise InvalidPipeline(
            "E225", "the pipeline has errors", where=where, got="\n".join(str(finding) for finding in errors)
        )


def _faults(texts: Sequence[str]) -> tuple[Fault, ...]:
    if not texts:
        return ()
    from milonga.engine.faults.kinds import parse_faults  # most runs have none

    return parse_faults(texts)


def _sabotage(settings: RunSettings, runnable: Runnable) -> Sabotage:
    return Sabotage(settings.faults, runnable.graph, has_processes=settings.mode != "in-process")


def _newest(store: LineageStore, runnable: Runnable | None) -> RunRecord | None:
    runs = store.runs(runnable.graph.name if runnable else None, limit=1)
    return runs[0] if runs else None


def _recorded_arguments(graph: Graph, inputs: Bundle) -> dict[str, Any]:
    parameters = with_defaults(inputs.parameters, graph.root)
    artifacts = {name: record.uri for name, record in inputs.artifacts.items() if not isinstance(record, tuple)}
    return {**parameters, **artifacts}
