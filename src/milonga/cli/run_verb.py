"""`milonga run`."""

from __future__ import annotations

import json
import shlex
from typing import Any

import click

from milonga.cli.flags import click_options, input_flags
from milonga.cli.output import message, print_json
from milonga.cli.run_options import read_object, run_options, settings_of
from milonga.cli.sources import Source, load_source
from milonga.dsl.parameters import parse_argument
from milonga.engine.home import Home
from milonga.engine.progress import command_progress
from milonga.engine.result import RunResult
from milonga.engine.runnable import as_runnable
from milonga.errors import UsageError
from milonga.lineage.selection import NEWEST

_HELP = """Run a pipeline on this machine.

TARGET is FILE.py:NAME (of milonga or kfp), a KFP IR or component file, a folder with a pipeline.py, or a catalogue
name; its inputs become flags:
`milonga run TARGET --help` lists them.
"""


class _RunCommand(click.Command):
    """Finds the target first, since its inputs decide which flags there are."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        target, rest = split_target(args)
        if target is None:
            return super().parse_args(ctx, args)
        source = None if target == "" else load_source(target)
        own = run_options()
        taken = {name for option in own for name in option.opts}
        inputs = click_options(source, taken) if source is not None else []
        inner = click.Command(
            "run", params=[*inputs, *own], callback=lambda **values: _run(source, values), help=_target_help(source)
        )
        inner.context_settings = {"help_option_names": ["-h", "--help"]}
        ctx.obj = (inner, target, rest)
        return []

    def invoke(self, ctx: click.Context) -> Any:
        if ctx.obj is None:
            raise UsageError("E908", "no pipeline to run", hint="milonga run --help says what it takes")
        inner, target, rest = ctx.obj
        return inner.main(args=rest, prog_name=f"milonga run {target}".strip(), standalone_mode=False)


def split_target(args: list[str]) -> tuple[str | None, list[str]]:
    """The target among the arguments, and the others; "" when a run is resumed without naming a pipeline."""
    valued = {name for option in run_options() if not getattr(option, "is_flag", False) for name in option.opts}
    valued -= {"--resume"}
    skip = False
    for index, argument in enumerate(args):
        if skip:
            skip = False
        elif argument.startswith("-"):
            skip = argument in valued
            if argument == "--resume" and index + 1 < len(args) and _looks_like_run(args[index + 1]):
                skip = True
        else:
            return argument, [*args[:index], *args[index + 1 :]]
    return ("" if any(argument.split("=")[0] == "--resume" for argument in args) else None), args


def _looks_like_run(text: str) -> bool:
    return text == NEWEST or (len(text) >= 8 and text[:8].isdigit())


def _target_help(source: Source | None) -> str:
    if source is None:
        return _HELP
    return f"Run {source.name}.\n\n{source.description}"


def _run(source: Source | None, values: dict[str, Any]) -> int:
    from milonga.engine import api

    settings = settings_of(values, source.search_path if source else ())
    progress = command_progress(quiet=values["quiet"], debugging=values["in_process"], logs=values["logs"])
    arguments = collect_arguments(source, values)
    runnable = as_runnable(source) if source else None
    if values["resume"] is not None:
        result = api.resume_run(runnable, values["resume"] or None, arguments or None, settings, progress)
    elif runnable is None:
        raise UsageError("E908", "no pipeline to run")
    else:
        result = api.start_run(runnable, arguments, settings, progress)
    show_result(result, as_json=values["as_json"])
    return 0 if result.succeeded else 1


def collect_arguments(source: Source | None, values: dict[str, Any]) -> dict[str, Any]:
    """Arguments from --args, then --set, then flags; later ones win.

    Raises:
        UsageError: E904 a value of the wrong type, E911 no NAME=VALUE, E912 a file that cannot be read.
    """
    arguments: dict[str, Any] = dict(read_object(values["args_file"])) if values["args_file"] else {}
    schemas = {flag.name: flag.schema for flag in input_flags(source)} if source else {}
    for assignment in values["assignments"]:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise UsageError("E911", "--set takes NAME=VALUE", got=assignment)
        schema = schemas.get(name)
        try:
            arguments[name] = parse_argument(schema, text) if schema is not None else text
        except (TypeError, ValueError) as error:
            raise UsageError("E904", f"input '{name}' has the wrong type", got=str(error)) from None
    arguments.update(
        {
            key.removeprefix("input_"): value
            for key, value in values.items()
            if key.startswith("input_") and value is not None
        }
    )
    return arguments


def show_result(result: RunResult, *, as_json: bool) -> None:
    """The result: one JSON document, or outputs on stdout and where to look on stderr."""
    if as_json:
        print_json(result.to_json())
    else:
        for name, value in result.run.outputs.items():
            print(f"{name} = {json.dumps(value, ensure_ascii=False)}")
        for name in result.run.output_artifacts:
            print(f"{name} = {_shown_artifact(result.run.output_artifacts[name])}")
    error = result.run.error
    if error:
        own = str(error.get("where", "")) or _author_place(result, str(error.get("task", "")))
        places = [f"task {error['task']}" if error.get("task") else "", own]
        where = f"  at: {', '.join(filter(None, places))}\n" if any(places) else ""
        details = "".join(f"  {key}: {error[key]}\n" for key in ("got", "expected", "hint") if error.get(key))
        message(f"error {error.get('code', 'E410')}: {error.get('message', '')}\n{where}{details}".rstrip())
    if result.report is not None:
        message(f"report: {result.report}")
    if not result.succeeded:
        home = result.folder.parent.parent
        again = "milonga" if home == Home.default().root else f"milonga --home {shlex.quote(str(home))}"
        if error.get("task"):
            task = f"{result.run_id} {shlex.quote(error['task'])}"
            message(f"logs:   {again} logs {task}\ndebug:  {again} replay {task} --pdb")
        message(f"resume: {again} run --resume {result.run_id}")


def _author_place(result: RunResult, path: str) -> str:
    """The author's line in which the task failed; "" when that is not to be found out."""
    record = result.tasks.get(path)
    traceback = str(record.error.get("traceback", "")) if record is not None else ""
    if record is None or not traceback:
        return ""
    from milonga.engine.replay import lines_of  # most runs do not fail

    return str(lines_of(result.run, record, Home(result.folder.parent.parent)).deepest(traceback) or "")


def _shown_artifact(value: Any) -> str:
    return (
        "[" + ", ".join(map(_shown_artifact, value)) + "]"
        if isinstance(value, tuple)
        else f"{value.uri} ({value.type})"
    )


command = _RunCommand(
    "run",
    help=_HELP,
    params=[click.Argument(["target"], required=False), *run_options()],
    callback=lambda **_: None,
)
