"""The options of `milonga run` that are the same for every pipeline, and the settings that they make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from milonga.engine.cache.policy import CachePolicy
from milonga.engine.home import Home
from milonga.engine.settings import Mode, RunSettings
from milonga.errors import UsageError


def run_options() -> list[click.Parameter]:
    """The options, in the order in which help shows them."""
    return [*_what_runs(), *_how_it_runs(), *_what_is_kept(), *_what_is_shown()]


def _what_runs() -> list[click.Parameter]:
    return [
        click.Option(["--args", "args_file"], metavar="FILE", help="JSON object with values of the inputs."),
        click.Option(["--set", "assignments"], multiple=True, metavar="NAME=VALUE", help="Value of one input."),
        click.Option(
            ["--resume"],
            is_flag=False,
            flag_value="",
            default=None,
            metavar="[RUN]",
            help="Go on with a run (without an id: the newest of this pipeline).",
        ),
        click.Option(["--secrets", "secrets_file"], metavar="FILE", help="JSON object {secret: {key: value}}."),
    ]


def _how_it_runs() -> list[click.Parameter]:
    return [
        click.Option(
            ["--jobs", "-j"],
            type=click.IntRange(min=0),
            default=0,
            help="Steps at the same time [default: as many as the cores allow].",
        ),
        click.Option(
            ["--resources"],
            type=click.Choice(["fit", "strict", "ignore"]),
            default="fit",
            show_default=True,
            help="Requests for more cores, memory or GPUs than there are: cut them, let the step fail, or count none.",
        ),
        click.Option(["--in-process"], is_flag=True, help="Run the steps in this process: breakpoints and pdb work."),
        click.Option(["--containers"], is_flag=True, help="Run every step in the image that it names."),
        click.Option(
            ["--no-install"], is_flag=True, help="Install no packages that a step declares and that are missing."
        ),
        click.Option(
            ["--fail-fast/--fail-slow"],
            help="After a failure, start nothing more, or go on with what does not need it [default].",
        ),
        click.Option(
            ["--inject"],
            multiple=True,
            metavar="FAULT",
            help="Make something go wrong, such as kill:train or fail:fetch:2 (docs/how-to/inject-faults.md).",
        ),
    ]


def _what_is_kept() -> list[click.Parameter]:
    return [
        click.Option(["--no-cache"], is_flag=True, help="Run every step, even if its result is known."),
        click.Option(["--cache-max-age"], metavar="AGE", help="Take no results that are older, such as 12h or 7d."),
        click.Option(
            ["--cache-max-size"], metavar="SIZE", help="Keep no more than this after the run, such as 500MB or 20GiB."
        ),
        click.Option(["--home"], metavar="DIR", help="State folder [default: MILONGA_HOME or .milonga]."),
    ]


def _what_is_shown() -> list[click.Parameter]:
    return [
        click.Option(["--logs"], is_flag=True, help="Show what the steps print while they run, with their names."),
        click.Option(["--quiet", "-q"], is_flag=True, help="No progress."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the result as one JSON document."),
    ]


def settings_of(values: Mapping[str, Any], search_path: tuple[str, ...]) -> RunSettings:
    """The settings that the options ask for.

    Raises:
        UsageError: E901 two modes at once, E912 a file that cannot be read, E963 or E964 a limit of the cache, E965 a
            fault.
    """
    return RunSettings(
        home=Home(Path(values["home"]).absolute()) if values["home"] else Home.default(),
        jobs=values["jobs"],
        mode=_mode(values),
        use_cache=not values["no_cache"],
        cache_policy=CachePolicy.chosen(values["cache_max_age"], values["cache_max_size"]),
        fail_fast=values["fail_fast"],
        secrets=read_object(values["secrets_file"]) if values["secrets_file"] else {},
        search_path=search_path,
        installs=not values["no_install"],
        resources=values["resources"],
        faults=_faults(values["inject"]),
    )


def _mode(values: Mapping[str, Any]) -> Mode:
    if values["in_process"] and values["containers"]:
        raise UsageError("E901", "a step runs in this process or in a container, not in both")
    return "in-process" if values["in_process"] else "container" if values["containers"] else "isolated"


def _faults(texts: tuple[str, ...]) -> tuple[Any, ...]:
    if not texts:
        return ()
    from milonga.engine.faults.kinds import parse_faults  # few runs have any

    return parse_faults(texts)


def read_object(file: str) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        UsageError: E912, there is none.
    """
    path = Path(file)
    try:
        value = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError("E912", f"the file cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, RecursionError) as error:
        raise UsageError("E912", f"the file is no JSON: {error}", where=str(path)) from None
    if not isinstance(value, dict):
        raise UsageError("E912", "the file holds no JSON object", where=str(path), got=type(value).__name__)
    return value
