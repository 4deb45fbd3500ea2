"""Runs a recorded step again, by the machinery that runs every step, in a folder of its own.

The run stays as it was recorded: its files, its rows and the cache are not touched. What the step makes this time lies
under `replays/` in the run's folder, its artifacts in a content store of their own.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from milonga.compiler.graph import Importer
from milonga.engine.attempts import AttemptRunner, Outcome, Step
from milonga.engine.cache.content_check import ContentCheck
from milonga.engine.content import ContentStore
from milonga.engine.home import Home, log_of
from milonga.engine.imports import import_artifact
from milonga.engine.preparation import Preparation
from milonga.engine.replay.author_lines import AuthorLines
from milonga.engine.replay.authored_function import authored_function
from milonga.engine.replay.comparison import compared_outputs
from milonga.engine.replay.debugged_pool import DebuggedPool
from milonga.engine.replay.recorded_inputs import recorded_inputs
from milonga.engine.replay.recorded_settings import recorded_settings
from milonga.engine.replay.recorded_step import RecordedStep, current_step, lines_of_executor, recorded_step
from milonga.engine.replay.replay_folder import ReplayFolder
from milonga.engine.replay.replayed import Replayed
from milonga.engine.resources import Demand, Ledger, Machine
from milonga.engine.run_lock import locked
from milonga.engine.run_names import run_names
from milonga.engine.runnable import Runnable
from milonga.engine.settings import RunSettings
from milonga.engine.steps import PreparedStep, Provision
from milonga.engine.values import Bundle
from milonga.engine.workers import workforce
from milonga.engine.workers.workforce import Workforce
from milonga.errors import MilongaError, RunError
from milonga.lineage import AttemptRecord, LineageStore, RunRecord, TaskRecord

_PROVISIONS_MAX = 8
"""A step asks for its packages and its image; one that asks again and again never gets what it wants."""


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """How a step is to be run again.

    Attributes:
        changes: inputs that get another value, in their own type or as text; artifacts as paths.
        current: the author's pipeline as it is now, whose code is to be run; None takes the run's own.
        debug: whether it runs in this process and a failure opens the debugger.
        secrets: secret name → key → value.
        search_path: extra folders for imports.
        notice: told what takes long.
        log_started: told where the log will be, just before the step starts.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    current: Runnable | None = None
    debug: bool = False
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    search_path: tuple[str, ...] = ()
    notice: Callable[[str], None] = lambda text: None
    log_started: Callable[[Path], None] = lambda path: None


def replay_recorded(
    store: LineageStore, home: Home, run: RunRecord, record: TaskRecord, request: ReplayRequest
) -> Replayed:
    """Run a recorded step again.

    Raises:
        RunError: E455 it is no step or never had inputs, E456 content that it got is gone, E457 the run's pipeline is
            gone, E458 the current pipeline has no such step or needs more than was recorded, E459 a container that is
            to be debugged; E423 the folder cannot be written; E437 what it needs cannot be brought.
        UsageError: E902 or E904 for the changes.
    """
    current = request.current
    step = current_step(store, run, record, current) if current else recorded_step(store, home, run, record)
    inputs, dropped = recorded_inputs(
        record, step.instance.component, ContentStore(home.content), ContentCheck(store), request.changes
    )
    notes = tuple(f"the step takes no '{name}' any more; the recorded one is left out" for name in dropped)
    lines = lines_of_executor(run, step.executor, record.component, home)
    folder = ReplayFolder.made(home.run(run.id))
    with locked(folder.path):
        try:
            names = _given(step, inputs, home, folder, request)
            settings = _settings(home, request)
            prepared, demand = _prepared(step, settings, names, request)
        except BaseException:
            folder.remove()
            raise
        if prepared.importer is not None:
            outcome = _imported(step, prepared.importer, names)
        else:
            if request.debug and prepared.live_function is None and prepared.worker == "milonga":
                known = authored_function(prepared.function, prepared.source, lines)
                prepared = dataclasses.replace(prepared, live_function=known)
            outcome = _run(step, prepared, demand, settings, folder, names, request.log_started)
    return _result(step, outcome, lines, folder, request, notes)


def _given(
    step: RecordedStep, inputs: Bundle, home: Home, folder: ReplayFolder, request: ReplayRequest
) -> dict[str, str]:
    """Give the step its inputs, and what its settings are made of.

    Returns:
        What placeholders stand for: the names of the run, and places of the replay's own.
    """
    run = home.run(step.run.id)
    if step.graph.wants_workspace:
        folder.copy_workspace(run)
        recorded = {name: value for name, value in inputs.parameters.items() if name not in request.changes}
        inputs.parameters.update(folder.in_own_workspace(recorded, run))
    names = run_names(step.graph, step.run.id, step.run.created_at, folder=folder.path, root=folder.home.content)
    step.instance.inputs = inputs
    step.instance.settings = {**recorded_settings(step.instance, names), **inputs.parameters}
    return names


