"""`milonga explain`."""

from __future__ import annotations

import difflib
import shutil
import sys

import click

from milonga.cli.output import print_json
from milonga.cli.topics import KINDS, topic_named
from milonga.errors import UsageError

_COLUMNS = 100
"""The most that reads well, and what is written where there is no terminal."""


@click.command("explain")
@click.argument("what", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def command(what: str | None, as_json: bool) -> None:
    """Explain an error code: what it means, why it is an error, how to mend it. Without WHAT: list all that there is.

    WHAT is a code such as E113, or the name of a construct of the language, to see what each target does with it.
    """
    if what is None:
        _list(as_json)
        return
    topic = topic_named(what.strip(), width=_columns())
    if topic is None:
        raise UsageError("E945", f"there is nothing of the name '{what}' to explain", hint=_nearest(what.strip()))
    if as_json:
        print_json(topic.document)
    else:
        sys.stdout.write(topic.text)


def _list(as_json: bool) -> None:
    listed = {kind.heading: kind.titles() for kind in KINDS}
    if as_json:
        entries = {
            heading.lower(): [{"name": name, "title": title} for name, title in titles.items()]
            for heading, titles in listed.items()
        }
        print_json(entries)
        return
    for titles in listed.values():
        longest = max(map(len, titles), default=0)
        for name, title in titles.items():
            print(f"{name:<{longest}}  {title}")


def _nearest(what: str) -> str:
    known = {name.lower(): name for kind in KINDS for name in kind.titles()}
    near = difflib.get_close_matches(what.lower(), known, n=1)
    return f"did you mean '{known[near[0]]}'?" if near else "'milonga explain' lists what there is"


def _columns() -> int:
    if not sys.stdout.isatty():
        return _COLUMNS
    return max(40, min(_COLUMNS, shutil.get_terminal_size().columns))
