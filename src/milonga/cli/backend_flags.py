"""Flags of all back ends: each has those that its settings ask for, and refuses those of others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from milonga.backends import BACKENDS, Backend, backend_named
from milonga.backends.backend_option import Use
from milonga.backends.local.backend import LocalBackend
from milonga.backends.patience import Patience

_PREFIX = "backend_"


def backend_flags(*uses: Use, default: str | None = None) -> list[click.Parameter]:
    """`--to`, and one flag a setting; where several back ends share a name, one flag serves them all.

    Args:
        uses: what the verb does besides connecting: the settings of anything else are no flags of it.
        default: the back end that is meant where `--to` is left out; None, it may not be.
    """
    given: dict[str, Any] = {"required": True} if default is None else {"default": default, "show_default": True}
    meaning = f"Where the pipeline will run: {', '.join(BACKENDS)}."
    to = click.Option(["--to", "to"], metavar="NAME", help=meaning, **given)
    return [to, *setting_flags(BACKENDS, uses)]


def local_flags(*uses: Use) -> list[click.Parameter]:
    """The settings of this machine as flags, for verbs that mean no other back end."""
    return setting_flags(["local"], uses)


def setting_flags(names: Iterable[str], uses: tuple[Use, ...]) -> list[click.Parameter]:
    """One flag a setting of these back ends, without `--to`."""
    meanings: dict[str, list[str]] = {}
    spellings: dict[str, str] = {}
    for name in names:
        for option in backend_named(name).options:
            if not option.secret and option.used_by in ("connect", *uses):
                spellings[option.name] = option.flag
                where = f" [{option.environment[0]}]" if option.environment else ""
                meanings.setdefault(option.name, []).append(f"{name}: {option.description}{where}")
    return [
        click.Option([spellings[name], f"{_PREFIX}{name}"], metavar="TEXT", help="; ".join(lines) + ".")
        for name, lines in sorted(meanings.items())
    ]


def given_settings(values: dict[str, Any]) -> dict[str, str]:
    """The settings that stand on the command line, by option name."""
    return {
        key.removeprefix(_PREFIX): value
        for key, value in values.items()
        if key.startswith(_PREFIX) and value is not None
    }


def chosen_backend(values: dict[str, Any]) -> Backend:
    """The back end that the flags name. Nobody is reached.

    Raises:
        UsageError: E930 no such back end, E931 a flag of another back end, E932 a missing one, E933 a wrong one.
    """
    return backend_named(values["to"]).configured(given_settings(values), Patience())


def local_backend(values: dict[str, Any]) -> LocalBackend:
    """This machine, with the settings that the flags give.

    Raises:
        UsageError: E933 a wrong setting, E978 a file of secrets that is none.
    """
    return LocalBackend.configured(given_settings(values), Patience())
