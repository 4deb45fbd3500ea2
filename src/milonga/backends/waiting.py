"""Waiting for the end of a remote run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from milonga.backends.base import Backend
from milonga.backends.call_failed import CallFailed
from milonga.backends.remote_run import RemoteRun
from milonga.errors import RemoteError

_SHORTEST_LOOK_S = 1.0


def ended_run(
    backend: Backend,
    run_id: str,
    *,
    timeout_s: float | None = None,
    watch: Callable[[RemoteRun], None] | None = None,
) -> RemoteRun:
    """The run when it has ended, however it ended. Looks at it from time to time, at first every few seconds.

    A system that does not answer for a while does not end the wait: see `Patience.outage_s`. A look is one attempt, and
    lasts no longer than the wait may still last, but a second at least, without which no system could answer.

    Args:
        backend: where the run is.
        run_id: which one.
        timeout_s: for how long to wait, in seconds; None is without end.
        watch: called with what was seen at each look.

    Raises:
        RemoteError: E800-E808, E812; E810, it has not ended in time. The run goes on.
    """
    patience = backend.patience
    begin = last_seen = time.monotonic()
    deadline = math.inf if timeout_s is None else begin + timeout_s
    said = ""
    for pause in patience.polls():
        limit = min(deadline, last_seen + patience.outage_s) - time.monotonic()
        try:
            run = backend.status(run_id, patience=patience.within(max(limit, _SHORTEST_LOOK_S)))
        except CallFailed as failure:
            now = time.monotonic()
            if not failure.is_passing or (now < deadline and now - last_seen > patience.outage_s):
                raise
            said = f"{failure.code}: {failure.message}"
        else:
            last_seen, said = time.monotonic(), ""
            if watch is not None:
                watch(run)
            if run.ended:
                return run
        left = deadline - time.monotonic()
        if left <= 0:
            raise RemoteError(
                "E810",
                f"run '{run_id}' has not ended within {timeout_s:g} s; it goes on",
                got=f"the last look failed: {said}" if said else "",
                hint=f"milonga submit --to {backend.name} --attach {run_id} --wait goes on waiting",
            )
        time.sleep(min(pause, left))
    raise AssertionError("there is always another look")
