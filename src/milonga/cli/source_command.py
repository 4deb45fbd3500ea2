"""A command whose flags depend on the pipeline that it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from milonga.cli.flags import click_options
from milonga.cli.sources import Source, load_source
from milonga.errors import UsageError


class SourceCommand(click.Command):
    """Finds the pipeline among the arguments first, since its inputs decide which flags there are.

    Args:
        name: the verb.
        options: the verb's own options; an input of the same name is left to `--set NAME=VALUE`.
        work: called with the source (None where none was named) and the values by parameter name; gives the exit code.
        help: what stands in the help text.
        without_source: flags with which the command makes sense without a pipeline.
    """

    def __init__(
        self,
        name: str,
        *,
        options: Sequence[click.Parameter],
        work: Callable[[Source | None, dict[str, Any]], int],
        help: str,
        without_source: frozenset[str] = frozenset(),
    ) -> None:
        self._own = list(options)
        self._work = work
        self._without_source = without_source
        source = click.Argument(["source"], required=False)
        super().__init__(name, params=[source, *self._own], help=help, callback=lambda **_: None)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Split the source off; without one, and without a flag that stands for one, this is a plain command."""
        name, rest = _source_among(args, self._own)
        given = {argument.partition("=")[0] for argument in rest}
        if name is None and not given & self._without_source:
            return super().parse_args(ctx, args)
        source = load_source(name) if name is not None else None
        ctx.obj = (self._with_flags_of(source), f"{ctx.command_path} {name or ''}".strip(), rest)
        return []

    def _with_flags_of(self, source: Source | None) -> click.Command:
        taken = {name for option in self._own for name in option.opts}
        inputs = click_options(source, taken) if source is not None else []
        return click.Command(
            self.name,
            params=[*inputs, *self._own],
            callback=lambda **values: self._work(source, values),
            help=self.help if source is None else f"{self.help}\n\n{source.name}: {source.description}",
            context_settings={"help_option_names": ["-h", "--help"]},
        )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that the source has made."""
        if ctx.obj is None:
            raise UsageError("E908", "no pipeline is named", hint=f"{ctx.command_path} --help says what it takes")
        inner, path, rest = ctx.obj
        return inner.main(args=rest, prog_name=path, standalone_mode=False)


def _source_among(args: list[str], options: Sequence[click.Parameter]) -> tuple[str | None, list[str]]:
    """The first argument that is no option and no option's value, and all others."""
    valued = {name for option in options if not getattr(option, "is_flag", False) for name in option.opts}
    is_value = False
    for index, argument in enumerate(args):
        if is_value:
            is_value = False
        elif argument.startswith("-") and argument != "-":
            is_value = argument in valued
        else:
            return argument, [*args[:index], *args[index + 1 :]]
    return None, args
