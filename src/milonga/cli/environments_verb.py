"""`milonga environments`: the shared environments of packages, and getting rid of them."""

from __future__ import annotations

from typing import Any

import click

from milonga.cli.output import message, print_json
from milonga.cli.quantities import instant, size
from milonga.cli.table import lines_of
from milonga.engine.cache.policy import parse_age
from milonga.engine.environments import EnvironmentShelf, Pruned, SharedEnvironment, prune_environments
from milonga.engine.home import Home
from milonga.errors import UsageError

_SHOWN_ID = 12


def _described(environment: SharedEnvironment) -> dict[str, Any]:
    return {
        "id": environment.id,
        "folder": str(environment.folder),
        "size_bytes": environment.size_bytes,
        "made_at": environment.made_at,
        "used_at": environment.used_at,
        "installer": environment.installer,
        "requirements": list(environment.requirements),
        "packages": {package.name: package.version for package in environment.installed},
    }


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print them as one JSON document.")
def list_environments(as_json: bool) -> None:
    """List environments, the one used last first: size, last use, and what they were made for."""
    found = EnvironmentShelf.of(Home.default()).all()
    if as_json:
        print_json({"environments": [_described(one) for one in found]})
        return
    rows = [
        (one.id[:_SHOWN_ID], size(one.size_bytes), instant(one.used_at), str(len(one.installed)), _made_for(one))
        for one in found
    ]
    if rows:
        for line in lines_of(("ID", "SIZE", "LAST USED", "PACKAGES", "MADE FOR"), rows, right=("SIZE", "PACKAGES")):
            print(line)


def _made_for(environment: SharedEnvironment) -> str:
    return ", ".join(environment.requirements)


@click.command("prune")
@click.option("--older-than", default="30d", show_default=True, metavar="AGE", help="Not used for so long: 12h, 7d.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def prune(older_than: str, dry_run: bool, as_json: bool) -> None:
    """Remove environments that were not used for a while, and what killed runs have left behind.

    What a run that goes on has used is kept. A step that needs a removed one again gets it again.
    """
    pruned = prune_environments(Home.default(), parse_age(older_than), dry_run=dry_run)
    _report(pruned, dry_run=dry_run, as_json=as_json)


@click.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="ID...")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def remove(names: tuple[str, ...], as_json: bool) -> None:
    """Remove environments by their ids, or the beginnings of them: newer packages are looked for next time."""
    home = Home.default()
    known = [one.id for one in EnvironmentShelf.of(home).all()]
    ids = tuple(_full_id(name, known) for name in names)
    _report(prune_environments(home, 0.0, ids), dry_run=False, as_json=as_json)


def _full_id(name: str, known: list[str]) -> str:
    matching = [one for one in known if one.startswith(name)] if name else []
    if len(matching) != 1:
        what = "several environments begin like that" if matching else "there is no such environment"
        raise UsageError("E969", what, got=name, expected=", ".join(matching), hint="milonga environments list")
    return matching[0]


def _report(pruned: Pruned, *, dry_run: bool, as_json: bool) -> None:
    if pruned.kept_for_runs:
        kept = ", ".join(one.id[:_SHOWN_ID] for one in pruned.kept_for_runs)
        message(f"kept for runs that go on: {kept}")
    if as_json:
        print_json(
            {
                "removed": [_described(one) for one in pruned.removed],
                "kept_for_runs": [_described(one) for one in pruned.kept_for_runs],
                "dry_run": dry_run,
            }
        )
        return
    for one in pruned.removed:
        print(f"{one.id[:_SHOWN_ID]}  {size(one.size_bytes)}  {_made_for(one)}")


@click.group("environments", commands=(list_environments, prune, remove))
def command() -> None:
    """Show the environments that steps share, and remove them."""
