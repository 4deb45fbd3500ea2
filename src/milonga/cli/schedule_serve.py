"""`milonga schedule serve` and `run-due`: what starts the runs of this machine's schedules."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from milonga.backends.local.backend import LocalBackend
from milonga.backends.local.clock import SystemClock
from milonga.backends.local.events.hook_server import serving_hooks
from milonga.backends.local.places import Places
from milonga.backends.local.records.firing import Firing
from milonga.backends.local.running.scheduler import MAX_RUNS, LocalScheduler
from milonga.backends.local.triggers import HookTrigger
from milonga.cli.backend_flags import local_backend, local_flags
from milonga.cli.output import message, print_json
from milonga.cli.schedule_firings import firing_line

_MAX_RUNS = click.Option(
    ["--max-runs"],
    type=click.IntRange(min=1),
    default=MAX_RUNS,
    show_default=True,
    help="Runs of all schedules together at the same time.",
)


def _say(text: str) -> None:
    message(f"{time.strftime('%H:%M:%S')} {text}")


def _serve(**values: Any) -> int:
    backend = local_backend(values)
    places = Places(backend.home)
    with contextlib.ExitStack() as stack:
        if values["port"] is not None:
            address = stack.enter_context(serving_hooks(values["port"], places, SystemClock(), _say))
            _say(f"hooks: {address}/hooks/NAME, with the token in {places.hook_token}")
        elif backend.kept.has_kind(HookTrigger.kind):
            _say("hooks are not served: --port says where")
        _say(f"scheduling for {backend.home.root}; Ctrl-C ends it, and runs go on")
        with _ended_by_signals(), contextlib.suppress(KeyboardInterrupt):
            LocalScheduler(backend.home, max_runs=values["max_runs"], say=_say).serve()
    _say("the scheduler has ended; runs go on")
    return 0


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM, which service managers send, and Ctrl-C end it alike."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run_due(**values: Any) -> int:
    backend: LocalBackend = local_backend(values)
    started: tuple[Firing, ...] = ()
    if Places(backend.home).database.exists():  # looking makes nothing
        started = LocalScheduler(backend.home, max_runs=values["max_runs"], say=_say).run_due(wait=values["wait"])
    if values["as_json"]:
        print_json({"started": [firing.to_json() for firing in started]})
    else:
        for firing in started:
            print(firing_line(firing, backend.home))
    return 1 if values["wait"] and any(firing.state in ("FAILED", "CANCELLED") for firing in started) else 0


serve = click.Command(
    "serve",
    params=[
        *local_flags(),
        _MAX_RUNS,
        click.Option(
            ["--port"], type=click.IntRange(0, 65535), help="Answer hooks on this port of 127.0.0.1; 0: a free one."
        ),
    ],
    callback=_serve,
    help="Start the runs of this machine's schedules, for as long as it is not ended. It may be killed at any moment: "
    "when it is started again it goes on, nothing is lost and nothing runs twice. Several may run at once.",
)
run_due = click.Command(
    "run-due",
    params=[
        *local_flags(),
        _MAX_RUNS,
        click.Option(["--wait"], is_flag=True, help="Wait for the end of the runs; 1 when one of them has failed."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
    ],
    callback=_run_due,
    help="Start the runs that are due now on this machine, and return: for cron, timers and CI.",
)
