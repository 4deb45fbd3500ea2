"""Argo's first look at a run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.marks import COMPLETED, PHASE
from milonga.backends.argo.resources import WORKFLOWS
from milonga.backends.call_failed import CallFailed

_LOOKS = 10
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 2.0
_AS_NEW: Mapping[str, Any] = {"metadata": {"labels": {COMPLETED: None, PHASE: None}}, "status": None}
"""A patch after which Argo has never seen a Workflow."""


def looked_at(connection: ArgoConnection, run_id: str, template: str) -> None:
    """Wait for Argo's first look at a run of a template that was made a moment ago, and let it look again if need be.

    Argo's controller finds templates in a copy of its own. One that is not in it yet ends the run as Error before
    anything has run; seen on 4.0.7 with other work on the machine. The run keeps its name, so nothing is started twice.
    Nothing is raised: the run is there, and whoever waits for it sees what becomes of it.
    """
    pauses = replace(connection.patience, poll_s=_FIRST_PAUSE_S, longest_poll_s=_LONGEST_PAUSE_S).polls()
    for pause_s in islice(pauses, _LOOKS):
        try:
            run = connection.read("GET", WORKFLOWS, run_id)
            status = run.get("status") or {}
            if status.get("phase") and not _is_too_early(status, template):
                return
            time.sleep(pause_s)
            if status.get("phase"):
                connection.read("PATCH", WORKFLOWS, run_id, body=_AS_NEW)
        except CallFailed:
            return


def _is_too_early(status: Mapping[str, Any], template: str) -> bool:
    message = str(status.get("message") or "")
    return status["phase"] == "Error" and not status.get("nodes") and f'"{template}" not found' in message
