"""The page of the command line, from click's own objects."""

from __future__ import annotations

import click
from reference_text import table

_EXIT_CODES = [
    ["0", "done"],
    ["1", "findings, a failed or interrupted run, a stale file, or an error that is not one of the two below"],
    ["2", "wrong usage: an unknown verb, option, input, file or run"],
    ["3", "somebody else's system failed"],
]
_VARIABLES = [
    ["`MILONGA_HOME`", "State folder: runs, the store of artifacts, the lineage database. Default: `.milonga`."],
    [
        "`MILONGA_CACHE_MAX_AGE`",
        "Results that are older, such as `7d`, are not taken from the cache; `--cache-max-age` wins.",
    ],
    [
        "`MILONGA_CACHE_MAX_BYTES`",
        "What is beyond this size, such as `20GB`, is evicted after a run; `--cache-max-size` and `--max-size` win.",
    ],
    [
        "`MILONGA_CONTAINER_ENGINE`",
        "Name or path of the container engine; `none` keeps milonga from looking for podman and docker.",
    ],
    ["`MILONGA_UV`", "Name or path of uv. Default: the one on the `PATH`, or beside the running Python."],
    ["`MILONGA_DEBUG`", "Set to anything: an error inside milonga ends with its Python traceback."],
]


def command_line_page() -> str:
    """All verbs with their arguments and options."""
    from milonga.cli.main import cli

    context = click.Context(cli, info_name="milonga")
    parts = [
        "# Command line",
        "`milonga VERB ...`; `python -m milonga VERB ...` is the same. Data go to stdout, progress and messages to "
        "stderr. With `--json` stdout is one JSON document; an error of [errors.md](errors.md) is one, too.",
        "## Exit codes",
        table(["code", "meaning"], _EXIT_CODES),
        "## Environment variables",
        table(["name", "meaning"], _VARIABLES),
        "## What names a pipeline",
        table(
            ["spelling", "what it is"],
            [
                ["`FILE.py`", "the only pipeline that the file defines"],
                ["`FILE.py:NAME`", "this pipeline or component of the file"],
                ["`FOLDER`", "`FOLDER/pipeline.py`"],
                ["`FILE.yaml`, `FILE.json`", "a KFP IR file, whoever compiled it"],
                ["`NAME`", "a pipeline or component of the catalogue, such as `image-classification`"],
            ],
        ),
    ]
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is not None:
            parts += _command(command, f"milonga {name}", "##")
    return "\n\n".join(part for part in parts if part)


def _command(command: click.Command, path: str, marks: str) -> list[str]:
    context = click.Context(command, info_name=path)
    parts = [f"{marks} {path}", f"```text\n{path} {' '.join(_usage(command, context))}".strip() + "\n```"]
    parts.append("\n\n".join(" ".join(part.split()) for part in (command.help or "").strip().split("\n\n")))
    rows = [list(record) for record in (_row(parameter, context) for parameter in command.params) if record]
    parts.append(table(["option", "meaning"], rows))
    if path == "milonga run":
        parts.append(
            "Each input of the pipeline is one more option, with its type and default: `milonga run TARGET --help`. "
            "An input whose option would be one of the above is given with `--set`. Later ones win: `--args`, then "
            "`--set`, then options."
        )
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            parts += _command(command.commands[name], f"{path} {name}", "###")
    return parts


def _usage(command: click.Command, context: click.Context) -> list[str]:
    pieces = command.collect_usage_pieces(context)
    return [piece for piece in pieces if piece != "[OPTIONS]"] + (["[OPTIONS]"] if "[OPTIONS]" in pieces else [])


def _row(parameter: click.Parameter, context: click.Context) -> tuple[str, str] | None:
    if isinstance(parameter, click.Option) and not parameter.hidden:
        record = parameter.get_help_record(context)
        return (f"`{record[0]}`", record[1].replace("  [", " [")) if record else None
    return None
