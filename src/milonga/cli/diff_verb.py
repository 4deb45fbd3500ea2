"""`milonga diff`."""

from __future__ import annotations

import click

from milonga.cli.changes import print_changes
from milonga.cli.compared import Side, sides_named
from milonga.cli.output import fail, message, print_json
from milonga.compiler.diff import Change, compare
from milonga.errors import MilongaError
from milonga.lineage.comparison import compare_runs


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as one JSON document.")
@click.option("--code", is_flag=True, help="Show what changed in the code of functions.")
def command(before: str, after: str, as_json: bool, code: bool) -> int:
    """Compare two pipelines, files or runs by what they mean.

    A and B are each a pipeline (FILE.py:NAME, a file, a catalogue name) or the id of a run; a run and a pipeline are
    compared as pipelines. Ends with 0 when they mean the same, 1 when they differ, 2 when one cannot be read.
    """
    try:
        old, new = sides_named(before, after)
        changes = _changes(old, new)
    except MilongaError as error:
        return max(2, fail(error, as_json=as_json))  # 1 is kept for "they differ"
    if as_json:
        print_json(_document(old, new, changes, code))
    else:
        print_changes(changes, code=code)
    message(_count(changes))
    return 1 if any(not change.quiet for change in changes) else 0


def _changes(old: Side, new: Side) -> tuple[Change, ...]:
    if old.run is not None and new.run is not None:
        return compare_runs(old.run, new.run)
    return compare(old.graph, new.graph)


def _document(old: Side, new: Side, changes: tuple[Change, ...], code: bool) -> dict[str, object]:
    counted = sum(not change.quiet for change in changes)
    return {
        "before": old.name,
        "after": new.name,
        "compared": "runs" if old.run is not None and new.run is not None else "pipelines",
        "equal": not counted,
        "counted": counted,
        "changes": [change.to_json(code=code) for change in changes],
    }


def _count(changes: tuple[Change, ...]) -> str:
    counted = [change for change in changes if not change.quiet]
    quiet = len(changes) - len(counted)
    notes = f", {quiet} more that change{'s' if quiet == 1 else ''} no meaning" if quiet else ""
    if not counted:
        return f"no differences{notes}"
    places = len({change.where for change in counted})
    return f"{_many(len(counted), 'difference')} in {_many(places, 'place')}{notes}"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
