"""`milonga submit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from milonga.backends import Backend, backend_named
from milonga.backends.local.backend import LocalBackend
from milonga.backends.preparation import Preparation, checked_request, prepare
from milonga.backends.remote_run import RemoteRun
from milonga.backends.submit_request import SubmitRequest
from milonga.backends.waiting import ended_run
from milonga.cli.backend_flags import backend_flags, chosen_backend, given_settings
from milonga.cli.fusing import FUSE_HELP, fused_source
from milonga.cli.local_command import local_command
from milonga.cli.output import fail, message, print_json
from milonga.cli.pinning import PIN_HELP, pinned_source
from milonga.cli.remote_lines import RemoteLines, described
from milonga.cli.run_verb import collect_arguments
from milonga.cli.runtime_image import RUNTIME_IMAGE_HELP, with_runtime_image
from milonga.cli.source_command import SourceCommand
from milonga.cli.sources import Source
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.targets import target_named
from milonga.errors import MilongaError, UsageError

_HELP = """Start a pipeline on a back end, and print the run's id and page.

SOURCE is FILE.py:NAME, a KFP IR file or a catalogue name; its inputs become flags: `milonga submit SOURCE --help` lists
them. Nothing is sent before the pipeline, its arguments and the settings have been checked. Credentials come from the
environment: MILONGA_KFP_TOKEN or MILONGA_KFP_COOKIES, GOOGLE_APPLICATION_CREDENTIALS.
"""
_OF_A_NEW_RUN = (
    *("args_file", "assignments", "run_name", "no_cache", "lower", "fuse", "runtime_image", "pin_images", "force"),
    "label",
)


def submission_options() -> list[click.Parameter]:
    """The options of everything that sends a pipeline."""
    return [
        click.Option(["--args", "args_file"], metavar="FILE", help="JSON object with values of the inputs."),
        click.Option(["--set", "assignments"], multiple=True, metavar="NAME=VALUE", help="Value of one input."),
        click.Option(["--no-cache"], is_flag=True, help="Run every task, even if its result is known."),
        click.Option(
            ["--lower/--no-lower"],
            default=None,
            help="Write what does not work there in a form that does. Default: yes for Python, no for pipeline files.",
        ),
        click.Option(["--fuse"], is_flag=True, help=FUSE_HELP),
        click.Option(["--runtime-image"], default="", metavar="IMAGE", help=RUNTIME_IMAGE_HELP),
        click.Option(["--pin-images"], is_flag=True, help=PIN_HELP),
        click.Option(["--force"], is_flag=True, help="Send even what the back end is known to refuse or to fail on."),
        click.Option(["--label"], multiple=True, metavar="NAME=VALUE", help="Label of the run (vertex)."),
    ]


def _options() -> list[click.Parameter]:
    return [
        *backend_flags("run"),
        click.Option(["--name", "run_name"], metavar="TEXT", help="Name of the run [default: pipeline and time]."),
        *submission_options(),
        click.Option(["--wait"], is_flag=True, help="Wait for the end of the run; 1 is the exit code of a failed one."),
        click.Option(["--logs"], is_flag=True, help="With --wait: print what the tasks write (argo)."),
        click.Option(["--timeout-s"], type=click.FloatRange(min=0), help="Wait for so many seconds, then exit with 3."),
        click.Option(["--attach"], metavar="RUN", help="Start nothing: show a run, or wait for it, by its id."),
        click.Option(
            ["--cancel"],
            is_flag=True,
            help="With --attach: ask for the end of the run; 0 once accepted.",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
    ]


def _submit(source: Source | None, values: dict[str, Any]) -> int:
    _require_consistent(source, values)
    if values["attach"] is not None:
        _require_connecting(values)
    backend = chosen_backend(values)
    if values["attach"] is not None:
        return _attached(backend, values["attach"], values)
    if source is None:
        raise UsageError("E908", "no pipeline to submit")
    ready = ready_request(source, backend, values, name=values["run_name"] or "")
    if ready is None:
        return 1
    graph, request, findings = ready
    changed = backend.argument_findings(request)
    for finding in changed:
        message(str(finding))
    submitted = backend.submit(graph, request)
    found = {"findings": [finding.to_json() for finding in (*findings, *changed)]}
    if not values["wait"]:
        if values["as_json"]:
            print_json({"backend": backend.name, **submitted.to_json(), **found})
        else:
            print("\n".join(filter(None, (submitted.run_id, submitted.url))))
        return 0
    message(f"run {submitted.run_id} ({submitted.name}) {submitted.url}".rstrip())
    return _waited(backend, submitted.run_id, values, {**submitted.to_json(), **found})


def _require_consistent(source: Source | None, values: dict[str, Any]) -> None:
    """No option may be taken and ignored."""
    attached = values["attach"] is not None
    given = [name for name in _OF_A_NEW_RUN if values[name] not in (None, False, (), "")]
    if attached and (source is not None or given):
        what = "a pipeline" if source is not None else ", ".join(f"--{_spelled(name)}" for name in given)
        raise UsageError("E937", f"--attach starts nothing, so it takes no {what}")
    if values["cancel"] and not attached:
        raise UsageError("E937", "--cancel needs --attach RUN")
    if values["timeout_s"] is not None and not values["wait"]:
        raise UsageError("E937", "--timeout-s needs --wait")
    if values["logs"] and not values["wait"]:
        raise UsageError("E937", "--logs needs --wait")


def _require_connecting(values: dict[str, Any]) -> None:
    """Settings of a new run have no place beside `--attach`."""
    given = given_settings(values)
    for option in backend_named(values["to"]).options:
        if option.name in given and option.used_by != "connect":
            raise UsageError("E937", f"--attach starts nothing, so it takes no {option.flag}")


def _spelled(name: str) -> str:
    return {"args_file": "args", "assignments": "set", "run_name": "name"}.get(name, name).replace("_", "-")


def ready_request(
    source: Source, backend: Backend, values: dict[str, Any], *, name: str = ""
) -> tuple[Graph, SubmitRequest, tuple[Diagnostic, ...]] | None:
    """The pipeline and the request as they will be sent, and the findings, which have been shown.

    None when the findings keep them from being sent.

    Raises:
        UsageError: E902-E904 wrong arguments, E911 no NAME=VALUE.
        RemoteError: E839, an image that cannot be pinned.
    """
    preparation = _prepared(source, backend, values)
    request = checked_request(
        preparation.graph, source.signature, collect_arguments(source, values), name=name, **request_options(values)
    )
    return _unless_stopped(preparation, request, values)


def request_options(values: dict[str, Any]) -> dict[str, Any]:
    """What a request has besides the values of inputs.

    Raises:
        UsageError: E911, no NAME=VALUE.
    """
    return {"use_cache": not values["no_cache"], "labels": _labels(values["label"])}


def ready_graph(
    source: Source, backend: Backend, values: dict[str, Any]
) -> tuple[Graph, tuple[Diagnostic, ...]] | None:
    """As `ready_request`, for a pipeline whose inputs get their values later."""
    ready = _unless_stopped(_prepared(source, backend, values), SubmitRequest(), values)
    return None if ready is None else (ready[0], ready[2])


def _prepared(source: Source, backend: Backend, values: dict[str, Any]) -> Preparation:
    chosen = with_runtime_image(source, target_named(backend.name), values["runtime_image"])
    chosen = fused_source(chosen, backend.name, values["lower"]) if values["fuse"] else chosen
    chosen = pinned_source(chosen, backend.name, values["lower"]) if values["pin_images"] else chosen
    return prepare(chosen, backend.name, lower=values["lower"])


def _unless_stopped(
    preparation: Preparation, request: SubmitRequest, values: dict[str, Any]
) -> tuple[Graph, SubmitRequest, tuple[Diagnostic, ...]] | None:
    findings = (*preparation.stopping, *preparation.refused, *preparation.noted)
    stops = bool(preparation.stops(force=values["force"]))
    _show_findings(preparation, findings, stops=stops, as_json=values["as_json"])
    return None if stops else (preparation.graph, request, findings)


def _show_findings(preparation: Preparation, findings: tuple[Diagnostic, ...], *, stops: bool, as_json: bool) -> None:
    for finding in findings:
        message(str(finding))
    if not stops:
        return
    if preparation.refused and not preparation.stopping:
        message("nothing was sent: --force sends it all the same")
    else:
        message("nothing was sent")
    if as_json:
        print_json({"findings": [finding.to_json() for finding in findings]})


def _labels(assignments: tuple[str, ...]) -> dict[str, str]:
    """Labels from NAME=VALUE.

    Raises:
        UsageError: E911, a label without a value.
    """
    labels: dict[str, str] = {}
    for assignment in assignments:
        name, separator, value = assignment.partition("=")
        if not separator:
            raise UsageError("E911", "--label takes NAME=VALUE", got=assignment)
        labels[name] = value
    return labels


def _attached(backend: Backend, run_id: str, values: dict[str, Any]) -> int:
    if values["cancel"]:
        backend.cancel(run_id)
        message(f"asked for the end of run {run_id}")
    if values["wait"]:
        return _waited(backend, run_id, values, {"run_id": run_id})
    if values["cancel"]:
        if values["as_json"]:
            print_json({"backend": backend.name, "run_id": run_id, "cancel": "accepted"})
        return 0
    run = backend.status(run_id)
    if not values["as_json"]:
        for task in run.tasks:
            print(described(task))
    return _shown(backend, run, values, {})


def _waited(backend: Backend, run_id: str, values: dict[str, Any], known: dict[str, Any]) -> int:
    """Wait for the end of a run; `known` is what its JSON document holds whatever happens to the wait."""
    told = _logs_of(backend, run_id, values) if values["logs"] else lambda: None
    try:
        run = ended_run(backend, run_id, timeout_s=values["timeout_s"], watch=RemoteLines())
        told()
    except KeyboardInterrupt:
        message(f"interrupted; the run goes on: milonga submit --to {backend.name} --attach {run_id} --wait")
        if values["as_json"]:
            print_json({"backend": backend.name, **known})
        return 1
    except MilongaError as error:
        message(f"the run is {run_id}: milonga submit --to {backend.name} --attach {run_id} --wait looks again")
        if values["as_json"]:
            print_json({"backend": backend.name, **known, "error": error.to_json()})
        return fail(error, as_json=False)
    return _shown(backend, run, values, known)


def _logs_of(backend: Backend, run_id: str, values: dict[str, Any]) -> Callable[[], None]:
    """Print the logs of a run as they are written, beside the document of `--json`; gives what waits for the rest."""
    from milonga.backends.operations import operations_of
    from milonga.cli.remote_logs import line_writer

    write = line_writer(prefixed=True, to_stderr=values["as_json"])
    return operations_of(backend).following(run_id, write)


def _shown(backend: Backend, run: RemoteRun, values: dict[str, Any], known: dict[str, Any]) -> int:
    if values["as_json"]:
        print_json({"backend": backend.name, **known, **run.to_json()})
    else:
        print(f"{run.run_id} {run.state}")
        if run.url:
            print(run.url)
        if run.error:
            message(f"error of the run: {run.error}")
        if isinstance(backend, LocalBackend) and run.ended and not run.succeeded:
            message(f"its logs: {local_command(backend.home, 'logs', run.run_id)}")
    return 1 if run.ended and not run.succeeded else 0


command = SourceCommand(
    "submit",
    options=_options(),
    work=_submit,
    help=_HELP,
    without_source=frozenset({"--attach"}),
)
