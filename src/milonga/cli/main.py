"""The command `milonga`: its verbs, and how an error becomes a message and an exit code.

Exit codes: 0 ok, 1 findings or a failed run, 2 wrong usage, 3 somebody else's system failed.
"""

from __future__ import annotations

import errno
import gc
import importlib
import io
import os
import signal
import sys
from pathlib import Path
from typing import Any, TextIO

import click

from milonga.__about__ import __version__
from milonga.cli.output import fail, message
from milonga.errors import MilongaError, UsageError, internal_error

_VERBS = {
    "cache": "Show what is kept of earlier results, and remove it.",
    "cancel": "Ask for the end of a run of a back end.",
    "check": "Check a pipeline and report every finding.",
    "compile": "Write a pipeline as a file for a target.",
    "conformance": "Compare this engine with a corpus of pipelines and results.",
    "data": "Make real example data.",
    "devices": "Show and measure target devices.",
    "diff": "Compare two pipelines, files or runs by meaning.",
    "doctor": "Say what this installation can do.",
    "environments": "Show the environments of packages that steps share, and remove them.",
    "explain": "Explain an error code, or a construct and what each target does with it.",
    "image": "Build container images without a daemon, and look up their digests.",
    "lineage": "Walk from an artifact to the data, code and parameters behind it.",
    "logs": "Print the logs of a run or of a task, also while it runs.",
    "outputs": "Show and fetch what a run of a back end has made.",
    "replay": "Run one step of an earlier run again, also under a debugger.",
    "retry": "Run the failed tasks of a run of a back end again.",
    "run": "Run a pipeline on this machine.",
    "runs": "List runs.",
    "schedule": "Run a pipeline again and again: show the translation, add it to a back end.",
    "serve": "Serve a deployed model on this machine.",
    "show": "Show a pipeline, a run or a task of a run.",
    "submit": "Start a pipeline on a back end.",
    "why": "Say why a task was taken from the cache, or was not.",
}

_OF_AN_OUTPUT = (errno.ENOSPC, errno.EIO, errno.EBADF, errno.EDQUOT)
"""What writing to a stream that is full or closed says."""


class _LazyGroup(click.Group):
    """Imports a verb's module only when the verb is used, so that `milonga --help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = importlib.import_module(f"milonga.cli.{cmd_name}_verb").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in _VERBS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], _VERBS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_VERBS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="milonga")
@click.option("--home", metavar="DIR", help="State folder, for every verb [default: MILONGA_HOME or .milonga].")
def cli(home: str | None) -> None:
    """Typed machine-learning pipelines that end in a network measured on your device."""
    if home is not None:
        os.environ["MILONGA_HOME"] = home


def main() -> None:
    """Run the command line and exit."""
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a value may hold what no encoding has
    gc.set_threshold(50_000, 20, 50)  # a short-lived process that makes many small objects and few circles
    try:
        code = run_command_line(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 1  # a second one, while the first was told
    except BrokenPipeError:
        code = _without_output(1)
    except OSError as error:
        message(f"error E919: the output cannot be written: {error.strerror}")
        code = _without_output(2)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what is left is to leave: a Ctrl-C ends that without a word
    sys.exit(code)


def _nowhere() -> TextIO:
    """In place of a stream that was closed by who started us."""
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - it lives as long as the process


def _without_output(code: int) -> int:
    """The exit code `code`; what is left to be written has nowhere to go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def run_command_line(arguments: list[str]) -> int:
    """Run one command; the exit code. Errors of ours and of click are printed, never raised."""
    as_json = "--json" in arguments
    try:
        Path.cwd()
    except FileNotFoundError:
        gone = UsageError("E951", "the current folder does not exist any more", hint="cd to one that does")
        return fail(gone, as_json=as_json)
    try:
        result = cli.main(args=arguments, prog_name="milonga", standalone_mode=False)
    except MilongaError as error:
        return fail(error, as_json=as_json)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        print("interrupted", file=sys.stderr)
        return 1
    except click.exceptions.NoArgsIsHelpError as error:
        error.show(file=sys.stderr)
        return 2
    except click.ClickException as error:
        return fail(_wrong_usage(error), as_json=as_json)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 1
    except RecursionError:
        return fail(internal_error("something in the input is nested too deeply"), as_json=as_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is None and error.errno in _OF_AN_OUTPUT:
            raise
        return fail(internal_error(f"{type(error).__name__}: {error}"), as_json=as_json)
    except Exception as error:
        if os.environ.get("MILONGA_DEBUG"):
            raise
        return fail(internal_error(f"{type(error).__name__}: {error}"), as_json=as_json)
    return result if isinstance(result, int) else 0


def _wrong_usage(error: click.ClickException) -> UsageError:
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context is not None else "milonga"
    return UsageError("E900", error.format_message(), hint=f"{command} --help")
