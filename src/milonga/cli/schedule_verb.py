"""`milonga schedule`: the group. Each of its verbs is a file of its own and a line below."""

from __future__ import annotations

import click

from milonga.cli.schedule_add import add
from milonga.cli.schedule_changes import delete, pause, resume
from milonga.cli.schedule_list import list_schedules
from milonga.cli.schedule_show import show


@click.group("schedule", commands=(show, add, list_schedules, pause, resume, delete))
def command() -> None:
    """Run a pipeline again and again: show the translation, add it to a back end."""
