"""A run of a template that was made a moment ago: Argo's controller may not know it yet, and ends the run as Error."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from api_server import ApiServer

from milonga.backends.submit_request import SubmitRequest

REQUEST = SubmitRequest({"rows": 3, "text": "a", "table": {}})


def unknown(template: str) -> dict[str, Any]:
    return {"phase": "Error", "message": f'workflowtemplates.argoproj.io "{template}" not found'}


@pytest.fixture
def template(argo, server: ApiServer, graph) -> str:
    """The name that a run's template has, which is not there any more."""
    argo().submit(graph, REQUEST)
    (run,) = server.all("workflows")
    server.objects.clear()
    return str(run["spec"]["workflowTemplateRef"]["name"])


@pytest.mark.parametrize("times", [1, 3])
def test_a_run_that_argo_looked_at_too_early_is_looked_at_again_under_its_name(
    times: int, argo, server: ApiServer, graph, template: str
) -> None:
    server.first_looks = [unknown(template)] * times
    run_id = argo().submit(graph, REQUEST).run_id
    (run,) = server.all("workflows")
    assert run["metadata"]["name"] == run_id and run["status"] == {"phase": "Running"}
    assert server.first_looks == []


@pytest.mark.parametrize(
    "status",
    [
        {"phase": "Error", "message": 'workflowtemplates.argoproj.io "other" not found'},
        {"phase": "Error", "message": "no such service account"},
        {"phase": "Failed", "message": "x"},
    ],
    ids=lambda status: status["message"],
)
def test_a_run_that_fails_for_another_reason_stays_as_it_is(
    status: dict[str, Any], argo, server: ApiServer, graph, template: str
) -> None:
    server.first_looks = [status]
    argo().submit(graph, REQUEST)
    (run,) = server.all("workflows")
    assert run["status"] == status


def test_what_has_run_is_never_begun_anew(argo, server: ApiServer, graph, template: str) -> None:
    status = {**unknown(template), "nodes": {"a": {"phase": "Succeeded"}}}
    server.first_looks = [status]
    argo().submit(graph, REQUEST)
    (run,) = server.all("workflows")
    assert run["status"] == status


def test_nobody_waits_for_the_look_at_a_run_whose_template_is_known(argo, server: ApiServer, graph) -> None:
    argo().submit(graph, REQUEST)
    looks = len(server.asked("GET", "/workflows/"))
    argo().submit(graph, REQUEST)
    assert looks and len(server.asked("GET", "/workflows/")) == looks


def test_a_run_of_a_template_that_somebody_else_has_just_made_is_looked_at_as_well(
    argo, server: ApiServer, graph, template: str
) -> None:
    server.now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    argo().submit(graph, REQUEST)
    server.first_looks = [unknown(template)]
    run_id = argo().submit(graph, REQUEST).run_id
    phases = {run["metadata"]["name"]: run["status"]["phase"] for run in server.all("workflows")}
    assert phases[run_id] == "Running" and server.first_looks == []
