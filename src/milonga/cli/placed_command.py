"""A command about runs of this machine, or, with `--to`, about those of a back end that lets them be looked into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from milonga.backends.base import Backend
    from milonga.backends.operations import ClusterOperations

Remote = Callable[["Backend", "ClusterOperations", dict[str, Any]], int]
_HERE = "local"


class PlacedCommand(click.Command):
    """Loads a back end, and takes the flags of its settings, only when `--to` names it.

    Args:
        name: the verb.
        params: the verb's own arguments and options.
        remote: called for a back end, with its operations and the values by parameter name; gives the exit code.
        help: what stands in the help text.
        local: the same for this machine; None where the verb is about back ends only.
        uses: what the verb does besides connecting, as `BackendOption.used_by` has it.
    """

    def __init__(
        self,
        name: str,
        *,
        params: Sequence[click.Parameter],
        remote: Remote,
        help: str,
        local: Callable[[dict[str, Any]], int] | None = None,
        uses: tuple[Any, ...] = (),
    ) -> None:
        self._local = local
        self._remote = remote
        self._uses = uses
        given: dict[str, Any] = {"default": _HERE, "show_default": True} if local else {"required": True}
        to = click.Option(["--to", "to"], metavar="NAME", help="Where the runs are: a back end such as argo.", **given)
        self._own = [*params, to]
        super().__init__(name, params=list(self._own), help=help, callback=self._run)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look for `--to` first: the settings of that back end are flags as well."""
        self.params = [*self._own, *self._flags_of(_place_in(args))]
        return super().parse_args(ctx, args)

    def _flags_of(self, place: str) -> list[click.Parameter]:
        if place in ("", _HERE):
            return []
        from milonga.cli.backend_flags import setting_flags  # loads a back end

        return setting_flags([place], self._uses)

    def _run(self, **values: Any) -> int:
        place = values.pop("to")
        if place == _HERE:
            if self._local is not None:
                return self._local(values)
            from milonga.backends.operations import not_looked_into

            raise not_looked_into(_HERE, "for runs of this machine: milonga run, show, logs and replay")
        from milonga.backends.operations import operations_of
        from milonga.cli.backend_flags import chosen_backend

        backend = chosen_backend({**values, "to": place})
        return self._remote(backend, operations_of(backend), values)


def _place_in(args: Sequence[str]) -> str:
    """The value of `--to`, "" where it is not there."""
    for index, argument in enumerate(args):
        if argument == "--":
            return ""
        if argument.startswith("--to="):
            return argument.removeprefix("--to=")
        if argument == "--to" and index + 1 < len(args):
            return args[index + 1]
    return ""
