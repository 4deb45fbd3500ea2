"""`milonga why`."""

from __future__ import annotations

import click

from milonga.cli.changes import print_changes
from milonga.cli.output import print_json, printable
from milonga.cli.quantities import instant
from milonga.engine.cache.explanation import Explanation, explained
from milonga.engine.home import Home
from milonga.lineage.selection import recorded_runs, run_named, task_named


@click.command("why")
@click.argument("run")
@click.argument("task")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
@click.option("--code", is_flag=True, help="Show what changed in the code of functions.")
def command(run: str, task: str, as_json: bool, code: bool) -> None:
    """Say why a task of a run was taken from the cache, or what was another so that it was not.

    RUN is the id of a run, a beginning of it, or "last". TASK is a path that `milonga show RUN` prints, or its unique
    ending.
    """
    home = Home.default()
    with recorded_runs(home.database) as store:
        answer = explained(store, home, task_named(store, run_named(store, run), task))
    if as_json:
        print_json(answer.to_json(code=code))
        return
    print(f"{printable(answer.task.path)}  {answer.verdict}: {answer.text}")
    other = _other(answer)
    if other:
        print(other)
    if answer.differences:
        print_changes(answer.differences, code=code)


def _other(answer: Explanation) -> str:
    """Which task the answer speaks of besides its own."""
    found = answer.other
    if found is None:
        return f"made by {printable(answer.task.origin)}, which is not recorded any more" if answer.task.origin else ""
    role = "compared with" if answer.cause in ("changed", "unrecorded") else "that was"
    return f"{role} {printable(found.path)} of run {found.run_id}, ended {instant(found.ended_at)}"
