"""Waiting for the end of a remote run."""

from __future__ import annotations

import time
from collections.abc import Callable

from milonga.backends.base import Backend
from milonga.backends.call_failed import CallFailed
from milonga.backends.remote_run import RemoteRun
from milonga.errors import RemoteError


def ended_run(
    backend: Backend,
    run_id: str,
    *,
    timeout_s: float | None = None,
    watch: Callable[[RemoteRun], None] | None = None,
) -> RemoteRun:
    """The run when it has ended, however it ended. Looks at it from time to time, at first every few seconds.

    A system that does not answer for a while does not end the wait: see `Patience.outage_s`.

    Args:
        backend: where the run is.
        run_id: which one.
        timeout_s: for how long to wait, in seconds; None is without end.
        watch: called with what was seen at each look.

    Raises:
        RemoteError: E800-E808, E812; E810, it has not ended in time. The run goes on.
    """
    begin = last_seen = time.monotonic()
    for pause in backend.patience.polls():
        try:
            run = backend.status(run_id)
        except CallFailed as failure:
            if not failure.is_passing or time.monotonic() - last_seen > backend.patience.outage_s:
                raise
        else:
            last_seen = time.monotonic()
            if watch is not None:
                watch(run)
            if run.ended:
                return run
        left = float("inf") if timeout_s is None else timeout_s - (time.monotonic() - begin)
        if left <= 0:
            raise RemoteError(
                "E810",
                f"run '{run_id}' has not ended within {timeout_s:g} s; it goes on",
                hint=f"milonga submit --to {backend.name} --attach {run_id} --wait goes on waiting",
            )
        time.sleep(min(pause, left))
    raise AssertionError("there is always another look")
