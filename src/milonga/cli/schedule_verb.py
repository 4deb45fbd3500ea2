"""`milonga schedule`: the group. Each of its verbs is a file of its own and a line below."""

from __future__ import annotations

import click

from milonga.cli.schedule_add import add
from milonga.cli.schedule_changes import delete, pause, resume
from milonga.cli.schedule_events import on_file, on_hook
from milonga.cli.schedule_firings import firings
from milonga.cli.schedule_list import list_schedules
from milonga.cli.schedule_serve import run_due, serve
from milonga.cli.schedule_show import show


@click.group(
    "schedule",
    commands=(show, add, on_file, on_hook, list_schedules, firings, pause, resume, delete, run_due, serve),
)
def command() -> None:
    """Run a pipeline again and again, on this machine or on a back end."""
