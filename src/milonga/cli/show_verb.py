"""`milonga show`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from milonga.cli.output import message, print_json
from milonga.cli.runs_verb import shown_state
from milonga.cli.sources import load_source
from milonga.compiler.graph import Component, Graph
from milonga.engine.home import Home
from milonga.engine.progress.lines import describe_end
from milonga.engine.result import RunResult
from milonga.errors import UsageError
from milonga.lineage import LineageStore, RunRecord


@click.command("show")
@click.argument("what")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def command(what: str, as_json: bool) -> None:
    """Show a pipeline (its tasks and types), or a run (its tasks and states)."""
    if what[:8].isdigit() and not Path(what).exists():
        found = _run_named(what)
        if found is None:
            raise UsageError("E905", f"there is no run '{what}'", where=str(Home.default().root))
        _show_run(found, as_json)
        return
    graph = load_source(what).graph
    if as_json:
        documents = graph.to_documents()
        print_json({"digest": graph.digest(), "specification": documents[0], "platforms": (documents[1:] or ({},))[0]})
        return
    print(f"{graph.name}  {graph.digest()[:12]}")
    _show_dag(graph, graph.root, "  ")


def _run_named(run_id: str) -> RunRecord | None:
    store = LineageStore(Home.default().database)
    try:
        return store.run(run_id)
    finally:
        store.close()


def _show_run(run: RunRecord, as_json: bool) -> None:
    home = Home.default()
    store = LineageStore(home.database)
    tasks = store.tasks(run.id)
    store.close()
    report = home.run(run.id) / "report.html"
    result = RunResult(run, {task.path: task for task in tasks}, home.run(run.id), report if report.exists() else None)
    if as_json:
        print_json(result.to_json())
        return
    print(f"{run.id}  {run.pipeline}  {shown_state(run, home)}")
    for task in tasks:
        print(f"  {task.path}  {describe_end(task)}")
    if result.report:
        message(f"report: {result.report}")


def _show_dag(graph: Graph, component: Component, indent: str) -> None:
    tasks = (component.dag.tasks if component.dag else None) or {}
    for name in in_order({name: task.producers() for name, task in tasks.items()}):
        task = tasks[name]
        used = graph.component_of(task, name)
        notes = []
        if task.trigger_policy is not None and task.trigger_policy.condition:
            notes.append(f"if {task.trigger_policy.condition}")
        if task.parameter_iterator is not None or task.artifact_iterator is not None:
            notes.append("for each")
        waits = ", ".join(sorted(task.producers()))
        after = f"  after {waits}" if waits else ""
        note = f"  [{'; '.join(notes)}]" if notes else ""
        print(f"{indent}{name}({_inputs(used)}) -> {_outputs(used)}{after}{note}")
        if used.dag is not None:
            _show_dag(graph, used, indent + "  ")


def in_order(waits_for: dict[str, frozenset[str]]) -> list[str]:
    """Names so that each stands after those it waits for; what waits in a circle stands at the end."""
    known = frozenset(waits_for)
    left = {name: set(producers & known) for name, producers in waits_for.items()}
    waiting: dict[str, list[str]] = {}
    for name, producers in left.items():
        for producer in producers:
            waiting.setdefault(producer, []).append(name)
    free = [name for name, producers in left.items() if not producers]
    ordered: dict[str, None] = {}
    while free:
        following: list[str] = []
        for name in free:
            ordered[name] = None
            for other in waiting.get(name, ()):
                left[other].discard(name)
                if not left[other]:
                    following.append(other)
        free = following
    return [*ordered, *(name for name in waits_for if name not in ordered)]


def _inputs(component: Component) -> str:
    return ", ".join([*_parameters(component.input_parameters), *_artifacts(component.input_artifacts)])


def _outputs(component: Component) -> str:
    parts = [*_parameters(component.output_parameters), *_artifacts(component.output_artifacts)]
    return ", ".join(parts) or "nothing"


def _parameters(parameters: Any) -> list[str]:
    return [f"{name}: {declared.parameter_type}" for name, declared in parameters.items()]


def _artifacts(artifacts: Any) -> list[str]:
    return [
        f"{name}: {declared.artifact_type.schema_title if declared.artifact_type else 'system.Artifact'}"
        for name, declared in artifacts.items()
    ]