def _settings(home: Home, request: ReplayRequest) -> RunSettings:
    return RunSettings(
        home=home,
        jobs=1,
        mode="in-process" if request.debug else "isolated",
        use_cache=False,
        secrets=request.secrets,
        search_path=request.search_path,
    )


def _prepared(
    step: RecordedStep, settings: RunSettings, names: Mapping[str, str], request: ReplayRequest
) -> tuple[PreparedStep, Demand]:
    """The step, everything that it needs brought here, and what it asks of the machine."""
    preparation = Preparation(
        graph=step.graph,
        settings=settings,
        machine=Machine.measured(),
        functions=request.current.functions if request.current is not None else {},
        names=names,
        notice=request.notice,
    )
    found = preparation.step(step.instance)
    for _ in range(_PROVISIONS_MAX):
        if not isinstance(found, Provision):
            break
        request.notice(f"bringing {found.title}")
        found.provide()
        found = preparation.step(step.instance)
    if isinstance(found, Provision):
        raise RunError(
            "E437", f"{found.title}: what was brought here is gone again", hint="run it again", kind="system"
        )
    if request.debug and found.container is not None:
        raise RunError(
            "E459",
            f"'{step.record.path}' runs in a container, which pdb cannot look into",
            hint="replay it without --pdb",
            kind="user",
        )
    return found, preparation.demand(step.instance)


def _imported(step: RecordedStep, importer: Importer, names: Mapping[str, str]) -> Outcome:
    """Importers need no worker: the same address is looked at again."""
    try:
        outputs = import_artifact(importer, step.instance, names)
    except MilongaError as failure:
        return Outcome(None, AttemptRecord(step.run.id, step.record.path, 1, "FAILED", error=failure.to_json()))
    return Outcome(outputs, AttemptRecord(step.run.id, step.record.path, 1, "SUCCEEDED"))


def _run(
    step: RecordedStep,
    prepared: PreparedStep,
    demand: Demand,
    settings: RunSettings,
    folder: ReplayFolder,
    names: Mapping[str, str],
    log_started: Callable[[Path], None],
) -> Outcome:
    """Run one attempt to its end. What it may use is what it could use then, since that may be what it failed by."""
    outcomes: list[Outcome] = []
    if settings.mode == "in-process":
        workers = Workforce({"milonga": DebuggedPool, "kfp": DebuggedPool})
    else:  # a container sees the workspace of the home that its pool is told of
        workers = workforce(dataclasses.replace(settings, home=folder.home))
    runner = AttemptRunner(
        workers=workers,
        ledger=Ledger(Machine.measured(), 1),
        home=folder.home,
        run_id=folder.number,
        names=names,
        before_reading=lambda: None,
        check_inputs=lambda task, *, has_run: None,  # they were looked at a moment ago, and nothing is kept of it
        on_start=lambda step, attempt: log_started(folder.path / attempt.log),
        on_retry=lambda step, attempt, delay_s: None,
        on_end=lambda step, outcome: outcomes.append(outcome),
    )
    try:
        runner.enqueue(Step(step.instance, prepared, first_attempt=1, demand=demand))
        while not outcomes:
            runner.dispatch()
            runner.wait()
    finally:
        runner.cancel()
        workers.close()
    return outcomes[0]


def _result(
    step: RecordedStep,
    outcome: Outcome,
    lines: AuthorLines,
    folder: ReplayFolder,
    request: ReplayRequest,
    notes: tuple[str, ...],
) -> Replayed:
    record, outputs = step.record, outcome.outputs
    attempt = outcome.attempt
    error: dict[str, Any] = dict(attempt.error)
    traceback = str(error.get("traceback", ""))
    if traceback:
        error["traceback"] = lines.in_traceback(traceback)
    is_comparable = outputs is not None and record.state == "SUCCEEDED"
    return Replayed(
        recorded=record,
        state="FAILED" if outputs is None else "SUCCEEDED",
        error=error if outputs is None else {},
        outputs=outputs.parameters if outputs is not None else {},
        output_artifacts=outputs.artifacts if outputs is not None else {},
        inputs=json.loads(json.dumps(step.instance.inputs.parameters)),
        folder=folder.home.attempt(folder.number, record.path, 1),
        log=folder.path / log_of(record.path, 1),
        place=lines.deepest(traceback),
        lines=lines,
        changed=tuple(request.changes),
        is_current=request.current is not None,
        compared=compared_outputs(record, outputs) if outputs is not None and is_comparable else (),
        wall_s=attempt.wall_s,
        cpu_s=attempt.cpu_s,
        peak_memory_bytes=attempt.peak_memory_bytes,
        notes=notes,
    )
